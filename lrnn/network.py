"""The full matrices of a linear recurrent network: prediction, loss, gradient, training, modes."""

from dataclasses import dataclass

import numpy as np

from . import _check
from .tasks import Moments


@dataclass(frozen=True)
class LinearRNN:
    r"""The network :math:`h_{t+1} = W_h h_t + W_x x_t,\; h_1 = 0,\; \hat y = W_y h_{T+1}`.

    Attributes
    ----------
    W_x : ndarray, shape (N_h, N_x)
        Input weights.
    W_h : ndarray, shape (N_h, N_h)
        Recurrent weights.
    W_y : ndarray, shape (N_y, N_h)
        Output weights.
    """

    W_x: np.ndarray
    W_h: np.ndarray
    W_y: np.ndarray

    def __post_init__(self):
        for name, axes in (("W_x", "(N_h, N_x)"), ("W_h", "(N_h, N_h)"), ("W_y", "(N_y, N_h)")):
            object.__setattr__(self, name, _check.array(name, getattr(self, name), 2, axes))
        N_h = len(self.W_h)
        if N_h == 0 or self.W_h.shape != (N_h, N_h):
            raise ValueError(f"W_h must have shape (N_h, N_h) with N_h >= 1, got {self.W_h.shape}")
        if self.W_x.shape[0] != N_h or self.W_x.shape[1] == 0:
            raise ValueError(f"W_x must have shape (N_h, N_x) with N_h = {N_h}, got {self.W_x.shape}")
        if self.W_y.shape[1] != N_h or self.W_y.shape[0] == 0:
            raise ValueError(f"W_y must have shape (N_y, N_h) with N_h = {N_h}, got {self.W_y.shape}")

    def impulse_response(self, T):
        r"""What the network does to an input at each time step, :math:`M_i = W_y W_h^{T-i} W_x`.

        Parameters
        ----------
        T : int
            Trajectory length in time steps, at least 1.

        Returns
        -------
        ndarray, shape (T, N_y, N_x)
            In the order of the time steps: the last entry is :math:`W_y W_x`.

        Raises
        ------
        ValueError
            If `T` is not a positive integer, or a power of `W_h` exceeds float64.
        """
        T = _check.integer("T", T)
        with np.errstate(over="ignore", invalid="ignore"):
            result = self.W_y @ _hidden_responses(self, T)[::-1]
        _check.representable("W_h**(T-1)", f"W_h is too large at T = {T}", result)
        return result

    def predict(self, x):
        r"""Run the recursion on trajectories, step by step.

        Parameters
        ----------
        x : array_like, shape (P, T, N_x)
            Inputs.

        Returns
        -------
        ndarray, shape (P, N_y)
            :math:`\hat y_p = W_y h_{T+1}`.

        Raises
        ------
        ValueError
            If `x` does not fit `W_x`, is not finite, or a state exceeds float64.
        """
        x = _check.array("x", x, 3, "(P, T, N_x)")
        if x.shape[2] != self.W_x.shape[1] or x.shape[1] == 0:
            raise ValueError(f"x must have shape (P, T, {self.W_x.shape[1]}) with T >= 1, got {x.shape}")
        h = np.zeros((len(x), len(self.W_h)))
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(x.shape[1]):
                h = h @ self.W_h.T + x[:, t] @ self.W_x.T
            result = h @ self.W_y.T
        _check.representable("the hidden state", f"W_h is too large at T = {x.shape[1]}", result)
        return result


def _hidden_responses(net, T):
    """K_j = W_h**j W_x for the lags j = 0..T-1, shape (T, N_h, N_x)."""
    K = np.empty((T, *net.W_x.shape))
    K[0] = net.W_x
    for j in range(1, T):
        np.matmul(net.W_h, K[j - 1], out=K[j])
    return K


def _loss_and_gradient(net, moments):
    T = len(moments.yx)
    K = _hidden_responses(net, T)
    M = net.W_y @ K  # by lag
    yx = moments.yx[::-1]
    if moments.xx is None:
        R = yx - M
        # Completed square, accurate down to a vanishing loss. What inputs cannot explain of the
        # targets is never negative (Bessel), save for rounding.
        loss = (max(moments.yy - np.vdot(yx, yx), 0.0) + np.vdot(R, R)) / 2
    else:
        xx = moments.xx[::-1, :, ::-1]
        predicted = np.tensordot(M, xx, axes=([0, 2], [0, 1])).transpose(1, 0, 2)
        R = yx - predicted
        loss = (moments.yy - np.vdot(yx, M) - np.vdot(R, M)) / 2
    dW_x, dW_h, dW_y = (np.zeros_like(w) for w in (net.W_x, net.W_h, net.W_y))
    adjoint = np.zeros_like(net.W_x)
    for j in range(T - 1, -1, -1):
        dW_y -= R[j] @ K[j].T
        dW_h -= adjoint @ K[j].T
        adjoint = net.W_y.T @ R[j] + net.W_h.T @ adjoint
    dW_x -= adjoint
    return loss, (dW_x, dW_h, dW_y)


