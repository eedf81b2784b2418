r"""The hidden space: how many units an impulse response needs, and the least of the networks that have it.

Sequences are in the order of the time steps, as everywhere; Hankel matrices and recurrences run over lags,
:math:`k = T - i`. Networks have one input and one output where it says so.
"""

import numpy as np

from . import _check, landscape
from .network import LinearRNN, conserved


def _lags(s):
    s = _check.sequence("s", s, ndim=1)
    if not s.any():
        raise ValueError("s must not be zero throughout: no unit is needed")
    return s[::-1]


def hankel(s, rows=None):
    r"""Hankel matrix of a sequence, :math:`H_{ij}` = its value at lag :math:`i + j`.

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values, or any impulse response, over time.
    rows : int, optional
        Number of rows q, from 1 to T; (T + 1) // 2 when left out, the most square.

    Returns
    -------
    ndarray, shape (q, T + 1 - q)

    Raises
    ------
    ValueError
        If `s` is not finite, or `rows` is out of range.
    """
    lags = _check.sequence("s", s, ndim=1)[::-1]
    T = len(lags)
    q = (T + 1) // 2 if rows is None else _check.integer("rows", rows)
    if q > T:
        raise ValueError(f"rows must be at most T = {T}, got {q}")
    return np.lib.stride_tricks.sliding_window_view(lags, T + 1 - q).copy()


def _exact_rank(matrix):
    from flint import fmpq, fmpq_mat

    entries = [[fmpq(*value.as_integer_ratio()) for value in row] for row in matrix.tolist()]
    return fmpq_mat(entries).rank()


def hankel_rank(s):
    r"""Exact rank r of the most square Hankel matrix: the least number of units whose infimum of E is 0.

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time, not all zero.

    Returns
    -------
    int
        Over the fractions that the floats of `s` are: values that are only nearly dependent count as
        independent.

    Raises
    ------
    ValueError
        If `s` is not finite or zero throughout.

    Notes
    -----
    The least number of units that reach E = 0 is :func:`linear_complexity`, which is r or T + 1 - r.
    """
    _lags(s)
    return _exact_rank(hankel(s))


def linear_complexity(s):
    r"""Length L of the shortest linear recurrence that `s` obeys: the least number of units with E = 0.

    .. math:: s_{(k+L)} = \sum_{j=0}^{L-1} g_j\, s_{(k+j)}, \qquad k = 0, \dots, T - 1 - L

    with lags in brackets.

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time, not all zero.

    Returns
    -------
    int
        Exact, over the fractions that the floats of `s` are.

    Raises
    ------
    ValueError
        If `s` is not finite or zero throughout.

    Notes
    -----
    A recurrence of length n exists where the last of n + 1 rows of a Hankel matrix depends on the others.
    """
    T = len(_lags(s))
    for n in range(1, T):
        H = hankel(s, n + 1)
        if _exact_rank(H[:-1]) == _exact_rank(H):
            return n
    return T


def energy_bound(s, n_units):
    r"""What every linear network of n units leaves, from the singular values of Hankel matrices.

    .. math:: E \ge \max_q \frac{1}{2 \min(q, T + 1 - q)} \sum_{j > n} \sigma_j(H_q)^2

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time.
    n_units : int
        Number of hidden units n, from 0 to T.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `s` is not finite, or `n_units` is out of range.

    Notes
    -----
    A network of n units has a Hankel matrix of rank n at most; Eckart and Young bound how far that is from
    the task's, and each error occurs min(q, T + 1 - q) times in it at most.
    """
    s = _check.sequence("s", s, ndim=1)
    T, bounds = len(s), [0.0]
    n = _check.units("n_units", n_units, T)
    for q in range(1, T + 1):
        beyond = np.linalg.svd(hankel(s, q), compute_uv=False)[n:]
        bounds.append(np.sum(beyond**2) / (2 * min(q, T + 1 - q)))
    return float(max(bounds))


def best_energy(s, n_units, *, starts=40):
    r"""Infimum of the energy over networks of n units, one input and one output.

    .. math:: E_\infty(n) = \tfrac12 \min_{|g| = 1} |P_g s|^2

    with :math:`P_g` the projector onto the rows of the (T - n) x T band matrix of g: the poles are the roots
    of :math:`\sum_j g_j z^j`, and a vanishing leading coefficient is a pole at infinity.

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time.
    n_units : int
        Number of hidden units n, from 0 to T.
    starts : int
        Searches from different g, of which the best is taken.

    Returns
    -------
    float
        Exact for n = 0, 1 and where it is 0; otherwise the least value found, an upper bound.

    Raises
    ------
    ValueError
        If `s` is not finite, or `n_units` is out of range.

    Notes
    -----
    For n = 1 from the census of :func:`lrnn.landscape.critical_points` and the pole at infinity.
    """
    s = _check.sequence("s", s, ndim=1)
    n, T = _check.units("n_units", n_units, len(s)), len(s)
    if n == 0 or not s.any():
        return float(np.sum(s**2) / 2)
    if n == T or hankel_rank(s) <= n:
        return 0.0
    if n == 1:
        inside = [point.energy for point in landscape.critical_points(s) if point.kind == "minimum"]
        return float(min([*inside, np.sum(s[1:] ** 2) / 2]))
    return _searched(s[::-1], n, starts)


