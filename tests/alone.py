"""Environments with what a reader is told to install and nothing else, and notebooks that run in them."""

import json
import os
import shutil
import subprocess
import venv
from pathlib import Path

import nbformat
import wakeups
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]


def environment(name, key, folder, command):
    """The Python of an environment below .lone, in which the command was run; made anew for another key."""
    place = ROOT / ".lone" / name
    run, ready = place / ("Scripts" if os.name == "nt" else "bin") / "python", place / "ready"
    if not ready.exists() or ready.read_text(encoding="utf-8") != key:
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        subprocess.run([run, "-m", *command], cwd=folder, check=True)
        ready.write_text(key, encoding="utf-8")
    return run


def execute(path, python, spare, monkeypatch):
    """Execute a notebook in its folder with the kernel of that Python, described in the folder `spare`."""
    spec = spare / "kernels" / "lone"
    spec.mkdir(parents=True, exist_ok=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    content = json.dumps({"argv": command, "display_name": "lone", "language": "python"})
    (spec / "kernel.json").write_text(content, encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(spare))
    # What the kernel must not find: this checkout, or modules beside its notebooks.
    monkeypatch.delenv("PYTHONPATH", raising=False)
    wakeups.watch()
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, kernel_name="lone", timeout=300, resources=resources).execute()
    return notebook
