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
    W_x : ndarray, shape (..., N_h, N_x)
        Input weights. Leading axes, the same for all three, make an ensemble of networks.
    W_h : ndarray, shape (..., N_h, N_h)
        Recurrent weights.
    W_y : ndarray, shape (..., N_y, N_h)
        Output weights.
    """

    W_x: np.ndarray
    W_h: np.ndarray
    W_y: np.ndarray

    def __post_init__(self):
        for name, axes in (("W_x", "(N_h, N_x)"), ("W_h", "(N_h, N_h)"), ("W_y", "(N_y, N_h)")):
            given = _check.array(name, getattr(self, name))
            if given.ndim < 2:
                raise ValueError(
                    f"{name} must have shape {axes}, or leading axes before it, got {given.shape}"
                )
            object.__setattr__(self, name, given)
        *lead, _, N_h = self.W_h.shape
        if 0 in lead:
            raise ValueError(f"W_h must hold one network at least, got shape {self.W_h.shape}")
        if N_h == 0 or self.W_h.shape[-2] != N_h:
            raise ValueError(f"W_h must have shape (N_h, N_h) with N_h >= 1, got {self.W_h.shape}")
        if self.W_x.shape[-2] != N_h or self.W_x.shape[-1] == 0:
            raise ValueError(f"W_x must have shape (N_h, N_x) with N_h = {N_h}, got {self.W_x.shape}")
        if self.W_y.shape[-1] != N_h or self.W_y.shape[-2] == 0:
            raise ValueError(f"W_y must have shape (N_y, N_h) with N_h = {N_h}, got {self.W_y.shape}")
        for name in ("W_x", "W_y"):
            if list(getattr(self, name).shape[:-2]) != lead:
                raise ValueError(
                    f"{name} must have the leading axes {tuple(lead)} of W_h, got {getattr(self, name).shape}"
                )

    def impulse_response(self, T):
        r"""What the network does to an input at each time step, :math:`M_i = W_y W_h^{T-i} W_x`.

        Parameters
        ----------
        T : int
            Trajectory length in time steps, at least 1.

        Returns
        -------
        ndarray, shape (..., T, N_y, N_x)
            In the order of the time steps: the last entry is :math:`W_y W_x`.

        Raises
        ------
        ValueError
            If `T` is not a positive integer, or a power of `W_h` exceeds float64.
        """
        T = _check.integer("T", T)
        with np.errstate(over="ignore", invalid="ignore"):
            response, K = [], self.W_x
            for _ in range(T):
                response.append(self.W_y @ K)
                K = self.W_h @ K
        result = np.stack(response[::-1], axis=-3)
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
        ndarray, shape (..., P, N_y)
            :math:`\hat y_p = W_y h_{T+1}`.

        Raises
        ------
        ValueError
            If `x` does not fit `W_x`, is not finite, or a state exceeds float64.
        """
        x = _check.array("x", x, 3, "(P, T, N_x)")
        if x.shape[2] != self.W_x.shape[-1] or x.shape[1] == 0:
            raise ValueError(f"x must have shape (P, T, {self.W_x.shape[-1]}) with T >= 1, got {x.shape}")
        W_x, W_h, W_y = (w.swapaxes(-1, -2) for w in (self.W_x, self.W_h, self.W_y))
        h = np.zeros((*self.W_h.shape[:-2], len(x), self.W_h.shape[-1]))
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(x.shape[1]):
                h = h @ W_h + x[:, t] @ W_x
            result = h @ W_y
        _check.representable("the hidden state", f"W_h is too large at T = {x.shape[1]}", result)
        return result


