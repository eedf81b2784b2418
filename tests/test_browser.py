"""The built pages in a real browser, with every address but their own blocked. Run after the build."""

import functools
import http.server
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from importlib import resources
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from lrnn import exact, landscape, live, modes, paper, staircase

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PAGES = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "_static" not in p.parts)
# Which live figure stands on which page.
FIGURES = {
    "intro": live.Landscape,
    "04-exact-solution": live.ExactAC,
    "05-landscape": live.Landscape,
    "06-learnability": live.TaskToSolution,
    "10-plateaus": live.StepSize,
    "12-which-first": live.LearningRace,
    "16-staircase": live.Staircase,
    "17-rotations": live.ComplexModes,
}
on_each_page = pytest.mark.parametrize("name", FIGURES)
over = pytest.mark.parametrize("scheme", ["http", "file"])


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        if os.environ.get("LRNN_NEED_BROWSER"):
            pytest.fail("no Chromium was found, and LRNN_NEED_BROWSER asks for one")
        pytest.skip("no Chromium was found: browser tests skipped")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server():
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def guess_type(self, path):  # of notebooks as some servers do
            return "application/json" if str(path).endswith(".ipynb") else super().guess_type(path)

        def log_message(self, *args):
            pass

    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def visit(chromium, server):
    """Opens a page of the site; what it should not have done is in `complaints` and fails the test."""
    contexts, complaints = [], []

    def watched(route):
        if route.request.url.startswith((server, SITE.as_uri(), "blob:", "data:")):
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    def open_page(path, scheme="http", width=1280, theme="light", mathematics=True, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce", **options
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.route("**/*", watched)
        if not mathematics:  # which takes a second or two to set, and is another test's business
            context.route(
                "**/mathjax/**", lambda route: route.fulfill(body="", content_type="text/javascript")
            )
        page = context.new_page()
        page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda r: r.status >= 400 and complaints.append(f"{r.status} {r.url}"))
        page.goto(f"{server if scheme == 'http' else SITE.as_uri()}/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


class Shown:
    """A live figure on a page, as a reader has it before them, and with all of its controls."""

    def __init__(self, page, more=True):
        self.page = page
        self.root = page.locator(".lrnn")
        self.root.wait_for()
        self.plane = self.root.locator(".lrnn-plane")
        self.more = self.root.locator("summary")
        if more and self.more.count():
            self.more.click()
        self.plane.scroll_into_view_if_needed()

    def settle(self):
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    @property
    def state(self):
        self.settle()
        return json.loads(self.root.get_attribute("data-state"))

    @property
    def readout(self):
        self.settle()
        entries = self.root.locator("output [data-name]").all()
        return {
            entry.get_attribute("data-name"): float(entry.get_attribute("data-value")) for entry in entries
        }

    def changes(self, act):
        """Whether an action changed the picture, and what the readout says."""
        self.settle()
        seen, said = self.plane.screenshot(), self.root.locator("output").inner_text()
        act()
        self.settle()
        return self.plane.screenshot() != seen, self.root.locator("output").inner_text() != said


def dragged(shown, x, y, dx, dy):
    mouse = shown.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + dx / 2, y + dy / 2)
    mouse.move(x + dx, y + dy)
    mouse.up()


# What Python says of a state.


def landscape_says(state):
    shown = live.Landscape(**state)
    root = abs(shown.u0) ** 0.5
    flow = modes.flow if shown.equation == "corrected" else paper.printed_flow
    run = flow(root, shown.b0, np.sign(shown.u0) * root, shown.s, [shown.time])
    E = modes.energy(run.a[0], run.b[0], run.c[0], shown.s)
    return {"t/τ": shown.time, "b(t)": run.b[0], "ac(t)": run.u[0], "E(t)": E}


def exact_says(state):
    start = state["a0"], state["c0"], state["beta_s"], state["beta_b"]
    kappa = state["a0"] ** 2 - state["c0"] ** 2
    rate = np.hypot(2 * state["beta_s"], state["beta_b"] * kappa)
    return {"ac(0)": start[0] * start[1], "ac(t)": exact.ac_exact(state["time"], *start), "rate·τ": rate}


