import base64
import io
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from PIL import Image

from lrnn import landscape, modes, plotting, tasks

T_AXIS = np.linspace(0, 1, 5)
CURVES = np.stack([T_AXIS, T_AXIS**2], axis=1)


def landscape_panel():
    s, b, u = tasks.constant(0.7, 4), np.linspace(-1.2, 1.2, 31), np.linspace(-0.5, 1, 30)
    _, db, du = modes.velocity(1.0, b, u[:, None], s)
    return {
        "b": b,
        "u": u,
        "energy": landscape.energy_grid(s, b, u),
        "field": (db, du),
        "optimum": (1.0, 0.7),
        "saddles": [(-1.0, 0.0)],
        "paths": [(np.array([0.1, 1.0]), np.array([0.1, 0.7]))],
        "title": "constant",
    }


def region_panel():
    s, b, u = tasks.constant(0.7, 3), np.linspace(-2, 1.5, 12), np.linspace(-1, 1.5, 11)
    result = landscape.basin_map(s, b, u)
    saddle, minimum = result.points
    return {
        "b": b,
        "u": u,
        "label": result.label,
        "names": {1: "the minimum", -1: "runaway", -2: "u = 0"},
        "title": "T = 3",
        "curves": [landscape.stable_manifold(s, saddle, steps=20)],
        "saddles": [(saddle.b, saddle.u)],
        "minima": [(minimum.b, minimum.u)],
    }


FIGURES = {
    "lines": lambda: plotting.lines(
        {"curves": [(T_AXIS, T_AXIS, "one", "C0-o"), (T_AXIS, 1 - T_AXIS, None, "k--")], "across": [0.5]},
        {
            "curves": [(T_AXIS + 1, T_AXIS, "two", "C1-")],
            "xscale": "log",
            "title": "second",
            "down": [1.5],
        },
    ),
    "theory_and_simulation": lambda: plotting.theory_and_simulation(
        T_AXIS, [CURVES, CURVES], [CURVES, CURVES], ["first", "second"], ylabels=["u", "b"]
    ),
    "matrices": lambda: plotting.matrices({"A": np.eye(3), "B": -np.ones((2, 4))}),
    "bars": lambda: plotting.bars(
        [{"groups": ["x", "y"], "series": {"one": [1, 2], "two": [2, 1]}, "ylabel": "height"}]
    ),
    "regions": lambda: plotting.regions([region_panel(), region_panel()]),
    "landscapes": lambda: plotting.landscapes([landscape_panel(), landscape_panel()], n_columns=3),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_can_be_saved(name):
    file = io.BytesIO()
    FIGURES[name]().savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def colours(figure):
    return [to_hex(text.get_color()) for text in figure.findobj(Text)]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")).astype(int)


@pytest.fixture
def shown(monkeypatch):
    """What show() hands to the notebook: pairs of a bundle and its metadata."""
    calls = []
    monkeypatch.setattr(plotting, "_in_ipython", lambda: True)
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, metadata, raw: calls.append((bundle, metadata))
    )
    return calls


@pytest.mark.parametrize("name", ["lines", "landscapes", "regions"])
def test_show_gives_a_light_and_a_dark_rendering_and_restores_the_colours(name, shown):
    figure = FIGURES[name]()
    figure.draw_without_rendering()  # ticks come into being when drawn
    before = colours(figure)
    plotting.show(figure)
    bundle, metadata = shown[0]
    assert set(bundle) == {"image/png", "text/plain"}
    light, dark = pixels(bundle["image/png"]), pixels(metadata["two_themes"]["dark"])
    assert light.shape == dark.shape
    assert light[0, 0].min() > 240
    assert dark[0, 0].max() < 40
    assert colours(figure) == before


@pytest.mark.parametrize("name", ["matrices", "landscapes"])
def test_nothing_moves_between_the_light_and_the_dark_rendering(name, shown):
    figure = FIGURES[name]()
    plotting.show(figure)
    plotting.show(figure)
    # What the second showing draws has the layout of the first one's dark rendering.
    first, second = (pixels(bundle["image/png"]) for bundle, _ in shown)
    assert np.abs(first - second).max() <= 16  # but for the choice of 256 colours


@pytest.mark.parametrize(
    ("mime_type", "metadata"),
    [("text/plain", {}), ("image/png", {}), ("image/svg+xml", {"two_themes": {"dark": "abc"}})],
)
def test_the_plug_in_leaves_other_outputs_alone(mime_type, metadata):
    data = SimpleNamespace(mime_type=mime_type, output_metadata=metadata)
    assert plotting.TwoThemes.handle_mime(None, data, False) is None


def test_the_plug_in_leaves_other_projects_alone():
    data = SimpleNamespace(mime_type="image/png", output_metadata={"two_themes": {"dark": "abc"}})
    for environment in (None, SimpleNamespace(config=SimpleNamespace())):
        project = SimpleNamespace(renderer=SimpleNamespace(sphinx_env=environment))
        assert plotting.TwoThemes.handle_mime(project, data, False) is None


def test_outside_a_notebook_a_figure_is_one_line_and_a_number_for_the_text_is_none(capsys):
    plotting.show(FIGURES["lines"]())
    plotting.glue("name", "1.5")
    assert capsys.readouterr().out == "Figure of 740 x 290 pixels\n"
