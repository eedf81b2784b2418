"""What the built pages need beside the text, all of it served by the book itself."""

import hashlib
import json
import os
import re
import shutil
from importlib import metadata
from pathlib import Path

import answers
import found
import icons
import paper
import takeaway
import wakeups
from docutils import nodes
from PIL import Image
from sphinx.addnodes import only
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.osutil import relative_uri

from lrnn import live as figures

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
ROOT = Path(__file__).parents[1]
LEDGER = "book/appendix/ledger"
# The parts of MathJax that the pages load, without its menu.
MATHJAX = (
    *("startup.js", "core.js", "input/tex.js", "input/tex/extensions/", "a11y/assistive-mml.js"),
    *("output/chtml.js", "output/chtml/fonts/tex.js", "output/chtml/fonts/woff-v2/"),
)


class DarkSiblings(SphinxTransform):
    """Beside each picture of class in-light in the Markdown pages, put its dark rendering NAME-dark.png.

    Dark renderings are for pages alone, not for paper.
    """

    default_priority = 100

    def apply(self):
        for image in list(self.document.findall(nodes.image)):
            if "in-light" in image["classes"] and not self.has_sibling(image):
                dark = image.deepcopy()
                dark["uri"] = image["uri"].removesuffix(".png") + "-dark.png"
                dark["classes"] = ["in-dark" if c == "in-light" else c for c in image["classes"]]
                image.parent.insert(image.parent.index(image) + 1, dark)
        for image in list(self.document.findall(nodes.image)):
            if "in-dark" in image["classes"]:
                image.replace_self(only("", image.deepcopy(), expr="html"))

    def has_sibling(self, image):
        return any("in-dark" in node.get("classes", ()) for node in image.parent.findall(nodes.image))


class ClaimLinks(SphinxPostTransform):
    """Each verdict box gets an anchor and a link to its row of the ledger, whose own links lead back.

    The ledger writes its links for a reader in Jupyter, as names of notebooks.
    """

    default_priority = 100
    formats = ("html", "latex")

    def run(self):
        ledger = self.app.builder.get_relative_uri(self.env.docname, LEDGER)
        for box in list(self.document.findall(nodes.admonition)):
            claim = re.match(r"C\d\d", box[0].astext())
            if "verdict" in box["classes"] and claim and claim.group() != "C00":
                row = claim.group().lower()
                box["ids"].append(f"claim-{row}")
                if self.app.builder.format == "latex":  # which gives boxes no anchors of their own
                    box.parent.insert(box.parent.index(box), nodes.target("", "", ids=box["ids"]))
                link = nodes.reference("", "ledger", refuri=f"{ledger}#{row}", classes=["to-ledger"])
                link["reftitle"] = f"{claim.group()} in the ledger of all claims"
                box[0].append(link)
        if self.env.docname == LEDGER:
            for raw in self.document.findall(nodes.raw):
                links = re.sub(r'(href="\.\./\d\d-[\w-]+)\.ipynb', r"\1.html", raw.astext())
                raw.children = [nodes.Text(links)]


class FullSize(SphinxPostTransform):
    """Each picture leads to its file, where it is as large as it was drawn.

    It is fetched when it comes near: of the two renderings that is one, and its room is kept until then.
    """

    default_priority = 200
    formats = ("html",)

    def run(self):
        folder = relative_uri(self.app.builder.get_target_uri(self.env.docname), self.app.builder.imagedir)
        for image in list(self.document.findall(nodes.image)):
            themes = [name for name in image["classes"] if name in {"dark-light", "in-light", "in-dark"}]
            if themes and image["uri"] in self.env.images:
                file = f"{folder}/{self.env.images[image['uri']][1]}"
                image["loading"] = "lazy"
                with Image.open(Path(self.app.srcdir, image["uri"])) as picture:
                    image["width"], image["height"] = map(str, picture.size)
                link = nodes.reference("", "", refuri=file, classes=["full-size", *themes])
                image.replace_self(link)
                link += image


