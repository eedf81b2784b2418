"""The two editions of each assignment, out of one source.

    python course/editions.py --out FOLDER [--seed WORDS]

FOLDER becomes an nbgrader course: `source/` and `release/` for nbgrader, `students/NAME.zip` to hand out, and
`instructor/` with the answers, executed. The numbers in the hidden tests follow from the words of the seed.
"""

import argparse
import copy
import os
import re
import shutil
import sys
import zipfile
import zlib
from pathlib import Path

import nbformat

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
# One date for all files of a zip: the same input gives the same bytes.
DATE = (2026, 1, 1, 0, 0, 0)
START = """\
# {name}

1. Put the files of this archive into one folder, and open a terminal there.
2. `python -m pip install {wheel} jupyterlab` installs the package of the book and JupyterLab. It takes
   Python 3.11 or newer.
3. `jupyter lab {name}.ipynb` opens the assignment. VS Code and Colab open it too.

Write your answers where the cells say so, and leave the other cells as they are. Before you hand in: restart
the kernel, run all cells, save, and hand in `{name}.ipynb` alone, under this name.

Text under CC BY 4.0, code under the MIT licence. The book that this belongs to says more.
"""


def flags(cell):
    """What nbgrader knows of a cell."""
    return cell.metadata.get("nbgrader", {})


def is_answer(cell):
    return bool(flags(cell).get("solution"))


def is_test(cell):
    return bool(flags(cell).get("grade")) and not is_answer(cell)


def without_marks(source):
    lines = source.split("\n")
    return "\n".join(line for line in lines if line.strip() not in (*SOLUTION, *HIDDEN))


def assignments(folder):
    return sorted(path.parent.name for path in folder.glob("*/*.ipynb"))


def read(folder, name):
    return nbformat.read(folder / name / f"{name}.ipynb", as_version=4)


def write(notebook, folder, name):
    (folder / name).mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / name / f"{name}.ipynb")


def nbgrader(out):
    """nbgrader as a library, with the configuration that its own commands read in `out`."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    # It calls `alembic` by name, which must be found though no environment is activated.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py", path=str(out)).load_config())


def demand(result, what):
    if not result["success"]:
        raise SystemExit(f"{what} failed:\n{result.get('error')}\n{result.get('log')}")


def with_seed(notebook, seed):
    number = zlib.crc32(seed.encode()) if seed else 0
    for cell in notebook.cells:
        if is_test(cell):
            cell.source = re.sub(r"^SEED = 0$", f"SEED = {number}", cell.source, flags=re.MULTILINE)
    return notebook


def answered(source):
    """The source with its answers and all of its tests, executed: it must pass."""
    from nbclient import NotebookClient

    notebook = copy.deepcopy(source)
    for cell in notebook.cells:
        cell.source = without_marks(cell.source)
        points = cell.metadata.pop("nbgrader", {}).get("points")
        if points:
            cell.metadata["tags"] = [f"points-{points:g}"]
    NotebookClient(notebook, timeout=60, kernel_name="python3", record_timing=False).execute()
    return notebook


def pack(out, name, wheel):
    """What students get: the notebook, the package, and how to start."""
    files = {
        f"{name}.ipynb": (out / "release" / name / f"{name}.ipynb").read_bytes(),
        wheel.name: wheel.read_bytes(),
        "START.md": START.format(name=name, wheel=wheel.name).encode(),
    }
    (out / "students").mkdir(exist_ok=True)
    with zipfile.ZipFile(out / "students" / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in sorted(files.items()):
            info = zipfile.ZipInfo(f"{name}/{file}", DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def exam(questions, answers):
    """The exam questions of the book's page, each with its answer under it."""
    solved = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", answers, flags=re.MULTILINE | re.DOTALL))

    def with_answer(question):
        return f"{question[0].rstrip()}\n\n*Answer.* {solved.pop(question[1]).strip()}\n\n"

    pattern = r"^\*\*(\d+[ab])\.\*\*.*?(?=^\*\*\d+[ab]\.\*\*|^## |\Z)"
    text = re.sub(pattern, with_answer, questions, flags=re.MULTILINE | re.DOTALL)
    if solved:
        raise SystemExit(f"answers without a question: {', '.join(solved)}")
    return text


def build(out, seed=""):
    from flit_core.wheel import make_wheel_in

    names = assignments(HERE / "source")
    for name in names:  # and nothing else that lies there
        for folder in ("source", "release", "instructor"):
            shutil.rmtree(out / folder / name, ignore_errors=True)
    for folder in ("wheel", "instructor"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600")  # the wheel, too, has one date
    wheel = make_wheel_in(ROOT / "pyproject.toml", out / "wheel").file
    shutil.copy(HERE / "nbgrader_config.py", out)
    for name in names:
        write(with_seed(read(HERE / "source", name), seed), out / "source", name)
    grader = nbgrader(out)
    for name in names:
        demand(grader.generate_assignment(name), f"the student edition of {name}")
        write(answered(read(out / "source", name)), out / "instructor", name)
        pack(out, name, Path(wheel))
    questions = (ROOT / "book" / "course" / "exam.md").read_text(encoding="utf-8")
    answers = (HERE / "exam-answers.md").read_text(encoding="utf-8")
    (out / "instructor" / "exam.md").write_text(exam(questions, answers), encoding="utf-8")
    print(f"{len(names)} assignments in {out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--seed", default="")
    given = parser.parse_args()
    build(given.out, given.seed)
