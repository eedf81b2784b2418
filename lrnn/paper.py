"""The paper's equations to the letter, errors included: for comparison, never for use."""

import numpy as np

from . import _check, modes
from ._rosenbrock import integrate


def printed_loss(net, x, y):
    r"""The loss as printed, :math:`\mathcal{L} = \sum_p \|y_p - \hat y_p\|^2`, without the factor 1/2.

    Parameters
    ----------
    net : LinearRNN
        The network.
    x : array_like, shape (P, T, N_x)
        Inputs.
    y : array_like, shape (P, N_y)
        Targets.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit, or a state exceeds float64.

    Notes
    -----
    Claim C02. Twice :func:`lrnn.network.loss`.
    """
    y = _check.array("y", y, 2, "(P, N_y)")
    predicted = net.predict(x)
    if y.shape != predicted.shape:
        raise ValueError(f"y must have shape {predicted.shape} to fit x and net, got {y.shape}")
    return float(np.sum((y - predicted) ** 2))


def printed_velocity(a, b, c, s, tau=1.0):
    r"""The mode equations as printed; that for b lacks the factor (T - i).

    .. math::
        \tau \dot a &= \textstyle\sum_i c\, b^{T-i} (s_i - c\, b^{T-i} a) \\
        \tau \dot b &= \textstyle\sum_i c\, b^{T-i-1} a\, (s_i - c\, b^{T-i} a) \\
        \tau \dot c &= \textstyle\sum_i b^{T-i} a\, (s_i - c\, b^{T-i} a)

    Parameters
    ----------
    a, b, c : array_like, shape (...)
        Connectivity modes; b not zero.
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
        If a value is not finite, `b` is zero, shapes do not broadcast, `tau` is not positive, or a
        result exceeds float64.

    Notes
    -----
    Claims C06 and C07. The gradient flow is :func:`lrnn.modes.velocity`.
    """
    a, b, c, s = modes._mode(a, b, c, s)
    tau = _check.positive("tau", tau)
    if not b.all():
        raise ValueError("b must not be zero: the printed equation for b has a pole there")
    lag = np.arange(s.shape[-1] - 1.0, -1.0, -1.0)
    a_, b_, c_ = (v[..., None] for v in (a, b, c))
    with np.errstate(over="ignore", invalid="ignore"):
        residual = s - c_ * b_**lag * a_
        da = np.sum(c_ * b_**lag * residual, axis=-1) / tau
        db = np.sum(c_ * b_ ** (lag - 1) * a_ * residual, axis=-1) / tau
        dc = np.sum(b_**lag * a_ * residual, axis=-1) / tau
    _check.representable("the printed velocity", "a, b or c is too large, or b too close to 0", da, db, dc)
    return da, db, dc


# a + c and a - c multiply their own velocities: a mode with a = c or a = -c keeps that to the last digit.
def _to_sums(a, b, c):
    """States (3, N) in a + c, b, a - c."""
    return np.stack([a + c, b, a - c])


def _from_sums(y):
    """Modes a, b, c of states (..., 3, N)."""
    plus, b, minus = y[..., 0, :], y[..., 1, :], y[..., 2, :]
    return (plus + minus) / 2, b, (plus - minus) / 2


