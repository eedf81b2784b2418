"""Figures: curves, matrices and landscapes, drawn once and shown in a light and a dark rendering."""

import base64
import io
from importlib import resources

import matplotlib as mpl
import matplotlib.style
import numpy as np
from matplotlib.colors import PowerNorm, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter
from PIL import Image

_STYLE = str(resources.files(__package__) / "lrnn.mplstyle")
# The colours of ink and paper, and what the dark rendering puts in their place.
_DARK = {"#262b33": "#d5dbe1", "#000000": "#f2f5f7", "#ffffff": "#121212", "#e3e6ea": "#333a44"}
_VIEW = "application/vnd.jupyter.widget-view+json"
# One colour and one marker for each of the paper's tasks, throughout the book.
TASK_STYLE = {"constant": "C0-o", "expanding": "C1-s", "contracting": "C2-^"}


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


def _png(figure):
    drawn, stored = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    # 64 colours are enough for any figure here, and make the notebooks a quarter of the size.
    image = Image.open(drawn).convert("RGB").quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    image.save(stored, format="png", optimize=True)
    return base64.b64encode(stored.getvalue()).decode()


def show(figure, live=None):
    """Display a figure in a notebook.

    The output carries a second rendering for dark pages; Jupyter shows the light one, the book
    the one that fits the reader's theme. In a plain script it prints one line instead.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, as the other functions of this module return it.
    live : ipywidgets.DOMWidget, optional
        A live figure of :mod:`lrnn.live` to show in its place wherever one can run: in Jupyter, and on a page
        of the book unless it is printed or its scripts are switched off.
    """
    width, height = (round(100 * inches) for inches in figure.get_size_inches())
    text = f"Figure of {width} x {height} pixels" if live is None else repr(live)
    if not _in_ipython():
        print(text)
        return
    from IPython.display import display

    with mpl.style.context(_STYLE):
        # The layout settles in the first drawing; without it the two renderings would differ.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        light = _png(figure)
        _recolour(figure, _DARK)
        dark = _png(figure)
        _recolour(figure, {new: old for old, new in _DARK.items()})
    bundle, themes, metadata = {"image/png": light, "text/plain": text}, {"dark": dark}, {}
    if live is not None:
        # A front end may say beside the widget how to show it, as Colab does.
        widget, metadata = live._repr_mimebundle_()
        themes["live"] = bundle[_VIEW] = widget[_VIEW]
    metadata = {**metadata, "image/png": {"width": width}, "two_themes": themes}
    display(bundle, metadata=metadata, raw=True)


def _in_ipython():
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None


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
    if not _in_ipython():
        return
    from IPython.display import display

    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": repr(text)},
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
        raw=True,
    )


class TwoThemes:
    """Puts both renderings of :func:`show`, and its live figure, into a built page (a plug-in of myst-nb).

    Only where the project asks for it, by an extension that sets ``two_themes`` and serves the style sheet
    which hides the one or the other; elsewhere a figure is one image, like any other.
    """

    @staticmethod
    def handle_mime(renderer, data, inline):
        dark = data.output_metadata.get("two_themes", {}).get("dark")
        if data.mime_type != "image/png" or dark is None or not _wanted(renderer):
            return None
        nodes = []
        for content, theme in ((data.content, "in-light"), (dark, "in-dark")):
            metadata = {"image/png": data.output_metadata.get("image/png", {})}
            one = type(data)("image/png", content, data.cell_metadata, metadata, line=data.line)
            for node in renderer.render_image(one):
                node["classes"] = [*node.get("classes", []), "dark-light", theme]
                nodes.append(node)
        if live := data.output_metadata["two_themes"].get("live"):
            view = type(data)(_VIEW, live, data.cell_metadata, {}, line=data.line)
            nodes += renderer.render_widget_view(view)
        return nodes


def _wanted(renderer):
    environment = renderer.renderer.sphinx_env
    return environment is not None and getattr(environment.config, "two_themes", False)


def _figure(n_panels, height, width=7.4, n_rows=1, dpi=None):
    with mpl.style.context(_STYLE):
        figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
        grid = figure.subplots(n_rows, n_panels, squeeze=False)
    figure.get_layout_engine().set(wspace=0.06, hspace=0.06)
    return figure, grid


