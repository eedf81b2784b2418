"""Reading notebooks: their cells, and what the code in them computes."""

import sys
from pathlib import Path
from unittest import mock

import matplotlib.pyplot as plt
import nbformat

BOOK = Path(__file__).parent.parent / "book"
CHAPTERS = sorted(BOOK.glob("[0-9][0-9]-*.ipynb"))
LEDGER = BOOK / "appendix" / "ledger.ipynb"
INTRO = BOOK / "intro.ipynb"
# A notebook finds what lies beside it.
sys.path.insert(0, str(BOOK))
SPEED = BOOK / "appendix" / "speed.ipynb"
HIDDEN = {"hide-input", "remove-input", "hide-cell", "remove-cell"}


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def run(path, until=None, only=None):
    """Execute a chapter's code without Jupyter and return its variables.

    `until` stops after the cell of the figure of that name, `only` runs the cells with that tag.
    """
    variables = {}
    with mock.patch("matplotlib.pyplot.show", side_effect=lambda: plt.close("all")):
        for cell in code_cells(path):
            if "control" in tags(cell) or (only and only not in tags(cell) and "import" not in cell.source):
                continue
            exec(compile(cell.source, str(path), "exec"), variables)
            if until and cell.metadata.get("mystnb", {}).get("figure", {}).get("name") == until:
                break
    return variables
