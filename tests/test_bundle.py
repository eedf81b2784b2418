"""The archive with all notebooks, opened and started as its README says. Run by `make bundle`."""

import hashlib
import re
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import alone
import nbformat
import pytest
import yaml

BUNDLE = next((alone.ROOT / "_build" / "bundle").glob("*.zip"), None)
if BUNDLE is None:
    pytest.skip("make bundle builds the archive first", allow_module_level=True)
NAMES = sorted(name for name in zipfile.ZipFile(BUNDLE).namelist() if name.endswith(".ipynb"))
TODAY = date.today().toordinal()
CHOSEN = [NAMES[(3 * TODAY + n) % len(NAMES)] for n in range(3)]


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("opened")
    zipfile.ZipFile(BUNDLE).extractall(folder)
    (inside,) = folder.iterdir()
    return inside


@pytest.fixture(scope="module")
def lines(opened):
    """The commands of the README: two for pip, two for conda."""
    return re.findall(r"^ {4}(.+)$", (opened / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def python(opened, lines):
    start, module, *install = lines[0].split()
    assert (start, module) == ("python", "-m")
    key = hashlib.sha256(BUNDLE.read_bytes()).hexdigest()
    return alone.environment("bundle", key, opened, [*install, "--quiet"])


def test_it_holds_every_notebook_executed_with_the_package_and_the_licences(opened):
    book = alone.ROOT / "book"
    ours = {p.relative_to(book).as_posix() for p in book.rglob("*.ipynb") if "checkpoints" not in str(p)}
    assert {name.split("/", 2)[2] for name in NAMES} == ours
    assert {"LICENSE", "LICENSE-CONTENT", "CITATION.cff"} <= {path.name for path in opened.iterdir()}
    for name in NAMES:
        cells = [cell for cell in nbformat.read(opened.parent / name, 4).cells if cell.cell_type == "code"]
        cells = [cell for cell in cells if cell.id != "files-beside"]  # unpacks what lies beside the others
        assert all(cell.execution_count for cell in cells), name
        assert any(cell.outputs for cell in cells) or name.endswith("/ran.ipynb"), name


def test_conda_is_told_the_same_as_pip(opened, lines):
    told = yaml.safe_load((opened / "environment.yml").read_text(encoding="utf-8"))
    assert lines[2:] == [
        "conda env create -f environment.yml",
        f"conda run -n {told['name']} jupyter lab notebooks",
    ]
    (requirement,) = told["dependencies"][-1]["pip"]
    assert requirement == lines[0].removeprefix("python -m pip install ")


def test_what_the_second_line_opens_is_there(python, opened, lines):
    _, module, name, *arguments = lines[1].split()
    assert (opened / arguments[-1]).is_dir()
    subprocess.run([python, module, name, *arguments[:-1], "--version"], cwd=opened, check=True)


@pytest.mark.parametrize("name", CHOSEN, ids=lambda name: Path(name).stem)
def test_a_notebook_of_the_bundle_runs(name, python, opened, tmp_path, monkeypatch):
    alone.execute(opened.parent / name, python, tmp_path, monkeypatch)
