"""The built pages: complete in themselves, and linked without a break. Run after the build."""

import json
import re
import zipfile
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import leaks
import links
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from PIL import Image

SITE = Path(__file__).parent.parent / "_build" / "html"
PAGES = sorted(p for p in SITE.rglob("*.html") if "_static" not in p.parts)
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(SITE).as_posix())
# Attributes that make a browser fetch something at once, without a click.
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src",
           "audio": "src", "embed": "src", "object": "data", "image": "href"}  # fmt: skip
NOTEBOOKS = tuple(p.name for p in (SITE.parents[1] / "book").rglob("*.ipynb"))
_parsed = {}


def parse(path):
    if path not in _parsed:
        _parsed[path] = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return _parsed[path]


def is_outside(address):
    return bool(urlparse(address).netloc) or address.startswith("//")


def target(page, address):
    path = unquote(urlparse(address).path)
    file = (SITE / path.lstrip("/")) if path.startswith("/") else (page.parent / path)
    return (page if not path else file / "index.html" if file.is_dir() else file).resolve()


def test_the_book_is_built():
    assert PAGES, "build the book first: make book"


@each_page
def test_nothing_is_loaded_from_outside(path):
    loaded = [
        element[attribute]
        for name, attribute in LOADING.items()
        for element in parse(path).find_all(name)
        if element.get(attribute) and not (name == "link" and "canonical" in element.get("rel", []))
    ]
    assert [address for address in loaded if is_outside(address)] == []
    for script in parse(path).find_all("script", src=False):
        assert not re.search(r"""(?:import\s*\(|from|src\s*=)\s*["']https?://""", script.text)


@each_page
def test_everything_loaded_exists(path):
    for name, attribute in LOADING.items():
        for element in parse(path).find_all(name):
            address = element.get(attribute)
            if address and not is_outside(address) and not address.startswith("data:"):
                assert target(path, address).is_file(), address


@each_page
def test_every_internal_link_resolves(path):
    for link in parse(path).find_all("a", href=True):
        address, fragment = urldefrag(link["href"])
        if is_outside(address) or urlparse(address).scheme:
            continue
        file = target(path, address)
        assert file.is_file(), link["href"]
        if fragment and file.suffix == ".html":
            names = parse(file).find_all(id=unquote(fragment)) or parse(file).find_all(
                attrs={"name": unquote(fragment)}
            )
            assert names, link["href"]


@each_page
def test_a_notebook_comes_with_the_package_and_the_line_that_installs_both(path):
    box = parse(path).find(class_="take-along")
    assert (box is not None) == path.with_suffix(".ipynb").name.startswith(NOTEBOOKS)
    if box is None:
        return
    *bundle, notebook, wheel = (target(path, link["href"]) for link in box.find_all("a", download=True))
    assert [file.is_file() for file in bundle] == ([True] if path.stem == "intro" else [])
    assert notebook.name == path.with_suffix(".ipynb").name
    assert box.find("pre").get_text().strip() == f'pip install "{wheel.name}[notebooks]"'
    assert json.loads(notebook.read_text(encoding="utf-8"))["nbformat"] == 4
    inside = zipfile.ZipFile(wheel).namelist()
    assert {"lrnn/modes.py", "lrnn/lrnn.mplstyle", "lrnn/live/physics.js", "lrnn/live/live.css"} <= set(
        inside
    )
    assert not [name for name in inside if name.startswith(("book/", "tests/", "site/"))]


def test_the_list_of_links_holds_every_outgoing_address():
    found = {
        (value, path.relative_to(SITE).as_posix())
        for path in PAGES
        for element in parse(path).find_all(True)
        if element.name != "meta" and "canonical" not in element.get("rel", [])
        for value in element.attrs.values()
        if isinstance(value, str) and re.match(r"\s*(?:https?:)?//", value, flags=re.IGNORECASE)
    }
    listed = links.outgoing(SITE)
    assert found == {(address, page) for address, pages in listed.items() for page in pages}
    assert any(address.startswith("https://doi.org/") for address in listed)


@each_page
def test_headings_and_landmarks_tell_how_a_page_is_made(path):
    page = parse(path)
    if path.name == "index.html" and path.parent == SITE:
        return  # it leads on to the first page
    # The theme repeats the title for paper, where screens and screen readers are not told of it.
    headings = [h for h in page.find_all(re.compile("^h[1-6]$")) if not h.find_parent(class_="onlyprint")]
    levels = [int(heading.name[1]) for heading in headings]
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in zip([0, *levels], levels, strict=False))
    assert all(heading.get_text(strip=True) for heading in headings)
    assert all(heading.find_parent("main") for heading in headings)
    assert len(page.find_all("main")) == 1
    for part in page.find_all(["nav", "aside"]):
        named = part.get("aria-label") or page.find(id=part.get("aria-labelledby"))
        assert named, part
    for fold in page.select("main summary"):
        assert fold.get_text(strip=True)
        assert not fold.get("aria-label")  # it is called what it shows


