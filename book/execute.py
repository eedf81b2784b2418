"""Execute notebooks in place and store them in one stable form, so that a diff shows only what changed.

python book/execute.py NOTEBOOK...
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


def stable(notebook):
    """Drop what differs from run to run: widget states, timings, versions, the outputs of controls."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata.pop("execution", None)
        if "control" in cell.metadata.get("tags", []):
            cell.outputs = []
    return notebook


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


if __name__ == "__main__":
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(execute, sys.argv[1:]))
    print(f"executed {len(sys.argv) - 1} notebooks")
