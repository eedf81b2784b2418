r"""One mode (a, b, c): its energy, the gradient flow on it, and the sums both are made of.

Everything broadcasts: `a`, `b`, `c` have any shape (...), `s` has shape (..., T).
"""

from dataclasses import dataclass

import numpy as np

from . import _check
from ._rosenbrock import TOGETHER, integrate


def energy(a, b, c, s):
    r"""Loss of one mode, :math:`E = \tfrac12 \sum_{i=1}^{T} (s_i - c\,b^{T-i} a)^2`.

    Summed as squares, so that it stays accurate down to zero.

    Parameters
    ----------
    a, b, c : array_like, shape (...)
        Connectivity modes of W_x, W_h and W_y.
    s : array_like, shape (..., T)
        Singular values over time.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not broadcast, or the sum exceeds float64.

    Notes
    -----
    The paper's energy function.
    """
    a, b, c, s = _mode(a, b, c, s)
    with np.errstate(over="ignore", invalid="ignore"):
        total = _energy(a * c, b, s)
    _check.representable("the energy", f"a, b or c is too large at T = {s.shape[-1]}", total)
    return total


def velocity(a, b, c, s, tau=1.0):
    r"""Gradient flow of one mode.

    .. math::
        \tau \dot a &= c\,(\beta_s - u\,\beta_b) \\
        \tau \dot b &= u\,\beta_s' - \tfrac12 u^2 \beta_b'
                     = \sum_{i=1}^{T} (T-i)\, c\, b^{T-i-1} a\,(s_i - c\, b^{T-i} a) \\
        \tau \dot c &= a\,(\beta_s - u\,\beta_b), \qquad u = ac

    Parameters
    ----------
    a, b, c : array_like, shape (...)
        Connectivity modes of W_x, W_h and W_y.
    s : array_like, shape (..., T)
        Singular values over time.
    tau : float
        Time constant, 1 / learning rate.

    Returns
    -------
    da, db, dc : tuple of ndarray, shape (...)

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not broadcast, `tau` is not positive, or a result
        exceeds float64.

    Notes
    -----
    Minus the gradient of :func:`energy`, over tau. The paper prints db/dt without the factor
    (T - i); see claim C07.
    """
    a, b, c, s = _mode(a, b, c, s)
    tau = _check.positive("tau", tau)
    with np.errstate(over="ignore", invalid="ignore"):
        gradient = [np.asarray(v) / -tau for v in np.broadcast_arrays(*_gradient(a, b, c, s))]
    _check.representable("the gradient", f"a, b or c is too large at T = {s.shape[-1]}", *gradient)
    return tuple(gradient)


@dataclass(frozen=True)
class ModeTrajectory:
    """A gradient flow at requested times; the time axis comes first.

    Attributes
    ----------
    t : ndarray, shape (K,)
        Times.
    a, b, c : ndarray, shape (K, ...)
        Connectivity modes; NaN from where a diverged mode had to stop.
    diverged : ndarray of bool, shape (...)
        The modes that left the range of float64, needed steps below its resolution, or 50 000 steps, before
        t[-1].
    """

    t: np.ndarray
    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    diverged: np.ndarray

    @property
    def u(self):
        """The input-output mode ac, shape (K, ...)."""
        return self.a * self.c


