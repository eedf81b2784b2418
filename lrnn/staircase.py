r"""Plateaus of networks with several units: where training rests, and how it leaves.

Networks have one input and one output. The residual polynomial :math:`R(z) = \sum_k e_k z^k`, with e_k what
is left of the task at lag k = T - i, tells both: on a plateau it has a double zero at each pole of the
network, and its value at 0 sets the rate of escape.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from . import _check
from .network import LinearRNN, _descent
from .tasks import Moments


def _one_to_one(net):
    if net.W_h.ndim != 2 or net.W_x.shape[1] != 1 or net.W_y.shape[0] != 1:
        raise ValueError(
            "net must be one network with one input and one output, "
            f"got W_x {net.W_x.shape} and W_y {net.W_y.shape}"
        )
    return net


def residual_polynomial(net, s):
    r"""What a network leaves of a task at each lag, :math:`e_k = s_{T-k} - W_y W_h^k W_x`.

    Parameters
    ----------
    net : LinearRNN
        One network with one input and one output.
    s : array_like, shape (T,)
        Singular values over time.

    Returns
    -------
    ndarray, shape (T,)
        By lag: coefficients of :math:`R(z) = \sum_k e_k z^k`, lowest power first.

    Raises
    ------
    ValueError
        If `net` has several inputs or outputs, `s` is not finite, or a power of `W_h` exceeds float64.
    """
    s = _check.sequence("s", s, ndim=1)
    return (s - _one_to_one(net).impulse_response(len(s))[:, 0, 0])[::-1]


def _seen_from(net, beta):
    """What a new unit of own weight beta gets from input and units, and what it gives to them."""
    system = beta * np.eye(len(net.W_h)) - net.W_h
    with np.errstate(all="ignore"):
        try:
            reached, seen = np.linalg.solve(system, net.W_x)[:, 0], np.linalg.solve(system.T, net.W_y[0])
        except np.linalg.LinAlgError:
            reached = seen = np.array([np.inf])
    if not np.isfinite([*reached, *seen]).all() or np.linalg.cond(system) > 1e12:
        raise ValueError(f"beta must not be a pole of net, got {beta}")
    return np.r_[1.0, reached], np.r_[1.0, seen]


def escape_rate(net, s, beta=0.0):
    r"""Rate at which a spare unit grows on a plateau.

    .. math::
        \lambda = |R(\beta)|\, \sqrt{1 + |(\beta - W_h)^{-1} W_x|^2}\, \sqrt{1 + |W_y (\beta - W_h)^{-1}|^2}

    Parameters
    ----------
    net : LinearRNN
        The units in use, at a critical point of the task (see :func:`plateaus`).
    s : array_like, shape (T,)
        Singular values over time.
    beta : float
        Recurrent weight of the spare unit; its other weights are zero.

    Returns
    -------
    float
        The one positive eigenvalue of minus the Hessian that the spare unit brings, per tau.

    Raises
    ------
    ValueError
        If `net` has several inputs or outputs, `s` is not finite, or `beta` is a pole of `net`.

    Notes
    -----
    From the second variation in the new weights, a matrix of rank one: at a double zero of R, its divided
    differences are R(beta) times the entries of (beta - W_h)^-1 W_x and W_y (beta - W_h)^-1.
    """
    e, beta = residual_polynomial(net, s), _check.number("beta", beta)
    incoming, outgoing = _seen_from(net, beta)
    R = np.polynomial.polynomial.polyval(beta, e)
    return float(abs(R) * np.linalg.norm(incoming) * np.linalg.norm(outgoing))


@dataclass(frozen=True)
class Plateau:
    """A critical point at which training from a small start rests, or where it ends.

    Attributes
    ----------
    units : int
        Number of units in use.
    energy : float
        Energy there.
    poles : ndarray of complex, shape (units,)
        Eigenvalues of W_h.
    escape_rate : float
        Rate at which the next unit grows, per tau; 0 at E = 0, and where only slower growth is possible.
    net : LinearRNN or None
        The units in use; None when there are none.
    """

    units: int
    energy: float
    poles: np.ndarray
    escape_rate: float
    net: LinearRNN | None


def plateaus(s, n_units, *, rtol=1e-9):
    r"""The staircase of a task: plateaus with 0, 1, 2, ... units, each reached from the one before.

    A unit is added along the unstable direction of a plateau, and gradient flow followed to where it rests.

    Parameters
    ----------
    s : array_like, shape (T,)
        Singular values over time, not all zero.
    n_units : int
        Number of hidden units, from 0 to T.
    rtol : float
        Relative tolerance of the integration.

    Returns
    -------
    list of Plateau
        From no units to `n_units`, or to E = 0, or to the plateau that has no linear escape (R(0) = 0).

    Raises
    ------
    ValueError
        If `s` is not finite or zero throughout, `n_units` is out of range, or a flow does not come to rest
        (its weights run away).

    Notes
    -----
    Small random starts of networks with enough units were seen to pass these plateaus, with waits that grow
    like log(1/start) / escape_rate. That a plateau is the best energy of its number of units is not a
    theorem: there are counterexamples.
    """
    s = _check.sequence("s", s, ndim=1)
    if not s.any():
        raise ValueError("s must not be zero throughout: there is nothing to learn")
    n = _check.units("n_units", n_units, len(s))
    start = float(np.sum(s**2) / 2)
    chain = [Plateau(0, start, np.empty(0, complex), abs(float(s[-1])), None)]
    while chain[-1].units < n and chain[-1].energy > 1e-12 * start and chain[-1].escape_rate > 0:
        net = _rested(_with_unit(chain[-1].net, s), s, rtol)
        energy = float(np.sum(residual_polynomial(net, s) ** 2) / 2)
        rate = escape_rate(net, s) if energy > 1e-12 * start else 0.0
        rate = rate if rate > 1e-9 * np.abs(s).max() else 0.0
        chain.append(Plateau(chain[-1].units + 1, energy, np.linalg.eigvals(net.W_h) + 0j, rate, net))
    return chain


def _with_unit(net, s, size=1e-3):
    """One unit more, its weights along the unstable direction."""
    if net is None:
        sign = np.sign(s[-1])
        return LinearRNN([[size]], [[0.0]], [[sign * size]])
    incoming, outgoing = _seen_from(net, 0.0)
    incoming = size * incoming / np.linalg.norm(incoming)
    outgoing = size * np.sign(residual_polynomial(net, s)[0]) * outgoing / np.linalg.norm(outgoing)
    W_h = np.block([[net.W_h, outgoing[1:, None]], [incoming[None, 1:], np.zeros((1, 1))]])
    return LinearRNN(np.vstack([net.W_x, incoming[:1, None]]), W_h, np.hstack([net.W_y, outgoing[None, :1]]))


def _rested(net, s, rtol):
    """Where gradient flow from `net` comes to rest."""
    from scipy.integrate import solve_ivp
    from scipy.optimize import root

    N_h = len(net.W_h)
    evaluate = _descent(Moments(s[:, None, None], None, float(np.sum(s**2))), net.W_h.shape)

    def unpacked(w):
        return w[:N_h, None], w[N_h:-N_h].reshape(N_h, N_h), w[None, -N_h:]

    def downhill(_, w):
        _, *gradient = evaluate(*(np.ascontiguousarray(part) for part in unpacked(w)))
        return -np.concatenate([part.ravel() for part in gradient])

    w = np.concatenate([net.W_x.ravel(), net.W_h.ravel(), net.W_y.ravel()])
    small = 1e-7 * np.sum(s**2)
    for span in (30, 300, 3000, 30_000):
        with warnings.catch_warnings():  # of weights that run away, which is told below
            warnings.simplefilter("ignore")
            run = solve_ivp(downhill, (0, span / np.abs(s).max()), w, "LSODA", rtol=rtol, atol=1e-3 * rtol)
        w = run.y[:, -1]
        if np.abs(w).max() > 1e6:
            break
        if np.linalg.norm(downhill(0, w)) < small:
            w = root(lambda w: downhill(0, w), w, method="lm", tol=1e-14).x
            return LinearRNN(*unpacked(w))
    raise ValueError(f"s must have a plateau with {N_h} units: the flow does not come to rest there")