def keep_proportions(app, page, template, context, doctree):
    """As attributes the size of a picture tells its proportions; as a style it would stretch it."""
    size = r'style="width: (\d+)px; height: (\d+)px;"'
    context["body"] = re.sub(size, r'width="\1" height="\2"', context.get("body", ""))


def call_folds_by_their_words(app, page, template, context, doctree):
    """What opens a folded cell says so in view; its label would hide that from those who listen."""
    context["body"] = context.get("body", "").replace(
        '<summary aria-label="Toggle hidden content">', "<summary>"
    )


def read_in_parallel(app):
    """Notebooks are executed as their pages are read: one a core, where processes can fork."""
    app.parallel = max(app.parallel, os.cpu_count() or 1)
    # It does not say that it is safe; it acts once all pages are read.
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True


def deal_out(app, env, docnames):
    """Each process reads a run of pages; dealt out like cards, the long ones do not all fall to one."""
    docnames[:] = docnames[::2] + docnames[1::2]


def add_templates(app, config):
    config.templates_path = [*config.templates_path, str(TEMPLATES)]


def add_static_files(app):
    app.config.html_static_path.append(str(STATIC))
    app.add_css_file("book.css")
    app.add_js_file("book.js")


def all_when_the_package_changed(app, env, added, changed, removed):
    """Outputs depend on the package and on stored data too, and Sphinx sees the cells only."""
    files = [
        path for path in (ROOT / "lrnn").rglob("*") if path.suffix in {".py", ".js", ".css", ".mplstyle"}
    ]
    files += [path for path in (ROOT / "book").rglob("*") if path.suffix in {".py", ".npz", ".json"}]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()
    known, env.lrnn_digest = getattr(env, "lrnn_digest", None), digest
    return [] if known == digest else list(env.found_docs)


def keep_live_states(app, env):
    """Pages carry the states of live figures; controls need a kernel and are not shown."""
    for page in env.nb_metadata.values():
        files = page.get("js_files", {})
        if "ipywidgets_state" not in files:
            continue
        script = files["ipywidgets_state"][1]
        states = json.loads(script["body"])["state"]
        live = {name: widget for name, widget in states.items() if widget["model_module"] == "anywidget"}
        for widget in live.values():
            widget["state"]["_esm"] = widget["state"]["_esm"].removeprefix(figures._CORE)
            widget["state"].pop("_css", None)  # pages that did not change come here again
        if live:
            script["body"] = json.dumps({"state": live}).replace("</", r"<\/")
        else:
            page["js_files"] = {
                name: file for name, file in files.items() if not name.startswith("ipywidgets")
            }


def write_live_core(app, error):
    """What all live figures share, as a script that a page read from disk may load too."""
    if not error and app.builder.format == "html":
        shared = json.dumps({"core": figures._CORE, "style": figures._STYLE})
        (Path(app.outdir) / "_static" / "live-core.js").write_text(
            f"window.lrnnLive = {shared};\n", encoding="utf-8"
        )


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
    wakeups.watch()
    answers.setup(app)
    found.setup(app)
    icons.setup(app)
    takeaway.setup(app)
    paper.setup(app)
    app.add_transform(DarkSiblings)
    app.add_post_transform(ClaimLinks)
    app.add_post_transform(FullSize)
    app.add_config_value("two_themes", True, "env")  # see lrnn.plotting.TwoThemes
    app.connect("config-inited", add_templates)
    app.connect("builder-inited", read_in_parallel)
    app.connect("builder-inited", add_static_files)
    app.connect("env-before-read-docs", deal_out)
    app.connect("env-get-outdated", all_when_the_package_changed)
    app.connect("env-updated", keep_live_states)
    app.connect("html-page-context", keep_proportions)
    app.connect("html-page-context", call_folds_by_their_words)
    app.connect("build-finished", write_live_core)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
