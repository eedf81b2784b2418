"""The data: singular values over time, trajectories, and the moments that gradient descent sees."""

from dataclasses import dataclass

import numpy as np

from . import _check


def constant(value, T):
    r"""Every time step counts alike, :math:`s_t = \mathrm{value}`.

    Parameters
    ----------
    value : float
        The singular value at every step.
    T : int
        Trajectory length in time steps, at least 1.

    Returns
    -------
    ndarray, shape (T,)

    Raises
    ------
    ValueError
        If `value` is not finite or `T` is not a positive integer.

    Notes
    -----
    The paper's first task (value 0.7); solved exactly by b = 1, ac = value.
    """
    return geometric(value, 1.0, T)


def expanding(rate, T):
    r"""Later steps count more when ``rate < 1``, :math:`s_t = \mathrm{rate}^{T-t}`.

    Parameters
    ----------
    rate : float
        The ratio of one singular value to the next.
    T : int
        Trajectory length in time steps, at least 1.

    Returns
    -------
    ndarray, shape (T,)

    Raises
    ------
    ValueError
        If `rate` is not finite or `T` is not a positive integer.

    Notes
    -----
    The paper's second task (rate 0.7); solved exactly by b = rate, ac = 1.
    """
    return geometric(1.0, rate, T)


def contracting(rate, T):
    r"""Earlier steps count more when ``rate < 1``, :math:`s_t = \mathrm{rate}^{t}`.

    Parameters
    ----------
    rate : float
        The ratio of one singular value to the one before.
    T : int
        Trajectory length in time steps, at least 1.

    Returns
    -------
    ndarray, shape (T,)

    Raises
    ------
    ValueError
        If `rate` is not finite, `T` is not a positive integer, or a value exceeds float64.

    Notes
    -----
    The paper's third task (rate 0.9); solved exactly by b = 1/rate, ac = rate**T.
    """
    rate, T = _check.number("rate", rate), _check.integer("T", T)
    with np.errstate(over="ignore"):
        s = rate ** np.arange(1.0, T + 1)
    _check.representable("rate**T", f"rate={rate}, T={T}", s)
    return s


def geometric(scale, ratio, T):
    r"""The sequences that one mode solves exactly, :math:`s_t = \mathrm{scale}\;\mathrm{ratio}^{T-t}`.

    Parameters
    ----------
    scale : float
        The last singular value, and the optimal ac.
    ratio : float
        The optimal b.
    T : int
        Trajectory length in time steps, at least 1.

    Returns
    -------
    ndarray, shape (T,)

    Raises
    ------
    ValueError
        If `scale` or `ratio` is not finite, `T` is not a positive integer, or a value exceeds float64.

    Notes
    -----
    Constant, expanding and contracting sequences are its three special cases.
    """
    scale, ratio, T = _check.number("scale", scale), _check.number("ratio", ratio), _check.integer("T", T)
    with np.errstate(over="ignore", invalid="ignore"):
        s = scale * ratio ** np.arange(T - 1.0, -1.0, -1.0)
    _check.representable("scale * ratio**(T-1)", f"scale={scale}, ratio={ratio}, T={T}", s)
    return s


@dataclass(frozen=True)
class Trajectories:
    """Input trajectories `x`, shape (P, T, N_x), and their targets `y`, shape (P, N_y)."""

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Moments:
    r"""All that squared error and its gradient see of the data.

    Attributes
    ----------
    yx : ndarray, shape (T, N_y, N_x)
        :math:`\Sigma^{YX_i} = \sum_p y_p x_{p,i}^\top`.
    xx : ndarray, shape (T, N_x, T, N_x), or None
        :math:`\sum_p x_{p,i} x_{p,j}^\top`; None stands for the identity (white inputs).
    yy : float
        :math:`\sum_p \|y_p\|^2`.
    """

    yx: np.ndarray
    xx: np.ndarray | None
    yy: float

    def __post_init__(self):
        yx = _check.array("yx", self.yx, 3, "(T, N_y, N_x)")
        T, N_y, N_x = yx.shape
        if min(T, N_y, N_x) == 0:
            raise ValueError(f"yx must have shape (T, N_y, N_x) with no axis empty, got {yx.shape}")
        object.__setattr__(self, "yx", yx)
        if self.xx is not None:
            xx = _check.array("xx", self.xx, 4, "(T, N_x, T, N_x)")
            if xx.shape != (T, N_x, T, N_x):
                raise ValueError(f"xx must have shape {(T, N_x, T, N_x)} to fit yx, got {xx.shape}")
            object.__setattr__(self, "xx", xx)
        object.__setattr__(self, "yy", _check.number("yy", self.yy))


def _task(s, U, V):
    s = _check.sequence("s", np.atleast_2d(s), ndim=2)
    U = _check.orthonormal("U", U, columns=len(s))
    V = _check.orthonormal("V", V, columns=len(s))
    return s, U, V


