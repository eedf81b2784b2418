"""What a reader takes along from a page: its notebook, the package, and the line that installs it."""

import ast
import base64
import copy
import re
import zipfile
import zlib
from pathlib import Path

import answers
import nbformat
from docutils import nodes
from flit_core.wheel import make_wheel_in
from sphinx.transforms.post_transforms import SphinxPostTransform

from lrnn import __version__

ROOT = Path(__file__).parents[1]
WHEEL = f"lrnn-{__version__}-py3-none-any.whl"
BUNDLE = f"lrnn-book-{__version__}.zip"
# What notebooks read or import from their own folder, or find in the folder above.
BESIDE = {
    "book/13-phase-diagram": ("book/phase_diagram.py", "book/phase_diagram.npz"),
    "book/appendix/ledger": ("book/ledger",),
    "book/appendix/speed": ("book/appendix/speed.json",),
}
UNPACK = """\
# The files that this notebook reads, for those who have nothing but the notebook.
from base64 import b64decode
from pathlib import Path
from zlib import decompress

packed = {packed}
for name, content in packed.items():
    if not Path(name).exists():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(decompress(b64decode(content)))"""


def standing_alone(notebook, paths):
    """The notebook with a first cell that puts files, and the modules of folders, beside it where missing."""
    if not paths:
        return notebook
    files = {}
    for path in paths:
        inside = sorted(path.glob("*.py")) if path.is_dir() else [path]
        files |= {file.relative_to(path.parent).as_posix(): file.read_bytes() for file in inside}
    packed = {name: base64.b64encode(zlib.compress(content, 9)).decode() for name, content in files.items()}
    entries = "".join(f"\n    {name!r}: {content!r}," for name, content in packed.items())
    source = UNPACK.replace("{packed}", f"{{{entries}\n}}")
    cell = nbformat.v4.new_code_cell(source, id="files-beside", metadata={"tags": ["hide-input"]})
    whole = copy.deepcopy(notebook)
    whole.cells.insert(1, cell)
    return whole


def with_numbers(notebook):
    """The notebook with its computed numbers in its text, where other programs show their names alone."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "scrapbook" in output.get("metadata", {}):
                text = output.data["application/papermill.record/text/plain"]
                found[output.metadata.scrapbook.name] = ast.literal_eval(text)
    whole = copy.deepcopy(notebook)

    def said(text):
        return re.sub(r"\{glue:text\}`([^`]+)`", lambda match: found[match[1]], text)

    for cell in whole.cells:
        if cell.cell_type == "markdown":
            cell.source = said(cell.source)
        elif "figure" in cell.metadata.get("mystnb", {}):
            cell.metadata.mystnb.figure.caption = said(cell.metadata.mystnb.figure.caption)
    return whole


class TakeAlong(SphinxPostTransform):
    """At the end of a page made from a notebook: where the notebook and the package are, and what to type."""

    default_priority = 100
    formats = ("html",)

    def run(self):
        name = self.env.docname
        source = Path(self.env.doc2path(name))
        if source.suffix != ".ipynb":
            return
        up, base = "../" * name.count("/"), self.config.html_baseurl.rstrip("/")
        notebook = f'<a href="{up}_sources/{name}.ipynb" download>{source.name}</a>'
        wheel = f'<a href="{up}_static/{WHEEL}" download>{WHEEL}</a>'
        take, line = f"Put {notebook} and {wheel} in one folder", f'pip install "{WHEEL}[notebooks]"'
        if base:  # then pip can fetch the package itself
            take, line = f"Download {notebook}", f'pip install "lrnn[notebooks] @ {base}/_static/{WHEEL}"'
        text = (
            f"<p><strong>Run this page.</strong> {take}, type the line below there, and open it with "
            f"<code>jupyter lab {source.name}</code>. Python 3.11 or newer is needed, and nothing else.</p>"
        )
        if name == self.config.root_doc:
            whole = f'<a href="{up}_static/{BUNDLE}" download>{BUNDLE}</a>'
            text = (
                f"<p><strong>Run all of them.</strong> {whole} holds every notebook, executed, the package, "
                f"and how to start in two lines.</p>{text}"
            )
        box = nodes.container(classes=["take-along"])
        box += nodes.raw("", text, format="html")
        box += nodes.literal_block(line, line, language="text")
        next(self.document.findall(nodes.section)).append(box)


def versions():
    """The versions of the lock as constraints: a wheel has no hash there."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    return "".join(f"{re.sub(' +--hash.*', '', line)}\n" for line in lock.splitlines() if "==" in line)


def bundle(out):
    """Everything that a reader runs, as one archive."""
    texts = {
        "README.md": (ROOT / "site" / "bundle.md").read_text(encoding="utf-8"),
        "versions.txt": versions(),
        "requirements.txt": f"-c versions.txt\n./{WHEEL}[notebooks]\n",
        "environment.yml": "name: lrnn-book\nchannels: [conda-forge]\n"
        "dependencies:\n  - python=3.12\n  - pip\n  - pip:\n      - -r requirements.txt\n",
    }
    files = [ROOT / name for name in ("LICENSE", "LICENSE-CONTENT", "CITATION.cff")]
    notebooks = sorted((out / "_sources" / "book").rglob("*.ipynb"))
    with zipfile.ZipFile(out / "_static" / BUNDLE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(f"lrnn-book/{name}", text)
        for file in [*files, out / "_static" / WHEEL]:
            archive.write(file, f"lrnn-book/{file.name}")
        for notebook in notebooks:
            place = notebook.relative_to(out / "_sources" / "book").as_posix()
            archive.write(notebook, f"lrnn-book/notebooks/{place}")


def write(app, error):
    """The wheel, the notebooks as they are offered for download, and all of it in one archive."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    make_wheel_in(ROOT / "pyproject.toml", out / "_static")
    for path in sorted((out / "_sources").rglob("*.ipynb")):
        name = path.relative_to(out / "_sources").with_suffix("").as_posix()
        notebook = answers.edition(app, nbformat.read(ROOT / f"{name}.ipynb", as_version=4))
        whole = standing_alone(with_numbers(notebook), [ROOT / file for file in BESIDE.get(name, ())])
        nbformat.write(whole, path)
    bundle(out)


def setup(app):
    app.add_post_transform(TakeAlong)
    app.connect("build-finished", write)
