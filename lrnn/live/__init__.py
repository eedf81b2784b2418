"""Live figures: the same in a notebook and, without a kernel, on a page of the book.

Each is an `anywidget <https://anywidget.dev>`_ whose front end holds all of its controls and does all of the
computing, with the functions of `physics.js`, the twin of the package's own. In a running notebook its traits
are shared both ways: Python sees what the reader moved, and moves it.
"""

import math
import re
from importlib import resources

import anywidget
import numpy as np
import traitlets
from IPython import get_ipython

from .. import staircase
from ..network import LinearRNN
from ..tasks import constant, contracting, expanding, geometric

__all__ = ["ComplexModes", "ExactAC", "Landscape", "LearningRace", "Staircase", "StepSize", "TaskToSolution"]

_VIEW = "application/vnd.jupyter.widget-view+json"
_FOLDER = resources.files(__package__)
_STYLE = (_FOLDER / "live.css").read_text(encoding="utf-8")


def _source(file):
    """A file of this folder without its imports, comments and indentation."""
    text = (_FOLDER / file).read_text(encoding="utf-8")
    text = re.sub(r"^import .*?;\n", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^\s*//.*\n|^\s+", "", text, flags=re.MULTILINE)


# What all figures share. A page that is read from disk can import no second file, so that each figure is one
# module; the pages of the book keep this part of it in one place.
_CORE = re.sub(r"^export ", "", _source("physics.js") + _source("ui.js"), flags=re.MULTILINE)


def _bundle(*names):
    """A figure's file, the last one, after the core and what else it stands on."""
    parts = [re.sub(r"^export (?!default)", "", _source(f"{name}.js"), flags=re.MULTILINE) for name in names]
    return _CORE + "".join(parts)


class _Finite(traitlets.Float):
    def validate(self, obj, value):
        value = super().validate(obj, value)
        if not math.isfinite(value):
            self.error(obj, value, info="a finite number")
        return value


def _number(default, low, high):
    return _Finite(default, min=low, max=high).tag(sync=True, wanted=f"a number from {low} to {high}")


def _integer(default, low, high):
    return traitlets.Int(default, min=low, max=high).tag(sync=True, wanted=f"an integer from {low} to {high}")


def _numbers(default, low, high, least, most):
    size = least if least == most else f"{least} to {most}"
    wanted = f"a list of {size} finite numbers from {low} to {high}"
    return traitlets.List(_Finite(min=low, max=high), default, least, most).tag(sync=True, wanted=wanted)


def _one_of(*names):
    return traitlets.Enum(names, names[0]).tag(sync=True, wanted=f"one of {', '.join(names)}")


_RATES = {"constant": 0.7, "expanding": 0.7, "contracting": 0.9}


def _task(family, rate, T):
    return {"constant": constant, "expanding": expanding, "contracting": contracting}[family](rate, T)


class _Figure(anywidget.AnyWidget):
    _css = _STYLE

    def __init__(self, **values):
        for name, value in values.items():
            if name not in self._settings:
                raise ValueError(
                    f"{name} is no setting of {type(self).__name__}: {', '.join(self._settings)}"
                )
            trait = self.traits()[name]
            try:
                trait._validate(self, value)
            except traitlets.TraitError:
                raise ValueError(f"{name} must be {trait.metadata['wanted']}, got {value!r}") from None
        super().__init__(**values)

    def __repr__(self):
        settings = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._settings)
        return f"{type(self).__name__}({settings})"

    _still = None

    def over(self, figure):
        """This live figure, with a still picture that takes its place on paper and wherever no script runs.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
            The still picture; pyplot lets go of it, so that it is not shown a second time.

        Returns
        -------
        itself, to end a cell with
        """
        from matplotlib import pyplot as plt

        plt.close(figure)
        self._still = figure
        return self

    def _repr_mimebundle_(self, **kwargs):
        bundle, metadata = super()._repr_mimebundle_(**kwargs)
        still = get_ipython().display_formatter.formatters["image/png"](self._still) if self._still else None
        if still:
            png, about = still if isinstance(still, tuple) else (still, {})
            themes = {**about.get("two_themes", {}), "live": bundle[_VIEW]}
            bundle = {**bundle, "image/png": png, "text/plain": repr(self)}
            # A front end may say beside the widget how to show it, as Colab does.
            metadata = {**metadata, "image/png": {**about, "two_themes": themes}}
        return bundle, metadata