def flow(a0, b0, c0, s, t, *, tau=1.0, freeze_b=False, rtol=1e-8):
    r"""Follow the gradient flow of :func:`velocity` from (a0, b0, c0) at time 0.

    Parameters
    ----------
    a0, b0, c0 : array_like, shape (...)
        Starting point; any number of modes at once.
    s : array_like, shape (..., T)
        Singular values over time.
    t : array_like, shape (K,)
        Times to report, not negative and strictly increasing.
    tau : float
        Time constant, 1 / learning rate.
    freeze_b : bool
        If True, b stays at b0, as in the paper's Figure 1.
    rtol : float
        Relative tolerance of each step, from 1e-14 to below 0.1.

    Returns
    -------
    ModeTrajectory
        t, a, b, c, u and the modes that `diverged`.

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not broadcast, `t` is negative or not increasing,
        or `tau` or `rtol` is out of range.

    Notes
    -----
    The equations are stiff: at the optimum of the constant task with T = 50 the Hessian has an
    eigenvalue near 2e4 beside one that is zero. An L-stable method with a step size for each
    mode takes them as they come, in u = ac and b; a**2 - c**2 is conserved. A product a0 c0 below
    1e-308 counts as zero.
    """
    a0, b0, c0, s = _mode(a0, b0, c0, s, suffix="0")
    t = _check.times("t", t)
    tau = _check.positive("tau", tau)
    rtol = _check.tolerance("rtol", rtol)
    shape = _check.broadcast(a0=a0, b0=b0, c0=c0, s=s[..., 0])
    if s.ndim > 1:
        s = np.broadcast_to(s, (*shape, s.shape[-1])).reshape(-1, s.shape[-1])
    a, b, c = (np.broadcast_to(v, shape).ravel() for v in (a0, b0, c0))
    with np.errstate(over="ignore", invalid="ignore"):
        times, kappa = t / tau, (a - c) * (a + c)
        _check.representable("t / tau", "t is too large for this tau", times)
        states, diverged = _follow(a * c, b, kappa, s, times, rtol, freeze_b)
        u, b = states[:, 0], states[:, 1]
        a, c = _from_plane(u, kappa, np.where(kappa >= 0, np.sign(a), np.sign(c)))
    a, b, c = (np.where(np.isnan(u), np.nan, mode).reshape(len(t), *shape) for mode in (a, b, c))
    if t[0] == 0:  # the product has rounded the start
        a[0], b[0], c[0] = a0, b0, c0
    return ModeTrajectory(t, a, b, c, diverged.reshape(shape))


def hessian(a, b, c, s):
    r"""Second derivatives of the energy in the order a, b, c.

    Parameters
    ----------
    a, b, c : array_like, shape (...)
        Connectivity modes of W_x, W_h and W_y.
    s : array_like, shape (..., T)
        Singular values over time.

    Returns
    -------
    ndarray, shape (..., 3, 3)

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not broadcast, or a result exceeds float64.
    """
    a, b, c, s = _mode(a, b, c, s)
    with np.errstate(over="ignore", invalid="ignore"):
        rows = _hessian(a, b, c, s)
        flat = np.stack(np.broadcast_arrays(*(entry for row in rows for entry in row)), axis=-1)
    result = flat.reshape(*flat.shape[:-1], 3, 3)
    _check.representable("the Hessian", f"a, b or c is too large at T = {s.shape[-1]}", result)
    return result


def beta_s(b, s):
    r"""Singular values as the recurrent mode weighs them, :math:`\beta_s(b) = \sum_{i=1}^{T} b^{T-i} s_i`.

    Parameters
    ----------
    b : array_like, shape (...)
        Recurrent connectivity mode, dimensionless.
    s : array_like, shape (..., T)
        Singular values over time.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If `b` or `s` is not finite, shapes do not broadcast, or the sum exceeds float64.

    Notes
    -----
    The paper's solution for ac(t).
    """
    b, s = _check.array("b", b), _check.sequence("s", s)
    _check.broadcast(b=b, s=s[..., 0])
    with np.errstate(over="ignore", invalid="ignore"):
        (value,) = _beta_s(b, s, 0)
    _check.representable("beta_s", f"b is too large at T = {s.shape[-1]}", value)
    return value


def beta_b(b, T):
    r"""Squared gain of a recurrent mode, :math:`\beta_b(b) = \sum_{i=1}^{T} b^{2(T-i)}`.

    Summed by doubling, which stays accurate at and beside ``|b| = 1`` where the
    quotient :math:`(1 - b^{2T}) / (1 - b^2)` loses its digits.

    Parameters
    ----------
    b : array_like, shape (...)
        Recurrent connectivity mode, dimensionless.
    T : int
        Trajectory length in time steps, at least 1.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If `b` is not finite, `T` is not a positive integer, or the sum exceeds float64.

    Notes
    -----
    The paper's solution for ac(t); derived in the chapter on the closed form.
    """
    b, T = _check.array("b", b), _check.integer("T", T)
    with np.errstate(over="ignore", invalid="ignore"):
        (value,) = _beta_b(b, T, 0)
    _check.representable("beta_b", f"b is too large at T = {T}", value)
    return value


