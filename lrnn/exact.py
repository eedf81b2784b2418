"""Closed forms: the input-output mode with b frozen, and the time that a plateau lasts."""

import numpy as np

from . import _check


def ac_exact(t, a0, c0, beta_s, beta_b, tau=1.0):
    r"""The input-output mode u = ac under gradient flow with b frozen, for any start.

    With :math:`d = a_0^2 - c_0^2` (conserved) and :math:`D^2 = \beta_s^2 + \tfrac14 \beta_b^2 d^2`,
    the squares of a + c and a - c obey Riccati equations, whose solutions give

    .. math::
        u(t) = \frac{u_0 e^{-2Dt/\tau} + S\beta_s\,[\,2 S \beta_s u_0 + C (a_0^2 + c_0^2)
               + \tfrac12 S \beta_b d^2\,]}
              {[\,C + S\beta_s + \tfrac12 S \beta_b (a_0-c_0)^2\,]\,
               [\,C - S\beta_s + \tfrac12 S \beta_b (a_0+c_0)^2\,]}

    where :math:`C = (1 + e^{-2Dt/\tau})/2` and :math:`S = (1 - e^{-2Dt/\tau})/(2D)`. For
    :math:`a_0 = c_0` and :math:`\beta_s > 0` this is the paper's formula.

    Complex modes, pairs of units that rotate, move on a straight line from :math:`u_0` to
    :math:`u_* = \beta_s/\beta_b`:

    .. math::
        u &= u_* + (u_0 - u_*)\, x, \qquad
        \tau\dot x = -\beta_b x \sqrt{A + Bx + Cx^2}, \\
        x &= \frac{4A E}{Y(1 - E^2) - 2BE(1 - E) + 4A E^2}

    with :math:`E = e^{-\sqrt A \beta_b t/\tau}`, :math:`A = \kappa^2 + 4|u_*|^2`,
    :math:`B = 8\,\mathrm{Re}\,\bar u_*(u_0 - u_*)`, :math:`C = 4|u_0 - u_*|^2`,
    :math:`Y = 2A + B + 2\sqrt{A(A + B + C)}` and :math:`\kappa = |a_0|^2 - |c_0|^2`.

    Parameters
    ----------
    t : array_like
        Times since the start, not negative.
    a0, c0 : array_like
        Starting connectivity modes of W_x and W_y; signs are free.
    beta_s, beta_b : array_like
        The sums of :func:`lrnn.modes.beta_s` and :func:`lrnn.modes.beta_b` at the frozen b;
        `beta_s` of any sign, `beta_b` positive. All five arguments broadcast. `a0`, `c0` and `beta_s` may be
        complex; then so is the result, and :math:`\beta_s = \sum_k s_k \bar b^k`,
        :math:`\beta_b = \sum_k |b|^{2k}`.
    tau : float
        Time constant, 1 / learning rate.

    Returns
    -------
    ndarray
        u(t), of the common shape. The limit for large t is beta_s / beta_b, unless the start lies
        on the saddle's stable manifold: a0 = -c0 with beta_s > 0, a0 = c0 with beta_s < 0,
        or beta_s = 0, where u tends to 0.

    Raises
    ------
    ValueError
        If a value is not finite, `t` is negative, `beta_b` or `tau` is not positive, or shapes do
        not broadcast.

    Notes
    -----
    Every sum above is arranged so that no terms of opposite sign meet, except where u itself
    passes through zero; no exponential grows, so no time is too long. Result R1; claim C14.
    """
    named = {"t": t, "a0": a0, "c0": c0, "beta_s": beta_s, "beta_b": beta_b}
    if any(np.iscomplexobj(value) for value in (a0, c0, beta_s)):
        return _complex_ac(named, tau)
    named = {name: _check.array(name, value) for name, value in named.items()}
    _check.broadcast(**named)
    t, a0, c0, beta_s, beta_b = named.values()
    tau = _check.positive("tau", tau)
    if (t < 0).any():
        raise ValueError("t must not be negative")
    if (beta_b <= 0).any():
        raise ValueError("beta_b must be positive")

    # The flip (c, beta_s) -> (-c, -beta_s) turns u into -u: from here on beta_s >= 0.
    sign = np.where(beta_s < 0, -1.0, 1.0)
    c0, beta_s = sign * c0, sign * beta_s
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        u0 = a0 * c0
        plus, minus = (a0 + c0) ** 2, (a0 - c0) ** 2
        offset = beta_b * np.abs(a0 - c0) * np.abs(a0 + c0) / 2
        D = np.hypot(beta_s, offset)
        safe_D = np.where(D > 0, D, 1.0)
        E = np.exp(-2 * D * t / tau)
        S = np.where(D > 0, -np.expm1(-2 * D * t / tau) / (2 * safe_D), t / tau)
        ratio = beta_s / safe_D
        rest = offset / safe_D * (offset / (safe_D + beta_s))
        rest = np.where(D > 0, rest, 1.0)  # 1 - ratio, free of cancellation
        C = (1 + E) / 2
        C_plus = (1 + ratio + E * rest) / 2  # C + S beta_s
        C_minus = (rest + E * (1 + ratio)) / 2  # C - S beta_s
        bracket = np.where(
            u0 >= 0,
            S * (2 * beta_s * u0) + C * (plus + minus) / 2,
            C * plus + 2 * np.abs(u0) * C_minus,
        )
        bracket = bracket + S * (2 * offset**2 / beta_b)
        first = C_plus + S * (beta_b * minus / 2)
        second = C_minus + S * (beta_b * plus / 2)
        # On the stable manifold a = -c numerator and second factor both vanish like E.
        on_manifold = plus == 0
        numerator = u0 * E + S * beta_s * bracket
        general = numerator / np.where(on_manifold, 1.0, second) / first
        result = sign * np.where(on_manifold, u0 * E / first, general)
    _check.representable("u", "a0, c0, beta_s or beta_b is too large", result)
    return result