def lines(*panels, height=2.9, width=7.4):
    """Panels of curves side by side.

    Parameters
    ----------
    *panels : dict
        One for each panel. `curves`: a list of ``(x, y, label, style)``, the style in Matplotlib's
        short form ("C0--"; "k" is the page's ink), the label None to leave the curve out of the
        legend. Optional: `title`, `xlabel`, `ylabel`, `xscale`, `yscale`, `xlim`, `ylim`, `xticks`,
        `legend` (a Matplotlib location, or None), `linewidth`, `across` and `down` (values marked by thin
        horizontal or vertical lines).
    height, width : float
        Size in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _figure(len(panels), height, width)
    with mpl.style.context(_STYLE):
        for ax, panel in zip(axes[0], panels):
            for kind, place in (("across", ax.axhline), ("down", ax.axvline)):
                for value in panel.get(kind, ()):
                    place(value, color="#262b33", linewidth=0.9, linestyle=(0, (1, 2)))
            for x, y, label, style in panel["curves"]:
                dashed = style.startswith("k") and "--" in style
                # Theory lies on top of what it predicts, so it is thin and drawn last.
                width = 1.2 if dashed else panel.get("linewidth")
                ax.plot(x, y, style, label=label, linewidth=width, zorder=3 if dashed else 2)
            settings = ("title", "xlabel", "ylabel", "xscale", "yscale", "xlim", "ylim")
            ax.set(**{key: panel[key] for key in settings if key in panel})
            if "xticks" in panel:
                ax.set_xticks(list(panel["xticks"]), [f"{value:g}" for value in panel["xticks"]])
            for axis in (ax.xaxis, ax.yaxis):
                # On less than two decades Matplotlib would label the minor ticks, and crowd them.
                if axis.get_scale() == "log":
                    axis.set_minor_formatter(NullFormatter())
            if panel.get("legend", "best") and any(label for _, _, label, _ in panel["curves"]):
                ax.legend(loc=panel.get("legend", "best"))
    return figure


def theory_and_simulation(t, simulated, predicted, labels, *, ylabels, xlabel="time $t/\\tau$", **settings):
    """Simulations in colour, one colour for each mode or run, theory dashed on top.

    Parameters
    ----------
    t : array_like, shape (K,)
        Times.
    simulated, predicted : sequence of array_like, shape (K, n)
        For each panel, n curves.
    labels : sequence of str, length n
        What each curve is.
    ylabels : sequence of str
        The vertical axis of each panel.
    xlabel : str
        The horizontal axis.
    **settings
        Passed on to every panel of :func:`lines`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    panels = []
    for number, (sim, theory, ylabel) in enumerate(zip(simulated, predicted, ylabels)):
        sim, theory = np.asarray(sim), np.asarray(theory)
        curves = [(t, sim[:, k], label, f"C{k}-") for k, label in enumerate(labels)]
        curves += [(t, theory[:, k], None if k else "theory", "k--") for k in range(len(labels))]
        legend = "best" if number == len(ylabels) - 1 else None
        panels.append(
            {
                "curves": curves,
                "xlabel": xlabel,
                "ylabel": ylabel,
                "legend": legend,
                "linewidth": 3.4,
                **settings,
            }
        )
    return lines(*panels)


