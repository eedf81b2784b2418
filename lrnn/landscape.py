"""The loss landscape of one mode: grids, reduced energy, critical points, sharpness, basins."""

import itertools
from dataclasses import dataclass

import numpy as np

from . import _check, modes


def reduced_energy(b, s):
    r"""Energy at the best u for each b, :math:`E_r(b) = \tfrac12 \sum_i s_i^2 - \beta_s^2/(2\beta_b)`.

    Parameters
    ----------
    b : array_like, shape (...)
        Recurrent connectivity mode.
    s : array_like, shape (..., T)
        Singular values over time.

    Returns
    -------
    ndarray, shape (...)
        The minimum of the energy over u = ac, reached at beta_s / beta_b.

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not broadcast, or a sum exceeds float64.

    Notes
    -----
    Result R2. Evaluated as the sum of squares at that u, so that it stays accurate down to zero.
    """
    s = _check.sequence("s", s)
    return modes.energy(_best_u(b, s), b, 1.0, s)


def _best_u(b, s):
    return modes.beta_s(b, s) / modes.beta_b(b, np.shape(s)[-1])


@dataclass(frozen=True)
class CriticalPoint:
    """A point of the plane (b, u) where the energy is stationary.

    Attributes
    ----------
    b, u : float
        Recurrent and input-output mode.
    energy : float
        Energy there.
    kind : str
        "minimum" or "saddle"; "maximum" never occurs, because the energy curves upwards in u.
    curvature : tuple of float
        Eigenvalues of the Hessian in (b, u), ascending; a zero marks a degenerate point, whose kind
        is then told by the sign of the slope on either side.
    """

    b: float
    u: float
    energy: float
    kind: str
    curvature: tuple


def critical_points(s):
    r"""All isolated critical points of the energy in the plane (b, u), exactly.

    Those with u != 0 lie on :math:`u = \beta_s/\beta_b` at the real roots of
    :math:`2\beta_s'\beta_b - \beta_s\beta_b'`; those with u = 0 at the real roots of :math:`\beta_s`.

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time, not all zero, T >= 2.

    Returns
    -------
    list of CriticalPoint
        In ascending order of b.

    Raises
    ------
    ValueError
        If `s` is not finite, or has no isolated critical point: with s = 0 every point of the line
        u = 0 is a minimum, with T = 1 every point of the line u = s_1.

    Notes
    -----
    Result R2. The floats of `s` are taken as the fractions that they are, and python-flint isolates the
    roots with certified error bounds: none is missed or invented, repeated roots are told from
    close ones, real ones from complex pairs: a few ms at T = 10, .1 s at T = 50, .3 to 1 s at T = 100.
    In (a, b, c) the line a = c = 0 is critical as well.
    """
    from flint import fmpq, fmpq_poly

    s = _check.sequence("s", s, ndim=1)
    T = len(s)
    if T == 1:
        raise ValueError("s must have T >= 2: with T = 1 every b on the line u = s_1 is a minimum")
    if not s.any():
        raise ValueError("s must not be zero throughout: every b on the line u = 0 is then a minimum")
    beta_s = fmpq_poly([fmpq(*value.as_integer_ratio()) for value in s[::-1].tolist()])
    beta_b = fmpq_poly([1, 0] * (T - 1) + [1])
    slope = 2 * beta_s.derivative() * beta_b - beta_s * beta_b.derivative()

    try:
        return _census(s, beta_s, slope)
    except (OverflowError, ValueError):
        raise ValueError(
            "s must span fewer orders of magnitude: a critical point or its energy exceeds float64"
        ) from None


def _real_roots(polynomial):
    """All real roots in ascending order, each with whether the polynomial changes sign there."""
    from flint import ctx

    with ctx.workprec(70):  # bits: more than a float has
        roots = [
            (float(x.real), order % 2 == 1) for x, order in polynomial.complex_roots() if x.imag.is_zero()
        ]
    if not np.isfinite([x for x, _ in roots]).all():
        raise OverflowError("a root exceeds the range of floats")
    return sorted(roots)