class Landscape(_Figure):
    r"""Energy of one mode over (b, ac), with a balanced start to drag and the way it goes: Figure 2.

    The task and the start are in view; the other settings, the time and further marks of the map
    appear under *More*.

    Parameters
    ----------
    family : {"constant", "expanding", "contracting"}
        The task: :math:`s_t = r`, :math:`r^{T-t}` or :math:`r^t`.
    rate : float
        r, from 0.4 to 1.
    T : int
        Trajectory length, from 2 to 50.
    equation : {"corrected", "printed"}
        db/dt of gradient flow, or as printed in the paper (:func:`lrnn.paper.printed_velocity`).
    b0, u0 : float
        The start; a = c, or a = -c for negative u0.
    time : float
        The time, in units of tau, at which the modes are read, from 0.01 to 1e6.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range.
    """

    _esm = _bundle("landscape")
    _settings = ("family", "rate", "T", "equation", "b0", "u0", "time")
    family = _one_of("constant", "expanding", "contracting")
    rate = _number(0.7, 0.4, 1)
    T = _integer(10, 2, 50)
    equation = _one_of("corrected", "printed")
    b0 = _number(-0.5, -1.6, 1.5)
    u0 = _number(0.15, -0.35, 1.3)
    time = _number(1.0, 0.01, 1e6)

    @property
    def s(self):
        """The task shown, shape (T,)."""
        return _task(self.family, self.rate, self.T)


class ExactAC(_Figure):
    r"""ac(t) with b frozen, in closed form, from any start: the seed of the paper's Figure 1.

    Parameters
    ----------
    beta_s, beta_b : float
        The sums at the frozen b, from -2 to 2 and from 1 to 10.
    a0, c0 : float
        The start, from -1.5 to 1.5.
    time : float
        The time, in units of tau, at which ac is read, from 0 to 8.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range.
    """

    _esm = _bundle("exact_ac")
    _settings = ("beta_s", "beta_b", "a0", "c0", "time")
    beta_s = _number(1.0, -2, 2)
    beta_b = _number(1.5, 1, 10)
    a0 = _number(0.1, -1.5, 1.5)
    c0 = _number(0.1, -1.5, 1.5)
    time = _number(2.0, 0, 8)


class TaskToSolution(_Figure):
    """A task to draw, its reduced energy and its best mode.

    Parameters
    ----------
    s : sequence of float
        The task, 2 to 16 values from -1.2 to 1.2.
    step : int
        The time step, counted from 1, that the controls change.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range.
    """

    _esm = _bundle("task_to_solution")
    _settings = ("s", "step")
    s = _numbers([0.2, -0.1, 0.9, 0.6, 0.1, 0.3, 0.5, 0.8], -1.2, 1.2, least=2, most=16)
    step = _integer(3, 1, 16)


class LearningRace(_Figure):
    """Three modes of one network, T = 10, from the same small balanced start: which is learned first?

    Parameters
    ----------
    norms, ratios : sequence of 3 floats
        The tasks, proportional to ratio**(T-t): their norms, 0.2 to 3, and ratios, 0.5 to 1.6.
    mode : {"1", "2", "3"}
        The mode that the controls change.
    b0, u0 : float
        The start of all three, from 0 to 1.3 and from 1e-8 to 0.1; a = c.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range.
    """

    _esm = _bundle("learning_race")
    _settings = ("norms", "ratios", "mode", "b0", "u0")
    norms = _numbers([1.0, 1.6, 2.4], 0.2, 3, least=3, most=3)
    ratios = _numbers([0.6, 1.0, 1.4], 0.5, 1.6, least=3, most=3)
    mode = _one_of("1", "2", "3")
    b0 = _number(0.5, 0, 1.3)
    u0 = _number(1e-4, 1e-8, 0.1)

    @property
    def s(self):
        """The three tasks, shape (3, 10)."""
        s = np.array([geometric(1.0, ratio, 10) for ratio in self.ratios])
        return np.array(self.norms)[:, None] * s / np.linalg.norm(s, axis=1, keepdims=True)


