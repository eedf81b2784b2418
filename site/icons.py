"""The icons that the pages show, in place of all that the theme brings along.

The theme's style sheet names each icon and a font draws it; both are cut to what stands on a page.
"""

import re
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from fontTools.ttLib import TTFont

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
STYLE, FONTS = "styles/pydata-sphinx-theme.css", "vendor/fontawesome/webfonts"
# .fa-list:before,.fa-list-squares:before{content:"\f03a"}
NAMED = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+|\S)"\}')


def cut_style(style, names):
    """The style sheet without the icons that nobody names, and the font of the others in its new file."""

    def kept(rule):
        return rule[0] if set(re.findall(r"\.fa-([\w-]+):before", rule[1])) & names else ""

    style = NAMED.sub(kept, style)
    return style.replace('fa-solid-900.woff2) format("woff2")', 'icons.woff) format("woff")')


def cut_font(characters):
    """The theme's font with these characters alone."""
    font = TTFont(THEME / FONTS / "fa-solid-900.ttf")
    cut = subset.Subsetter(subset.Options(notdef_outline=True))
    cut.populate(unicodes=characters)
    cut.subset(font)
    font.flavor = "woff"
    return font


def write(app, error):
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    pages = "".join(page.read_text(encoding="utf-8") for page in out.rglob("*.html"))
    classes = " ".join(re.findall(r'class="([^"]*\bfa-[^"]*)"', pages))
    names = set(re.findall(r"\bfa-([\w-]+)", classes))
    style = cut_style((THEME / STYLE).read_text(encoding="utf-8"), names)
    (out / "_static" / STYLE).write_text(style, encoding="utf-8")
    # Style sheets name further characters, escaped or as they are, in Unicode's private area.
    sheets = style + "".join(sheet.read_text(encoding="utf-8") for sheet in out.rglob("*.css"))
    said = {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", sheets)}
    cut_font(said | {ord(c) for c in sheets if "\ue000" <= c <= "\uf8ff"}).save(
        out / "_static" / FONTS / "icons.woff"
    )


def setup(app):
    app.connect("build-finished", write)