def _census(s, beta_s, slope):
    zeros_of_beta_s = _real_roots(beta_s)
    at_zero_u = {b for b, _ in zeros_of_beta_s}
    points = [_point(b, 0.0, s, "saddle") for b, _ in zeros_of_beta_s]
    # E_r' is -beta_s * slope over a positive number. Walk from b = +infinity down, where the signs
    # are those of the leading coefficients, and flip them at each root of odd order.
    sign = -1 if (beta_s[beta_s.degree()] > 0) == (slope[slope.degree()] > 0) else 1
    events = [(b, odd, False) for b, odd in zeros_of_beta_s]
    events += [(b, odd, True) for b, odd in _real_roots(slope)]
    for b, odd, stationary in sorted(events, reverse=True):
        if stationary and b not in at_zero_u:
            kind = "minimum" if odd and sign > 0 else "saddle"
            points.append(_point(b, float(_best_u(b, s)), s, kind))
        if odd:
            sign = -sign
    return sorted(points, key=lambda point: (point.b, point.u))


def _point(b, u, s, kind):
    # With c = 1 the mode (a, b) is the point (u, b): its Hessian without the row and column of c.
    curvature = np.linalg.eigvalsh(modes.hessian(u, b, 1.0, s)[:2, :2])
    return CriticalPoint(b, u, float(modes.energy(u, b, 1.0, s)), kind, tuple(curvature.tolist()))


def energy_grid(s, b, u):
    r"""Energy on a grid, :math:`E(b,u) = E_r(b) + \tfrac12 \beta_b\,(u - \beta_s/\beta_b)^2`.

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time.
    b : array_like, shape (n_b,)
        Recurrent modes, along the columns.
    u : array_like, shape (n_u,)
        Input-output modes ac, along the rows.

    Returns
    -------
    ndarray, shape (n_u, n_b)

    Raises
    ------
    ValueError
        If a value is not finite, a shape does not fit, or the energy exceeds float64.

    Notes
    -----
    Completing the square costs one pass over b and one product, and loses no digits near zero.
    """
    s = _check.sequence("s", s, ndim=1)
    b, u = _check.array("b", b, 1, "(n_b,)"), _check.array("u", u, 1, "(n_u,)")
    with np.errstate(over="ignore", invalid="ignore"):
        grid = u[:, None] - _best_u(b, s)
        grid *= grid
        grid *= modes.beta_b(b, len(s)) / 2
        grid += reduced_energy(b, s)
    _check.representable("the energy", f"b or u is too large at T = {len(s)}", grid)
    return grid


def field_grid(s, b, u, kappa=0.0):
    r"""Gradient flow on a grid of the plane (b, u).

    .. math::
        \tau\dot b = u\beta_s' - \tfrac12 u^2 \beta_b', \qquad
        \tau\dot u = \sqrt{\kappa^2 + 4u^2}\,(\beta_s - u\beta_b)

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time.
    b : array_like, shape (n_b,)
        Recurrent modes, along the columns.
    u : array_like, shape (n_u,)
        Input-output modes, along the rows.
    kappa : float
        a**2 - c**2; 0 for balanced modes.

    Returns
    -------
    db, du : tuple of ndarray, shape (n_u, n_b)

    Raises
    ------
    ValueError
        If a value is not finite, a shape does not fit, or a velocity exceeds float64.

    Notes
    -----
    Claim C26: the field depends on kappa. Four sums for each column, a few products for each point.
    """
    s = _check.sequence("s", s, ndim=1)
    b, u = _check.array("b", b, 1, "(n_b,)"), _check.array("u", u, 1, "(n_u,)")
    kappa = _check.number("kappa", kappa)
    with np.errstate(over="ignore", invalid="ignore"):
        (beta_s, slope_s), (beta_b, slope_b) = modes._beta_s(b, s, 1), modes._beta_b(b, len(s), 1)
        speed = np.hypot(kappa, 2 * u)
        db = np.stack([u, -(u**2) / 2], axis=1) @ np.stack([slope_s, slope_b])
        du = np.stack([speed, -speed * u], axis=1) @ np.stack([beta_s, beta_b])
    _check.representable("the velocity", f"b or u is too large at T = {len(s)}", db, du)
    return db, du


def sharpness(a, b, c, s):
    r"""Largest eigenvalue of the Hessian of the energy in (a, b, c).

    Parameters
    ----------
    a, b, c : array_like, shape (...)
        Connectivity modes.
    s : array_like, shape (..., T)
        Singular values over time.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not broadcast, or a result exceeds float64.

    Notes
    -----
    Gradient descent near a minimum is stable for learning rates below 2 / sharpness.
    """
    return np.linalg.eigvalsh(modes.hessian(a, b, c, s))[..., -1]