def task_says(state):
    minima = [p for p in landscape.critical_points(state["s"]) if p.kind == "minimum"]
    best = min(minima, key=lambda point: point.energy)
    share = 2 * best.energy / np.sum(np.square(state["s"]))
    return {"b": best.b, "ac": best.u, "E/E0": share, "minima": len(minima)}


def race_says(state):
    shown = live.LearningRace(**state)

    def left(s, times):
        run = modes.flow(shown.u0**0.5, shown.b0, shown.u0**0.5, s, times, rtol=1e-8)
        return modes.energy(run.a, run.b, run.c, s)

    times, said = np.geomspace(0.05, 100, 60), {}
    for n, (s, energy) in enumerate(zip(shown.s, left(shown.s, times).T), 1):
        said[f"βs of {n}"] = modes.beta_s(shown.b0, s)
        after = np.argmax(energy < np.sum(s**2) / 4)
        close = np.linspace(times[after - 1], times[after], 301)
        said[f"half of {n}"] = np.interp(-np.sum(s**2) / 4, -left(s, close), close)
    return said


def step_says(state):
    shown = live.StepSize(**state)
    ratio = {"constant": 1.0, "expanding": 0.7, "contracting": 1 / 0.9}[shown.family]
    u = shown.s[-1]
    sharpness = landscape.sharpness(u**0.5, ratio, u**0.5, shown.s)
    rate = shown.factor * 2 / sharpness
    mode = np.array([u**0.5, ratio + 1e-3, u**0.5] if shown.start == "beside" else [0.1] * 3)
    said = {"λ": sharpness, "2/λ": 2 / sharpness, "η": rate}
    if shown.factor < 0.9:  # above, rounding or an overflow is all that many steps leave
        for _ in range(600):
            mode = mode + rate * np.array(modes.velocity(*mode, shown.s))
        said["E at the end"] = modes.energy(*mode, shown.s)
    return said


def staircase_says(state):
    shown = live.Staircase(**state)
    chain = shown.plateaus
    plateau = chain[min(shown.n, len(chain) - 1)]
    e = staircase.residual_polynomial(plateau.net, shown.s) if plateau.net else shown.s[::-1]
    said = {"i": shown.step, "E/E0": plateau.energy / chain[0].energy, "λ": plateau.escape_rate}
    return {**said, "si": shown.s[shown.step - 1], "R(0)": e[0]}


def complex_says(state):
    shown = live.ComplexModes(**state)
    u0, target = shown.re + 1j * shown.im, shown.beta_s / shown.beta_b
    u = complex(exact.ac_exact(shown.time, *shown.start, shown.beta_s, shown.beta_b))
    said = {"Re u∗": target.real, "Im u∗": target.imag, "|βs|": abs(shown.beta_s), "βb": shown.beta_b}
    return {**said, "Re u(t)": u.real, "Im u(t)": u.imag, "x(t)": abs(u - target) / abs(u0 - target)}


SAYS = {
    live.Landscape: landscape_says,
    live.ExactAC: exact_says,
    live.TaskToSolution: task_says,
    live.LearningRace: race_says,
    live.Staircase: staircase_says,
    live.ComplexModes: complex_says,
    live.StepSize: step_says,
}


def assert_python_agrees(shown, figure):
    said = shown.readout
    for name, expected in SAYS[figure](shown.state).items():
        assert said[name] == pytest.approx(
            expected, rel=1e-4 if name.startswith("half") else 1e-6, abs=1e-12
        ), name


