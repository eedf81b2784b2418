"""What the figures need beside Matplotlib: two renderings of each, maps of the energy, hatched regions."""

import base64
import io
from importlib import resources

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import PowerNorm, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from PIL import Image

from .modes import beta_b, beta_s

__all__ = ["TwoThemes", "energy_map", "glue", "mark_points", "path", "regions", "use", "valley_floor"]

_STYLE = str(resources.files(__package__) / "lrnn.mplstyle")
# The colours of ink and paper, and what the dark rendering puts in their place.
_DARK = {"#262b33": "#d5dbe1", "#000000": "#f2f5f7", "#ffffff": "#121212", "#e3e6ea": "#333a44"}
_VIEW = "application/vnd.jupyter.widget-view+json"
# On a map, which has the same colours in both renderings, ink stays ink.
_INK, _RIM = "#0b1a2b", "#fdfdfd"


def use():
    """Set the style of the book; in a notebook, let each figure carry a second rendering for dark pages.

    Jupyter shows the light rendering, the book the one that fits the reader's theme. Outside a notebook only
    the style is set, as ``plt.style.use("lrnn.lrnn")`` would.
    """
    plt.style.use(_STYLE)
    shell = _shell()
    if getattr(shell, "kernel", None) is None:
        return
    # The inline backend, when first loaded, says how figures are shown; our word must be the later one.
    backend = mpl.get_backend()
    inline = "module://matplotlib_inline.backend_inline"
    plt.switch_backend(inline if backend.lower() == "agg" else backend)
    shell.display_formatter.formatters["image/png"].for_type(Figure, _both_renderings)


def _shell():
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _both_renderings(figure):
    # The layout settles in the first drawing; without it the two renderings would differ.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    light = _png(figure)
    _recolour(figure, _DARK)
    dark = _png(figure)
    _recolour(figure, {new: old for old, new in _DARK.items()})
    width = round(100 * figure.get_size_inches()[0])
    return light, {"width": width, "two_themes": {"dark": dark}}


def _png(figure):
    drawn, stored = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    # 128 colours are enough for any figure here, and make the notebooks a quarter of the size.
    image = (
        Image.open(drawn)
        .convert("RGB")
        .quantize(128, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    )
    image.save(stored, format="png", optimize=True)
    return base64.b64encode(stored.getvalue()).decode()


def _recolour(figure, colours):
    """Replace colours of everything drawn in a figure."""
    seen = figure.findobj()
    seen += [box for text in seen if hasattr(text, "get_bbox_patch") and (box := text.get_bbox_patch())]
    for artist in seen:
        for name in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
            getter, setter = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
            if getter is None or setter is None:
                continue
            value = np.asarray(mpl.colors.to_rgba_array(getter()))
            if len(value) == 1 and value[0, 3] > 0 and (new := colours.get(to_hex(value[0]))):
                setter((*mpl.colors.to_rgb(new), value[0, 3]))


class TwoThemes:
    """Puts both renderings of a figure, and its live figure, into a built page (a plug-in of myst-nb).

    Only where the project asks for it, by an extension that sets ``two_themes`` and serves the style sheet
    which hides the one or the other; elsewhere a figure is one image, like any other.
    """

    @staticmethod
    def handle_mime(renderer, data, inline):
        about = data.output_metadata.get("image/png", {})
        themes = about.get("two_themes", {})
        if data.mime_type != "image/png" or "dark" not in themes or not _wanted(renderer):
            return None
        nodes = []
        for content, theme in ((data.content, "in-light"), (themes["dark"], "in-dark")):
            metadata = {"image/png": {"width": about.get("width")}}
            one = type(data)("image/png", content, data.cell_metadata, metadata, line=data.line)
            for node in renderer.render_image(one):
                node["classes"] = [*node.get("classes", []), "dark-light", theme]
                nodes.append(node)
        if live := themes.get("live"):
            view = type(data)(_VIEW, live, data.cell_metadata, {}, line=data.line)
            nodes += renderer.render_widget_view(view)
        return nodes


def _wanted(renderer):
    environment = renderer.renderer.sphinx_env
    return environment is not None and getattr(environment.config, "two_themes", False)


def glue(name, text):
    """Make a computed number available to the text of the page, as ``{glue:text}`name```.

    Parameters
    ----------
    name : str
        What the text calls it.
    text : str
        The number, formatted.

    Notes
    -----
    The record that myst-nb's own function of this name leaves, without importing the book's
    whole machinery into the notebook.
    """
    if _shell() is None:
        return
    from IPython.display import display

    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": repr(text)},
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
        raw=True,
    )