def sample_trajectories(s, U, V, *, n_trajectories, rng, white=True, noise=0.0):
    r"""Draw inputs and the targets :math:`y_p = \sum_i U S_i V^\top x_{p,i}`.

    Parameters
    ----------
    s : array_like, shape (n_modes, T) or (T,)
        Singular values of each mode at each time step.
    U : array_like, shape (N_y, n_modes)
        Left singular vectors, orthonormal columns.
    V : array_like, shape (N_x, n_modes)
        Right singular vectors, orthonormal columns.
    n_trajectories : int
        The number P of trajectories; at least T * N_x when `white`.
    rng : numpy.random.Generator
        The source of randomness.
    white : bool
        If True, :math:`\sum_p x_{p,i} x_{p,j}^\top = \delta_{ij} I` holds exactly, across time
        steps too. If False, entries are independent with variance 1/P, so that it holds on average.
    noise : float
        Standard deviation of Gaussian noise on the targets, in units in which the noise of one
        output, squared and summed over all trajectories, is about noise**2 whatever P is.

    Returns
    -------
    Trajectories
        x, shape (P, T, N_x), and y, shape (P, N_y).

    Raises
    ------
    ValueError
        If shapes do not fit, U or V is not orthonormal, `noise` is negative, or
        ``n_trajectories < T * N_x`` with `white`: P vectors span at most P directions.

    Notes
    -----
    The paper's assumptions 1 and 2; the condition on P is claim C04.
    """
    s, U, V = _task(s, U, V)
    P = _check.integer("n_trajectories", n_trajectories)
    noise = _check.number("noise", noise)
    if noise < 0:
        raise ValueError(f"noise must not be negative, got {noise}")
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
    T, N_x = s.shape[1], len(V)
    if white and T * N_x > P:
        raise ValueError(
            f"n_trajectories must be at least T * N_x = {T} * {N_x} = {T * N_x} for white inputs, got {P}"
        )
    x = rng.standard_normal((P, T * N_x))
    x = np.linalg.qr(x)[0] if white else x / np.sqrt(P)
    x = x.reshape(P, T, N_x)
    y = np.einsum("pti,ia,at,oa->po", x, V, s, U, optimize=True)
    if noise:
        y = y + noise / np.sqrt(P) * rng.standard_normal(y.shape)
    return Trajectories(x, y)


def moments(x, y):
    """Second moments of sampled trajectories.

    Parameters
    ----------
    x : array_like, shape (P, T, N_x)
        Inputs.
    y : array_like, shape (P, N_y)
        Targets.

    Returns
    -------
    Moments
        With ``xx=None`` when the inputs are white to within 1e-12 in every entry.

    Raises
    ------
    ValueError
        If shapes do not fit or a value is not finite.

    Notes
    -----
    Squared error is quadratic in the outputs, so these are all that the trajectories contribute:
    after this, no cost depends on P.
    """
    x = _check.array("x", x, 3, "(P, T, N_x)")
    y = _check.array("y", y, 2, "(P, N_y)")
    if len(x) != len(y):
        raise ValueError(f"x and y must hold equally many trajectories, got {len(x)} and {len(y)}")
    for name, data, axes in (("x", x, "(P, T, N_x)"), ("y", y, "(P, N_y)")):
        if data.size == 0:
            raise ValueError(f"{name} must have shape {axes} with no axis empty, got {data.shape}")
    P, T, N_x = x.shape
    flat = x.reshape(P, T * N_x)
    with np.errstate(over="ignore", invalid="ignore"):
        yx = (y.T @ flat).reshape(-1, T, N_x).transpose(1, 0, 2)
        xx = flat.T @ flat
        yy = np.vdot(y, y)
    _check.representable("a moment", "x or y is too large", yx, xx, yy)
    is_white = np.abs(xx - np.eye(T * N_x)).max(initial=0.0) <= 1e-12
    return Moments(yx.copy(), None if is_white else xx.reshape(T, N_x, T, N_x), yy)


def task_moments(s, U, V):
    """Moments of a noiseless task with white inputs, without sampling.

    Parameters
    ----------
    s : array_like, shape (n_modes, T) or (T,)
        Singular values of each mode at each time step.
    U : array_like, shape (N_y, n_modes)
        Left singular vectors, orthonormal columns.
    V : array_like, shape (N_x, n_modes)
        Right singular vectors, orthonormal columns.

    Returns
    -------
    Moments
        ``yx[i] = U @ diag(s[:, i]) @ V.T``, ``xx=None``, ``yy = sum(s**2)``.

    Raises
    ------
    ValueError
        If shapes do not fit or U or V is not orthonormal.
    """
    s, U, V = _task(s, U, V)
    with np.errstate(over="ignore"):
        yy = np.sum(s * s)
    _check.representable("the sum of s**2", "s is too large", yy)
    return Moments(np.einsum("oa,at,ia->toi", U, s, V), None, yy)