def matrices(named, *, limit=None, height=2.5):
    """Matrices as images on one colour scale centred on zero.

    Parameters
    ----------
    named : dict of str to array_like, shape (rows, columns)
        Title and matrix of each panel.
    limit : float, optional
        The value at which the colours end; the largest entry when left out.
    height : float
        Height in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    values = [np.asarray(m) for m in named.values()]
    limit = limit or max(np.abs(m).max() for m in values)
    figure, axes = _figure(len(named), height)
    with mpl.style.context(_STYLE):
        for ax, title, value in zip(axes[0], named, values):
            image = ax.imshow(value, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
            ax.set(title=title, xticks=[], yticks=[])
            ax.grid(False)
            ax.spines[:].set_visible(True)
        bar = figure.colorbar(image, ax=axes[0], shrink=0.85, aspect=18)
        bar.outline.set_visible(False)
    return figure


def bars(panels, *, height=2.7):
    """Bars side by side for each group.

    Parameters
    ----------
    panels : list of dict
        `groups`: the labels along the axis; `series`: dict of name to heights; `title`, `xlabel`,
        `ylabel`, `yscale`, `ylim`, `yticks` as in :func:`lines`.
    height : float
        Height in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _figure(len(panels), height)
    hatches = ("", "///", "...", "xx")
    with mpl.style.context(_STYLE):
        for ax, panel in zip(axes[0], panels):
            place = np.arange(len(panel["groups"]))
            width = 0.8 / len(panel["series"])
            for k, (name, heights) in enumerate(panel["series"].items()):
                offset = (k - (len(panel["series"]) - 1) / 2) * width
                ax.bar(
                    place + offset,
                    heights,
                    width * 0.92,
                    label=name,
                    color=f"C{k}",
                    hatch=hatches[k],
                    edgecolor="#ffffff",
                    linewidth=0,
                )
            ax.set_xticks(place, panel["groups"])
            ax.grid(axis="x", visible=False)
            names = ("title", "xlabel", "ylabel", "yscale", "ylim", "yticks")
            ax.set(**{k: panel[k] for k in names if k in panel})
            if len(panel["series"]) > 1:
                ax.legend()
    return figure


def landscapes(panels, *, n_columns=3, height=5.4, arrows=13):
    """Energy in the plane (b, u) from low (blue) to high (red), with the flow and the optimum.

    Parameters
    ----------
    panels : list of dict
        `b`, shape (n_b,), and `u`, shape (n_u,): the axes; `energy`, shape (n_u, n_b);
        `field`: (db, du), each (n_u, n_b), drawn as arrows of one length; `optimum`: (b, u) or None;
        `title`. Optional: `saddles`, a list of (b, u); `paths`, a list of (b, u) arrays;
        `floor`, such a curve.
    n_columns : int
        Panels in a row.
    height : float
        Height in inches.
    arrows : int
        Arrows along each axis.

    Returns
    -------
    matplotlib.figure.Figure
    """
    n_rows = -(-len(panels) // n_columns)
    # Maps compress badly; many of them are stored a little coarser.
    figure, axes = _figure(n_columns, height, n_rows=n_rows, dpi=110 if len(panels) > 3 else None)
    with mpl.style.context(_STYLE):
        for number, (ax, panel) in enumerate(zip(axes.ravel(), panels)):
            b, u, energy = panel["b"], panel["u"], panel["energy"]
            at_rest = energy[np.abs(u).argmin()].min()  # u = 0: half the sum of s**2
            norm = PowerNorm(0.5, vmin=0, vmax=4 * at_rest)
            bands = 4 * at_rest * np.linspace(0, 1, 25) ** 2
            image = ax.contourf(b, u, energy, bands, cmap="RdYlBu_r", norm=norm, extend="max")
            levels = at_rest * np.array([0.03, 0.2, 0.6, 1.0, 2.0])
            ax.contour(b, u, energy, levels=levels, colors="#0b1a2b", linewidths=0.5, alpha=0.45)
            rows, columns = (
                np.linspace(0, len(axis) - 1, arrows + 2)[1:-1].round().astype(int) for axis in (u, b)
            )
            at = np.ix_(rows, columns)
            # Directions as the eye sees them: in units of each axis.
            db, du = panel["field"][0][at] / np.ptp(b), panel["field"][1][at] / np.ptp(u)
            length = np.hypot(db, du)
            db, du = (np.divide(v, length, out=np.zeros_like(v), where=length > 0) for v in (db, du))
            ax.quiver(
                b[columns], u[rows], db, du, color="#0b1a2b", scale=19, width=0.007, pivot="mid", angles="uv"
            )
            if "floor" in panel:
                ax.plot(*panel["floor"], color="#0b1a2b", linewidth=2.6, alpha=0.55)
                ax.plot(*panel["floor"], color="#fdfdfd", linewidth=1.3, linestyle=(0, (4, 1.5)))
            for path_b, path_u in panel.get("paths", ()):
                ax.plot(path_b, path_u, color="#fdfdfd", linewidth=2.6)
                ax.plot(path_b, path_u, color="#101820", linewidth=1.2)
                ax.plot(path_b[0], path_u[0], "o", color="#101820", markersize=4)
            for saddle in panel.get("saddles", ()):
                ax.plot(*saddle, "X", color="#fdfdfd", markeredgecolor="#0b1a2b", markersize=9, zorder=5)
            if panel.get("optimum"):
                ax.plot(
                    *panel["optimum"],
                    "*",
                    color="#ffd90f",
                    markeredgecolor="#0b1a2b",
                    markersize=17,
                    zorder=6,
                )
            ax.grid(False)
            ax.spines[:].set_visible(True)
            ax.set(title=panel["title"], xlim=(b[0], b[-1]), ylim=(u[0], u[-1]))
            if number % n_columns == 0:
                ax.set_ylabel("$u = ac$")
            if number >= len(panels) - n_columns:
                ax.set_xlabel("$b$")
        for ax in axes.ravel()[len(panels) :]:
            ax.set_visible(False)
        bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=24, ticks=[0, at_rest, 4 * at_rest])
        bar.ax.set_yticklabels(["0", r"$E_0$", r"$4E_0$"])
        bar.ax.set_title("$E$", loc="center")
        bar.outline.set_visible(False)
    return figure