def _descent(moments, shape):
    r"""A function of (W_x, W_h, W_y) that gives loss, dW_x, dW_h, dW_y, in memory of its own.

    `shape` is that of W_h, with leading axes for an ensemble. With V = [W_y; W_h] the impulse responses obey
    K_j' V' = [M_j' | K_{j+1}'] and the adjoints [R_j' | lambda_{j+1}'] V = lambda_j', so that each lag is one
    product either way, and the gradient in V is one product over all lags. The results are overwritten by
    the next call.
    """
    T, N_y, N_x = moments.yx.shape
    *lead, N_h, _ = shape
    V, dV = np.empty((2, *lead, N_y + N_h, N_h))
    K, G = np.empty((2, *lead, T, N_x, N_y + N_h))  # rows [M_j' | K_{j+1}'] and [R_j' | lambda_{j+1}']
    adjoint = np.empty((*lead, N_x, N_h))
    M, R, ahead = K[..., :N_y], G[..., :N_y], K[..., N_y:]
    # All lags but the first, as one matrix: its rows are those of K_1', K_2', ...
    later_K = K[..., :-1, :, :].reshape(*lead, (T - 1) * N_x, N_y + N_h)[..., N_y:]
    later_G = G[..., 1:, :, :].reshape(*lead, (T - 1) * N_x, N_y + N_h)
    yx = np.ascontiguousarray(moments.yx[::-1].transpose(0, 2, 1))
    # Bessel: what inputs cannot explain of the targets is never negative, save for rounding.
    unexplained = max(moments.yy - np.vdot(yx, yx), 0.0)
    if moments.xx is not None:
        xx = np.ascontiguousarray(moments.xx[::-1, :, ::-1]).reshape(T * N_x, T * N_x)
        # All networks side by side, as columns of one matrix.
        columns, answers = np.empty((2, T, N_x, *lead, N_y))
        M_in_columns, answers_in_order = (
            np.moveaxis(M, (-3, -2), (0, 1)),
            np.moveaxis(answers, (0, 1), (-3, -2)),
        )
        stacked, predicted = (v.reshape(T * N_x, -1) for v in (columns, answers))
        # BLAS repacks the operands of a product of more than 10**6 multiplications, which for a factor as
        # narrow as this one takes as long as the product.
        rows = 10**6 // stacked.size
        if rows < 8:
            rows = T * N_x
        slabs = [(xx[n : n + rows], predicted[n : n + rows]) for n in range(0, T * N_x, rows)]

    product = np.matmul if lead else np.dot  # the same for one network, and quicker to call

    def evaluate(W_x, W_h, W_y):
        V[..., :N_y, :], V[..., N_y:, :] = W_y, W_h
        rising = V.swapaxes(-1, -2)
        K_j = W_x.swapaxes(-1, -2)
        for j in range(T):
            product(K_j, rising, out=K[..., j, :, :])
            K_j = ahead[..., j, :, :]
        if moments.xx is None:
            np.subtract(yx, M, out=R)
            loss = (unexplained + np.einsum("...txy,...txy->...", R, R)) / 2  # accurate down to zero
        else:
            np.copyto(columns, M_in_columns)
            for slab, out in slabs:
                np.dot(slab, stacked, out=out)
            np.subtract(yx, answers_in_order, out=R)
            explained = np.einsum("txy,...txy->...", yx, M) + np.einsum("...txy,...txy->...", R, M)
            loss = np.maximum(moments.yy - explained, 0.0) / 2  # rounding may go below
        G[..., -1, :, N_y:] = 0.0
        for j in range(T - 1, -1, -1):
            product(G[..., j, :, :], V, out=adjoint)
            if j:
                G[..., j - 1, :, N_y:] = adjoint
        product(G[..., 0, :, :].swapaxes(-1, -2), W_x.swapaxes(-1, -2), out=dV)
        if T > 1:
            np.add(dV, later_G.swapaxes(-1, -2) @ later_K, out=dV)
        np.negative(dV, out=dV)
        return loss, -adjoint.swapaxes(-1, -2), dV[..., N_y:, :], dV[..., :N_y, :]

    return evaluate


def _fits(net, moments):
    if not isinstance(net, LinearRNN):
        raise ValueError(f"net must be a LinearRNN, got {type(net).__name__}")
    if not isinstance(moments, Moments):
        raise ValueError(f"moments must be Moments, as moments(x, y) returns, got {type(moments).__name__}")
    N_y, N_x = moments.yx.shape[1:]
    if net.W_x.shape[-1] != N_x or net.W_y.shape[-2] != N_y:
        raise ValueError(
            f"moments of N_x = {N_x} inputs and N_y = {N_y} outputs do not fit "
            f"W_x {net.W_x.shape} and W_y {net.W_y.shape}"
        )
    if moments.xx is None:
        if moments.yy < np.vdot(moments.yx, moments.yx) * (1 - 1e-9):
            raise ValueError("moments.yy must be at least the sum of yx**2 when the inputs are white")
    elif np.abs(moments.xx - moments.xx.transpose(2, 3, 0, 1)).max() > 1e-9 * np.abs(moments.xx).max():
        raise ValueError("moments.xx must be symmetric: xx[i, :, j] the transpose of xx[j, :, i]")


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
    float, or ndarray of the ensemble's leading shape

    Raises
    ------
    ValueError
        If shapes do not fit, or the loss exceeds float64.

    Notes
    -----
    With the factor 1/2, so that gradient descent with a learning rate follows the mode equations
    with tau = 1 / learning_rate; the paper prints it without (claim C02). It is never below zero. For
    correlated inputs the square cannot be completed: a loss below 1e-15 of ``moments.yy`` is rounding noise,
    and is zero where that noise is negative.
    """
    _fits(net, moments)
    with np.errstate(over="ignore", invalid="ignore"):
        value = _descent(moments, net.W_h.shape)(net.W_x, net.W_h, net.W_y)[0]
    _check.representable("the loss", f"the weights are too large at T = {len(moments.yx)}", value)
    return value if value.ndim else float(value)


def gradient(net, moments):
    r"""Gradient of :func:`loss` in the three matrices, by the adjoint recursion.

    With impulse responses :math:`K_j = W_h^j W_x` at lag j, residuals
    :math:`\Delta_j = \Sigma^{YX}_j - \sum_k W_y K_k \Sigma^{XX}_{kj}` and
    :math:`\lambda_j = W_y^\top \Delta_j + W_h^\top \lambda_{j+1}`,

    .. math::
        \nabla_{W_y} = -\sum_j \Delta_j K_j^\top, \quad
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
        parts = _descent(moments, net.W_h.shape)(net.W_x, net.W_h, net.W_y)[1:]
    _check.representable("the gradient", f"the weights are too large at T = {len(moments.yx)}", *parts)
    return LinearRNN(*parts)