def printed_flow(a0, b0, c0, s, t, *, tau=1.0, rtol=1e-8):
    r"""Follow :func:`printed_velocity` from (a0, b0, c0) at time 0.

    Parameters
    ----------
    a0, b0, c0 : array_like, shape (...)
        Starting point; b0 not zero.
    s : array_like, shape (T,)
        Singular values over time.
    t : array_like, shape (K,)
        Times to report, not negative and strictly increasing.
    tau : float
        Time constant, 1 / learning rate.
    rtol : float
        Relative tolerance of each step, below 0.1.

    Returns
    -------
    ModeTrajectory
        NaN, and `diverged`, from where a solution runs into the pole at b = 0, where it ends.

    Raises
    ------
    ValueError
        If a value is not finite, `b0` is zero, shapes do not broadcast, `t` is negative or not
        increasing, or `tau` or `rtol` is out of range.

    Notes
    -----
    Integrated in the form :math:`\dot b = (u/b)(\beta_s - u\beta_b)`, which is the printed sum (claim C07).
    """
    s = _check.sequence("s", s, ndim=1)
    a0, b0, c0, s = modes._mode(a0, b0, c0, s, suffix="0")
    t, tau, rtol = _check.times("t", t), _check.positive("tau", tau), _check.positive("rtol", rtol)
    if rtol >= 0.1:
        raise ValueError(f"rtol must be below 0.1, got {rtol}")
    if not b0.all():
        raise ValueError("b0 must not be zero: the printed equation for b has a pole there")

    # In a + c and a - c, which multiply their own velocities, balanced modes stay balanced to the last digit.
    def terms(y):
        plus, b, minus = y
        u = (plus**2 - minus**2) / 4
        (beta_s, slope_s), (beta_b, slope_b) = modes._beta_s(b, s, 1), modes._beta_b(b, len(s), 1)
        gradient = np.array((-beta_b * plus / 2, slope_s - u * slope_b, beta_b * minus / 2))
        return plus, b, minus, u, beta_s - u * beta_b, gradient

    def derivative(y, which):
        plus, b, minus, u, gamma, _ = terms(y)
        return np.stack([plus * gamma, u / b * gamma, -minus * gamma])

    def jacobian(y, which):
        plus, b, minus, u, gamma, gradient = terms(y)
        zero = np.zeros_like(b)
        row_b = plus / (2 * b) * gamma, -u / b**2 * gamma, -minus / (2 * b) * gamma
        own = np.array(((gamma, zero, zero), row_b, (zero, zero, -gamma)))
        return own + np.array((plus, u / b, -minus))[:, None] * gradient

    shape = _check.broadcast(a0=a0, b0=b0, c0=c0)
    start = _to_sums(*(np.broadcast_to(v, shape).ravel() for v in (a0, b0, c0)))
    states, diverged = integrate(derivative, jacobian, start, t / tau, rtol, atol=1e-3 * rtol)
    a, b, c = (mode.reshape(len(t), *shape) for mode in _from_sums(states))
    return modes.ModeTrajectory(t, a, b, c, diverged.reshape(shape))


def printed_large_T_energy(a, b, c, s):
    r"""The energy for large T as printed; its second term has the wrong sign, factor and constant.

    .. math::
        \tfrac12 \sum_i s_i (s_i - 2 c\, b^{T-i} a)
        - \tfrac12 c^2 a^2 \Big( \frac{1}{1-b} + \frac{1}{1+b} - 2 \Big)

    Parameters
    ----------
    a, b, c : array_like, shape (...)
        Connectivity modes, b between -1 and 1.
    s : array_like, shape (..., T)
        Singular values over time.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not broadcast, or `b` is not between -1 and 1.

    Notes
    -----
    Claim C09. The second term is :math:`+c^2a^2/(2(1-b^2))`; at finite T, :func:`lrnn.modes.energy`.
    """
    a, b, c, s = modes._mode(a, b, c, s)
    if (np.abs(b) >= 1).any():
        raise ValueError("b must lie between -1 and 1: the printed energy is a limit for abs(b) < 1")
    u = a * c
    data = np.sum(s**2, axis=-1) / 2 - u * modes.beta_s(b, s)
    return data - u**2 / 2 * (1 / (1 - b) + 1 / (1 + b) - 2)


def printed_ac(t, a0, c0, beta_s, beta_b, tau=1.0):
    r"""The solution for ac(t) as printed, for a(0) = c(0) and b frozen.

    .. math::
        a(t)c(t) = \frac{e^{2t\beta_s/\tau}\,\beta_s}
                        {\beta_s/(a(0)c(0)) - \beta_b + e^{2t\beta_s/\tau}\,\beta_b}

    Parameters
    ----------
    t : array_like
        Times since the start.
    a0, c0 : array_like
        Starting modes, not zero. Nothing stops the formula from being used with a0 != c0, where it is wrong.
    beta_s, beta_b : array_like
        The sums at the frozen b.
    tau : float
        Time constant, 1 / learning rate.

    Returns
    -------
    ndarray
        Of the common shape.

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not broadcast, a start is zero, or the quotient is not a
        number: beta_s = 0, or an exponential beyond float64.

    Notes
    -----
    Claim C14. :func:`lrnn.exact.ac_exact` holds for every start and every time.
    """
    named = {"t": t, "a0": a0, "c0": c0, "beta_s": beta_s, "beta_b": beta_b}
    named = {name: _check.array(name, value) for name, value in named.items()}
    _check.broadcast(**named)
    t, a0, c0, beta_s, beta_b = named.values()
    tau = _check.positive("tau", tau)
    if not (a0 * c0).all():
        raise ValueError("a0 and c0 must not be zero: the printed quotient divides by their product")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        growth = np.exp(2 * t * beta_s / tau)
        result = growth * beta_s / (beta_s / (a0 * c0) - beta_b + growth * beta_b)
    _check.representable("the printed quotient", "beta_s is 0, or t is too large", result)
    return result
