"""The book on paper: complete, and set without a complaint. Run by `make pdf`, after the build."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
BUILT = ROOT / "_build" / "pdf" / "_build" / "latex"
CHAPTERS = sorted((ROOT / "book").glob("[0-9]*.ipynb"))
PAGES = [*CHAPTERS, ROOT / "book" / "intro.ipynb", *sorted((ROOT / "book" / "appendix").glob("*.ipynb"))]
ALLOWED = 10  # points that a line or a page may stand over


def read(suffix):
    return (BUILT / f"book.{suffix}").read_text(encoding="utf-8", errors="replace")


def complaints(log):
    """What LaTeX could not set: lines too wide, missing glyphs, references to nowhere."""
    found = [
        line for line in log.splitlines() if re.search(r"Missing character|undefined|multiply.defined", line)
    ]
    for match in re.finditer(r"^Overfull \\[hv]box \(([\d.]+)pt too .*$", log, re.MULTILINE):
        if float(match[1]) > ALLOWED:
            found.append(match[0])
    return found


def test_latex_has_nothing_to_complain_about():
    log = read("log")
    assert "Output written on book" in log
    assert complaints(log) == []


@pytest.mark.parametrize(
    "line",
    [
        r"Overfull \hbox (10.5pt too wide) in paragraph at lines 1--2",
        r"Overfull \vbox (84.26941pt too high) detected at line 8670",
        'Missing character: There is no β ("3B2) in font nullfont!',
        "LaTeX Warning: Reference `book/01-model:fig-model-white' on page 15 undefined on input line 1004.",
        "LaTeX Warning: Label `book/intro::doc' multiply defined.",
    ],
)
def test_each_complaint_is_noticed(line):
    log = f"before\n{line}\nOverfull \\hbox (9.9pt too wide) in paragraph at lines 3--4\n"
    assert complaints(log) == [line]


def cells(path):
    return nbformat.read(path, as_version=4).cells


def tagged(cell, *tags):
    return {*tags} & {*cell.metadata.get("tags", ())}


def test_chapters_are_numbered_as_on_the_pages():
    lines = re.findall(r"\\contentsline \{chapter\}\{\\numberline \{(\d+)\}(.*?)\}\{\d+\}", read("toc"))
    titles = [re.search(r"^# (.*)$", cells(path)[0].source, re.MULTILINE)[1] for path in CHAPTERS]
    assert lines == [(str(number), title) for number, title in enumerate(titles, 1)]
    assert [int(path.name[:2]) for path in CHAPTERS] == [*range(1, len(CHAPTERS) + 1)]


def test_each_figure_is_there_once():
    figures = [
        cell.metadata.mystnb.figure.name
        for path in PAGES
        for cell in cells(path)
        if "figure" in cell.metadata.get("mystnb", {}) and not tagged(cell, "answer")
    ]
    assert len(re.findall(r"\\sphinxincludegraphics", read("tex"))) == len(figures) > 80
    for name in figures:
        assert (
            len(re.findall(rf"\\label\{{\\detokenize\{{[\w/-]+:{name}\}}\}}\\end\{{figure\}}", read("tex")))
            == 1
        ), name


def test_what_cells_show_in_html_is_there():
    tex = read("tex")
    outputs = [output for path in PAGES for cell in cells(path) for output in cell.get("outputs", ())]
    shown = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", ())]
    assert all(html.startswith('<table class="ledger"') for html in shown)
    rows = re.findall(r'<tr id="(\w+)">', "".join(shown))
    assert len(rows) > 30
    for row in rows:
        assert f"\\label{{\\detokenize{{book/appendix/ledger:{row}}}}}" in tex, row
    claims = [row for row in rows if row.startswith("c")]
    for row in claims:
        assert f":claim-{row}}}}}" in tex, row
    assert tex.count(r"\inledger{\detokenize{book/appendix/ledger:c") == len(claims) + 1  # and C27, a list
    assert "IPython.core.display" not in tex
    assert "<Figure size" not in tex


def test_answers_and_folded_code_are_left_out():
    tex = read("tex").replace("\\sphinxhyphen{}", "-")
    hints = sum(cell.source.count("{admonition} Hint") for path in CHAPTERS for cell in cells(path))
    assert tex.count("{note}{Hint}") == hints > 80
    assert "{note}{Answer" not in tex
    assert "Typical mistake" not in tex
    assert r"\PYG{n}{subplots}" not in tex  # drawing is folded on every page