def _fits(net, moments):
    if not isinstance(net, LinearRNN):
        raise ValueError(f"net must be a LinearRNN, got {type(net).__name__}")
    if not isinstance(moments, Moments):
        raise ValueError(f"moments must be Moments, as moments(x, y) returns, got {type(moments).__name__}")
    N_y, N_x = moments.yx.shape[1:]
    if net.W_x.shape[1] != N_x or net.W_y.shape[0] != N_y:
        raise ValueError(
            f"moments of N_x = {N_x} inputs and N_y = {N_y} outputs do not fit "
            f"W_x {net.W_x.shape} and W_y {net.W_y.shape}"
        )


def loss(net, moments):
    r"""Squared error over all trajectories, :math:`L = \tfrac12 \sum_p \|y_p - \hat y_p\|^2`.

    Parameters
    ----------
    net : LinearRNN
        The network.
    moments : Moments
        Second moments of the data.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit, or the loss exceeds float64.

    Notes
    -----
    With the factor 1/2, so that gradient descent with a learning rate follows the mode equations
    with tau = 1 / learning_rate; the paper prints it without (claim C02). For correlated inputs the
    square cannot be completed, and a loss below 1e-16 of ``moments.yy`` is rounding noise.
    """
    _fits(net, moments)
    with np.errstate(over="ignore", invalid="ignore"):
        value = _loss_and_gradient(net, moments)[0]
    _check.representable("the loss", f"the weights are too large at T = {len(moments.yx)}", value)
    return float(value)


def gradient(net, moments):
    r"""Gradient of :func:`loss` in the three matrices, by the adjoint recursion.

    With impulse responses :math:`K_j = W_h^j W_x` at lag j, residuals
    :math:`R_j = \Sigma^{YX}_j - \sum_k W_y K_k \Sigma^{XX}_{kj}` and
    :math:`\lambda_j = W_y^\top R_j + W_h^\top \lambda_{j+1}`,

    .. math::
        \nabla_{W_y} = -\sum_j R_j K_j^\top, \quad
        \nabla_{W_h} = -\sum_j \lambda_{j+1} K_j^\top, \quad
        \nabla_{W_x} = -\lambda_0 .

    Parameters
    ----------
    net : LinearRNN
        The network.
    moments : Moments
        Second moments of the data, white or correlated.

    Returns
    -------
    LinearRNN
        The gradient, matrix by matrix.

    Raises
    ------
    ValueError
        If shapes do not fit, or the gradient exceeds float64.

    Notes
    -----
    The cost does not depend on the number of trajectories, and grows in proportion to T for white
    inputs.
    """
    _fits(net, moments)
    with np.errstate(over="ignore", invalid="ignore"):
        parts = _loss_and_gradient(net, moments)[1]
    _check.representable("the gradient", f"the weights are too large at T = {len(moments.yx)}", *parts)
    return LinearRNN(*parts)


@dataclass(frozen=True)
class History:
    """What a training run passed through; the record axis comes first.

    Attributes
    ----------
    step : ndarray of int, shape (K,)
        Numbers of the recorded steps, from 0.
    loss : ndarray, shape (K,)
        Loss at each.
    W_x, W_h, W_y : ndarray, shape (K, ...)
        Weights at each.
    diverged : bool
        Whether the run stopped because loss, gradient or weights left the range of float64; the
        records are those made before.
    """

    step: np.ndarray
    loss: np.ndarray
    W_x: np.ndarray
    W_h: np.ndarray
    W_y: np.ndarray
    diverged: bool

    def network(self, k=-1):
        """The network at record `k`, the last one unless told."""
        return LinearRNN(self.W_x[k], self.W_h[k], self.W_y[k])