@dataclass(frozen=True)
class History:
    """What a training run passed through; the record axis comes first.

    Attributes
    ----------
    step : ndarray of int, shape (K,)
        Numbers of the recorded steps, from 0.
    loss : ndarray, shape (K, ...)
        Loss at each, of each network of an ensemble; NaN from where one diverged.
    W_x, W_h, W_y : ndarray, shape (K, ...)
        Weights at each; those of a network that diverged stay as they last were.
    diverged : bool, or ndarray of bool for an ensemble
        Whether the run stopped because loss, gradient or weights left the range of float64. The
        records are those made before; an ensemble goes on until its last network has diverged.
    """

    step: np.ndarray
    loss: np.ndarray
    W_x: np.ndarray
    W_h: np.ndarray
    W_y: np.ndarray
    diverged: bool | np.ndarray

    def network(self, k=-1):
        """The network at record `k`, the last one unless told."""
        return LinearRNN(self.W_x[k], self.W_h[k], self.W_y[k])


def train(net, moments, *, learning_rate, steps, record_every=1, freeze=()):
    """Gradient descent on all three matrices.

    Parameters
    ----------
    net : LinearRNN
        Starting weights; those of an ensemble learn side by side, from the same data.
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
    freeze = [freeze] if isinstance(freeze, str) or not np.iterable(freeze) else list(freeze)
    if not all(name in names for name in freeze):
        raise ValueError(f"freeze must name matrices among {names}, got {freeze}")
    weights = {name: getattr(net, name).copy() for name in names}
    evaluate, lead = _descent(moments, net.W_h.shape), net.W_h.shape[:-2]
    alive, records = np.ones(lead, dtype=bool), []
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps + 1):
            value, *parts = evaluate(*weights.values())
            alive = alive & np.isfinite(value)
            for part in parts:
                alive = alive & np.isfinite(part).all(axis=(-1, -2))
            if not alive.any():
                break
            if step % record_every == 0:
                records.append((step, np.where(alive, value, np.nan), *(w.copy() for w in weights.values())))
            if step == steps:
                break
            moves = [(w, part) for (name, w), part in zip(weights.items(), parts) if name not in freeze]
            for w, part in moves:
                part *= -rate
                part += w
                alive = alive & np.isfinite(part).all(axis=(-1, -2))
            for w, part in moves:
                np.copyto(w, part, where=alive[..., None, None])
            if not alive.any():
                break
    if not records:
        raise ValueError("net must start with weights whose loss and gradient stay within float64")
    return History(*(np.array(column) for column in zip(*records)), ~alive if lead else not alive)


def _basis(U, V, R, N_h, n_modes):
    U, V = _check.orthonormal("U", U, columns=n_modes), _check.orthonormal("V", V, columns=n_modes)
    if R is None:
        if N_h < n_modes:
            raise ValueError(f"R is needed: {N_h} hidden units cannot hold {n_modes} modes")
        R = np.eye(N_h, n_modes)
    return U, V, _check.orthonormal("R", R, columns=n_modes, rows=N_h)


def conserved(net):
    r"""What gradient flow conserves, :math:`C = W_x W_x^\top + W_h W_h^\top - W_h^\top W_h - W_y^\top W_y`.

    Parameters
    ----------
    net : LinearRNN or History
        A network, an ensemble, or a whole training run.

    Returns
    -------
    ndarray, shape (..., N_h, N_h)
        Symmetric; for an aligned network the diagonal matrix of :math:`\kappa = a^2 - c^2`.

    Raises
    ------
    ValueError
        If `net` is neither, or an entry exceeds float64.

    Notes
    -----
    For any start with h_1 = 0, any data and any loss of the outputs: a move by X W_x, X W_h - W_h X, -W_y X
    for symmetric X changes the hidden basis and no output. One step of gradient descent with learning
    rate eta adds eta**2 times the same expression in the gradients.
    """
    if not isinstance(net, (LinearRNN, History)):
        raise ValueError(f"net must be a LinearRNN or a History, got {type(net).__name__}")
    W_x, W_h, W_y = net.W_x, net.W_h, net.W_y
    x_, h_, y_ = (w.swapaxes(-1, -2) for w in (W_x, W_h, W_y))
    with np.errstate(over="ignore", invalid="ignore"):
        C = W_x @ x_ + W_h @ h_ - h_ @ W_h - y_ @ W_y
    _check.representable("the conserved matrix", "the weights are too large", C)
    return C


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
