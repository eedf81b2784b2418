"""The model and its assumptions: C01 to C05."""

import numpy as np
import sympy as sp

from lrnn import modes, network, paper, symbolic, tasks

from .claim import bases, below, claim, evidence


def response_sum(net, x):
    """The closed form of the output: W_y times the sum of W_h**(T-i) W_x x_i."""
    T, powers = x.shape[1], np.linalg.matrix_power
    h = sum(x[:, i - 1] @ net.W_x.T @ powers(net.W_h, T - i).T for i in range(1, T + 1))
    return h @ net.W_y.T


@claim(
    "C01", "model", "holds", "01-model", "The hidden state is a sum: each input, carried on by powers of W_h."
)
def c01(closed_form=response_sum):
    rng, difference = np.random.default_rng(0), 0.0
    for _ in range(5):
        net = network.LinearRNN(rng.normal(size=(4, 3)), rng.normal(size=(4, 4)) / 2, rng.normal(size=(2, 4)))
        x = rng.normal(size=(6, 7, 3))
        difference = max(difference, np.abs(net.predict(x) - closed_form(net, x)).max())
    terms = symbolic.unrolled_state(5)
    inputs = sp.symbols("x_1:6", commutative=False)
    rest = terms - sum(symbolic.W_h ** (5 - i) * symbolic.W_x * x for i, x in enumerate(inputs, 1))
    rest = sp.expand(rest)
    return evidence(
        (difference, 0 if rest == 0 else 1),
        (0, 0),
        1e-11,
        f"Recursion minus sum: {below(difference, 1e-11)} on five random networks, exactly {rest} in "
        f"SymPy at five steps.",
    )


@claim(
    "C02",
    "model",
    "corrected",
    "01-model",
    "Gradient descent on the loss printed without the factor 1/2 follows the mode equations with tau = 1/LR.",
)
def c02(loss=paper.printed_loss):
    rng, h = np.random.default_rng(1), 1e-5
    U, V, R = bases(rng)
    s, mode = rng.uniform(0.2, 1, (3, 5)), rng.uniform(0.3, 0.9, (3, 3))
    data = tasks.sample_trajectories(s, U, V, n_trajectories=30, rng=rng)

    def slope(which):
        moved = np.zeros((3, 3))
        moved[which, 0] = h
        ends = [
            loss(network.aligned_network(*(mode + sign * moved), U, V, R), data.x, data.y) for sign in (1, -1)
        ]
        return (ends[1] - ends[0]) / (2 * h)

    ratios = [slope(k) / v[0] for k, v in enumerate(modes.velocity(*mode, s))]
    return evidence(
        ratios,
        (2, 2, 2),
        1e-6,
        "Minus its gradient over the mode flow: "
        + ", ".join(f"{r:.6f}" for r in ratios)
        + " for a, b, c; so tau = 1/(2 LR), or the loss takes a 1/2.",
    )


def lost_constant(y, moments):
    return np.sum(y**2) - np.sum(moments.yx**2)


@claim(
    "C03",
    "model",
    "holds",
    "01-model",
    "The loss falls apart into one energy per mode (where Sigma_i = U S_i V' holds exactly, and up to a "
    "constant).",
)
def c03(constant=lost_constant):
    rng = np.random.default_rng(2)
    U, V, R = bases(rng)
    s, mode = rng.uniform(-1, 1, (3, 5)), rng.uniform(-0.9, 0.9, (3, 3))
    data = tasks.sample_trajectories(s, U, V, n_trajectories=40, rng=rng)
    # A part of the targets that no linear function of the inputs can give.
    x, noise = data.x.reshape(40, -1), rng.normal(size=data.y.shape) / 5
    y = data.y + noise - x @ (x.T @ noise)
    net = network.aligned_network(*mode, U, V, R)
    rest = paper.printed_loss(net, data.x, y) - 2 * modes.energy(*mode, s).sum()
    expected = constant(y, tasks.moments(data.x, y))
    return evidence(
        rest,
        expected,
        1e-10,
        f"Printed loss minus twice the energies: {rest:.6f}; sum |y|^2 minus sum |Sigma_i|^2: "
        f"{expected:.6f}.",
    )