def extrapolation_error(a, b, c, s_test):
    r"""Relative error on another trajectory length, :math:`\sum_i (s_i - c\,b^{T'-i} a)^2 / \sum_i s_i^2`.

    Parameters
    ----------
    a, b, c : array_like, shape (...)
        Connectivity modes learned elsewhere.
    s_test : array_like, shape (..., T')
        Singular values of the test task, not all zero.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If a value is not finite, shapes do not broadcast, or `s_test` is zero throughout.

    Notes
    -----
    Claims C21 and C22.
    """
    s_test = _check.sequence("s_test", s_test)
    with np.errstate(over="ignore"):
        total = np.sum(s_test**2, axis=-1)
    _check.representable("the sum of s_test**2", "s_test is too large", total)
    if not total.all():
        raise ValueError("s_test must not be zero throughout: the relative error is undefined")
    return 2 * modes.energy(a, b, c, s_test) / total


def stable_manifold(s, point, *, kappa=0.0, length=2.0, steps=400):
    r"""The starts that gradient flow takes to a saddle: the separatrix between two basins.

    Follows the flow of :func:`basin_map` backwards from the saddle along its stable eigenvector, at unit
    speed in the plane (b, u), to both sides.

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time, not all zero, T >= 2.
    point : CriticalPoint
        A saddle of :func:`critical_points`, not a degenerate one.
    kappa : float
        a0**2 - c0**2; 0 for balanced modes.
    length : float
        Length of each of the two branches.
    steps : int
        Steps along each branch.

    Returns
    -------
    b, u : tuple of ndarray, shape (K,)
        The curve from one end through the saddle to the other; K is at most 2 * steps + 1. Branches of
        balanced modes end where they meet the line u = 0, which those modes cannot cross.

    Raises
    ------
    ValueError
        If `point` is not a saddle with one stable and one unstable direction, or an argument is
        out of range.

    Notes
    -----
    Result R2. Fourth-order Runge-Kutta steps in the arc length, backwards in time: near the saddle, where the
    curve begins, errors across it do not grow. For balanced modes a common factor abs(u) is
    divided out, which changes speeds but no path.
    """
    s = _check.sequence("s", s, ndim=1)
    kappa, length = _check.number("kappa", kappa), _check.positive("length", length)
    steps = _check.integer("steps", steps)
    # With c = 1 the mode (a, b) is the point (u, b).
    (uu, ub), (_, bb) = modes.hessian(point.u, point.b, 1.0, s)[:2, :2]
    if not bb * uu < ub * ub:
        raise ValueError(f"point must be a saddle with one stable and one unstable direction, got {point}")
    centre = np.array([point.b, point.u])
    if kappa == 0 and point.u == 0:
        starts = [(-1.0, centre), (1.0, centre)]
    else:
        speed = np.hypot(kappa, 2 * point.u)
        rates, directions = np.linalg.eig(-np.array([[bb, ub], [speed * ub, speed * uu]]))
        stable = min(1e-4, length / steps) * directions[:, rates.argmin()]
        starts = [(np.sign(point.u), centre - stable), (np.sign(point.u), centre + stable)]
    branches = [_backwards(start, side, s, kappa, length / steps, steps) for side, start in starts]
    b, u = np.array([*branches[0][::-1], centre, *branches[1]]).T
    return b, u


def _backwards(x, side, s, kappa, h, steps):
    """Points along the flow of the plane (b, u) against time, at unit speed; `side` is the sign of u."""

    def direction(x):
        b, u = x
        beta_s, slope_s = modes._beta_s(np.asarray(b), s, 1)
        beta_b, slope_b = modes._beta_b(np.asarray(b), len(s), 1)
        if kappa == 0:
            db, du = side * (slope_s - u * slope_b / 2), 2 * (beta_s - u * beta_b)
        else:
            db, du = u * (slope_s - u * slope_b / 2), np.hypot(kappa, 2 * u) * (beta_s - u * beta_b)
        return -np.array([db, du]) / np.hypot(db, du)

    branch = [x]
    for _ in range(steps):
        k1 = direction(x)
        k2 = direction(x + h / 2 * k1)
        k3 = direction(x + h / 2 * k2)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + direction(x + h * k3))
        if kappa == 0 and side * x[1] <= 0:
            break
        branch.append(x)
    return branch