@over
@on_each_page
def test_a_live_figure_draws_and_every_way_of_moving_it_moves_picture_and_readout(visit, name, scheme):
    shown, figure = Shown(visit(f"book/{name}.html", scheme)), FIGURES[name]
    assert shown.plane.bounding_box()["width"] > 300
    assert not any(image.is_visible() for image in shown.page.locator(".has-live img").all())
    assert_python_agrees(shown, figure)

    def drag_a_slider():
        box = shown.root.locator('input[type="range"]').nth(1).bounding_box()
        middle = box["y"] + box["height"] / 2
        dragged(shown, box["x"] + 0.35 * box["width"], middle, 0.3 * box["width"], 0)

    def press_a_key():
        shown.plane.focus()
        for key in ("ArrowRight", "ArrowUp", "ArrowUp"):
            shown.page.keyboard.press(key)

    def click_a_tick():
        ticks = shown.root.locator(".lrnn-ticks button")
        for number in range(ticks.count()):  # until one of them is not where its slider stands already
            before = shown.root.get_attribute("data-state")
            ticks.nth(number).click()
            shown.settle()
            if shown.root.get_attribute("data-state") != before:
                break

    def drag_the_point():
        handle = shown.root.locator(".lrnn-handle, .lrnn-racer, .lrnn-bar").first.bounding_box()
        x, y = handle["x"] + handle["width"] / 2, handle["y"] + min(8, handle["height"] / 2)
        dragged(shown, x, y, 40, -45)

    acts = drag_the_point, drag_a_slider, press_a_key, click_a_tick
    # On disk a figure is loaded in another way, and then it is the same.
    for act in acts if scheme == "http" else acts[:1]:
        assert shown.changes(act) == (True, True), act.__name__
        assert_python_agrees(shown, figure)
    start = live_defaults(shown)
    shown.root.get_by_role("button", name="Reset").click()
    assert shown.state == start


def live_defaults(shown):
    """The state that the page was built with."""
    script = shown.page.locator('script[type="application/vnd.jupyter.widget-state+json"]').text_content()
    (widget,) = json.loads(script)["state"].values()
    return {name: widget["state"][name] for name in shown.state}


@over
@on_each_page
def test_a_live_figure_does_not_wait_for_the_mathematics(visit, name, scheme):
    page = visit("search.html", scheme)
    page.context.add_init_script(
        """new MutationObserver(() => { if (document.querySelector(".lrnn[data-state]"))
        window.first ??= {mathjax: !!window.MathJax?.version,
            formulas: document.querySelectorAll("mjx-container").length};
        }).observe(document, {childList: true, subtree: true, attributeFilter: ["data-state"]})"""
    )
    page.goto(page.url.replace("search.html", f"book/{name}.html"))
    page.locator("mjx-container").first.wait_for(state="attached")
    assert page.evaluate("window.first") == {"mathjax": False, "formulas": 0}


def test_a_map_is_coarse_while_its_task_is_dragged_and_fine_at_rest(visit):
    shown = Shown(visit("book/intro.html", mathematics=False))
    canvas, box = shown.root.locator("canvas"), shown.root.locator('input[data-name="rate"]').bounding_box()
    fine = canvas.get_attribute("width")
    mouse, middle = shown.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 0.3 * box["width"], middle)
    mouse.down()
    mouse.move(box["x"] + 0.6 * box["width"], middle)
    shown.settle()
    assert int(canvas.get_attribute("width")) < int(fine)
    mouse.up()
    shown.settle()
    assert canvas.get_attribute("width") == fine
    assert_python_agrees(shown, live.Landscape)


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", ["intro", "05-landscape"])
def test_the_landscape_shows_the_task_and_the_start_first_and_the_rest_under_more(visit, name, width):
    page = visit(f"book/{name}.html", width=width, mathematics=False)
    shown = Shown(page, more=False)

    def in_view():
        inputs = shown.root.locator("input, button").all()
        return [one.get_attribute("data-name") or "" for one in inputs if one.is_visible()]

    assert in_view() == ["family"] * 3
    assert shown.root.locator("output").inner_text().startswith("It reaches the star")
    assert not any(mark.is_visible() for mark in shown.root.locator(".lrnn-dot, .lrnn-cross").all())
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    def press_keys():
        shown.plane.focus()
        for _ in range(3):
            page.keyboard.press("Shift+ArrowDown")

    def choose_a_task():
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")

    for act in press_keys, choose_a_task:  # with no other hand than the keyboard's
        assert shown.changes(act) == (True, True), act.__name__
        assert_python_agrees(shown, live.Landscape)
    handle = shown.root.locator(".lrnn-handle").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    assert shown.changes(lambda: dragged(shown, x, y, 30, -40)) == (True, True)
    shown.more.focus()
    page.keyboard.press("Enter")
    assert {*in_view()} >= {"family", "rate", "T", "equation", "b0", "u0", "time"}
    assert shown.root.locator(".lrnn-dot").is_visible()
    assert "t/τ" in shown.root.locator("output").inner_text()
    page.keyboard.press("Space")
    assert in_view() == ["family"] * 3


