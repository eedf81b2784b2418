"""The text of a release: the section of its version in the list of changes.

python site/release.py CHANGELOG.md [TAG]
"""

import argparse
import re
import sys
from pathlib import Path

from lrnn import __version__


def notes(changelog, tag=""):
    """The section of this version, which the tag must name if there is one."""
    if tag and tag != f"v{__version__}":
        raise SystemExit(f"tag {tag}: lrnn.__version__ is {__version__}, so the tag must be v{__version__}")
    # A date may follow the version; another version that begins like it may not.
    section = rf"^## {re.escape(__version__)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)"
    found = re.search(section, changelog.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise SystemExit(f"{changelog}: no section '## {__version__}' with something in it")
    return found[1].strip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("changelog", type=Path)
    parser.add_argument("tag", nargs="?", default="")
    sys.stdout.reconfigure(encoding="utf-8")
    print(notes(**vars(parser.parse_args())))