@dataclass(frozen=True)
class BasinMap:
    """Where the gradient flow takes a grid of starts.

    Attributes
    ----------
    label : ndarray of int, shape (n_u, n_b)
        Index into `points` of the minimum reached, or one of `BasinMap.RUNAWAY` (b grows without
        bound), `BasinMap.ORIGIN` (u tends to 0, where b has stopped), `BasinMap.UNDECIDED` (on a separatrix,
        or drawn to a degenerate point from one side).
    points : list of CriticalPoint
        The census of :func:`critical_points`.
    """

    RUNAWAY = -1
    ORIGIN = -2
    UNDECIDED = -3

    label: np.ndarray
    points: list


# By then a start that is still undecided lies on a separatrix as far as float64 can tell, or tends to a
# degenerate point. For weak tasks, whose b moves at a speed of the order of s**2, it is longer.
_LONG = 1e10


def basin_map(s, b0, u0, kappa=0.0, *, rtol=1e-4):
    r"""Which critical point each start of a grid reaches.

    Gradient flow conserves :math:`\kappa = a^2 - c^2`, so that a point of the plane (b, u) is a start:

    .. math::
        \dot u = \sqrt{\kappa^2 + 4u^2}\,(\beta_s - u\beta_b), \qquad
        \dot b = u\beta_s' - \tfrac12 u^2 \beta_b' .

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time, not all zero, T >= 2.
    b0 : array_like, shape (n_b,)
        Starting recurrent modes, along the columns.
    u0 : array_like, shape (n_u,)
        Starting input-output modes ac, along the rows.
    kappa : float
        a0**2 - c0**2; 0 for balanced starts, abs(a0) = abs(c0).
    rtol : float
        Relative tolerance of each step, from 1e-14 to below 0.1. A label can depend on it only for a start
        as near as that to a separatrix.

    Returns
    -------
    BasinMap

    Raises
    ------
    ValueError
        If a value is not finite, a shape does not fit, or a start's energy exceeds float64.

    Notes
    -----
    A start is labelled by energy, not by nearness: once its energy is below the lowest pass out of the
    well of E_r(b) that it is in, it can leave that well no more. A well with a minimum in it is
    that minimum's; one that falls towards b = +-infinity is a runaway. Balanced starts that
    approach the line u = 0, on which they cannot move, are ORIGIN.
    """
    s = _check.sequence("s", s, ndim=1)
    b0, u0 = _check.array("b0", b0, 1, "(n_b,)"), _check.array("u0", u0, 1, "(n_u,)")
    kappa, rtol = _check.number("kappa", kappa), _check.tolerance("rtol", rtol)
    points = critical_points(s)
    energy_grid(s, b0, u0)  # refuses starts beyond float64
    b, u = (v.ravel() for v in np.meshgrid(b0, u0))
    label = _settled(b, u, s, kappa, points)
    (going,) = np.nonzero(label == BasinMap.UNDECIDED)

    def enough(y, which):
        u, b = y
        label[going[which]] = found = _settled(b, u, s, kappa, points)
        return found != BasinMap.UNDECIDED

    # A start that cannot be followed further stays undecided.
    end = np.array([_LONG / min(1.0, np.sum(s**2))])
    modes._follow(u[going], b[going], np.full(len(going), kappa), s, end, rtol, enough=enough)
    return BasinMap(label.reshape(len(u0), len(b0)), points)


def _settled(b, u, s, kappa, points):
    """Labels of the starts whose end is decided already, UNDECIDED for the others."""
    label = np.full(len(b), BasinMap.UNDECIDED)
    energy = modes._energy(u, b, s)
    # The passes of E_r are its critical points other than minima; far out it tends to `far`.
    passes = [(point.b, point.energy) for point in points if point.kind == "saddle"]
    far = float(np.sum(s[1:] ** 2)) / 2
    walls = [(-np.inf, far), *passes, (np.inf, far)]
    for (left, left_height), (right, right_height) in itertools.pairwise(walls):
        inside = [k for k, p in enumerate(points) if p.kind == "minimum" and left < p.b < right]
        if inside:
            height = min(left_height, right_height)
        elif np.isinf(left) or np.isinf(right):  # it falls towards infinity, where there is no wall
            height = right_height if np.isinf(left) else left_height
        else:  # a slope between two degenerate points, into a neighbour or towards one of them
            continue
        trapped = (left < b) & (b < right) & (energy < height)
        label[trapped] = inside[0] if inside else BasinMap.RUNAWAY
    if kappa == 0:
        fading = (np.abs(u) < 1e-12) & (u * modes._beta_s(b, s, 0)[0] < 0)
        label[(label == BasinMap.UNDECIDED) & (fading | (u == 0))] = BasinMap.ORIGIN
    return label
