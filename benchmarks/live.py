"""Time the live figures in headless Chromium, and weigh the pages.

    python benchmarks/live.py [SITE ...]        after `make book`; several sites are measured side by side

For each page with a live figure: when the figure is drawn and when the mathematics is set, in milliseconds after the
page was asked for; the bytes it takes, as they are and compressed; and for how long the frames of a drag work: the
page's own drawing with style and layout, in the middle and at worst, for the handle in the picture and for the slowest
of the sliders. Everything once more with half of the processor's speed.
Nothing here is a test: the numbers belong to the machine.
"""

import functools
import gzip
import http.server
import math
import platform
import shutil
import statistics
import sys
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

BUILT = Path(__file__).parents[1] / "_build" / "html"
ROUNDS, MOVES = 5, 60
# Notes when the first figure and the first formula stand, and how long each frame that is asked for works.
WATCH = """(() => {
  window.seen = { frames: [] };
  const look = () => {
    if (document.querySelector(".lrnn[data-state]")) seen.figure ??= performance.now();
    if (document.querySelector("mjx-container")) seen.formula ??= performance.now();
    if (seen.figure && seen.formula) watching.disconnect();
  };
  const watching = new MutationObserver(look);
  watching.observe(document, { childList: true, subtree: true, attributeFilter: ["data-state"] });
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (draw) => ask((now) => {
    const start = performance.now();
    draw(now);
    document.body?.offsetHeight;
    seen.frames.push(performance.now() - start);
  });
})()"""
HANDLE = ".lrnn-handle, .lrnn-racer, .lrnn-bar"


def serve(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def figures(site):
    pages = sorted((site / "book").glob("*.html"), key=lambda page: (page.stem != "intro", page.stem))
    return [page.stem for page in pages if "jupyter.widget-view" in page.read_text(encoding="utf-8")]


def opened(browser, address, speed):
    """A page that is read and drawn, and the bodies of what it asked for."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(WATCH)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 1 / speed})
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(address)
    page.wait_for_function("seen.figure && seen.formula")
    return page, answers


def held(page, x, y, way):
    """The working times of the frames while the pointer is held down on its way."""
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("seen.frames.length = 0")
    for dx, dy in way:
        page.mouse.move(x + dx, y + dy)
        page.evaluate("new Promise((done) => setTimeout(done, 20))")
    frames = page.evaluate("seen.frames")
    page.mouse.up()
    return frames


def dragged(page):
    """The same while the figure's handle goes round in a circle."""
    page.evaluate("window.MathJax.startup.promise.then(() => null)")
    page.locator(HANDLE).first.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    box = page.locator(HANDLE).first.bounding_box()
    angles = [2 * math.pi * n / MOVES for n in range(MOVES)]
    way = [(50 * math.sin(angle), 30 * (1 - math.cos(angle))) for angle in angles]
    return held(page, box["x"] + box["width"] / 2, box["y"] + min(8, box["height"] / 2), way)


def slid(page):
    """The same of that slider for which it is longest, with the longest trajectories that the figure has."""
    more = page.locator(".lrnn summary")
    if more.count():
        more.click()
    for slider in page.locator('.lrnn input[data-name="T"]').all():
        slider.focus()
        page.keyboard.press("End")
    frames = []
    for slider in page.locator('.lrnn input[type="range"]').all():
        slider.scroll_into_view_if_needed()
        page.wait_for_timeout(200)
        box = slider.bounding_box()
        way = [(0.5 * box["width"] * n / MOVES, 0) for n in range(MOVES)]
        frames.append(held(page, box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2, way))
    return max(frames, key=statistics.median)


def main():
    sites = [Path(name).resolve() for name in sys.argv[1:]] or [BUILT]
    addresses = [serve(site) for site in sites]
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        print(f"Chromium {browser.version}, {platform.machine()}; medians of {ROUNDS} visits, drags of {MOVES} moves\n")
        print(f"{'page':20s} {'site':>4s} {'speed':>5s} {'figure':>8s} {'formulas':>8s} {'drag':>6s} {'worst':>6s}"
              f" {'slider':>6s} {'worst':>6s}"
              f" {'bytes':>9s} {'compressed':>10s}")  # fmt: skip
        for name in figures(sites[0]):
            for speed in (1, 0.5):
                ready = [[] for _ in sites]
                for round in range(ROUNDS):  # in turns, so that all have the same weather
                    for n, address in enumerate(addresses):
                        page, answers = opened(browser, f"{address}/book/{name}.html", speed)
                        ready[n].append(page.evaluate("[seen.figure, seen.formula]"))
                        if round == ROUNDS - 1:
                            drags = dragged(page), slid(page)
                            work = " ".join(f"{statistics.median(f):6.1f} {max(f):6.1f}" for f in drags)
                            bodies = [answer.body() for answer in answers if answer.url.startswith("http")]
                            size = sum(map(len, bodies)), sum(len(gzip.compress(body)) for body in bodies)
                            figure, formulas = map(statistics.median, zip(*ready[n]))
                            print(f"{name:20s} {n + 1:4d} {speed:5.1f} {figure:8.0f} {formulas:8.0f} {work}"
                                  f" {size[0]:9,d} {size[1]:10,d}", flush=True)  # fmt: skip
                        page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
