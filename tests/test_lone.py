"""Each notebook as its page offers it, alone in an empty folder, installed by the line on the page.

Run after the build, by `make lone`. LONE=3 takes three of them, other ones every day; NEWEST=1 the newest
versions of all packages instead of those of the lock.
"""

import hashlib
import json
import os
import shutil
import subprocess
from datetime import date
from pathlib import Path
from urllib.parse import urldefrag

import alone
import pytest
import takeaway
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"


def offered():
    """Of each page made from a notebook: the files that it offers, and the line that it says to type."""
    found = {}
    for path in sorted(SITE.rglob("*.html")):
        box = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").find(class_="take-along")
        if box is not None:
            files = [path.parent / urldefrag(link["href"])[0] for link in box.find_all("a", download=True)]
            found[path.stem] = (files, box.find("pre").get_text().strip())
    return found


OFFERED = offered()
TODAY = date.today().toordinal()
COUNT = min(int(os.environ.get("LONE") or len(OFFERED)), len(OFFERED))
CHOSEN = [sorted(OFFERED)[(COUNT * TODAY + n) % len(OFFERED)] for n in range(COUNT)]


def test_every_notebook_of_the_book_is_offered():
    notebooks = {path.stem for path in (ROOT / "book").rglob("*.ipynb") if "checkpoint" not in str(path)}
    assert set(OFFERED) == notebooks, "build the book first: make book"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """An environment with what the pages tell to install."""
    (line,) = {line for _, line in OFFERED.values()}
    (wheel,) = {files[-1].resolve() for files, _ in OFFERED.values()}
    key = json.dumps([line, os.environ.get("NEWEST"), hashlib.sha256(wheel.read_bytes()).hexdigest()])
    empty = tmp_path_factory.mktemp("install")
    shutil.copy(wheel, empty)
    command, install, requirement = line.split(" ", 2)
    assert (command, install) == ("pip", "install")
    pins = "" if os.environ.get("NEWEST") else takeaway.versions()
    (empty / "versions.txt").write_text(pins, encoding="utf-8")
    install = [command, install, "-q", requirement.strip('"'), "-c", "versions.txt"]
    return alone.environment("page", key, empty, install)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_notebook_runs_alone_in_an_empty_folder(name, python, tmp_path, monkeypatch):
    folder = tmp_path / "empty"
    folder.mkdir()
    source = OFFERED[name][0][-2]
    shutil.copy(source, folder)
    alone.execute(folder / source.name, python, tmp_path / "jupyter", monkeypatch)


def test_the_environment_holds_the_wheel_and_not_this_checkout(python, tmp_path):
    code = "import lrnn; print(lrnn.__file__)"
    told = subprocess.run(
        [python, "-c", code], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout  # fmt: skip
    assert str(ROOT / ".lone") in told
