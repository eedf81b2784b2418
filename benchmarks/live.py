"""Time the live figures in headless Chromium: a redraw, the time until a page is ready, bytes on the wire.

    python benchmarks/live.py        after `make book`

A redraw of the landscape computes the energy on 200 x 200 points, the trajectory, the separatrix and the
critical points, and draws them, at T = 50; one of the staircase trains networks. Nothing here is a test: the numbers belong to the machine.
"""

import functools
import gzip
import http.server
import json
import platform
import shutil
import statistics
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

SITE = Path(__file__).parents[1] / "_build" / "html"
PAGES = ("intro", "04-exact-solution", "06-learnability", "10-plateaus", "12-which-first", "16-staircase", "17-rotations")
# What to move on other pages, and to where, for the time of a redraw.
MOVED = {
    "16-staircase": ("s_i", [0.5 + 0.01 * k for k in range(40)]),
    "17-rotations": ("re", [-1 + 0.03 * k for k in range(60)]),
}
# Moves an input to each value; takes how long the frame that draws the change works on it.
REDRAW = """async ([selector, values]) => {
  const input = document.querySelector(selector), times = [];
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  for (const value of values) {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    // The figure asked for its frame first, so that this callback runs in the same frame, right after it.
    await new Promise((done) => {
      requestAnimationFrame((start) => {
        times.push(performance.now() - start);
        done();
      });
    });
    await frame();
  }
  return times;
}"""


def serve():
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def redraw(page, name, values):
    times = page.evaluate(REDRAW, [f'input[data-name="{name}"]', values])
    return statistics.median(times), max(times)


def main():
    address, chromium = serve(), shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        print(f"Chromium {browser.version}, {platform.machine()}\n")
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/book/intro.html")
        page.locator(".lrnn").wait_for()
        page.wait_for_timeout(2000)
        for family in ("constant", "expanding", "contracting"):
            page.get_by_label(family).check()
            redraw(page, "T", [50])
            start = redraw(page, "b0", [-0.9 + 0.03 * k for k in range(60)])
            task = redraw(page, "rate", [0.41 + 0.01 * k for k in range(59)])
            print(f"{family:12s} T = 50   new start: {start[0]:5.1f} ms (worst {start[1]:5.1f})"
                  f"   new task: {task[0]:5.1f} ms (worst {task[1]:5.1f})")  # fmt: skip
        print()
        shared = [(SITE / "_static" / name).read_bytes() for name in ("live-core.js", "live.js")]
        total = [sum(map(len, shared)), sum(len(gzip.compress(code)) for code in shared)]
        print(f"{'core and loader':20s} {'':20s}   live code {total[0]:6d} bytes, gzip {total[1]:6d}")
        for name in PAGES:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{address}/book/{name}.html", wait_until="commit")
            page.locator(".lrnn[data-state]").wait_for()
            ready = page.evaluate("performance.now()")
            script = page.locator('script[type*="widget-state"]').text_content()
            (widget,) = json.loads(script)["state"].values()
            code = widget["state"]["_esm"].encode()
            sizes = len(code), len(gzip.compress(code))
            total = [old + new for old, new in zip(total, sizes)]
            print(
                f"{name:20s} ready after {ready:5.0f} ms   live code {sizes[0]:6d} bytes, gzip {sizes[1]:6d}"
            )
            if name in MOVED:
                page.wait_for_timeout(2000)
                moved, values = MOVED[name]
                median, worst = redraw(page, moved, values)
                print(f"{'':20s} new {moved:9s} {median:5.1f} ms (worst {worst:5.1f})")
        print(f"{'all together':20s} {'':20s}   live code {total[0]:6d} bytes, gzip {total[1]:6d}")
        browser.close()


if __name__ == "__main__":
    main()
