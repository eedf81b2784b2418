"""The gate: no line that only answers, hidden tests or rubrics have may reach a student.

    python course/leaks.py --out FOLDER [--site FOLDER]

Looks into the students' archives (wheel and notebooks opened, outputs too), into feedback, and into a built
book with its sources and search index. Lines shorter than 25 characters without their blanks are not seen.
"""

import argparse
import html
import io
import re
import sys
import zipfile
from pathlib import Path

import nbformat
from editions import HIDDEN, ROOT, SOLUTION, assignments, flags, is_answer, read

SHORTEST = 25
TEXTS = {".html", ".ipynb", ".js", ".json", ".md", ".py", ".txt"}


def squeezed(text):
    return re.sub(r"\s+", "", text)


def between(source, marks):
    pattern = f"{re.escape(marks[0])}\n(.*?){re.escape(marks[1])}"
    return "\n".join(re.findall(pattern, source, flags=re.DOTALL)).split("\n")


def lines_of(texts):
    return {squeezed(line) for text in texts for line in text.split("\n")}


def public():
    """Lines that students may read anyway: of the chapters and of the package."""
    files = [*(ROOT / "lrnn").rglob("*.py"), *(ROOT / "book").rglob("*.md")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    for path in (ROOT / "book").glob("*.ipynb"):
        texts += [cell.source for cell in nbformat.read(path, as_version=4).cells]
    return lines_of(texts)


def secrets(source, *, answers=True):
    """Long lines of hidden tests and, with `answers`, of answers and rubrics; and the marks themselves."""
    found = {squeezed(mark) for mark in (*SOLUTION, *HIDDEN)}
    for name in assignments(source):
        for cell in read(source, name).cells:
            lines = between(cell.source, HIDDEN)
            if answers and is_answer(cell):
                lines += between(cell.source, SOLUTION)
                if flags(cell).get("grade"):  # a written answer and its rubric
                    lines += cell.source.split("\n")
            found |= {squeezed(line) for line in lines if len(squeezed(line)) >= SHORTEST}
    return found - public()


def texts_in(name, content):
    """Every text in a file, archives and notebooks opened."""
    if name.endswith((".zip", ".whl")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for item in archive.namelist():
                yield from texts_in(f"{name}/{item}", archive.read(item))
    elif name.endswith(".ipynb"):
        for cell in nbformat.reads(content.decode("utf-8"), as_version=4).cells:
            yield name, cell.source
            yield name, str(cell.metadata) + str(cell.get("attachments", ""))
            for output in cell.get("outputs", []):
                yield name, str(output).replace("\\n", "\n")
    elif name.endswith(".html"):
        yield name, html.unescape(re.sub(r"<[^>]+>", "", content.decode("utf-8", "ignore")))
    else:
        yield name, content.decode("utf-8", "ignore")


def leaks(paths, hidden):
    """Pairs of a place and the line that should not be there."""
    found = []
    for path in paths:
        for where, text in texts_in(str(path), path.read_bytes()):
            text = squeezed(text)
            found += [(where, line) for line in sorted(hidden) if line in text]
    return found


def in_course(out):
    return leaks(sorted((out / "students").glob("*.zip")), secrets(out / "source"))


def in_feedback(folder, source):
    # A student may have found the very line of an answer.
    return leaks(sorted(folder.rglob("*.html")), secrets(source, answers=False))


def in_site(site, source):
    return leaks(sorted(path for path in site.rglob("*") if path.suffix in TEXTS), secrets(source))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--site", type=Path)
    given = parser.parse_args()
    found = in_course(given.out)
    if given.site:
        found += in_site(given.site, given.out / "source")
    for where, line in found:
        print(f"LEAK  {where}: {line[:100]}")
    print(f"{len(found)} leaks")
    sys.exit(bool(found))
