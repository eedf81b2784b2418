"""What is asked before and after publishing: where links lead, which pages changed, what a release says."""

import http.server
import json
import threading
from collections import Counter
from pathlib import Path

import changed
import links
import pytest
import release
from PIL import Image

import lrnn

# Links, against a server that has seen everything


asked, agents, closing = Counter(), set(), threading.Event()


class Answers(http.server.BaseHTTPRequestHandler):
    def answer(self):
        asked[self.command, self.path] += 1
        agents.add(self.headers["User-Agent"])
        code, _, to = {
            "/head-refused": "405" if self.command == "HEAD" else "200",
            "/moved": "301 /good",
            "/elsewhere-today": "302 /good",
            "/moved-then-today": "308 /elsewhere-today",
            "/no-robots": "403",
            "/too-many": "429",
            "/gone": "404",
            "/stumbles": "200" if asked["GET", "/stumbles"] == 2 else "503",
            "/broken": "500",
            "/round": "301 /round",
        }.get(self.path, "200").partition(" ")
        if self.path == "/hangs":
            closing.wait(20)
        self.send_response(int(code))
        if to:
            self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET = answer

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    closing.set()
    made.shutdown()
    made.server_close()


def judge(address):
    return links.judge(address, timeout=0.5, pause=0)


@pytest.mark.parametrize(
    ("path", "verdict", "told"),
    [
        ("/good", "good", ""),
        ("/good#part", "good", ""),
        ("/head-refused", "good", ""),
        ("/elsewhere-today", "good", ""),
        ("/stumbles", "good", ""),
        ("/moved", "moved", "now <{server}/good>"),
        ("/moved-then-today", "moved", "now <{server}/elsewhere-today>"),
        ("/no-robots", "refused", "403"),
        ("/too-many", "refused", "429"),
        ("/gone", "dead", "404"),
        ("/broken", "dead", "500"),
        ("/hangs", "dead", "ReadTimeout"),
        ("/round", "dead", "TooManyRedirects"),
    ],
)
def test_an_address_is_judged_by_its_answers(server, path, verdict, told):
    assert judge(server + path) == (verdict, told.format(server=server))


def test_an_address_where_nobody_listens_is_dead():
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as closed:
        port = closed.server_port
    assert judge(f"http://127.0.0.1:{port}/") == ("dead", "ConnectionError")


def test_a_server_is_asked_no_more_than_needed(server):
    for path in ("/once", "/head-refused", "/gone"):
        asked.clear()
        judge(server + path)
        assert asked == {("HEAD", path): 1} | ({("GET", path): 1} if path != "/once" else {})
    assert agents == {links.AGENT}


def site(folder, **pages):
    """A made-up site; pages are named without their ending."""
    (folder / "_images").mkdir(parents=True)
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


def test_the_list_holds_links_alone_with_the_pages_that_name_them(tmp_path, capsys):
    text = (
        '<link rel="canonical" href="https://book.example/"><meta property="og:url" content="https://book.example/">'
        '<a href="https://b.example/">b</a><a href="HTTP://a.example/x#y">a</a><a href="https://b.example/">b</a>'
        '<a href="other.html">in</a><a href="mailto:a@b.example">mail</a><a name="none">n</a>'
    )
    made = site(tmp_path / "html", one=text, two='<a href="https://b.example/">b</a>')
    assert links.main(made, tmp_path / "out", only_list=True) == 0
    listed = "HTTP://a.example/x#y\tone.html\nhttps://b.example/\tone.html, two.html\n"
    assert (tmp_path / "out" / "links.txt").read_text(encoding="utf-8") == listed == capsys.readouterr().out
    assert not (tmp_path / "out" / "links.md").exists()


def test_the_report_fails_for_a_dead_address_alone(server, tmp_path, capsys, monkeypatch):
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    kinds = ("good", "moved", "no-robots", "gone")
    page = "".join(f'<a href="{server}/{kind}">there</a>' for kind in kinds)
    assert links.main(site(tmp_path / "bad", page=page), tmp_path, timeout=0.5, pause=0) == 1
    text = (tmp_path / "links.md").read_text(encoding="utf-8")
    assert "4 addresses: 1 good, 1 moved permanently, 1 refused, 1 dead." in text
    assert f"## Dead\n\n- <{server}/gone>: 404; in page.html\n" in text
    assert f"## Moved permanently\n\n- <{server}/moved>: now <{server}/good>; in page.html\n" in text
    assert f"## Refused to a robot\n\n- <{server}/no-robots>: 403; in page.html\n" in text
    assert summary.read_text(encoding="utf-8") == text == capsys.readouterr().out
    fine = site(tmp_path / "fine", page=page.replace("/gone", "/good"))
    assert links.main(fine, tmp_path, timeout=0.5, pause=0) == 0


