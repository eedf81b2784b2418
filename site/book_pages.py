"""What the built pages need beside the text, all of it served by the book itself."""

import shutil
from importlib import metadata
from pathlib import Path

STATIC = Path(__file__).parent / "static"
# The parts of MathJax that the pages load; the whole is ten times as large.
MATHJAX = ("tex-mml-chtml.js", "output/chtml/fonts/woff-v2/", "input/tex/extensions/")


def add_static_files(app):
    app.config.html_static_path.append(str(STATIC))
    app.add_css_file("book.css")


def copy_mathjax(app, error):
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "mathjax"
    for file in metadata.files("sphinx-mathjax-offline"):
        name = file.as_posix().partition("static/mathjax/")[2]
        if name.startswith(MATHJAX):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target)


def setup(app):
    app.connect("builder-inited", add_static_files)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