def test_the_printed_equation_can_be_chosen(visit):
    shown = Shown(visit("book/intro.html", mathematics=False))
    assert shown.changes(lambda: shown.root.get_by_label("as printed").check()) == (True, True)
    assert shown.state["equation"] == "printed"
    assert_python_agrees(shown, live.Landscape)


def test_play_moves_the_time_and_at_once_for_those_who_want_no_motion(visit):
    shown = Shown(visit("book/intro.html", mathematics=False))  # `visit` asks for reduced motion
    assert shown.changes(lambda: shown.root.get_by_role("button", name="Play").click()) == (True, True)
    end = shown.state["time"]
    assert end > 5
    shown.page.emulate_media(reduced_motion="no-preference")
    shown.root.get_by_role("button", name="Play").click()
    assert shown.state["time"] < end
    shown.page.wait_for_function(
        "end => JSON.parse(document.querySelector('.lrnn').dataset.state).time === end", arg=end
    )


def test_a_complex_mode_fades_only_exactly_opposite_to_its_target(visit):
    shown = Shown(visit("book/17-rotations.html", mathematics=False))
    shown.root.get_by_role("button", name="Opposite").click()
    assert shown.readout["t90/τ"] == np.inf
    assert "it fades to 0" in shown.root.locator("output").inner_text()
    shown.root.get_by_role("button", name="Turn").click()
    after = live.ComplexModes(**shown.state)
    assert np.angle(-(after.re + 1j * after.im) / after.beta_s) == pytest.approx(1e-3)
    time, target = shown.readout["t90/τ"], after.beta_s / after.beta_b
    u = exact.ac_exact(time, *after.start, after.beta_s, after.beta_b)
    assert abs(u - target) / abs(after.re + 1j * after.im - target) == pytest.approx(0.1, rel=1e-6)