# A start of three units of size one, the same as in units.js: W_x, W_h row by row, W_y.
_DRAWN = [0.36, -1.12, 0.74, 0.91, -0.43, 1.21, -0.68, 0.27, -1.35, 0.55, 1.08, -0.19, 1.17, 0.48, -0.83]


class Staircase(_Figure):
    """A task to draw, its plateaus, and three units that go down them from a small start.

    Parameters
    ----------
    s : sequence of float
        The task, 8 to 10 values from -1.2 to 1.2.
    n : int
        Number of units, from 0 to 2, of the plateau whose residual polynomial is shown.
    step : int
        The time step, counted from 1, that the controls change.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range.
    """

    _esm = _bundle("units", "staircase")
    _settings = ("s", "n", "step")
    s = _numbers([0.0] * 6 + [1.0] * 4, -1.2, 1.2, least=8, most=10)
    n = _integer(1, 0, 2)
    step = _integer(7, 1, 10)

    @property
    def plateaus(self):
        """The plateaus shown, by :func:`lrnn.staircase.plateaus`."""
        return staircase.plateaus(self.s, 2)

    @property
    def start(self):
        """The network of three units that is trained, of size 0.001."""
        w = 1e-3 * np.array(_DRAWN)
        return LinearRNN(w[:3, None], w[3:12].reshape(3, 3), w[None, 12:])


class StepSize(_Figure):
    r"""600 steps of gradient descent on one mode, with a learning rate in units of 2 / sharpness.

    Parameters
    ----------
    family : {"constant", "expanding", "contracting"}
        The task, with the paper's value or rate.
    T : int
        Trajectory length, from 2 to 50.
    factor : float
        Learning rate over the largest that is stable at the optimum, from 0.02 to 5.
    start : {"beside", "small"}
        0.001 beside the optimum in b, or a = b = c = 0.1.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range.
    """

    _esm = _bundle("step_size")
    _settings = ("family", "T", "factor", "start")
    family = _one_of("constant", "expanding", "contracting")
    T = _integer(10, 2, 50)
    factor = _number(0.96, 0.02, 5)
    start = _one_of("beside", "small")

    @property
    def s(self):
        """The task shown, shape (T,)."""
        return _task(self.family, _RATES[self.family], self.T)


class ComplexModes(_Figure):
    r"""A complex mode with b held: its straight way from any start to where b puts the target.

    The task is :math:`d_k = z^k` with :math:`z = 0.9\,e^{i\pi/3}`, at the lags 0 to 8.

    Parameters
    ----------
    b_size, b_angle : float
        b, by its size, from 0.3 to 1.15, and its angle in degrees, from -60 to 180; that of z is 60.
    re, im : float
        The parts of the start u0 = ac, from -1.5 to 1.5.
    kappa : float
        The conserved :math:`|a|^2 - |c|^2`, from 0 to 1. Its sign changes nothing.
    time : float
        The time, in units of tau, at which u is read, from 0 to 6.

    Raises
    ------
    ValueError
        If a setting is unknown or out of range.
    """

    _esm = _bundle("complex_modes")
    _settings = ("b_size", "b_angle", "re", "im", "kappa", "time")
    b_size = _number(0.7, 0.3, 1.15)
    b_angle = _number(30.0, -60, 180)
    re = _number(-0.8, -1.5, 1.5)
    im = _number(-0.4, -1.5, 1.5)
    kappa = _number(0.0, 0, 1)
    time = _number(1.0, 0, 6)

    @property
    def beta_s(self):
        """The drive at b, a complex number; zero where no more than rounding is left of it."""
        step = 0.9 * self.b_size * np.exp(1j * np.radians(60 - self.b_angle))
        total = np.sum(step ** np.arange(9))
        return total if abs(total) > 1e-9 else 0j

    @property
    def beta_b(self):
        """The gain at b."""
        return np.sum(self.b_size ** (2.0 * np.arange(9)))

    @property
    def start(self):
        """The start (a0, c0), with a0 real; all others of the same u0 and kappa go the same way."""
        size = abs(self.re + 1j * self.im)
        a0 = np.sqrt((self.kappa + np.hypot(self.kappa, 2 * size)) / 2)
        return a0, (self.re + 1j * self.im) / a0 if a0 else 0j
