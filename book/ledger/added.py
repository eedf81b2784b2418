"""What the book adds on networks as people start them: results beside computations that could refute them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from lrnn import exact, modes, network, realization, staircase, tasks

from .claim import below, evidence

KINDS = ("theorem", "law", "scan")


@dataclass(frozen=True)
class Result:
    """One statement of the book.

    Attributes
    ----------
    id : str
        "N1a" and so on, by chapter.
    kind : str
        "theorem", proved in its chapter; "law", to leading order; or "scan", numbers over a stated range.
    statement : str
        With its conditions.
    chapter : str
        The notebook under book/ that derives it.
    check : callable
        Computes the `Evidence` anew; its one optional argument replaces the quantity under test.
    """

    id: str
    kind: str
    statement: str
    chapter: str
    check: Callable


entered = []


def result(id, kind, chapter, statement):
    """Enter the check below into the table."""

    def register(check):
        entered.append(Result(id, kind, statement, chapter, check))
        return check

    return register


LAGS = np.arange(12)
ROTATION = (0.9**LAGS * np.cos(0.6 * LAGS))[::-1]


def seen(s):
    return tasks.task_moments(np.reshape(s, (1, -1)), np.eye(1), np.eye(1))


def weights(net):
    return net.W_x, net.W_h, net.W_y


def random_net(rng, n, size=1.0):
    return network.LinearRNN(*(size * rng.normal(size=shape) for shape in ((n, 1), (n, n), (1, n))))


@result(
    "N1a",
    "theorem",
    "14-why-networks-align",
    "Gradient flow conserves W_x W_x' + W_h W_h' - W_h' W_h - W_y' W_y, for any data; a step of gradient "
    "descent adds eta^2 times the same expression in the gradients.",
)
def n1a(conserved=network.conserved):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 6, 2)), rng.normal(size=(40, 3))
    data = tasks.moments(x, y)
    net = network.LinearRNN(*(rng.normal(size=n) / 2 for n in ((4, 2), (4, 4), (3, 4))))
    slope, eta = network.gradient(net, data), 1e-2
    moved = network.LinearRNN(*(w - eta * g for w, g in zip(weights(net), weights(slope))))
    rest = conserved(moved) - conserved(net) - eta**2 * network.conserved(slope)
    largest = np.abs(rest).max() / np.abs(eta**2 * network.conserved(slope)).max()
    return evidence(
        largest, 0, 1e-9,
        "One step on correlated data, eta = .01: what is left beside the term in eta^2 is "
        f"{below(largest, 1e-9)} of it.",
    )  # fmt: skip


@result(
    "N1b",
    "theorem",
    "14-why-networks-align",
    "For the paper's tasks, Sigma_i = U diag(g rho^(T-i)) V' with g > 0, the network of least norm with "
    "these answers at all lags is the aligned balanced one, of squared norm sum(2 g + rho^2).",
)
def n1b(least=realization.least_norm):
    rng = np.random.default_rng(2)
    U, V = (np.linalg.qr(rng.normal(size=(n, 2)))[0] for n in (3, 4))
    g, rho = np.array([0.7, 1.2]), np.array([0.9, 0.4])
    aligned = network.aligned_network(np.sqrt(g), rho, np.sqrt(g), U, V)
    G = rng.normal(size=(2, 2))
    net = network.LinearRNN(
        G @ aligned.W_x, G @ aligned.W_h @ np.linalg.inv(G), aligned.W_y @ np.linalg.inv(G)
    )
    size = sum(np.sum(w**2) for w in weights(least(net)))
    return evidence(
        size, np.sum(2 * g + rho**2), 1e-9,
        f"From a random basis, of squared norm {sum(np.sum(w**2) for w in weights(net)):.2f}: {size:.6f}, "
        f"and sum(2 g + rho^2) = {np.sum(2 * g + rho**2):.6f}.",
    )  # fmt: skip


@result(
    "N1c",
    "law",
    "14-why-networks-align",
    "A small start ends in the network of least norm of its own function (where the weights converge and the "
    "active units are minimal): the excess falls with the start, like its fourth power without spare units.",
)
def n1c(power=4):
    rng, excess = np.random.default_rng(3), []
    start = random_net(rng, 2)
    for size in (0.1, 0.05):
        small = network.LinearRNN(*(size * w for w in weights(start)))
        end = network.train(
            small, seen(ROTATION), learning_rate=0.01, steps=30_000, record_every=30_000
        ).network()
        excess.append(
            sum(
                np.sum(v**2) - np.sum(w**2)
                for v, w in zip(weights(end), weights(realization.least_norm(end)))
            )
        )
    found = np.log2(excess[0] / excess[1])
    return evidence(
        found, power, 0.5,
        f"A rotation, two units: halving the start divides the excess by 2^({found:.1f}).",
    )  # fmt: skip


@result(
    "N2a",
    "theorem",
    "15-how-many-units",
    "One input, one output: the least number of units with E = 0 is the linear complexity L; with the rank r "
    "of the most square Hankel matrix, L = r or L = T + 1 - r.",
)
def n2a(complexity=realization.linear_complexity):
    wrong = counted = 0
    for s in product((-1.0, 0.0, 1.0), repeat=6):
        if any(s):
            counted += 1
            wrong += complexity(s) not in (realization.hankel_rank(s), 7 - realization.hankel_rank(s))
    return evidence(wrong, 0, 0, f"All {counted} ternary sequences of length 6: {wrong} exceptions.")


@result(
    "N2b",
    "theorem",
    "15-how-many-units",
    "One input, one output: no network of n units has less energy than the singular values of the Hankel "
    "matrices say.",
)
def n2b(bound=realization.energy_bound):
    rng, least = np.random.default_rng(4), np.inf
    for _ in range(10):
        s = rng.normal(size=7)
        least = min(least, *(realization.best_energy(s, n, starts=8) - bound(s, n) for n in range(4)))
    return evidence(
        least > -1e-9, 1, 0,
        f"Ten random tasks, T = 7, n = 0 to 3: the best energy lies {max(least, 0):.3f} or more above the "
        "bound.",
    )  # fmt: skip


@result(
    "N2c",
    "law",
    "15-how-many-units",
    "One unit that runs away while it is to recall the first click alone has b = (4t)^(1/4) and "
    "E = 1/(4 sqrt t) in the long run.",
)
def n2c(law=lambda t: (4 * t) ** 0.25):

    s = np.eye(6)[0]
    end = modes.flow(0.3, 0.5, 0.3, s, [1e6, 1e8])
    ratio = end.b / law(end.t)
    return evidence(
        ratio[1],
        1,
        0.01,
        f"T = 6: b over the law is {ratio[0]:.4f} at t = 1e6 and {ratio[1]:.4f} at t = 1e8.",
    )


@result(
    "N3a",
    "theorem",
    "16-staircase",
    "On a plateau the residual polynomial has a double zero at each pole of the network (distinct poles, "
    "units that are reached and seen).",
)
def n3a(polynomial=staircase.residual_polynomial):
    net = staircase.plateaus(ROTATION, 1)[1].net
    R = np.polynomial.Polynomial(polynomial(net, ROTATION))
    pole = net.W_h[0, 0]
    return evidence(
        (R(pole), R.deriv()(pole)), (0, 0), 1e-7,
        f"Rotation .9^k cos .6k, T = 12, one unit at b = {pole:.4f}: R {below(R(pole), 1e-7)}, R' "
        f"{below(R.deriv()(pole), 1e-7)}.",
    )  # fmt: skip


@result(
    "N3b",
    "theorem",
    "16-staircase",
    "A spare unit leaves a plateau at the rate |R(beta)| (1 + |(beta - W_h)^-1 W_x|^2)^(1/2) "
    "(1 + |W_y (beta - W_h)^-1|^2)^(1/2).",
)
def n3b(rate=staircase.escape_rate):
    net, h = staircase.plateaus(ROTATION, 1)[1].net, 1e-5
    wide = [np.zeros(shape) for shape in ((2, 1), (2, 2), (1, 2))]
    wide[0][0], wide[1][0, 0], wide[2][:, 0] = net.W_x[0], net.W_h[0, 0], net.W_y[:, 0]
    flat = np.concatenate([w.ravel() for w in wide])

    def slope(w):
        found = network.gradient(
            network.LinearRNN(w[:2, None], w[2:6].reshape(2, 2), w[None, 6:]), seen(ROTATION)
        )
        return np.concatenate([g.ravel() for g in weights(found)])

    H = np.array([slope(flat + h * e) - slope(flat - h * e) for e in np.eye(8)]) / (2 * h)
    fastest = -np.linalg.eigvalsh((H + H.T) / 2)[0]
    return evidence(
        rate(net, ROTATION), fastest, 1e-5,
        f"At the same plateau: {rate(net, ROTATION):.5f}, and {fastest:.5f} from the Hessian of the whole "
        "network.",
    )  # fmt: skip


@result(
    "N3c",
    "theorem",
    "16-staircase",
    "With 2 N_h >= T every local minimum has E = 0, for one input and one output; valleys at infinity "
    "are not excluded.",
)
def n3c(N_h=3):
    rng, stuck = np.random.default_rng(6), 0
    for _ in range(12):
        run = network.train(
            random_net(rng, N_h, 0.5), seen([1.0, 0.3, -0.6, 0.8, -0.9]), learning_rate=0.02, steps=6000,
            record_every=1000,
        )  # fmt: skip
        still = run.loss[-1] > 1e-3 and abs(run.loss[-1] / run.loss[-2] - 1) < 1e-6
        stuck += still
    return evidence(
        stuck, 0, 0, f"T = 5, {N_h} units, twelve random starts: {stuck} come to rest above E = 0."
    )


@result(
    "N4a",
    "theorem",
    "17-rotations",
    "A complex mode with b frozen moves on a straight line in the plane of u, and its closed form "
    "contains the real one.",
)
def n4a(formula=exact.ac_exact):
    rng = np.random.default_rng(7)
    a, c, beta_s = rng.normal(size=3) + 1j * rng.normal(size=3)
    t, beta_b, steps = np.linspace(0.25, 2, 8), 1.7, 4000
    predicted, off = formula(t, a, c, beta_s, beta_b), 0.0
    h = 0.25 / steps
    for u in predicted:
        for _ in range(steps):  # the midpoint rule
            gamma = beta_s - a * c * beta_b
            a_half, c_half = a + h / 2 * np.conj(c) * gamma, c + h / 2 * np.conj(a) * gamma
            gamma = beta_s - a_half * c_half * beta_b
            a, c = a + h * np.conj(c_half) * gamma, c + h * np.conj(a_half) * gamma
        off = max(off, abs(a * c - u))
    return evidence(off, 0, 1e-6, f"Against 32 000 steps of the midpoint rule: {below(off, 1e-6)}.")


@result(
    "N4b",
    "theorem",
    "17-rotations",
    "A rotation Re(g z^k), g not 0, z not real, T >= 4, needs two units with a free W_h and T - 1 with a "
    "symmetric one: sum_k binom(T-1, k) s_(T-k) x^k has T - 1 distinct real zeros, infinity counted.",
)
def n4b(symmetric_units=lambda T: T - 1):
    from math import comb

    counts = []
    for T in (5, 6, 8):
        s = 0.9 ** np.arange(T) * np.cos(0.6 * np.arange(T))
        roots = np.polynomial.Polynomial([comb(T - 1, k) * s[k] for k in range(T)]).roots()
        counts.append(int(np.sum(np.abs(roots.imag) < 1e-6)))
    return evidence(
        counts, [symmetric_units(T) for T in (5, 6, 8)], 0,
        f"Real zeros at T = 5, 6, 8: {counts}.",
    )  # fmt: skip


@result(
    "N4c",
    "theorem",
    "17-rotations",
    "With W_y = W_x' and W_h symmetric, all charges plus, a network can only learn what has a Hankel "
    "matrix without negative eigenvalues, up to closure.",
)
def n4c(s=(0.9**LAGS - 0.8 * 0.3**LAGS)[::-1]):
    negative = int(np.sum(np.linalg.eigvalsh(realization.hankel(s[1:])) < -1e-9))
    rng = np.random.default_rng(8)
    x, W = 0.3 * rng.normal(size=(3, 1)), 0.3 * rng.normal(size=(3, 3))
    run = network.train(
        network.LinearRNN(x, (W + W.T) / 2, x.T), seen(s), learning_rate=0.02, steps=4000, record_every=4000
    )
    left = run.loss[-1] / run.loss[0]
    return evidence(
        (negative, left > 1e-3), (1, 1), 0,
        f"s_(T-k) = .9^k - .8 (.3)^k has {negative} negative eigenvalue; a symmetric start with three units "
        f"keeps {100 * left:.0f} % of its loss.",
    )  # fmt: skip


ADDED = tuple(entered)