def white(P, T, N_x, rng):
    return tasks.sample_trajectories(np.ones((1, T)), np.eye(1), np.eye(N_x, 1), n_trajectories=P, rng=rng).x


@claim(
    "C04",
    "assumption 1",
    "holds under a condition",
    "01-model",
    "Inputs are uncorrelated and whitened (across time steps too, which takes P >= T N_x trajectories).",
)
def c04(inputs=white):
    rng, T, N_x = np.random.default_rng(3), 6, 3
    U, V, R = bases(rng, n_modes=2, N_x=N_x)
    s, mode = rng.uniform(0.2, 1, (2, T)), rng.uniform(0.3, 0.9, (3, 2))
    net = network.aligned_network(*mode, U, V, R)

    def off(x):
        y = np.einsum("pti,ia,at,oa->po", x, V, s, U)
        minus = network.network_modes(network.gradient(net, tasks.moments(x, y)), U, V, R)
        return max(np.abs(m + v).max() for m, v in zip(minus, modes.velocity(*mode, s)))

    # Inputs that are white at each step, and remember the step before.
    x = white(40, 2 * T, N_x, rng)
    remembering = np.sqrt(0.5) * (x[:, :T] + x[:, 1 : T + 1])
    few = rng.standard_normal((T * N_x - 1, T * N_x))
    smallest = np.linalg.eigvalsh(few.T @ few)[0]
    across, without = off(inputs(40, T, N_x, rng)), off(remembering)
    return evidence(
        (across, without > 0.1, smallest),
        (0, 1, 0),
        (1e-12, 0, 1e-10),
        f"White across steps: network and mode flow agree, difference {below(across, 1e-12)}. White at each "
        f"step only: {without:.2f} apart. With P = T N_x - 1 the covariance has an eigenvalue "
        f"{below(smallest, 1e-10)}, not 1.",
    )


def two_bases(a, b, c, U, V, R):
    """A network whose W_h has the hidden basis R on its left and another one on its right."""
    other = R @ np.linalg.qr(np.random.default_rng(9).standard_normal((R.shape[1],) * 2))[0]
    net = network.aligned_network(a, b, c, U, V, R)
    return network.LinearRNN(net.W_x, (R * b) @ other.T, net.W_y)


@claim(
    "C05",
    "assumption 3",
    "ambiguous",
    "02-decoupling",
    "Weights that some set of orthogonal matrices and the bases of the data make diagonal fall apart into "
    "modes (with one hidden basis on both sides of W_h; not with two).",
)
def c05(start=network.aligned_network):
    rng = np.random.default_rng(4)
    U, V, R = bases(rng)
    s = rng.uniform(-1, 1, (3, 5))
    mode = rng.normal(size=3) / 2, np.array([0.6, -0.4, 0.2]), rng.normal(size=3) / 2
    off = []
    for first in (start, two_bases):
        net = first(*mode, U, V, R)
        end = network.train(net, tasks.task_moments(s, U, V), learning_rate=0.05, steps=100).network()
        found = network.network_modes(end, U, V, R)
        flow = modes.flow(*network.network_modes(net, U, V, R), s, [5.0])
        diagonal = network.aligned_network(*found, U, V, R)
        off.append(max(np.abs(getattr(end, w) - getattr(diagonal, w)).max() for w in ("W_x", "W_h", "W_y")))
        off.append(np.abs(found[0] * found[2] - flow.u[0]).max())
    return evidence(
        (off[0], off[1], off[2] > 0.1, off[3] > 0.1),
        (0, 0, 1, 1),
        (1e-11, 0.05, 0, 0),
        "One basis: after 100 steps with signed modes what is off the diagonal is "
        f"{below(off[0], 1e-11)}, and ac is {off[1]:.3f} from the mode equations (the size of the step). "
        f"Two bases: {off[2]:.2f} and {off[3]:.2f}.",
    )
