import base64
import io
import subprocess
import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from nbclient import NotebookClient
from PIL import Image

from lrnn import landscape, plotting, tasks

S = tasks.constant(0.7, 4)
B, U = np.linspace(-1.2, 1.2, 31), np.linspace(-0.5, 1, 30)


@pytest.fixture(autouse=True)
def style():
    with plt.style.context("lrnn.lrnn"):
        yield
    plt.close("all")


def curves():
    figure, ax = plt.subplots()
    ax.plot([0, 1], [0, 1], "C0-o", label="one")
    ax.plot([0, 1], [1, 0], "k--", label="theory")
    ax.text(0.5, 0.5, "framed", bbox={"facecolor": "#ffffff"})
    ax.legend()
    return figure


def energy_map():
    figure, axes = plt.subplots(1, 2)
    for ax in axes:
        field = landscape.field_grid(S, B, U)
        filled = plotting.energy_map(ax, B, U, landscape.energy_grid(S, B, U), field=field)
        plotting.valley_floor(ax, B, S)
        plotting.path(ax, [0.1, 1.0], [0.1, 0.7])
        plotting.mark_points(ax, landscape.critical_points(S))
    figure.colorbar(filled, ax=axes, ticks=[0, 1, 4])
    return figure


def regions():
    figure, ax = plt.subplots()
    label = np.where(B > 0, 1, -1) * np.ones((30, 1))
    handles = plotting.regions(ax, B, U, label, {1: "right", -1: "left", 5: "nowhere"})
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def matrix():
    figure, ax = plt.subplots()
    ax.imshow(np.eye(3))
    return figure


FIGURES = {"curves": curves, "energy_map": energy_map, "regions": regions, "matrix": matrix}
each_figure = pytest.mark.parametrize("name", FIGURES)


def colours(figure):
    return [to_hex(text.get_color()) for text in figure.findobj(Text)]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")).astype(int)


@each_figure
def test_a_figure_has_a_light_and_a_dark_rendering_and_keeps_its_colours(name):
    figure = FIGURES[name]()
    figure.draw_without_rendering()  # ticks come into being when drawn
    before = colours(figure)
    png, about = plotting._both_renderings(figure)
    light, dark = pixels(png), pixels(about["two_themes"]["dark"])
    assert light.shape == dark.shape
    assert light[0, 0].min() > 240
    assert dark[0, 0].max() < 40
    assert colours(figure) == before
    assert about["width"] == 740


@each_figure
def test_nothing_moves_between_the_light_and_the_dark_rendering(name):
    figure = FIGURES[name]()
    # What the second drawing gives has the layout of the first one's dark rendering.
    first, second = (pixels(plotting._both_renderings(figure)[0]) for _ in range(2))
    assert np.abs(first - second).max() <= 16  # but for the choice of colours


def test_an_energy_map_is_in_units_of_the_energy_at_rest():
    _, ax = plt.subplots()
    filled = plotting.energy_map(ax, B, U, landscape.energy_grid(S, B, U))
    assert (filled.levels[0], filled.levels[-1]) == (0, 4)
    scaled = plotting.energy_map(plt.figure().subplots(), B, U, landscape.energy_grid(3 * S, B, 3 * U))
    assert scaled.levels == pytest.approx(filled.levels)
    assert len(filled.get_paths()) == len(scaled.get_paths())


def test_the_floor_of_the_valley_is_where_the_energy_is_least():
    _, ax = plt.subplots()
    b, best = plotting.valley_floor(ax, B, S).get_data()
    fine = np.linspace(-2, 3, 5001)
    assert best == pytest.approx(fine[landscape.energy_grid(S, b, fine).argmin(axis=0)], abs=1e-3)


def test_each_kind_of_point_has_its_own_mark():
    _, ax = plt.subplots()
    points = [SimpleNamespace(b=n, u=0, kind=kind) for n, kind in enumerate(("minimum", "saddle", "maximum"))]
    marks = plotting.mark_points(ax, points)
    assert len({mark.get_marker() for mark in marks}) == 3


def test_a_region_that_is_nowhere_has_its_place_in_the_legend():
    _, ax = plt.subplots()
    handles = plotting.regions(ax, B, U, np.zeros((30, 31)), {0: "here", 1: "nowhere"})
    assert [handle.get_label() for handle in handles] == ["here", "nowhere"]
    assert len({handle.get_hatch() for handle in handles}) == 2


@pytest.mark.parametrize("backend", [None, "agg"])
def test_in_a_notebook_plain_matplotlib_shows_both_renderings(backend, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    if backend:  # as some machines set it for scripts; a kernel would then show nothing
        monkeypatch.setenv("MPLBACKEND", backend)
    drawing = "import matplotlib.pyplot as plt\nfrom lrnn import live, plotting\nplotting.use()"
    shown = "fig, ax = plt.subplots()\nax.plot([0, 1])\n"
    cells = [drawing, shown + "plt.show()", shown + "live.ExactAC().over(fig)", "import lrnn"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3").execute()
    _, plain, live, nothing = (cell.outputs for cell in notebook.cells)
    (plain,), (live,) = plain, live  # each once
    assert plain.data["text/plain"].startswith("<Figure size")
    assert set(plain.metadata["image/png"].two_themes) == {"dark"}
    assert set(live.metadata["image/png"].two_themes) == {"dark", "live"}
    assert live.data["text/plain"].startswith("ExactAC(")
    assert not nothing


def test_outside_a_notebook_only_the_style_is_set(tmp_path):
    code = (
        "import matplotlib.pyplot as plt\nfrom lrnn import live, plotting\nplotting.use()\n"
        "plotting.glue('name', '1.5')\nfig, ax = plt.subplots()\nlive.ExactAC().over(fig)\n"
        "assert plt.rcParams['axes.titlelocation'] == 'left'\nfig.savefig('figure.png')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("mime_type", "about"),
    [("text/plain", {}), ("image/png", {}), ("image/svg+xml", {"two_themes": {"dark": "abc"}})],
)
def test_the_plug_in_leaves_other_outputs_alone(mime_type, about):
    data = SimpleNamespace(mime_type=mime_type, output_metadata={"image/png": about})
    assert plotting.TwoThemes.handle_mime(None, data, False) is None


def test_the_plug_in_leaves_other_projects_alone():
    about = {"image/png": {"two_themes": {"dark": "abc"}}}
    data = SimpleNamespace(mime_type="image/png", output_metadata=about)
    for environment in (None, SimpleNamespace(config=SimpleNamespace())):
        project = SimpleNamespace(renderer=SimpleNamespace(sphinx_env=environment))
        assert plotting.TwoThemes.handle_mime(project, data, False) is None
