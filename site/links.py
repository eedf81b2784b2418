"""The addresses that the built pages lead to, and whether they still answer.

    python site/links.py SITE OUT [--list]

Writes `OUT/links.txt`, each address with the pages that name it, and unless only the list is wanted asks each
address, prints the report and writes it to `OUT/links.md`. The exit status is 1 if an address is dead.
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup

AGENT = "lrnn-book-links/1 (asks each outgoing link of a book once, to see that it still leads somewhere)"
# What publishers answer to robots, whether or not the page is there.
REFUSALS = {403, 429}
PERMANENTLY = {301, 308}


def pages(site):
    found = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    if not found:
        raise SystemExit(f"{site}: no pages there; build the book first: make book")
    return found


def outgoing(site):
    """Each outgoing address, with the pages that name it."""
    found = defaultdict(set)
    for path in pages(site):
        for link in BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").find_all("a", href=True):
            if link["href"].lower().startswith(("http://", "https://")):
                found[link["href"]].add(path.relative_to(site).as_posix())
    return {address: sorted(found[address]) for address in sorted(found)}


def ask(address, timeout, pause):
    """The last answer to HEAD, to GET where a server wants that, and to one more GET if it is in trouble."""
    for method in ("HEAD", "GET", "GET again"):
        if method == "GET again":
            time.sleep(pause)
        try:
            with requests.request(
                method.split()[0], address, headers={"User-Agent": AGENT}, timeout=timeout,
                allow_redirects=True, stream=True,
            ) as answer:  # fmt: skip
                if answer.ok or (method == "GET" and answer.status_code < 500):
                    return answer
        except requests.RequestException as error:
            answer = error
    return answer


def judge(address, timeout=20, pause=5):
    """Good, moved, refused or dead, and what to say of it."""
    answer = ask(address, timeout, pause)
    if isinstance(answer, requests.RequestException):
        return "dead", type(answer).__name__
    if answer.status_code in REFUSALS:
        return "refused", str(answer.status_code)
    if not answer.ok:
        return "dead", str(answer.status_code)
    new = address
    for hop in answer.history:  # after a hop that is not for good, the addresses are the server's own affair
        if hop.status_code not in PERMANENTLY:
            break
        new = urljoin(hop.url, hop.headers["location"])
    return ("good", "") if new == address else ("moved", f"now <{new}>")


def report(found, verdicts):
    """The verdicts in Markdown, what needs a hand first."""
    kinds = {"dead": "Dead", "moved": "Moved permanently", "refused": "Refused to a robot"}
    count = {kind: [v[0] for v in verdicts.values()].count(kind) for kind in ("good", *kinds)}
    lines = [
        "# Outgoing links",
        f"{len(found)} addresses: {count['good']} good, {count['moved']} moved permanently, "
        f"{count['refused']} refused, {count['dead']} dead.",
    ]
    for kind, heading in kinds.items():
        told = [
            f"- <{address}>: {verdicts[address][1]}; in {', '.join(names)}"
            for address, names in found.items()
            if verdicts[address][0] == kind
        ]
        if told:
            lines += [f"## {heading}", "\n".join(told)]
    return "\n\n".join(lines) + "\n"


def main(site, out, only_list=False, **patience):
    found = outgoing(site)
    out.mkdir(parents=True, exist_ok=True)
    listed = "".join(f"{address}\t{', '.join(names)}\n" for address, names in found.items())
    (out / "links.txt").write_text(listed, encoding="utf-8")
    if only_list:
        print(listed, end="")
        return 0
    with ThreadPoolExecutor(8) as pool:
        verdicts = dict(zip(found, pool.map(lambda address: judge(address, **patience), found)))
    text = report(found, verdicts)
    print(text, end="")
    (out / "links.md").write_text(text, encoding="utf-8")
    with open(os.environ.get("GITHUB_STEP_SUMMARY") or os.devnull, "a", encoding="utf-8") as summary:
        summary.write(text)
    return int("dead" in [verdict for verdict, _ in verdicts.values()])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--list", action="store_true", dest="only_list")
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main(**vars(parser.parse_args())))