def train(net, moments, *, learning_rate, steps, record_every=1, freeze=()):
    """Gradient descent on all three matrices.

    Parameters
    ----------
    net : LinearRNN
        Starting weights.
    moments : Moments
        Second moments of the data.
    learning_rate : float
        Step along minus the gradient; the mode equations' 1 / tau.
    steps : int
        Number of steps, at least 0.
    record_every : int
        Record the weights at step 0 and at each multiple of this.
    freeze : sequence of str
        Names of matrices to hold fixed, among "W_x", "W_h" and "W_y".

    Returns
    -------
    History
        Records, and whether the run `diverged`.

    Raises
    ------
    ValueError
        If shapes do not fit or an argument is out of range.
    """
    _fits(net, moments)
    rate = _check.positive("learning_rate", learning_rate)
    steps = _check.integer("steps", steps, 0)
    record_every = _check.integer("record_every", record_every)
    names = ("W_x", "W_h", "W_y")
    freeze = (freeze,) if isinstance(freeze, str) else freeze
    if not np.iterable(freeze) or not set(freeze) <= set(names):
        raise ValueError(f"freeze must name matrices among {names}, got {freeze}")
    moving = [name not in freeze for name in names]
    records, diverged = [], False
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps + 1):
            value, parts = _loss_and_gradient(net, moments)
            if not (np.isfinite(value) and all(np.isfinite(part).all() for part in parts)):
                diverged = True
                break
            if step % record_every == 0:
                records.append((step, value, net.W_x, net.W_h, net.W_y))
            weights = [
                w - rate * part if moves else w
                for w, part, moves in zip((net.W_x, net.W_h, net.W_y), parts, moving)
            ]
            if not all(np.isfinite(w).all() for w in weights):
                diverged = step < steps
                break
            net = LinearRNN(*weights)
    if not records:
        raise ValueError("net must start with weights whose loss and gradient stay within float64")
    return History(*(np.array(column) for column in zip(*records)), diverged)


def _basis(U, V, R, N_h, n_modes):
    U, V = _check.orthonormal("U", U, columns=n_modes), _check.orthonormal("V", V, columns=n_modes)
    if R is None:
        if N_h < n_modes:
            raise ValueError(f"R is needed: {N_h} hidden units cannot hold {n_modes} modes")
        R = np.eye(N_h, n_modes)
    return U, V, _check.orthonormal("R", R, columns=n_modes, rows=N_h)


def aligned_network(a, b, c, U, V, R=None):
    r"""Network of given modes, :math:`W_x = R A V^\top,\; W_h = R B R^\top,\; W_y = U C R^\top`.

    Parameters
    ----------
    a, b, c : array_like, shape (n_modes,) or ()
        Connectivity modes; A, B, C are their diagonal matrices.
    U : array_like, shape (N_y, n_modes)
        Left singular vectors of the task, orthonormal columns.
    V : array_like, shape (N_x, n_modes)
        Right singular vectors of the task, orthonormal columns.
    R : array_like, shape (N_h, n_modes), optional
        Orthonormal hidden directions, one for each mode, shared by both sides of W_h, which is
        therefore symmetric (claim C05). The identity with N_h = n_modes when left out.

    Returns
    -------
    LinearRNN

    Raises
    ------
    ValueError
        If shapes do not fit or a matrix is not orthonormal.
    """
    n_modes = _check.array("U", U, 2, "(N_y, n_modes)").shape[1]
    U, V, R = _basis(U, V, R, n_modes if R is None else None, n_modes)
    diagonals = []
    for name, mode in (("a", a), ("b", b), ("c", c)):
        mode = _check.array(name, mode)
        if mode.shape not in ((), (n_modes,)):
            raise ValueError(
                f"{name} must have shape ({n_modes},), one value for each mode, got {mode.shape}"
            )
        diagonals.append(np.broadcast_to(mode, n_modes))
    a, b, c = diagonals
    return LinearRNN(R * a @ V.T, R * b @ R.T, U * c @ R.T)


def network_modes(net, U, V, R=None):
    r"""Connectivity modes of a network: diagonals of :math:`R^\top W_x V,\; R^\top W_h R,\; U^\top W_y R`.

    Parameters
    ----------
    net : LinearRNN or History
        A network, or a whole training run.
    U : array_like, shape (N_y, n_modes)
        Left singular vectors of the task.
    V : array_like, shape (N_x, n_modes)
        Right singular vectors of the task.
    R : array_like, shape (N_h, n_modes), optional
        Hidden directions; the first n_modes unit vectors when left out.

    Returns
    -------
    a, b, c : tuple of ndarray, shape (n_modes,), or (K, n_modes) for a History of K records

    Raises
    ------
    ValueError
        If shapes do not fit or a matrix is not orthonormal.

    Notes
    -----
    What the diagonals leave out is zero for an aligned network and stays zero under gradient flow.
    """
    if not isinstance(net, (LinearRNN, History)):
        raise ValueError(f"net must be a LinearRNN or a History, got {type(net).__name__}")
    n_modes = _check.array("U", U, 2, "(N_y, n_modes)").shape[1]
    U, V, R = _basis(U, V, R, net.W_h.shape[-1], n_modes)
    if len(V) != net.W_x.shape[-1] or len(U) != net.W_y.shape[-2]:
        raise ValueError(
            f"U {U.shape} and V {V.shape} do not fit W_y {net.W_y.shape} and W_x {net.W_x.shape}"
        )
    return (
        np.einsum("ha,...hx,xa->...a", R, net.W_x, V, optimize=True),
        np.einsum("ha,...hk,ka->...a", R, net.W_h, R, optimize=True),
        np.einsum("ya,...yh,ha->...a", U, net.W_y, R, optimize=True),
    )
