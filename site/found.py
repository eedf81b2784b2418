"""How the published book is found and shared: addresses, a sitemap, and what a link to a page looks like.

All of it needs `html_baseurl` in _config.yml, or BASEURL in the environment, by which the pages of a fork get
their own address; a book without one has titles and descriptions alone.
"""

import os
import shutil
from pathlib import Path

COVER = Path(__file__).parents[1] / "book" / "figures" / "landscape.png"


def set_addresses(app, config):
    config.html_baseurl = os.environ.get("BASEURL") or config.html_baseurl
    if config.html_baseurl:
        config.html_baseurl = config.html_baseurl.rstrip("/") + "/"
        config.ogp_site_url = config.html_baseurl
        config.ogp_image = f"_static/{COVER.name}"  # of pages without a picture of their own


def copy_cover(app, error):
    if not error and app.builder.format == "html":
        shutil.copyfile(COVER, Path(app.outdir) / "_static" / COVER.name)


def setup(app):
    app.setup_extension("sphinxext.opengraph")
    app.setup_extension("sphinx_sitemap")
    app.connect("config-inited", set_addresses)
    app.connect("build-finished", copy_cover)