def energy_map(ax, b, u, energy, *, field=None, arrows=11):
    r"""Energy in the plane (b, u) from low (blue) to high (red), with the directions of the flow.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    b, u : array_like, shapes (n_b,) and (n_u,)
        The axes; `u` contains or surrounds 0.
    energy : array_like, shape (n_u, n_b)
        As :func:`lrnn.landscape.energy_grid` gives it.
    field : pair of array_like, shape (n_u, n_b), optional
        :math:`(\dot b, \dot u)`, drawn as arrows of one length.
    arrows : int
        Arrows along each axis.

    Returns
    -------
    matplotlib.contour.QuadContourSet
        Filled in units of :math:`E_0`, the energy at u = 0, from 0 to 4: for a colour bar.
    """
    b, u = np.asarray(b), np.asarray(u)
    share = energy / np.min(energy[np.abs(u).argmin()])
    filled = ax.contourf(
        b, u, share, 4 * np.linspace(0, 1, 25) ** 2, cmap="RdYlBu_r", norm=PowerNorm(0.5, 0, 4), extend="max"
    )
    ax.contour(b, u, share, levels=[0.03, 0.2, 0.6, 1, 2], colors=_INK, linewidths=0.5, alpha=0.45)
    if field is not None:
        rows, columns = (
            np.linspace(0, len(axis) - 1, arrows + 2)[1:-1].round().astype(int) for axis in (u, b)
        )
        at = np.ix_(rows, columns)
        # Directions as the eye sees them: in units of each axis.
        db, du = np.asarray(field[0])[at] / np.ptp(b), np.asarray(field[1])[at] / np.ptp(u)
        length = np.hypot(db, du)
        db, du = (np.divide(v, length, out=np.zeros_like(v), where=length > 0) for v in (db, du))
        ax.quiver(
            b[columns], u[rows], db, du, color=_INK, pivot="mid", angles="uv",
            scale=1.35 * arrows, scale_units="width", units="inches", width=0.017, headwidth=4,
        )  # fmt: skip
    ax.grid(False)
    ax.spines[:].set_visible(True)
    ax.set(xlim=(b[0], b[-1]), ylim=(u[0], u[-1]))
    return filled


def mark_points(ax, points):
    """Critical points: a star for each minimum, a cross for each saddle, a square for each maximum.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    points : iterable of CriticalPoint
        As :func:`lrnn.landscape.critical_points` gives them.

    Returns
    -------
    list of matplotlib.lines.Line2D
    """
    looks = {
        "minimum": {"marker": "*", "color": "#ffd90f", "markersize": 16, "zorder": 6},
        "saddle": {"marker": "X", "color": _RIM, "markersize": 9, "zorder": 5},
        "maximum": {"marker": "s", "color": _RIM, "markersize": 7, "zorder": 5},
    }
    return [ax.plot(p.b, p.u, linestyle="none", markeredgecolor=_INK, **looks[p.kind])[0] for p in points]


def path(ax, b, u):
    """A way through the plane: a dark line with a light rim, and a dot where it starts.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    b, u : array_like, shape (K,)
        Its points.

    Returns
    -------
    matplotlib.lines.Line2D
    """
    rim = [withStroke(linewidth=2.8, foreground=_RIM)]
    return ax.plot(b, u, "-o", markevery=[0], color=_INK, linewidth=1.3, markersize=4, path_effects=rim)[0]


def valley_floor(ax, b, s):
    r"""The floor of the valley, :math:`u = \beta_s(b) / \beta_b(b)`, as light dashes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    b : array_like, shape (K,)
        Where to draw it.
    s : array_like, shape (T,)
        The task.

    Returns
    -------
    matplotlib.lines.Line2D
    """
    rim = [withStroke(linewidth=2.6, foreground=_INK)]
    best_u = beta_s(b, s) / beta_b(b, len(s))
    return ax.plot(b, best_u, "--", color=_RIM, linewidth=1.3, path_effects=rim)[0]


def regions(ax, x, y, label, names):
    """A plane divided by where its points lead, each region with a colour and a hatching.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    x, y : array_like, shapes (n_x,) and (n_y,)
        The axes.
    label : array_like of int, shape (n_y, n_x)
        What each point belongs to.
    names : dict of int to str
        Label and text of at most four regions, in the order of their colours.

    Returns
    -------
    list of matplotlib.patches.Patch
        One for each name, as the handles of a legend.
    """
    fills, hatches = ("#a9cdf0", "#f3c9a0", "#a8dcc4", "#e8b9d3"), ("", "///", "...", "xx")
    handles, edge = [], {"edgecolor": "#44505f", "linewidth": 0}
    for (value, text), fill, hatch in zip(names.items(), fills, hatches):
        inside = np.equal(label, value).astype(float)
        if inside.any():
            ax.contourf(x, y, inside, levels=[0.5, 1.5], colors=[fill], hatches=[hatch]).set(**edge)
        handles.append(Patch(facecolor=fill, hatch=hatch, label=text, **edge))
    ax.grid(False)
    ax.spines[:].set_visible(True)
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    return handles