def test_a_site_without_pages_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="no pages there; build the book first"):
        links.main(tmp_path, tmp_path)
    with pytest.raises(SystemExit, match="no pages there"):
        changed.compare(tmp_path, tmp_path)


# Changed pages

PAGE = """<html><head><link href="_static/book.css?v={digest}">
<script src="live.js?v={digest}"></script></head><body><nav>{nav}</nav><article><h1>Title</h1><p>{text}</p>
<a href="_images/{name}.png"><img src="_images/{name}.png" alt="{alt}"></a>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<p class="last-updated">Last updated on {date}.</p>
<section id="what-ran-here"><div class="cell_output">{date}</div>
<table><tr><td>{date}</td></tr></table></section></article></body></html>"""


def page(digest="1", nav="one", text="Some words here.", name="aa", alt="A curve.", b=0.5, date="Jan 1"):
    state = json.dumps({"state": {f"id{digest}": {"state": {"b": b, "layout": f"IPY_MODEL_{digest}"}}}})
    return PAGE.format(**locals())


def pair(tmp_path, old, new, colours=("red", "red")):
    """Two sites of a page each, with a picture that is stored in another way in each."""
    for folder, given, colour, level in zip(("old", "new"), (old, new), colours, (1, 9)):
        made = site(tmp_path / folder, page=page(**given))
        name = given.get("name", "aa")
        Image.new("RGB", (40, 30), colour).save(made / "_images" / f"{name}.png", compress_level=level)
    return changed.compare(tmp_path / "old", tmp_path / "new")


def test_equal_content_under_other_digests_is_no_change(tmp_path):
    told = pair(tmp_path, {}, {"digest": "2", "nav": "one two", "name": "bb", "date": "Feb 2"})
    assert told == "# Pages that changed\n\n0 new, 0 gone, 0 changed, of 1 pages.\n"
    # The test is about files that do differ.
    old, new = (next((tmp_path / name / "_images").iterdir()).read_bytes() for name in ("old", "new"))
    assert old != new


@pytest.mark.parametrize(
    ("new", "colours", "told"),
    [
        ({"text": "Some other words here."}, ("red", "red"), "words −0 +1"),
        ({"text": "words Some here."}, ("red", "red"), "words −2 +2"),
        ({"alt": "A straight curve."}, ("red", "red"), "words −0 +1"),
        ({}, ("red", "blue"), "pictures −1 +1"),
        ({"b": 0.75}, ("red", "red"), "live figures −1 +1"),
        ({"text": "Some", "b": 1}, ("red", "blue"), "words −2 +0, pictures −1 +1, live figures −1 +1"),
    ],
)
def test_what_a_reader_would_see_is_told(tmp_path, new, colours, told):
    assert f"1 changed, of 1 pages.\n\n- changed: `page.html`, {told}\n" in pair(tmp_path, {}, new, colours)


def test_new_and_gone_pages_are_told(tmp_path):
    same = "<body>the same</body>"
    search = "<body><nav>{}</nav><main>found</main></body>"
    old = site(tmp_path / "old", same=same, gone=same, search=search.format("gone"))
    new = site(tmp_path / "new", same=same, new="<body>three words here</body>", search=search.format("new"))
    told = changed.compare(old, new)
    assert (
        "1 new, 1 gone, 0 changed, of 3 pages.\n\n- new: `new.html`, 3 words\n- gone: `gone.html`\n" in told
    )


# The text of a release

CHANGES = """# Changelog

## 1.2.0.1 (unreleased)

Later.

## 1.2.0 (2026-01-02)

### A part

- Done.

## 1.1.0

Earlier.
"""


def test_a_release_says_what_changed_in_its_version_alone(tmp_path, monkeypatch):
    (tmp_path / "CHANGELOG.md").write_text(CHANGES, encoding="utf-8")

    def notes(version, tag=""):
        monkeypatch.setattr(release, "__version__", version)
        return release.notes(tmp_path / "CHANGELOG.md", tag)

    assert notes("1.2.0", "v1.2.0") == notes("1.2.0") == "### A part\n\n- Done."
    assert notes("1.1.0", "v1.1.0") == "Earlier."
    for tag in ("v1.1.0", "1.2.0", "v1.2.0.1"):
        with pytest.raises(SystemExit, match=f"tag {tag}: .* must be v1.2.0$"):
            notes("1.2.0", tag)
    for missing in ("1.2", "1.3.0"):
        with pytest.raises(SystemExit, match=f"no section '## {missing}' with something in it"):
            notes(missing)


def test_the_changelog_has_a_section_for_the_version_of_the_package():
    assert len(release.notes(Path(__file__).parents[1] / "CHANGELOG.md", f"v{lrnn.__version__}")) > 100
