"""Which pages differ between two built sites, by what a reader sees of them.

    python site/changed.py OLD NEW

Prints a list in Markdown. Names and digests of files, dates of building and ids of widgets are no difference.
"""

import argparse
import difflib
import hashlib
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlparse

from bs4 import BeautifulSoup
from links import pages
from PIL import Image, UnidentifiedImageError

# Not to be seen, or other in each build: when, where and how fast it was.
LEFT_OUT = "script, style, template, .last-updated, #what-ran-here :is(.cell_output, table)"
STATE = "application/vnd.jupyter.widget-state+json"


def picture(path):
    """A digest of what a picture shows: of its pixels, where it has some."""
    try:
        with Image.open(path) as image:
            content = repr(image.size).encode() + image.convert("RGBA").tobytes()
    except UnidentifiedImageError:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b"missing"
    return hashlib.sha256(content).hexdigest()


def live(page):
    """The states of live figures, without the ids that are drawn anew in each build."""
    states = [json.loads(script.string)["state"] for script in page.find_all("script", type=STATE)]
    text = [json.dumps(widget, sort_keys=True) for state in states for widget in state.values()]
    return Counter(re.sub(r"IPY_MODEL_\w+", "", one) for one in text)


def seen(path):
    """Words, pictures and live figures of a page, without the navigation that all pages share."""
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    figures = live(page)
    page = page.find("article") or page.find("main") or page.body or page
    for hidden in page.select(LEFT_OUT):
        hidden.decompose()
    pictures = Counter()
    for image in page.find_all("img", src=True):
        if not urlparse(image["src"]).scheme:
            pictures[picture(path.parent / unquote(urlparse(image["src"]).path))] += 1
        image.replace_with(f" {image.get('alt', '')} ")  # a reader hears it, if not sees it
    return page.get_text().split(), pictures, figures


def difference(old, new):
    """What to say of a page that changed; nothing if it did not."""
    told = []
    if old[0] != new[0]:
        steps = difflib.SequenceMatcher(None, old[0], new[0], autojunk=False).get_opcodes()
        gone, come = (
            sum(step[end] - step[end - 1] for step in steps if step[0] != "equal") for end in (2, 4)
        )
        told.append(f"words −{gone} +{come}")
    for what, before, after in (("pictures", old[1], new[1]), ("live figures", old[2], new[2])):
        if before != after:
            told.append(f"{what} −{(before - after).total()} +{(after - before).total()}")
    return ", ".join(told)


def compare(old, new):
    """The list in Markdown."""
    before, after = ({path.relative_to(site).as_posix() for path in pages(site)} for site in (old, new))
    lines = [f"- new: `{name}`, {len(seen(new / name)[0])} words" for name in sorted(after - before)]
    lines += [f"- gone: `{name}`" for name in sorted(before - after)]
    for name in sorted(before & after):
        what = difference(seen(old / name), seen(new / name))
        lines += [f"- changed: `{name}`, {what}"] if what else []
    count = Counter(line.split(":")[0].removeprefix("- ") for line in lines)
    head = f"{count['new']} new, {count['gone']} gone, {count['changed']} changed, of {len(after)} pages."
    return "# Pages that changed\n\n" + "\n".join([head, "", *lines]).rstrip() + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    sys.stdout.reconfigure(encoding="utf-8")
    text = compare(**vars(parser.parse_args()))
    print(text, end="")
    with open(os.environ.get("GITHUB_STEP_SUMMARY") or os.devnull, "a", encoding="utf-8") as summary:
        summary.write(text)