@on_each_page
def test_fingers_can_drag_and_a_narrow_page_holds_it(visit, name):
    shown = Shown(visit(f"book/{name}.html", width=360, mathematics=False, has_touch=True))
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 360
    for control in shown.root.locator("input, button").all():
        assert control.bounding_box()["height"] >= 15
    point = shown.root.locator(".lrnn-handle, .lrnn-racer, .lrnn-bar").first.bounding_box()
    x, y = point["x"] + point["width"] / 2, point["y"] + min(8, point["height"] / 2)
    session = shown.page.context.new_cdp_session(shown.page)

    def touch():
        for kind, shift in (("touchStart", 0), ("touchMove", 15), ("touchMove", 30)):
            at = [{"x": x + shift, "y": y - shift}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    assert shown.changes(touch) == (True, True)


@on_each_page
def test_paper_and_a_page_without_scripts_show_the_still_picture(visit, name):
    page = visit(f"book/{name}.html", mathematics=False)
    Shown(page)
    page.emulate_media(media="print")
    assert page.locator(".has-live img.in-light").is_visible()
    assert not page.locator(".lrnn").is_visible()


def test_without_scripts_the_still_picture_stands(visit):
    page = visit("book/intro.html", java_script_enabled=False)
    assert page.locator("figure img.in-light").first.is_visible()
    assert page.locator(".lrnn").count() == 0


# What surrounds the figures


def test_a_notebook_and_the_wheel_are_saved_even_where_they_are_served_as_text(visit):
    page = visit("book/01-model.html", mathematics=False)
    for link, name in ((".btn-download-source-button", "01-model.ipynb"),
                       (".take-along a >> nth=0", "01-model.ipynb"),
                       (".take-along a >> nth=1", ".whl")):  # fmt: skip
        with page.expect_download() as saved:
            page.locator(link).dispatch_event("click")
        assert saved.value.suggested_filename.endswith(name)
        assert saved.value.path().stat().st_size > 10_000


@over
def test_the_search_finds_a_word_and_from_disk_does_without_excerpts(visit, scheme):
    page = visit("search.html?q=plateau", scheme)
    page.get_by_text("Search finished, found").wait_for()
    hits = page.locator("ul.search > li")
    assert hits.count() > 3
    if scheme == "http":
        page.locator("ul.search p.context").first.wait_for()
    page.wait_for_timeout(200)  # `visit` fails the test for an error that nobody caught


def test_what_is_printed_from_a_dark_page_is_dark_on_white(visit):
    page = visit("book/intro.html", theme="dark", mathematics=False)
    shade = "getComputedStyle(document.querySelector('main p')).color"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    dark = page.evaluate(shade)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert (
        max(map(int, re.findall(r"\d+", page.evaluate(shade)))) < 80 < max(map(int, re.findall(r"\d+", dark)))
    )
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(shade) == dark


# Accessibility

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
# Findings in markup that is not ours, by rule and the beginning of the selector.
THEME = {
    "aria-deprecated-role": ("#id",),  # docutils: entries of the bibliography
    "aria-required-children": (".citation-list",),
    "target-size": (".dropdown-toggle",),  # the theme's button for downloads
}


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_but_the_themes_own(visit, path):
    page = visit(path)
    if path == "index.html":
        page.wait_for_url("**/book/intro.html")  # to which it leads on
    page.evaluate("window.MathJax?.startup?.promise?.then(() => null)")  # the mathematics is set
    if page.locator('script[type*="widget-view"]').count():
        Shown(page)  # opened, so that all of its controls are looked at
    page.evaluate(AXE)
    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    run = "(only) => axe.run(document, {preload: false, resultTypes: ['violations'], runOnly: only})"
    # What depends on the theme is colour.
    colour = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
    for theme, only in (("light", {"type": "tag", "values": levels}), ("dark", colour)):
        page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
        found = page.evaluate(f"async (only) => (await ({run})(only)).violations", only)
        ours = [
            (violation["id"], node["target"], node["html"][:200])
            for violation in found
            for node in violation["nodes"]
            if not any(str(node["target"][0]).startswith(known) for known in THEME.get(violation["id"], ()))
        ]
        assert ours == [], theme


def tab_to(page, selector, most=300):
    """Press the key until it has brought the focus there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return page.locator(":focus")
    pytest.fail(f"no key reaches {selector}")


def test_the_first_key_skips_to_the_text(visit):
    page = visit("book/04-exact-solution.html", mathematics=False)
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Skip to main content"
    page.wait_for_function(  # it slides in
        """() => { const {x, y, width, height} = document.activeElement.getBoundingClientRect();
        return document.elementFromPoint(x + width / 2, y + height / 2) === document.activeElement; }"""
    )
    page.keyboard.press("Enter")
    assert page.locator("main").bounding_box()["y"] < 100
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("part", ["primary", "secondary"])
def test_on_a_narrow_page_keys_open_and_close_what_stood_at_its_sides(visit, part):
    page = visit("book/04-exact-solution.html", width=640, mathematics=False)
    toggle = tab_to(page, f".{part}-toggle")
    name = toggle.get_attribute("aria-label")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    dialog.wait_for()
    assert dialog.get_attribute("aria-label")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('dialog[open] a')")
    page.keyboard.press("Escape")
    page.wait_for_function("name => document.activeElement.ariaLabel === name", arg=name)
    assert page.locator("dialog[open]").count() == 0


def ring(page):
    """How many pixels in and around what has the focus look otherwise without it."""
    box, view = page.locator(":focus").bounding_box(), page.viewport_size
    left, top = max(0, box["x"] - 14), max(0, box["y"] - 14)
    right, low = (min(view[k], box[a] + box[k] + 14) for a, k in (("x", "width"), ("y", "height")))
    clip = {"x": left, "y": top, "width": right - left, "height": low - top}

    def look():
        png = page.screenshot(clip=clip, animations="disabled")
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int)

    focused = look()
    page.evaluate("(window.last = document.activeElement).blur()")
    changed = np.abs(focused - look()).max(axis=2) > 80
    page.evaluate("window.last.focus()")
    return changed.sum()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("04-exact-solution", {}),
        ("12-which-first", {"theme": "dark"}),
        ("16-staircase", {"theme": "dark", "forced_colors": "active"}),
        ("12-which-first", {"width": 400, "mathematics": True}),  # where code and formulas scroll
    ],
)
def test_keys_go_through_a_page_and_a_ring_shows_where(visit, name, options):
    page = visit(f"book/{name}.html", **{"mathematics": False, **options})
    page.evaluate("window.MathJax?.startup?.promise?.then(() => null)")
    seen = set()
    for _ in range(300):
        page.keyboard.press("Tab")
        kind = page.evaluate("`${document.activeElement.tagName}.${document.activeElement.className}`")
        if kind.startswith("BODY"):
            break  # through, and back at the browser's own
        if kind not in seen:
            seen.add(kind)
            assert ring(page) > 60, kind
    else:
        pytest.fail("the keys do not come to an end")
    kinds = " ".join(seen)
    assert all(
        part in kinds for part in ("SUMMARY", "toggle-button", "copybtn", "lrnn-plane", "INPUT", "full-size")
    )
    if options.get("mathematics"):
        assert "PRE" in kinds
        assert "MJX-CONTAINER" in kinds


@pytest.mark.parametrize("name", ["04-exact-solution", "12-which-first", "16-staircase"])
def test_a_chapter_can_be_read_and_used_with_keys_alone(visit, name):
    page = visit(f"book/{name}.html", mathematics=False)
    press = page.keyboard.press
    tab_to(page, "[aria-label='Download this page']")
    press("Enter")
    press("ArrowDown")
    with page.expect_download() as saved:
        press("Enter")
    assert saved.value.suggested_filename == f"{name}.ipynb"
    press("Escape")
    # The code folded above a figure, and the answer to a question.
    fold = tab_to(page, "main summary")
    press("Enter")
    assert fold.evaluate("fold => fold.parentElement.open")
    assert fold.inner_text().strip() == "Hide code cell source"
    toggle = tab_to(page, ".toggle-button")
    title = page.locator(".admonition-title:focus-within")
    assert toggle.get_attribute("aria-label") == title.inner_text().strip()
    answer = title.locator("xpath=following-sibling::*[1]")
    for key, state in (("Enter", True), ("Space", False)):
        press(key)
        assert toggle.get_attribute("aria-expanded") == str(state).lower()
        assert answer.is_visible() == state
    # The live figure: picture, sliders, the way back.
    shown = Shown(page)
    start = shown.state
    tab_to(page, ".lrnn-plane")
    assert shown.changes(lambda: press("ArrowUp")) == (True, True)
    slider = tab_to(page, ".lrnn input[type=range]")
    value = slider.get_attribute("aria-valuetext")
    press("ArrowLeft")
    shown.settle()
    assert slider.get_attribute("aria-valuetext") != value
    tab_to(page, ".lrnn-row:last-child > button:last-child")
    press("Enter")
    assert shown.state == start


@on_each_page
def test_a_live_figure_is_read_in_the_order_in_which_it_is_seen(visit, name):
    page = visit(f"book/{name}.html", width=360, mathematics=False)
    shown = Shown(page)
    figure = page.locator(".has-live")
    assert figure.locator(".lrnn, figcaption").evaluate_all("all => all.map(one => one.tagName)") == [
        "DIV",
        "FIGCAPTION",
    ]
    assert "- img" not in figure.aria_snapshot()  # the still picture is not told a second time
    stops = shown.root.locator("[tabindex], input, button, summary, output").all()
    tops = [stop.bounding_box()["y"] for stop in stops if stop.is_visible()]
    assert all(below > above - 16 for above, below in itertools.pairwise(tops))
    for tick in shown.root.locator("[data-tick]").all():
        assert tick.get_attribute("aria-label").endswith(f" = {tick.inner_text().strip()}")


@on_each_page
def test_the_readout_says_in_words_what_came_out_and_only_at_rest(visit, name):
    shown = Shown(visit(f"book/{name}.html", mathematics=False))
    says = shown.root.locator(".lrnn-says")

    def in_words():
        shown.settle()
        return " ".join(says.all_inner_texts())

    assert re.search(r"([A-Za-z]{2,}\W+){2,}.*\.$", in_words())
    output = shown.root.locator("output")
    assert output.get_attribute("aria-busy") in (None, "false")
    shown.page.evaluate(
        """() => { const told = document.querySelector("output"); window.told = 0;
        new MutationObserver(() => (window.told += told.ariaBusy !== "true"))
          .observe(told, {childList: true}); }"""
    )
    handle = shown.root.locator(".lrnn-handle, .lrnn-racer, .lrnn-bar").first.bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + min(8, handle["height"] / 2)
    mouse = shown.page.mouse
    mouse.move(x, y)
    mouse.down()
    for step in range(1, 6):
        mouse.move(x + 4 * step, y - 4 * step)
        shown.settle()
    assert output.get_attribute("aria-busy") == "true"
    mouse.up()
    shown.page.wait_for_function("window.told > 0")
    assert output.get_attribute("aria-busy") == "false"
    assert shown.page.evaluate("window.told") == 1
    assert re.search(r"([A-Za-z]{2,}\W+){2,}.*\.$", in_words())
    assert_python_agrees(shown, FIGURES[name])


def test_what_the_readouts_say_is_what_they_show(visit):
    def number(text):
        return float(text.replace("−", "-"))

    shown = Shown(visit("book/04-exact-solution.html", mathematics=False))
    for b0, ends in ((0.1, True), (-0.1, False)):  # beyond and on the stable line
        shown.page.locator('.lrnn [data-name="c0"]').evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", b0
        )
        said, words = shown.readout, shown.root.locator(".lrnn-says").inner_text()
        start, end = re.search(r"from (\S+) towards ([−.\d]+\d|0)", words).groups()
        assert [number(start), number(end)] == pytest.approx([said["ac(0)"], said["ac(∞)"]], rel=5e-3)
        half = re.search(r"half of which it reaches at t = (\S+) τ", words)
        assert bool(half) == ends == (said["ac(∞)"] != 0)
        assert half is None or number(half[1]) == pytest.approx(said["t½/τ"], rel=5e-3)
    shown = Shown(visit("book/06-learnability.html", mathematics=False))
    words = shown.root.locator(".lrnn-says").inner_text()
    share = re.search(r"leaves (\S+)\s% of the error", words)
    assert number(share[1]) == pytest.approx(100 * shown.readout["E/E0"], rel=0.06)
    shown = Shown(visit("book/12-which-first.html", mathematics=False))
    said, words = shown.readout, shown.root.locator(".lrnn-says").inner_text()
    order = sorted("123", key=lambda n: said[f"half of {n}"])
    assert "mode {}, then {}, then {}".format(*order) in words


@pytest.mark.parametrize("name", ["04-exact-solution", "16-staircase"])
def test_every_formula_can_be_spoken(visit, name):
    page = visit(f"book/{name}.html")
    page.evaluate("window.MathJax.startup.promise.then(() => null)")
    formulas = page.locator("mjx-container")
    # On paper the theme sets the title again.
    assert page.locator(".onlyprint").evaluate("title => getComputedStyle(title).display") == "none"
    written = page.locator(".math").count()
    assert formulas.count() >= written > 100  # a block may hold several
    for where in "", "figcaption ":
        sets = page.locator(f"{where}mjx-container").count()
        assert page.locator(f"{where}mjx-container > mjx-assistive-mml > math").count() == sets > 0
        assert page.locator(f"{where}mjx-container > mjx-math[aria-hidden=true]").count() == sets
    spoken = page.locator("mjx-assistive-mml").evaluate_all("all => all.map(one => one.textContent.trim())")
    assert all(spoken)
    assert page.locator("mjx-container[tabindex], mjx-container [tabindex]").count() == 0  # none is too wide


def test_no_page_is_wider_than_a_narrow_or_a_magnified_window(visit, server):
    page, wide = visit("book/intro.html", mathematics=False), []
    width = "document.documentElement.scrollWidth"
    for path in PAGES:
        if path == "index.html":
            continue  # it leads on to the first page
        page.goto(f"{server}/{path}")
        for window in 640, 320:  # half and a quarter of 1280
            page.set_viewport_size({"width": window, "height": 900})
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if page.evaluate(width) > window:
                wide.append((path, window, page.evaluate(width)))
    assert wide == []


@pytest.mark.parametrize("name", ["04-exact-solution", "12-which-first", "16-staircase"])
def test_letters_twice_as_large_cover_nothing(visit, name):
    page = visit(f"book/{name}.html", mathematics=False)
    page.add_style_tag(content="html { font-size: 200%; }")
    shown = Shown(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    covered = page.evaluate(
        """() => [...document.querySelectorAll(".toggle-button")].filter((button) => {
        const words = document.createRange(), edge = button.getBoundingClientRect();
        words.selectNodeContents(button.parentElement.firstChild);
        return edge.bottom > button.parentElement.getBoundingClientRect().bottom
          || [...words.getClientRects()].some((line) => line.right > edge.left
            && line.bottom > edge.top && line.top < edge.bottom);
        }).map((button) => button.ariaLabel)"""
    )
    assert covered == []
    boxes = [control.bounding_box() for control in shown.root.locator("label, button").all()]
    for one, other in itertools.combinations(boxes, 2):
        across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
        down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
        assert min(across, down) < 3, (one, other)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_with_colours_of_the_readers_own_a_figure_keeps_its_marks(visit, theme):
    page = visit("book/05-landscape.html", theme="dark", forced_colors="active", mathematics=False)
    page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
    shown = Shown(page)
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert shown.root.locator(".lrnn-axes text").first.evaluate("text => getComputedStyle(text).fill") == ink
    for mark in ".lrnn-scale", ".lrnn-handle", ".theme-switch-button, .primary-toggle":
        png = page.locator(mark).first.screenshot()
        pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int)
        assert np.ptp(pixels, axis=(0, 1)).max() > 100, mark


# The same figure in a running JupyterLab


@pytest.fixture
def jupyterlab(tmp_path, chromium):
    cells = [
        "from lrnn import live\nshown = live.Landscape(b0=-0.5, u0=0.15)\nshown",
        "print('Python reads', shown.b0, shown.family)",
        "shown.b0 = 0.25",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    text = "(here)=\n# Title\n\nAs in {ref}`a word <here>`, {eq}`eq`.\n\n$$x$$ (eq)"
    text += "\n\n:::{admonition} Box\nYes.\n:::"
    notebook.cells.append(nbformat.v4.new_markdown_cell(text))
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "figure.ipynb")
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        "--port=0",
    ]
    command += ["--LabApp.news_url=None", "--IdentityProvider.token=test", f"--ServerApp.root_dir={tmp_path}"]
    folders = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "DATA")}
    environment = {**os.environ, **folders, "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    with (tmp_path / "log").open("w+", encoding="utf-8") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path, env=environment)
        try:
            yield wait_for_the_server(tmp_path)
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def wait_for_the_server(folder):
    for _ in range(300):
        found = list(folder.glob("jpserver-*.json"))
        if found and (text := found[0].read_text(encoding="utf-8")):
            return json.loads(text)["url"]
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {(folder / 'log').read_text(encoding='utf-8')[-2000:]}")


def test_in_jupyterlab_page_and_python_share_the_state(jupyterlab, chromium):
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60_000)
    page.goto(f"{jupyterlab}lab/tree/figure.ipynb?token=test")
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    cells.nth(2).wait_for()
    page.get_by_text("| Idle").wait_for()

    def run(number):
        cells.nth(number).locator(".jp-InputArea-editor").click()
        page.keyboard.press("Control+Enter")

    run(0)
    shown = Shown(page)
    slider = shown.root.locator('input[data-name="b0"]')
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")  # JupyterLab must not take it for its own
    shown.root.get_by_label("expanding").check()
    assert shown.state["b0"] == pytest.approx(-0.4)
    run(1)
    page.get_by_text("Python reads -0.4 expanding").wait_for()
    run(2)
    for wait in itertools.count():
        if shown.state["b0"] == 0.25:
            break
        assert wait < 100
        page.wait_for_timeout(100)
    assert float(slider.input_value()) == 0.25
    assert_python_agrees(shown, live.Landscape)
    # The markup of the chapters is rendered there too.
    text = page.locator(".jp-MarkdownCell").inner_text()
    assert "As in a word" in text
    assert not re.search(r"\{ref\}|\{eq\}|:::|\(here\)", text)
    page.close()