def _mode(a, b, c, s, suffix=""):
    given = {f"a{suffix}": a, f"b{suffix}": b, f"c{suffix}": c}
    checked = {name: _check.array(name, value) for name, value in given.items()}
    s = _check.sequence("s", s)
    _check.broadcast(**checked, s=s[..., 0])
    return *checked.values(), s


# beta_s, beta_b and their derivatives in b.


def _weights(s, order):
    """What multiplies b**0, b**1, ... in beta_s and in its derivatives up to `order`: (order+1, ..., T)."""
    T = s.shape[-1]
    weights, rows = s[..., ::-1], np.zeros((order + 1, *s.shape))
    for n, row in enumerate(rows):
        row[..., : max(T - n, 0)] = weights[..., n:]
        # The n-th derivative of b**k is k (k-1) ... (k-n+1) b**(k-n).
        weights = weights * (np.arange(T) - n)
    return rows


def _beta_s(b, s, order):
    """beta_s and its derivatives in b up to `order`, as sums over lags k = T - i."""
    T = s.shape[-1]
    powers = np.empty((*b.shape, T))
    powers[..., 0], powers[..., 1:] = 1.0, b[..., None]
    np.multiply.accumulate(powers, axis=-1, out=powers)
    return [np.vecdot(powers, weights) for weights in _weights(s, order)]


def _beta_b(b, T, order):
    """beta_b and its derivatives in b up to `order`, by doubling; in b**2 all terms are positive."""
    x = b * b
    variable = power = [x, 1.0, 0.0][: order + 1]
    total = [np.ones_like(x), 0.0, 0.0][: order + 1]
    for bit in bin(T)[3:]:
        total = _product(total, [1 + power[0], *power[1:]])
        power = _product(power, power)
        if bit == "1":
            total = [t + p for t, p in zip(total, power)]
            power = _product(power, variable)
    if order > 0:
        in_x = total[1]
        total[1] = 2 * b * in_x
    if order > 1:
        total[2] = 2 * in_x + 4 * x * total[2]
    return total


def _product(p, q):
    """A product with its first derivatives, as many as its factors come with."""
    result = [p[0] * q[0]]
    if len(p) > 1:
        result.append(p[1] * q[0] + p[0] * q[1])
    if len(p) > 2:
        result.append(p[2] * q[0] + 2 * p[1] * q[1] + p[0] * q[2])
    return result


def _powers(x, T, memory):
    """x**j for j = 0..T-1, shape (T, N), by doubling the rows, in memory that is used again and again."""
    powers = memory[: T * len(x)].reshape(T, len(x))
    powers[0], filled = 1.0, 1
    while filled < T:
        more = min(filled, T - filled)
        np.multiply(powers[:more], powers[filled - 1] * x, out=powers[filled : filled + more])
        filled += more
    return powers


def _sums_of(s, most):
    """The same sums for up to `most` modes at a time, again and again, as an integrator asks for them.

    s has shape (T,), or (N, T) for N modes of which `which` tells those that are asked for.
    """
    T, memory, gathered = s.shape[-1], np.empty(s.shape[-1] * most), (None, None)
    weights = np.ascontiguousarray(np.moveaxis(_weights(s, 2), -1, 1))  # lags before modes
    # The T powers of b**2 in beta_b are those below b**m, times 1 + b**m, and b**2m besides when T is odd:
    # the powers of b that beta_s needs reach that far.
    m, lags = T - T % 2, np.arange(T)[::-1]
    halves = _weights(np.where((lags < m) & (lags % 2 == 0), 1.0, 0.0), 2)

    def sums(b, order, which):
        nonlocal gathered
        powers = _powers(b, T, memory)
        if s.ndim == 1:
            in_s = weights[: order + 1] @ powers
        else:
            if gathered[0] is not which:
                gathered = which, weights[..., which]
            in_s = np.einsum("otn,tn->on", gathered[1][: order + 1], powers)
        # b**m and its derivatives
        power = [powers[m] if T % 2 else powers[-1] * b]
        power += [m * powers[m - 1], m * (m - 1) * powers[max(m - 2, 0)]][:order]
        in_b = _product(halves[: order + 1] @ powers, [1 + power[0], *power[1:]])
        if T % 2:
            in_b = [p + q for p, q in zip(in_b, _product(power, power))]
        return in_s, in_b

    return sums


