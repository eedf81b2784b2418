"""Execute notebooks in place and store them in one stable form, so that a diff shows only what changed.

python site/execute.py NOTEBOOK...
"""

import base64
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import wakeups
from nbclient import NotebookClient

# Figures that stand outside their chapter too: on the first page and in the README.
PICTURES = {"fig-landscape-two": "landscape"}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


def stable(notebook):
    """Drop what differs from run to run: widget states, timings, versions, what is not compared."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    known = set()
    for cell in notebook.cells:
        # A cell keeps its id for life; one that has none, or a copy of another's, gets its own.
        if not cell.get("id") or cell.id in known:
            cell.id = uuid.uuid4().hex[:8]
        known.add(cell.id)
        cell.metadata.pop("execution", None)
        tags = set(cell.metadata.get("tags", []))
        # What the page folds, JupyterLab folds as well.
        folded = {"source_hidden": True} if tags & {"hide-input", "remove-input", "hide-cell"} else {}
        if "hide-cell" in tags:
            folded["outputs_hidden"] = True
        cell.metadata.pop("jupyter", None)
        if folded:
            cell.metadata.jupyter = folded
        if "nbval-ignore-output" in tags:
            cell.outputs = []
        for output in cell.get("outputs", []):
            # Without its state a widget cannot be shown; the still picture beside it can.
            about = output.get("metadata", {}).get("image/png", {})
            if "two_themes" in about:
                output.data.pop("application/vnd.jupyter.widget-view+json", None)
                about.two_themes.pop("live", None)
    return notebook


def pictures(notebook):
    """The files under book/figures that show figures of this notebook, with their contents."""
    files = {}
    for cell in notebook.cells:
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        if name in PICTURES:
            (output,) = [o for o in cell.outputs if "image/png" in o.get("data", {})]
            files[f"{PICTURES[name]}.png"] = base64.b64decode(output.data["image/png"])
            files[f"{PICTURES[name]}-dark.png"] = base64.b64decode(
                output.metadata["image/png"].two_themes.dark
            )
    return files


def execute(path):
    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=300,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    nbformat.write(stable(notebook), path)
    for name, content in pictures(notebook).items():
        (path.parent / "figures" / name).write_bytes(content)


if __name__ == "__main__":
    wakeups.watch()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(execute, sys.argv[1:]))
    print(f"executed {len(sys.argv) - 1} notebooks")
