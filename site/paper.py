"""The book on paper, by Sphinx's LaTeX builder; its looks are in paper.sty."""

import re
from xml.etree import ElementTree

import nbformat
from docutils import nodes
from sphinx.addnodes import toctree
from sphinx.transforms.post_transforms import SphinxPostTransform

from lrnn import __version__


def prepare(app):
    """Paper shows the stored outputs, each figure once."""
    if app.builder.format == "latex":
        app.config.nb_execution_mode = "off"
        app.config.two_themes = False
        app.builder.context["release"] = __version__
        app.builder.context["preamble"] += f"\\def\\address{{{app.config.html_baseurl}}}"


def shorten(app, docname, source):
    """Nothing unfolds on paper: what a page folds away is left out."""
    if app.builder.format == "latex" and app.env.doc2path(docname).endswith(".ipynb"):
        notebook = nbformat.reads(source[0], as_version=4)
        notebook.cells = [c for c in notebook.cells if "pages-only" not in c.metadata.get("tags", ())]
        for cell in notebook.cells:
            cell.metadata["tags"] = [tag.replace("hide-", "remove-") for tag in cell.metadata.get("tags", ())]
        source[0] = nbformat.writes(notebook)


def latex(text):
    return nodes.raw("", text, format="latex")


class Parts(SphinxPostTransform):
    """The captions of the table of contents become parts; what has no number on the pages has none here.

    The first page, whose title is the book's, becomes an introduction.
    """

    default_priority = 700
    formats = ("latex",)

    def run(self):
        book = next(self.document.findall(nodes.section))
        parts = [node for node in book if "toctree-wrapper" in node.get("classes", ())]
        trees = self.env.get_doctree(self.config.root_doc).findall(toctree)
        first = nodes.section("", nodes.title("", "Introduction"), ids=book["ids"])
        first += [node for node in book[1:] if node not in parts]
        book[1:] = [latex(r"\withoutnumbers"), first]
        for tree, part in zip(trees, parts, strict=True):
            numbers = r"\withnumbers" if tree.get("numbered") else r"\withoutnumbers"
            book += [latex(rf"{numbers}\part{{{tree['caption']}}}"), part]


class Tables(SphinxPostTransform):
    """Tables that a cell wrote in HTML, which LaTeX does not see, and the widths of long ones."""

    default_priority = 300
    formats = ("latex",)

    def run(self):
        for raw in list(self.document.findall(nodes.raw)):
            if raw["format"] == "html" and raw.astext().startswith("<table"):
                raw.replace_self(table(ElementTree.fromstring(raw.astext())))
        for found in self.document.findall(nodes.table):
            rows = [[width(cell) for cell in row] for row in found.findall(nodes.row)]
            if len(rows) > 30 or sum(map(sum, rows)) > 1500:
                most = 80 if "ledger" in found["classes"] else 36
                found["classes"] += ["longtable", "colwidths-given"]
                for spec, column in zip(found.findall(nodes.colspec), zip(*rows)):
                    spec["colwidth"] = min(max(column), most) + 10


def width(cell):
    """Characters in a cell, without the braces and names of formulas."""
    return len(re.sub(r"[{}^_]|\\(?=\w)\w+", "", cell.astext()))


INLINE = {"strong": nodes.strong, "sub": nodes.subscript, "sup": nodes.superscript}


def table(html):
    """An HTML table as the ledger makes them: with a head, and cells that hold text, links and evidence."""
    group = nodes.tgroup("", *(nodes.colspec() for _ in html[0][0]), cols=len(html[0][0]))
    for part, kind in zip(html, (nodes.thead, nodes.tbody)):
        group += (rows := kind())
        for row in part:
            cells = [nodes.entry("", filled(nodes.paragraph(), cell)) for cell in row]
            if "id" in row.attrib:
                cells[0][0].insert(0, nodes.target("", "", ids=[row.attrib["id"]]))
            rows += nodes.row("", *cells)
    return nodes.table("", group, classes=[html.attrib["class"]])


def filled(node, html):
    """The node with the content of an HTML element."""
    node += nodes.Text(html.text or "")
    for part in html:
        if part.tag == "a":  # written for a reader in Jupyter, as the name of a notebook
            page = part.attrib["href"].replace("../", "%book/").replace(".ipynb", "")
            child = nodes.reference("", "", refuri=page, internal=True)
        elif part.tag == "span":
            child = nodes.inline(classes=[part.attrib["class"]])
        else:
            child = INLINE[part.tag]()
        node += [filled(child, part), nodes.Text(part.tail or "")]
    return node


BOXES = {"predict", "verdict"}


class Boxes(SphinxPostTransform):
    """What the paper says and what the code finds, and questions: each kind of box has a look of its own."""

    default_priority = 710
    formats = ("latex",)

    def run(self):
        for box in list(self.document.findall(nodes.admonition)):
            frame = nodes.container(classes=[kind for kind in box["classes"] if kind in BOXES])
            box.replace_self(frame)
            frame += box
            # Sphinx's writer makes no links in titles.
            for link in [one for one in box[0].findall(nodes.reference) if "to-ledger" in one["classes"]]:
                where = link["refuri"].removeprefix("%").replace("#", ":")
                link.replace_self(latex(rf"\inledger{{\detokenize{{{where}}}}}"))


class Together(SphinxPostTransform):
    """What belongs together stays on one page: a short cell and what it prints, an exercise and its title."""

    default_priority = 720
    formats = ("latex",)

    def run(self):
        for cell in [box for box in self.document.findall(nodes.container) if "cell" in box["classes"]]:
            blocks = list(cell.findall(nodes.literal_block))
            height = [block.astext().count("\n") + 2 for block in blocks]
            if sum(height) <= 12:
                blocks, height = [cell], [sum(height)]
            for block, lines in zip(blocks, height):
                if lines <= 26:
                    keep(lines, block)
            for block in cell.findall(nodes.literal_block):
                if max(map(len, block.astext().splitlines())) > 100:
                    block.parent["classes"].append("wide")
        for target in list(self.document.findall(nodes.target)):
            if target.get("refid", "").startswith("ex-"):
                keep(5, target)
        for long in list(self.document.findall(nodes.table)):
            if "longtable" in long["classes"]:
                keep(8, long)


def keep(lines, node):
    """Begin a new page before the node unless so many lines are left."""
    node.parent.insert(node.parent.index(node), latex(rf"\keep{{{lines}}}"))


def setup(app):
    app.add_post_transform(Parts)
    app.add_post_transform(Tables)
    app.add_post_transform(Boxes)
    app.add_post_transform(Together)
    app.connect("builder-inited", prepare, priority=100)  # before myst-nb reads its settings
    app.connect("source-read", shorten)
