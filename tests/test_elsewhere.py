"""What others do with a chapter: a book of their own, paper, a plain script, another locale."""

import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import anywidget
import matplotlib.pyplot as plt
import pytest
from bs4 import BeautifulSoup
from chapters import BOOK, CHAPTERS, code_cells, read, tags

ROOT = BOOK.parent
PICTURES = {
    path: sum("figure" in cell.metadata.get("mystnb", {}) for cell in code_cells(path)) for path in CHAPTERS
}
JUPYTER_BOOK = ("-c", "from jupyter_book.cli.main import main; main()")


def run(*command, cwd, **environment):
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, env={**os.environ, **environment},
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def test_a_chapter_in_another_book_shows_each_figure_once(tmp_path):
    chapter = BOOK / "05-landscape.ipynb"
    shutil.copy(chapter, tmp_path)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: 05-landscape\n", encoding="utf-8")
    (tmp_path / "_config.yml").write_text('execute: {execute_notebooks: "off"}\n', encoding="utf-8")
    run(*JUPYTER_BOOK, "build", ".", cwd=tmp_path)
    built = (tmp_path / "_build" / "html" / chapter.stem).with_suffix(".html").read_text(encoding="utf-8")
    figures = BeautifulSoup(built, "html.parser").find_all("figure")
    assert len(figures) == PICTURES[chapter]
    assert [len(figure.find_all("img")) for figure in figures] == [1] * len(figures)


def small_book(folder, name, *replacements, **environment):
    """The site of the first page and one chapter, from stored outputs, with changes to the configuration."""
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    config = config.replace("execute_notebooks: force", 'execute_notebooks: "off"')
    config = config.replace("book_pages: site", f"book_pages: {(ROOT / 'site').as_posix()}")
    for old, new in replacements:
        assert old in config
        config = config.replace(old, new)
    (folder / "_config.yml").write_text(config, encoding="utf-8")
    toc = "format: jb-book\nroot: book/intro\nchapters:\n- file: book/04-exact-solution\n"
    (folder / "_toc.yml").write_text(toc, encoding="utf-8")
    given = [f"--{name}={folder / file}" for name, file in (("config", "_config.yml"), ("toc", "_toc.yml"))]
    run(*JUPYTER_BOOK, "build", ".", *given, f"--path-output={folder / name}", cwd=ROOT, **environment)
    return folder / name / "_build" / "html"


def test_the_edition_for_a_class_has_no_answer_anywhere(tmp_path):
    found = {}
    for edition in ("folded", "withheld"):
        site = small_book(tmp_path, edition, ANSWERS=edition)
        files = [*site.rglob("*.html"), *site.rglob("*.ipynb"), site / "searchindex.js"]
        text = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in files}
        found[edition] = {name for name, content in text.items() if re.search(r"[Tt]ypical mistake", content)}
        found[edition] |= {
            "index" for name, content in text.items() if name == "searchindex.js" and "mistak" in content
        }
    page = "book/04-exact-solution"
    assert found["folded"] >= {f"{page}.html", f"_sources/{page}.ipynb", "index"}
    assert found["withheld"] == set()


# What a build is told goes before what the sources say, which a fork has from elsewhere.
@pytest.mark.parametrize(
    ("setting", "told"),
    [("https://book.example/lrnn", ""), ("https://other.example/", "https://book.example/lrnn")],
)
def test_a_published_book_is_found_and_shared_by_its_address(setting, told, tmp_path):
    settings = ('html_baseurl: ""', f"html_baseurl: {setting}")
    site = small_book(tmp_path, "published", settings, BASEURL=told)
    where = "https://book.example/lrnn/"
    listed = re.findall(r"<loc>(.*?)</loc>", (site / "sitemap.xml").read_text(encoding="utf-8"))
    assert {*listed} == {f"{where}book/{name}.html" for name in ("intro", "04-exact-solution")}
    titles = set()
    for address in listed:
        page = BeautifulSoup((site / address.removeprefix(where)).read_text(encoding="utf-8"), "html.parser")
        said = {tag["property"]: tag["content"] for tag in page.find_all("meta", property=re.compile("^og:"))}
        titles.add(said["og:title"])
        assert page.find("link", rel="canonical")["href"] == said["og:url"] == address
        assert (site / said["og:image"].removeprefix(where)).is_file()
        assert len(said["og:image:alt"].split()) > 10
        assert 50 < len(said["og:description"]) < 250
        line = page.find(class_="take-along").find("pre").get_text().strip()
        wheel = re.fullmatch(r'pip install "lrnn\[notebooks\] @ (\S+)"', line)[1]
        assert (site / wheel.removeprefix(where)).is_file()
    assert len(titles) == 2


@pytest.mark.parametrize("path", CHAPTERS[4:5], ids=lambda path: path.stem)
def test_a_chapter_as_a_plain_script_prints_its_numbers(path, tmp_path):
    cells = [cell for cell in code_cells(path) if "control" not in tags(cell)]
    (tmp_path / "chapter.py").write_text("\n\n".join(cell.source for cell in cells), encoding="utf-8")
    printed = [o.text for cell in cells for o in cell.outputs if o.output_type == "stream"]
    told = run("chapter.py", cwd=tmp_path, MPLBACKEND="agg")
    assert len(told.split()) == len("".join(printed).split())


def test_a_chapter_may_be_joined_with_others():
    ids = [
        cell.id
        for path in BOOK.rglob("*.ipynb")
        if "checkpoint" not in str(path)
        for cell in read(path).cells
    ]
    assert len(set(ids)) == len(ids)


MODULES = sorted(f"lrnn.{path.stem}" for path in (ROOT / "lrnn").glob("*.py") if path.stem != "__init__")


def test_no_module_reads_text_in_the_encoding_of_the_locale():
    code = (
        "import importlib, warnings\n"
        "warnings.filterwarnings('error', category=EncodingWarning, module='lrnn')\n"
        f"for name in {[*MODULES, 'lrnn.live']}: importlib.import_module(name)\n"
        "from lrnn import live; live.Landscape()._repr_mimebundle_()"
    )
    run("-X", "warn_default_encoding", "-c", code, cwd=ROOT)


def test_the_packages_of_colab_find_what_they_need_beside_a_live_figure(monkeypatch):
    from lrnn import live

    shown = live.ExactAC()
    beside = {"application/vnd.jupyter.widget-view+json": {"colab": {"custom_widget_manager": {"url": "x"}}}}
    bundle = shown._repr_mimebundle_()[0]
    monkeypatch.setattr(anywidget.AnyWidget, "_repr_mimebundle_", lambda self, **kwargs: (bundle, beside))
    formatters = {"image/png": lambda figure: ("abc", {"two_themes": {"dark": "def"}})}
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters=formatters))
    monkeypatch.setattr(live, "get_ipython", lambda: shell)
    data, metadata = shown.over(plt.figure())._repr_mimebundle_()
    assert metadata.items() >= beside.items()
    assert metadata["image/png"]["two_themes"].keys() == {"dark", "live"}
    assert json.loads(json.dumps(data))["image/png"] == "abc"