def _complex_ac(named, tau):
    parts = {f"{name}.{part}": _check.array(name, getattr(np.asarray(value), part))
             for name, value in named.items() for part in ("real", "imag")}  # fmt: skip
    if parts["t.imag"].any() or parts["beta_b.imag"].any():
        raise ValueError("t and beta_b must be real")
    _check.broadcast(**parts)
    t, beta_b = parts["t.real"], parts["beta_b.real"]
    a0, c0, beta_s = (parts[f"{name}.real"] + 1j * parts[f"{name}.imag"] for name in ("a0", "c0", "beta_s"))
    # A drive whose square is no number is none.
    beta_s = np.where(np.abs(beta_s / beta_b) > 1e-150, beta_s, 0.0)
    # On the line through 0 and u* the real solution holds, with all of its digits and limits.
    turn = np.where(beta_s != 0, beta_s, a0 * c0)
    turn = np.where(turn != 0, turn / np.where(turn != 0, np.abs(turn), 1.0), 1.0)
    along = np.where(beta_s == 0, np.abs(a0 * c0), a0 * c0 * np.conj(turn))
    side = np.where(along.real < 0, -1.0, 1.0)
    straight = turn * ac_exact(t, np.abs(a0), side * np.abs(c0), np.abs(beta_s), beta_b, tau)

    u0, end, kappa = a0 * c0, beta_s / beta_b, np.abs(a0) ** 2 - np.abs(c0) ** 2
    way, both = u0 - end, np.conj(end) * u0
    # A, B and C of the text, where a small drive leaves digits: A + B + C and 2 A + B need no difference.
    A, B = kappa**2 + 4 * np.abs(end) ** 2, 8 * (np.conj(end) * way).real
    total, rest = kappa**2 + 4 * np.abs(u0) ** 2, 2 * kappa**2 + 8 * both.real
    with np.errstate(all="ignore"):
        p = np.sqrt(A) * beta_b * t / tau
        E = np.exp(-p)
        # Y = 2A + B + root, without the difference of nearly equal terms for starts opposite to the end.
        root = 2 * np.sqrt(A * total)
        product = 16 * kappa**2 * np.abs(way) ** 2 + 64 * both.imag**2
        Y = np.where(rest >= 0, root + rest, product / np.where(rest >= 0, 1.0, root - rest))
        x = 4 * A * E / (2 * B * E * np.expm1(-p) - Y * np.expm1(-2 * p) + 4 * A * E**2)
        result = np.where(along.imag == 0, straight, end + way * x)
    _check.representable("u", "a0, c0, beta_s or beta_b is too large", result.real, result.imag)
    return result


def plateau_time(rate, T, b0, tau=1.0):
    r"""How long a contracting task keeps the flow on its plateau.

    .. math::
        t \approx \tau\, r^{-2T} \int_{b_0}^{r} \frac{(1 - b/r)^3}{1/r - b}\, db

    for :math:`s_t = r^t`: with u slaved to :math:`\beta_s / \beta_b`, both sums in their limits for
    large T, b climbs from b0 towards r, beyond which the limits no longer hold and the
    escape is fast.

    Parameters
    ----------
    rate : float
        The rate r of the contracting task, between 0 and 1.
    T : int
        Trajectory length in time steps, at least 1.
    b0 : array_like, shape (...)
        Starting recurrent mode, of size below `rate`.
    tau : float
        Time constant, 1 / learning rate.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If `rate` is not between 0 and 1, ``|b0| >= rate``, `T` is not a positive integer, or `tau` is
        not positive.

    Notes
    -----
    Result R3, a law for large T. At r = 0.9 and b0 = 0.1 it is within 3 % of the flow at T = 40 and
    within 0.4 % at T = 50 to 70; at T = 20 it is 45 % too short.
    """
    r, T = _check.number("rate", rate), _check.integer("T", T)
    b0, tau = _check.array("b0", b0), _check.positive("tau", tau)
    if not 0 < r < 1:
        raise ValueError(f"rate must be between 0 and 1, got {rate}")
    if (np.abs(b0) >= r).any():
        raise ValueError(f"b0 must be smaller in size than rate = {r}, got {b0}")
    nodes, weights = np.polynomial.legendre.leggauss(40)
    half = (r - b0[..., None]) / 2
    b = b0[..., None] + half * (1 + nodes)
    integral = np.sum(weights * half * (1 - b / r) ** 3 / (1 / r - b), axis=-1)
    with np.errstate(over="ignore"):
        result = tau * np.power(r, -2.0 * T) * integral
    _check.representable("the plateau time", f"rate**(-2 T) at rate={r}, T={T}", result)
    return result