def regions(panels, *, n_columns=2, height=3.3):
    """A plane divided by where its points lead, each region with a colour and a hatching.

    Parameters
    ----------
    panels : list of dict
        `b`, shape (n_b,), and `u`, shape (n_u,): the axes; `label`, int of shape (n_u, n_b); `names`: dict of
        label to text, in the order of their colours, the same in every panel; `title`. Optional: `curves`,
        a list of (b, u) arrays; `minima` and `saddles`, lists of (b, u); `xlabel`, `ylabel` and `yscale`,
        for a plane of other quantities.
    n_columns : int
        Panels in a row.
    height : float
        Height in inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _figure(n_columns, height, n_rows=-(-len(panels) // n_columns))
    fills, hatches = ("#a9cdf0", "#f3c9a0", "#a8dcc4", "#e8b9d3"), ("", "///", "...", "xx")
    with mpl.style.context(_STYLE):
        for number, (ax, panel) in enumerate(zip(axes.ravel(), panels)):
            b, u, label = panel["b"], panel["u"], np.asarray(panel["label"])
            for value, fill, hatch in zip(panel["names"], fills, hatches):
                if (label == value).any():
                    inside = (label == value).astype(float)
                    drawn = ax.contourf(b, u, inside, levels=[0.5, 1.5], colors=[fill], hatches=[hatch])
                    drawn.set(edgecolor="#44505f", linewidth=0)
            for curve_b, curve_u in panel.get("curves", ()):
                ax.plot(curve_b, curve_u, color="#0b1a2b", linewidth=1.8)
            for saddle in panel.get("saddles", ()):
                ax.plot(*saddle, "X", color="#fdfdfd", markeredgecolor="#0b1a2b", markersize=9, zorder=5)
            for minimum in panel.get("minima", ()):
                ax.plot(*minimum, "*", color="#ffd90f", markeredgecolor="#0b1a2b", markersize=15, zorder=6)
            ax.grid(False)
            ax.spines[:].set_visible(True)
            ax.set(title=panel["title"], xlim=(b[0], b[-1]), ylim=(u[0], u[-1]))
            ax.set_yscale(panel.get("yscale", "linear"))
            if number % n_columns == 0:
                ax.set_ylabel(panel.get("ylabel", "$u(0)$"))
            if number >= len(panels) - n_columns:
                ax.set_xlabel(panel.get("xlabel", "$b(0)$"))
        for ax in axes.ravel()[len(panels) :]:
            ax.set_visible(False)
        keys = [
            Patch(facecolor=fill, hatch=hatch, edgecolor="#44505f", linewidth=0, label=text)
            for text, fill, hatch in zip(panels[0]["names"].values(), fills, hatches)
        ]
        figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return figure