def _searched(lags, n, starts):
    from scipy.optimize import minimize

    T = len(lags)

    def left(g):
        """Energy at g and its gradient: half of y' A**-1 y with y = B s and A = B B'."""
        B = np.zeros((T - n, T))
        for j in range(n + 1):
            B[np.arange(T - n), np.arange(T - n) + j] = g[j]
        solved = np.linalg.solve(B @ B.T, B @ lags)
        rest = lags - B.T @ solved
        slope = [solved @ rest[j : j + T - n] for j in range(n + 1)]
        return (B.T @ solved) @ lags / 2, np.array(slope)

    def objective(x):
        size = np.linalg.norm(x)
        energy, slope = left(x / size)
        return energy, (slope - x / size * (x / size @ slope)) / size

    rng = np.random.default_rng(0)
    _, _, V = np.linalg.svd(hankel(lags[::-1], T - n))
    first = [V[-1], *rng.normal(size=(starts - 1, n + 1))]
    return float(min(minimize(objective, x, jac=True, method="BFGS").fun for x in first))


def _unreachable(net, rtol):
    """How many directions of the hidden space no input reaches, and how many no output sees."""
    N_h = len(net.W_h)
    scale = max(1.0, np.linalg.norm(net.W_h, 2))
    blocks_x, blocks_y = [net.W_x], [net.W_y.T]
    for _ in range(N_h - 1):
        blocks_x.append(net.W_h @ blocks_x[-1] / scale)
        blocks_y.append(net.W_h.T @ blocks_y[-1] / scale)
    return [N_h - np.linalg.matrix_rank(np.hstack(blocks), rtol=rtol) for blocks in (blocks_x, blocks_y)]


def least_norm(net, *, rtol=1e-10):
    r"""The network with the same impulse response and the least :math:`|W_x|^2 + |W_h|^2 + |W_y|^2`.

    Unique up to a rotation of the hidden space; there the matrix of :func:`lrnn.network.conserved` is zero.

    Parameters
    ----------
    net : LinearRNN
        A minimal network: every hidden direction is reached from the inputs and seen by the outputs.
    rtol : float
        Relative tolerance of the ranks that tell whether it is.

    Returns
    -------
    LinearRNN

    Raises
    ------
    ValueError
        If `net` is an ensemble or not minimal: it says which part.

    Notes
    -----
    The sum of squares is convex along :math:`e^{tX}` for symmetric X, with slope 2 <X, C> (Kempf and Ness):
    Newton's method on C with a line search finds the one minimum.
    """
    if net.W_h.ndim != 2:
        raise ValueError(f"net must be one network, got an ensemble of shape {net.W_h.shape[:-2]}")
    for missing, what in zip(_unreachable(net, rtol), ("reached from the inputs", "seen by the outputs")):
        if missing:
            raise ValueError(f"net must be minimal, but {missing} of its hidden directions are not {what}")
    for _ in range(200):
        C = conserved(net)
        if np.abs(C).max() <= 1e-15 * _size(net):
            break
        X, step = -_newton(net, C), 1.0
        slope = 2 * np.sum(X * C)
        while step > 1e-12:
            moved = _rebased(net, _exponential(step * X))
            # Close to the minimum rounding hides the decrease, but not that of C.
            closer = np.abs(conserved(moved)).max() < np.abs(C).max() / 2
            if closer or _size(moved) <= _size(net) + 1e-4 * step * slope:
                break
            step /= 2
        if step <= 1e-12:  # rounding is all that is left
            break
        net = moved
    return net


def _size(net):
    return sum(np.sum(w**2) for w in (net.W_x, net.W_h, net.W_y))


def _rebased(net, G):
    inverse = np.linalg.inv(G)
    return LinearRNN(G @ net.W_x, G @ net.W_h @ inverse, net.W_y @ inverse)


def _exponential(X):
    values, vectors = np.linalg.eigh((X + X.T) / 2)
    return (vectors * np.exp(np.clip(values, -3, 3))) @ vectors.T


def _newton(net, C):
    """The symmetric X whose change of basis would remove C, to first order."""
    N_h = len(C)
    pairs = [(i, j) for i in range(N_h) for j in range(i, N_h)]
    columns = []
    for i, j in pairs:
        X = np.zeros((N_h, N_h))
        X[i, j] = X[j, i] = 1.0
        dx, dh, dy = X @ net.W_x, X @ net.W_h - net.W_h @ X, -net.W_y @ X
        half = dx @ net.W_x.T + dh @ net.W_h.T - dh.T @ net.W_h - dy.T @ net.W_y
        columns.append([(half + half.T)[p] for p in pairs])
    found = np.linalg.lstsq(np.array(columns).T, [C[p] for p in pairs], rcond=None)[0]
    X = np.zeros((N_h, N_h))
    for value, (i, j) in zip(found, pairs):
        X[i, j] = X[j, i] = value
    return X
