"""Two editions of the book: answers to the exercises folded under them, or withheld for a class.

`make book ANSWERS=withheld` cuts the cells tagged `answer` before a page is read, so that neither the page,
nor the search index, nor the notebook that it offers for download has them.
"""

import copy
import os

import nbformat


def without_answers(notebook):
    """The notebook without the cells tagged `answer`."""
    notebook = copy.deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if "answer" not in cell.metadata.get("tags", ())]
    return notebook


def edition(app, notebook):
    """The notebook as this edition has it."""
    return without_answers(notebook) if app.config.answers == "withheld" else notebook


def cut(app, docname, source):
    if app.env.doc2path(docname).endswith(".ipynb"):
        source[0] = nbformat.writes(edition(app, nbformat.reads(source[0], as_version=4)))


def setup(app):
    app.add_config_value("answers", os.environ.get("ANSWERS") or "folded", "env")
    app.connect("source-read", cut)
