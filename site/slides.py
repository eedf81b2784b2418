"""Slides of the chapters of part one: their questions, equations and figures, without code.

    python site/slides.py --out FOLDER [--reveal ADDRESS] [NOTEBOOK...]

Writes for each chapter a notebook with slide metadata, and the deck that nbconvert makes of it. A deck loads
reveal.js and MathJax from the addresses that nbconvert knows, or reveal.js from the folder given.
"""

import argparse
import re
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from nbformat.v4 import new_markdown_cell, new_notebook
from takeaway import with_numbers

CHAPTERS = sorted((Path(__file__).parents[1] / "book").glob("0[1-6]-*.ipynb"))
# Sections that are for reading.
LEFT_OUT = {"What was not shown", "What this says about the paper", "Exercises", "Where next"}
STYLE = """<style>
.reveal { font-size: 26px; } .reveal h1 { font-size: 1.9em; } .reveal h2 { font-size: 1.4em; }
.reveal h1, .reveal h2 { text-transform: none; }
.reveal img { width: 900px; max-height: 430px; object-fit: contain; object-position: left; margin: 0; }
.reveal blockquote { width: 88%; font-style: normal; text-align: left; padding: 0.4em 1em; }
</style>"""


def plain(text):
    """The text without what only the book's machinery understands."""
    text = re.sub(r"^\([\w-]+\)=\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{(?:ref|doc)\}`([^`<]+?) ?<[^`]+>`", r"\1", text)
    text = re.sub(r"\{(?:numref|ref)\}`[^`]+`", "the figure", text)
    text = re.sub(r"\{eq\}`[^`]+`", "the equation", text)
    text = re.sub(r"\s*\{cite[^}]*\}`[^`]+`", "", text)
    text = re.sub(r"\{\w+\}`~?([^`]+)`", r"`\1`", text)
    return re.sub(r"^\$\$ \([\w-]+\)$", "$$", text, flags=re.MULTILINE)


def boxes(text):
    """Kind and text of the boxes in a cell."""
    return re.findall(
        r"^:::\{admonition\} (.*?)\n:class: \w+\n(.*?)^:::", text, flags=re.MULTILINE | re.DOTALL
    )


def slide(text, kind="slide"):
    return new_markdown_cell(text, metadata={"slideshow": {"slide_type": kind}})


def figure(cell, heading):
    """A slide with the picture of a cell under its heading, and what it shows below."""
    (output,) = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    about = cell.metadata.mystnb
    finding = re.match(r"\*\*(.*?)\*\*", plain(about.figure.caption), flags=re.DOTALL)[1]
    alt = about.image.alt.replace('"', "'")
    picture = f'<img alt="{alt}" src="data:image/png;base64,{output.data["image/png"].strip()}">'
    return slide(f"## {heading}\n\n{picture}\n\n{finding}")


def deck(notebook):
    """The notebook of slides."""
    notebook = with_numbers(notebook)
    opening = plain(notebook.cells[0].source)
    title, _, first = opening.partition("\n")
    cells = [slide(f"{STYLE}\n\n{title}\n\n{first.strip().split(chr(10) * 2)[0]}")]
    heading = title.removeprefix("# ")
    for cell in notebook.cells[1:]:
        if "answer" in cell.metadata.get("tags", []):
            continue
        if "figure" in cell.get("metadata", {}).get("mystnb", {}):
            if heading not in LEFT_OUT:
                cells.append(figure(cell, heading))
            continue
        if cell.cell_type != "markdown":
            continue
        for part in re.split(r"^(?=## )", plain(cell.source), flags=re.MULTILINE):
            named = re.match(r"## (.*)", part)
            heading = named[1] if named else heading
            if heading in LEFT_OUT:
                continue
            equation = re.search(r"^\$\$\n.*?^\$\$", part, flags=re.MULTILINE | re.DOTALL)
            if named and equation:
                cells.append(slide(f"## {heading}\n\n{equation[0]}"))
            for kind, text in boxes(part):
                if kind == "Before you look":
                    cells.append(
                        slide(f"## {heading}\n\n> **{kind}**\n>\n> " + text.strip().replace("\n", "\n> "))
                    )
                elif kind == "What happened":
                    cells.append(slide(f"## {kind}\n\n{text.strip()}", "subslide"))
    return new_notebook(cells=cells, metadata={"title": title.removeprefix("# ")})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, default=CHAPTERS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--reveal", default="")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    exporter = SlidesExporter(exclude_input=True, reveal_theme="white", reveal_number="c/t")
    if given.reveal:
        exporter.reveal_url_prefix = given.reveal
    for path in given.notebooks:
        made = deck(nbformat.read(path, as_version=4))
        nbformat.write(made, given.out / path.name)
        page, _ = exporter.from_notebook_node(made)
        (given.out / path.with_suffix(".slides.html").name).write_text(page, encoding="utf-8")
        print(f"{path.stem}: {len(made.cells)} slides")


if __name__ == "__main__":
    main()