# The energy and its derivatives, of arguments that have been checked.


def _energy(u, b, s):
    response, total = u, 0.0
    for s_i in np.moveaxis(s, -1, 0)[::-1]:
        total = total + (s_i - response) ** 2
        response = response * b
    return total / 2


def _gradient(a, b, c, s):
    """Derivatives of the energy in a, b and c."""
    u = a * c
    bs, bs1 = _beta_s(b, s, 1)
    bb, bb1 = _beta_b(b, s.shape[-1], 1)
    in_u = u * bb - bs
    return c * in_u, u * (u * bb1 / 2 - bs1), a * in_u


def _hessian(a, b, c, s):
    """Second derivatives of the energy, as rows in the order a, b, c."""
    u = a * c
    bs, bs1, bs2 = _beta_s(b, s, 2)
    bb, bb1, bb2 = _beta_b(b, s.shape[-1], 2)
    in_u, in_ub = u * bb - bs, u * bb1 - bs1
    ab, ac, bc = c * in_ub, in_u + u * bb, a * in_ub
    return (c * c * bb, ab, ac), (ab, u * (u * bb2 / 2 - bs2), bc), (ac, bc, a * a * bb)


# The flow is integrated in u = ac and b, with kappa = a**2 - c**2 conserved: modes with a = c or a = -c
# keep that to the last digit, and where one of a and c is tiny it has digits of its own.


def _follow(u0, b0, kappa, s, t, rtol, freeze_b=False, enough=None):
    """Integrate N modes in (u, b) at fixed kappa (N,); s has shape (T,) or (N, T). tau is 1."""
    moving, side, sums = 0.0 if freeze_b else 1.0, np.sign(u0), _sums_of(s, min(len(u0), TOGETHER))

    def derivative(y, which):
        u, b = y
        (bs, bs1), (bb, bb1) = sums(b, 1, which)
        return np.stack(
            [_speed(u, kappa[which], side[which]) * (bs - u * bb), moving * u * (bs1 - u * bb1 / 2)]
        )

    def jacobian(y, which):
        u, b = y
        (bs, bs1, bs2), (bb, bb1, bb2) = sums(b, 2, which)
        k, sign = kappa[which], side[which]
        speed = _speed(u, k, sign)
        slope = np.where(k == 0, 2 * sign, 4 * u / np.where(k == 0, 1.0, speed))
        rows = (
            (slope * (bs - u * bb) - speed * bb, speed * (bs1 - u * bb1)),
            (moving * (bs1 - u * bb1), moving * u * (bs2 - u * bb2 / 2)),
        )
        return np.array(rows)

    # u may start tiny, or sink into a valley where a power of b multiplies it: its own size is its measure.
    floor = np.maximum(1e-30 * np.maximum(np.abs(u0), np.abs(kappa)), 1e-290)
    atol = np.stack([rtol * floor, np.full(len(u0), 1e-3 * rtol)])
    return integrate(derivative, jacobian, np.stack([u0, b0]), t, rtol, atol, enough)


def _speed(u, kappa, side):
    """a**2 + c**2, the factor of du/dt; linear for balanced modes, which keep to their `side` of u = 0."""
    return np.where(kappa == 0, 2 * side * u, np.hypot(kappa, 2 * u))


def _from_plane(u, kappa, sign):
    """a and c; `sign` is that of the larger of the two, which never changes."""
    larger = sign * np.sqrt((np.abs(kappa) + np.hypot(kappa, 2 * u)) / 2)
    smaller = np.divide(u, larger, out=np.zeros_like(larger), where=larger != 0)
    smaller = np.where(kappa == 0, np.sign(u) * larger, smaller)
    return np.where(kappa >= 0, larger, smaller), np.where(kappa >= 0, smaller, larger)