def test_no_stylesheet_asks_the_network():
    for path in SITE.rglob("*.css"):
        loaded = re.findall(
            r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", path.read_text(encoding="utf-8")
        )
        assert loaded == [], path


def test_each_icon_has_its_rule_and_its_glyph_and_no_other_is_sent():
    style = (SITE / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    glyphs = set(TTFont(SITE / "_static/vendor/fontawesome/webfonts/icons.woff").getBestCmap())
    named = {
        name
        for path in PAGES
        for icon in parse(path).select('[class*="fa-"], .fa, .fas')
        for name in icon["class"]
        if re.match(r"fa-(?!solid|lg)", name)
    }
    assert len(named) > 5
    for name in named:
        rule = re.search(rf'\.{name}:before[^{{}}]*\{{content:"\\([0-9a-f]+)"\}}', style)
        assert int(rule[1], 16) in glyphs, name
    variables = re.findall(r'--pst-icon-[\w-]+:"(.)"', style)  # of boxes and links
    brands = {"\uf09b", "\uf296"}  # of another font
    assert len(variables) > 5
    assert {ord(character) for character in variables if character not in brands} <= glyphs
    assert "icons.woff" in style
    assert len(glyphs) < 60
    assert ".fa-fingerprint:before" not in style


@each_page
def test_a_page_loads_no_script_that_it_does_not_use(path):
    scripts = [Path(urlparse(one["src"]).path).name for one in parse(path).find_all("script", src=True)]
    assert "fontawesome.js" not in scripts
    assert ("searchindex.js" in scripts) == (path.name == "search.html")


@each_page
def test_a_picture_keeps_its_room_and_is_fetched_when_it_comes_near(path):
    for image in parse(path).select("a.full-size img"):
        assert image["loading"] == "lazy"
        with Image.open(target(path, image["src"])) as picture:
            assert picture.size == (int(image["width"]), int(image["height"]))


def test_mathjax_is_served_by_the_book():
    folder = SITE / "_static" / "mathjax"
    assert all((folder / f"{name}.js").is_file() for name in ("startup", "core", "input/tex", "output/chtml"))
    assert list((folder / "output/chtml/fonts/woff-v2").glob("*.woff"))
    chapter = SITE / "book" / "01-model.html"
    assert any("mathjax/startup.js" in (s.get("src") or "") for s in parse(chapter).find_all("script"))


@pytest.mark.parametrize("path", [p for p in PAGES if re.match(r"\d\d-", p.name)], ids=lambda p: p.stem)
def test_chapters_show_their_figures_in_both_themes_and_no_dead_control(path):
    page = parse(path)
    figures = page.find_all("figure")
    light, dark = (page.find_all("img", class_=name) for name in ("in-light", "in-dark"))
    assert len(light) == len(dark) == len(figures) >= 3
    for image in light + dark:
        assert len(image["alt"].split()) >= 20
        assert image.find_parent("a")["href"] == image["src"]  # opens at full size
        assert {"in-light", "in-dark"} & {*image["class"]} & {*image.find_parent("a")["class"]}
    assert all(figure.find("figcaption").get_text(strip=True) for figure in figures)
    # The only widgets are live figures, each with the state that it needs and a still picture beside it.
    views = page.find_all("script", type="application/vnd.jupyter.widget-view+json")
    states = page.find_all("script", type="application/vnd.jupyter.widget-state+json")
    known = json.loads(states[0].string)["state"] if states else {}
    assert {json.loads(view.string)["model_id"] for view in views} == set(known)
    assert all("_esm" in widget["state"] for widget in known.values())
    assert all(view.find_parent("figure").find_all("img") for view in views)
    assert bool(page.find("script", src=re.compile("live.js"))) == bool(views)
    assert "interactive(children" not in page.get_text()


def test_every_claim_links_its_box_and_its_row_of_the_ledger_to_each_other():
    ledger = SITE / "book" / "appendix" / "ledger.html"
    rows = parse(ledger).select_one("table.ledger").select("tbody tr")
    assert len(rows) == 27  # C01 to C28 without C27, which is a list
    for row in rows:
        address, fragment = urldefrag(row.find("a")["href"])
        box = parse(target(ledger, address)).find(id=fragment)
        assert "verdict" in box["class"]
        assert box.find("a", class_="to-ledger")["href"].endswith(f"ledger.html#{row['id']}")
        assert box.get_text().strip().startswith(row.find("a").get_text())


@pytest.mark.parametrize(
    "path", [p for p in PAGES if p.parent.name in ("book", "appendix")], ids=lambda p: p.stem
)
def test_no_role_or_directive_is_left_unrendered(path):
    strings = parse(path).find("main").find_all(string=True)
    text = "".join(string for string in strings if not string.find_parent(["code", "pre"]))
    assert not re.search(r"\{(?:eq|ref|numref|glue|func|class|doc|cite)[^}]*\}`", text)
    assert ":::" not in text
    assert "system-message" not in str(parse(path))


def test_no_graded_answer_is_in_the_book():
    assert leaks.in_site(SITE, SITE.parents[1] / "course" / "source") == []
