"""The ledger: each statement of the paper beside the computation that decides on it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import exact, landscape, modes, network, tasks
from ._printed import printed_ac, printed_flow, printed_large_T_energy, printed_loss, printed_velocity

VERDICTS = ("holds", "holds under a condition", "corrected", "refuted", "ambiguous")
# C27: what a reader has to choose who runs the paper's figures again, and what this book chose.
NOT_STATED = (
    "sizes of the networks of Figure 1, number and kind of trajectories, and the seed",
    "learning rate, hence the unit of time",
    "a(0) and c(0), without which Figure 1 has no time axis, and the b at which it is frozen",
    "the ratios beta_s : beta_b in Figure 1",
    "ranges, colour scale and resolution of Figure 2",
    "which of the two vector fields Figure 2 shows (C26), and with which equation for b (C07)",
    "initial values, number of steps and optimiser behind the predictions about learnability",
)


@dataclass(frozen=True)
class Evidence:
    """What a check found.

    Attributes
    ----------
    measured, expected : tuple of float
        Numbers that the code produced, and what they have to be if the verdict is right.
    tolerance : tuple of float
        The largest difference allowed for each.
    passed : bool
        Whether every difference is within its tolerance.
    summary : str
        The evidence in one line, with its numbers.
    """

    measured: tuple
    expected: tuple
    tolerance: tuple
    passed: bool
    summary: str


@dataclass(frozen=True)
class Claim:
    """One statement of the paper.

    Attributes
    ----------
    id : str
        "C01" to "C28"; C27 is :data:`NOT_STATED`.
    where : str
        Its place in the paper.
    statement : str
        What the paper says, in this book's words.
    verdict : str
        One of :data:`VERDICTS`.
    chapter : str
        The notebook under book/ whose verdict box and cells show it.
    check : callable
        Computes the :class:`Evidence` anew. Its one optional argument replaces the quantity under test,
        so that the check can be seen to fail on a wrong one.
    """

    id: str
    where: str
    statement: str
    verdict: str
    chapter: str
    check: Callable


_claims = []


def _claim(id, where, verdict, chapter, statement):
    def register(check):
        _claims.append(Claim(id, where, statement, verdict, chapter, check))
        return check

    return register


def _evidence(measured, expected, tolerance, summary):
    measured, expected = (tuple(float(v) for v in np.ravel(values)) for values in (measured, expected))
    tolerance = tuple(np.broadcast_to(np.asarray(tolerance, dtype=float), len(measured)).tolist())
    differences = np.abs(np.subtract(measured, expected))
    return Evidence(measured, expected, tolerance, bool((differences <= tolerance).all()), summary)


def _below(value, bound):
    """What the summary says of a difference that is rounding: the bound that holds, or how far it is off."""
    return f"below {bound:.0e}" if abs(value) <= bound else f"{value:.1e}, not below {bound:.0e}"


def _bases(rng, n_modes=3, N_x=4, N_h=5, N_y=4):
    """Orthonormal U, V and R."""
    return [np.linalg.qr(rng.standard_normal((n, n_modes)))[0] for n in (N_y, N_x, N_h)]


_TASKS = {
    "constant": lambda T: tasks.constant(0.7, T),
    "expanding": lambda T: tasks.expanding(0.7, T),
    "contracting": lambda T: tasks.contracting(0.9, T),
}


def _response_sum(net, x):
    """The closed form of the output: W_y times the sum of W_h**(T-i) W_x x_i."""
    T, powers = x.shape[1], np.linalg.matrix_power
    h = sum(x[:, i - 1] @ net.W_x.T @ powers(net.W_h, T - i).T for i in range(1, T + 1))
    return h @ net.W_y.T


@_claim(
    "C01", "model", "holds", "01-model", "The hidden state is a sum: each input, carried on by powers of W_h."
)
def _c01(closed_form=_response_sum):
    from . import symbolic  # only this check and C06 need SymPy

    rng, difference = np.random.default_rng(0), 0.0
    for _ in range(5):
        net = network.LinearRNN(rng.normal(size=(4, 3)), rng.normal(size=(4, 4)) / 2, rng.normal(size=(2, 4)))
        x = rng.normal(size=(6, 7, 3))
        difference = max(difference, np.abs(net.predict(x) - closed_form(net, x)).max())
    terms = symbolic.unrolled_state(5)
    inputs = symbolic.sp.symbols("x_1:6", commutative=False)
    rest = terms - sum(symbolic.W_h ** (5 - i) * symbolic.W_x * x for i, x in enumerate(inputs, 1))
    rest = symbolic.sp.expand(rest)
    return _evidence(
        (difference, 0 if rest == 0 else 1),
        (0, 0),
        1e-11,
        f"Recursion minus sum: {_below(difference, 1e-11)} on five random networks, exactly {rest} in "
        f"SymPy at five steps.",
    )


@_claim(
    "C02",
    "model",
    "corrected",
    "01-model",
    "Gradient descent on the loss printed without the factor 1/2 follows the mode equations with tau = 1/LR.",
)
def _c02(loss=printed_loss):
    rng, h = np.random.default_rng(1), 1e-5
    U, V, R = _bases(rng)
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
    return _evidence(
        ratios,
        (2, 2, 2),
        1e-6,
        "Minus its gradient over the mode flow: "
        + ", ".join(f"{r:.6f}" for r in ratios)
        + " for a, b, c; so tau = 1/(2 LR), or the loss takes a 1/2.",
    )


def _lost_constant(y, moments):
    return np.sum(y**2) - np.sum(moments.yx**2)


@_claim(
    "C03",
    "model",
    "holds",
    "01-model",
    "The loss falls apart into one energy per mode (where Sigma_i = U S_i V' holds exactly, and up to a "
    "constant).",
)
def _c03(constant=_lost_constant):
    rng = np.random.default_rng(2)
    U, V, R = _bases(rng)
    s, mode = rng.uniform(-1, 1, (3, 5)), rng.uniform(-0.9, 0.9, (3, 3))
    data = tasks.sample_trajectories(s, U, V, n_trajectories=40, rng=rng)
    # A part of the targets that no linear function of the inputs can give.
    x, noise = data.x.reshape(40, -1), rng.normal(size=data.y.shape) / 5
    y = data.y + noise - x @ (x.T @ noise)
    net = network.aligned_network(*mode, U, V, R)
    rest = printed_loss(net, data.x, y) - 2 * modes.energy(*mode, s).sum()
    expected = constant(y, tasks.moments(data.x, y))
    return _evidence(
        rest,
        expected,
        1e-10,
        f"Printed loss minus twice the energies: {rest:.6f}; sum |y|^2 minus sum |Sigma_i|^2: "
        f"{expected:.6f}.",
    )


def _white(P, T, N_x, rng):
    return tasks.sample_trajectories(np.ones((1, T)), np.eye(1), np.eye(N_x, 1), n_trajectories=P, rng=rng).x


@_claim(
    "C04",
    "assumption 1",
    "holds under a condition",
    "01-model",
    "Inputs are uncorrelated and whitened (across time steps too, which takes P >= T N_x trajectories).",
)
def _c04(inputs=_white):
    rng, T, N_x = np.random.default_rng(3), 6, 3
    U, V, R = _bases(rng, n_modes=2, N_x=N_x)
    s, mode = rng.uniform(0.2, 1, (2, T)), rng.uniform(0.3, 0.9, (3, 2))
    net = network.aligned_network(*mode, U, V, R)

    def off(x):
        y = np.einsum("pti,ia,at,oa->po", x, V, s, U)
        minus = network.network_modes(network.gradient(net, tasks.moments(x, y)), U, V, R)
        return max(np.abs(m + v).max() for m, v in zip(minus, modes.velocity(*mode, s)))

    # Inputs that are white at each step, and remember the step before.
    x = _white(40, 2 * T, N_x, rng)
    remembering = np.sqrt(0.5) * (x[:, :T] + x[:, 1 : T + 1])
    few = rng.standard_normal((T * N_x - 1, T * N_x))
    smallest = np.linalg.eigvalsh(few.T @ few)[0]
    white, without = off(inputs(40, T, N_x, rng)), off(remembering)
    return _evidence(
        (white, without > 0.1, smallest),
        (0, 1, 0),
        (1e-12, 0, 1e-10),
        f"White across steps: network and mode flow agree, difference {_below(white, 1e-12)}. White at each "
        f"step only: {without:.2f} apart. With P = T N_x - 1 the covariance has an eigenvalue "
        f"{_below(smallest, 1e-10)}, not 1.",
    )


def _two_bases(a, b, c, U, V, R):
    """A network whose W_h has the hidden basis R on its left and another one on its right."""
    other = R @ np.linalg.qr(np.random.default_rng(9).standard_normal((R.shape[1],) * 2))[0]
    net = network.aligned_network(a, b, c, U, V, R)
    return network.LinearRNN(net.W_x, (R * b) @ other.T, net.W_y)


@_claim(
    "C05",
    "assumption 3",
    "ambiguous",
    "02-decoupling",
    "Weights that some set of orthogonal matrices and the bases of the data make diagonal fall apart into "
    "modes (with one hidden basis on both sides of W_h; not with two).",
)
def _c05(start=network.aligned_network):
    rng = np.random.default_rng(4)
    U, V, R = _bases(rng)
    s = rng.uniform(-1, 1, (3, 5))
    mode = rng.normal(size=3) / 2, np.array([0.6, -0.4, 0.2]), rng.normal(size=3) / 2
    off = []
    for first in (start, _two_bases):
        net = first(*mode, U, V, R)
        end = network.train(net, tasks.task_moments(s, U, V), learning_rate=0.05, steps=100).network()
        found = network.network_modes(end, U, V, R)
        flow = modes.flow(*network.network_modes(net, U, V, R), s, [5.0])
        diagonal = network.aligned_network(*found, U, V, R)
        off.append(max(np.abs(getattr(end, w) - getattr(diagonal, w)).max() for w in ("W_x", "W_h", "W_y")))
        off.append(np.abs(found[0] * found[2] - flow.u[0]).max())
    return _evidence(
        (off[0], off[1], off[2] > 0.1, off[3] > 0.1),
        (0, 0, 1, 1),
        (1e-11, 0.05, 0, 0),
        "One basis: after 100 steps with signed modes what is off the diagonal is "
        f"{_below(off[0], 1e-11)}, and ac is {off[1]:.3f} from the mode equations (the size of the step). "
        f"Two bases: {off[2]:.2f} and {off[3]:.2f}.",
    )


def _numerical_slopes(mode, s, h=1e-5):
    """Minus the gradient of the energy in a, b, c by central differences."""
    steps = h * np.eye(3)
    return [(modes.energy(*(mode - d), s) - modes.energy(*(mode + d), s)) / (2 * h) for d in steps]


@_claim(
    "C06", "equations for a and c", "holds", "02-decoupling", "The printed equations for da/dt and dc/dt."
)
def _c06(velocity=printed_velocity):
    from . import symbolic

    rng, off = np.random.default_rng(5), 0.0
    for T in (1, 2, 7):
        mode, s = rng.uniform(0.3, 1.2, 3), rng.normal(size=T)
        da, _, dc = velocity(*mode, s)
        slopes = _numerical_slopes(mode, s)
        off = max(off, abs(da - slopes[0]), abs(dc - slopes[2]))
    a, b, c = symbolic.a, symbolic.b, symbolic.c
    residuals = [(4 - i, s - c * b ** (4 - i) * a) for i, s in enumerate(symbolic.singular_values(4), 1)]
    derived = symbolic.mode_equations(4)
    rest = [
        symbolic.sp.expand(derived[a] - sum(c * b**k * r for k, r in residuals)),
        symbolic.sp.expand(derived[c] - sum(a * b**k * r for k, r in residuals)),
    ]
    return _evidence(
        (off, *(0 if r == 0 else 1 for r in rest)),
        (0, 0, 0),
        1e-8,
        f"Against differences of the energy: {_below(off, 1e-8)}; derived from the matrices in SymPy: "
        f"{rest[0]} and {rest[1]}.",
    )


@_claim(
    "C07",
    "equation for b",
    "corrected",
    "02-decoupling",
    "The printed equation for db/dt (it lacks the factor T - i, and is not a gradient).",
)
def _c07(velocity=printed_velocity):
    (a, b, c), s, h = (0.6, 0.7, 0.8), np.array([0.4, 0.9, 0.3, 0.7, 0.5]), 1e-5
    beta_s, beta_b = modes.beta_s(b, s), modes.beta_b(b, 5)
    da_up, da_down = velocity(a, b + h, c, s)[0], velocity(a, b - h, c, s)[0]
    db_up, db_down = velocity(a + h, b, c, s)[1], velocity(a - h, b, c, s)[1]
    curl = (da_up - da_down - db_up + db_down) / (2 * h)
    identity = velocity(a, b, c, s)[1] - a * c / b * (beta_s - a * c * beta_b)
    resting = np.abs(velocity(beta_s / beta_b / c, b, c, s)).max()
    slope = _numerical_slopes(np.array((a, b, c)), s)[1]
    corrected = modes.velocity(a, b, c, s)[1] - slope
    gap = velocity(a, b, c, s)[1] - slope
    da, db, _ = velocity(a, b, c, s)
    beyond = (modes.beta_s(b + h, s) - modes.beta_s(b - h, s)) / (2 * h)
    beyond_b = (modes.beta_b(b + h, 5) - modes.beta_b(b - h, 5)) / (2 * h)
    expected = c * (beyond - a * c * beyond_b - (beta_s - 2 * a * c * beta_b) / b)
    return _evidence(
        (identity, resting, a * da - b * db, corrected, curl),
        (0, 0, 0, 0, expected),
        (1e-12, 1e-12, 1e-12, 1e-8, 1e-7),
        f"At (.6, .7, .8) it is {abs(gap):.3f} off the energy's slope (with T - i: "
        f"{_below(corrected, 1e-8)}) and has curl "
        f"{curl:.3f}. It equals (u/b)(beta_s - u beta_b), rests all along u = beta_s/beta_b, and "
        f"keeps a^2 - b^2.",
    )


@_claim(
    "C08",
    "gradients",
    "holds under a condition",
    "02-decoupling",
    "Gradients vanish for abs(b) < 1 and explode for abs(b) > 1 as T grows (term by term; for abs(b) < 1 "
    "the data's part of their sum is as small as the late s_i).",
)
def _c08(velocity=modes.velocity):
    b, u, s, T = 0.9, 0.5, 0.7, 600
    total = velocity(u, b, 1.0, tasks.constant(s, T))[1]
    limit = u * s / (1 - b) ** 2 - u**2 * b / (1 - b**2) ** 2
    oldest = (T - 1) * u * b ** (T - 2) * s
    outside = (T - 1) * u * 1.1 ** (T - 2) * s
    explodes = abs(velocity(u, 1.1, 1.0, tasks.constant(s, T))[1]) > outside
    # A task with nothing but its first input: what the data contribute to db/dt dies out with T.
    early = [velocity(u, 0.5, 1.0, np.eye(n)[0])[1] - velocity(u, 0.5, 1.0, np.zeros(n))[1] for n in (10, 80)]
    return _evidence(
        (total / limit, oldest, explodes, early[0] / (u * 9 * 0.5**8), early[1]),
        (1, 0, 1, 1, 0),
        (1e-10, 1e-20, 0, 1e-10, 1e-15),
        f"b = 0.9, constant task, T = 600: the oldest lag's term is {oldest:.0e} (at b = 1.1: "
        f"{outside:.0e}), yet db/dt is {total:.4f}, its limit us/(1-b)^2 - u^2 b/(1-b^2)^2 = {limit:.4f}. "
        f"Of s = (1, 0, ..., 0) at b = 0.5 the data contribute {early[0]:.0e} at T = 10 and "
        f"{_below(early[1], 1e-15)} at T = 80.",
    )


def _corrected_term(u, b):
    return u**2 / (2 * (1 - b**2))


@_claim(
    "C09",
    "large-T energy",
    "corrected",
    "03-energy",
    "For large T the quadratic term of the energy is -1/2 c^2 a^2 (1/(1-b) + 1/(1+b) - 2).",
)
def _c09(term=_corrected_term):
    a, c, s = 0.8, 0.9, tasks.contracting(0.95, 500)
    b = np.array([-0.9, -0.3, 0.0, 0.5, 0.9])
    data = np.sum(s**2) / 2 - a * c * modes.beta_s(b, s)
    off = np.abs(modes.energy(a, b, c, s) - data - term(a * c, b)).max()
    printed = printed_large_T_energy(a, b, c, s) - modes.energy(a, b, c, s)
    return _evidence(
        off,
        0,
        1e-12,
        f"At T = 500 the term is +c^2 a^2/(2(1-b^2)), the rest {_below(off, 1e-12)}; the printed energy is "
        f"off by {printed[2]:.3f} at b = 0 and {printed[4]:.3f} at b = 0.9.",
    )


@_claim(
    "C10",
    "large-T energy",
    "holds under a condition",
    "03-energy",
    "The quadratic term drives a, b, c towards 0 and b away from +-1 (the corrected term does).",
)
def _c10(term=_corrected_term):
    b, u, h = np.array([-0.8, -0.4, 0.4, 0.8]), 0.6, 1e-5
    force_b = (term(u, b - h) - term(u, b + h)) / (2 * h)
    force_u = (term(u - h, b) - term(u + h, b)) / (2 * h)
    # With no data and T = 500 the flow has this term alone; with c = 1 the velocity of a is that of u.
    du, db, _ = modes.velocity(u, b, 1.0, np.zeros(500))
    printed = 2 * b * u**2 / (1 - b**2) ** 2
    towards_zero = (np.sign(db) == -np.sign(b)).all() and (du < 0).all()
    return _evidence(
        (*force_b, *force_u, towards_zero),
        (*db, *du, 1),
        1e-8,
        f"Force on b at b = 0.8, u = 0.6: {force_b[3]:.3f}, towards 0; the printed term gives "
        f"{printed[3]:+.3f}, towards 1.",
    )


def _stall(u0, b0, T):
    """Where b stops when s = 0 and a = c: there the integral of 4 beta_b / beta_b' from b to b0 is u0."""
    nodes, weights = np.polynomial.legendre.leggauss(60)

    def integral(b):
        x = b + (b0 - b) * (1 + nodes) / 2
        beta, slope = modes._beta_b(x, T, 1)
        return np.sum(weights * 4 * beta / slope) * (b0 - b) / 2

    low, high = 1e-3 * b0, b0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if integral(middle) > u0 else (low, middle)
    return high


@_claim(
    "C11",
    "large-T energy",
    "ambiguous",
    "03-energy",
    "The interplay of the quadratic term with the data regularises and sparsifies the weights (it shrinks "
    "them in proportion, without a threshold).",
)
def _c11(stall=_stall):
    end = modes.flow(0.5, 0.5, 0.5, np.zeros(10), [1e4, 1e8])
    shrunk = 2 * modes.beta_b(end.b, 10) * end.u * end.t
    expected = stall(0.25, 0.5, 10)
    # With data: the best mode of a task a thousand times weaker is a thousand times weaker, and not zero.
    s = np.random.default_rng(11).uniform(0.1, 1, 8)
    strong, weak = (min(landscape.critical_points(k * s), key=lambda p: p.energy) for k in (1, 1e-3))
    return _evidence(
        (end.b[1], shrunk[1], weak.b - strong.b, weak.u / strong.u),
        (expected, 1, 0, 1e-3),
        (1e-6, 1e-4, 1e-10, 1e-12),
        "Without data, from (.5, .5, .5), T = 10: u falls like 1/(2 beta_b t), and b stalls at "
        f"{end.b[1]:.5f} (quadrature: {expected:.5f}). With data: a task a thousand times weaker has the "
        "same best b and 1/1000 of the u, where a sparsifying penalty would leave nothing.",
    )


@_claim(
    "C12",
    "large T",
    "holds under a condition",
    "03-energy",
    "For large T, b will generally not increase past 1 unless a or c is close to 0 (for bounded s).",
)
def _c12(ratio=1.1):
    end = modes.flow(0.1, 0.5, 0.1, tasks.geometric(1.0, ratio, 100), [1e3])
    step = np.where(np.arange(160) < 80, 1.0, 0.5)
    best = min(landscape.critical_points(step), key=lambda point: point.energy)
    bound = np.log(2 / best.u) / 159
    return _evidence(
        (end.b[0], end.u[0], max(np.log(best.b) - bound, 0)),
        (1.1, 1, 0),
        (1e-8, 1e-8, 0),
        f"For bounded s the best b obeys log b < log(2 s_max/u)/(T-1): here {np.log(best.b):.4f} < "
        f"{bound:.4f} at T = 160. The unbounded s_t = 1.1^(T-t), T = 100, ends at b = {end.b[0]:.6f}, ac "
        f"= {end.u[0]:.6f}.",
    )


@_claim(
    "C13",
    "stability",
    "holds under a condition",
    "03-energy",
    "Starts with abs(b(0)) > 1 are unstable for T -> infinity (in the step of gradient descent; for the "
    "flow, some with b(0) < -1).",
)
def _c13(starts=(0.5, (1.2, 1.5))):
    a0, b0 = starts
    s = np.array([make(10) for make in _TASKS.values()])
    end = modes.flow(a0, np.array(b0)[:, None], a0, s, [1e3])
    worst = modes.energy(end.a, end.b, end.c, s).max()
    fading = modes.flow(0.1, np.array([-1.2, -1.5]), 0.1, s[0], [1e3])
    lost = modes.flow(0.5, -1.5, 0.5, tasks.constant(0.7, 9), [1e3], rtol=1e-6)
    sharp = [landscape.sharpness(0.5, 1.5, 0.5, tasks.constant(0.7, T)) for T in (10, 50)]
    return _evidence(
        (worst, np.abs(fading.u).max(), lost.b[0] < -5, sharp[1] / sharp[0] > 1e13),
        (0, 0, 1, 1),
        (1e-15, 1e-15, 0, 0),
        f"From b(0) = 1.2 and 1.5, a = c > 0, the flow learns all three tasks, E {_below(worst, 1e-15)}. "
        f"From -1.2 and -1.5 the constant task fades (u {_below(np.abs(fading.u).max(), 1e-15)}) at T = "
        f"10, and at T = 9 it runs away (b = {lost.b[0]:.1f} at t = 1000). The sharpness at b = 1.5 grows "
        f"from {sharp[0]:.0e} to {sharp[1]:.0e} between T = 10 and 50.",
    )


@_claim(
    "C14",
    "solution for ac",
    "holds under a condition",
    "04-exact-solution",
    "The closed form for ac(t) (for a(0) = c(0) and b frozen; beta_s = 0 needs its own limit).",
)
def _c14(formula=printed_ac):
    T, b, t = 10, 0.6, np.array([0.5, 1.0, 3.0, 10.0])
    s = np.linspace(0.2, 1.0, T)
    beta_s, beta_b = modes.beta_s(b, s), modes.beta_b(b, T)
    # a = c with a drive of either sign and with none, a = -c, and unequal weights.
    a0, c0 = np.array([0.3, 0.3, 0.3, 0.3, 0.9]), np.array([0.3, 0.3, 0.3, -0.3, 0.1])
    drives = np.array([1, -1, 0, 1, 1])
    run = modes.flow(a0, b, c0, drives[:, None] * s, t, freeze_b=True, rtol=1e-10).u.T
    off = [np.abs(formula(t, 0.3, 0.3, d * beta_s, beta_b) - u).max() for d, u in zip((1, -1), run)]
    off.append(np.abs(0.09 / (1 + 2 * beta_b * 0.09 * t) - run[2]).max())
    off.append(np.abs(formula(-t[:2], 0.3, -0.3, beta_s, beta_b) - run[3, :2]).max())
    uneven = np.abs(formula(t, 0.9, 0.1, beta_s, beta_b) - run[4]).max()
    off.append(abs(formula(200 / beta_b, 0.3, 0.3, 0.5, beta_b) - 0.5 / beta_b))
    return _evidence(
        (*off, uneven > 0.1),
        (0, 0, 0, 0, 0, 1),
        1e-9,
        f"Against the frozen flow: {_below(max(off), 1e-9)} for a = c (beta_s > 0, < 0, = 0) and for a = "
        f"-c with t reversed; {uneven:.2f} off for a(0) = .9, c(0) = .1.",
    )


@_claim(
    "C15",
    "Figure 1, caption",
    "corrected",
    "04-exact-solution",
    "The curves are for different ratios beta_y : beta_b (beta_s : beta_b; beta_y is not defined).",
)
def _c15(ratio=lambda b, s: modes.beta_s(b, s) / modes.beta_b(b, len(s))):
    rng, b = np.random.default_rng(6), 0.6
    sequences = rng.uniform(0.1, 1.0, size=(4, 10))
    level = [modes.flow(0.2, b, 0.2, s, [100.0], freeze_b=True).u[0] for s in sequences]
    expected = [ratio(b, s) for s in sequences]
    return _evidence(
        level,
        expected,
        1e-8,
        "Four frozen flows level off at " + ", ".join(f"{v:.4f}" for v in level) + ", their beta_s/beta_b.",
    )


@_claim(
    "C16",
    "Figure 1",
    "holds",
    "04-exact-solution",
    "Simulations follow the solution for several ratios, T = 10, b frozen.",
)
def _c16(formula=exact.ac_exact):
    rng, T, b = np.random.default_rng(7), 10, 0.6
    ratios = np.array([2.0, 1.0, 0.5])
    U, V, R = _bases(rng)
    shapes = rng.uniform(0.2, 1.0, size=(3, T))
    s = shapes * (ratios * modes.beta_b(b, T) / modes.beta_s(b, shapes))[:, None]
    data = tasks.sample_trajectories(s, U, V, n_trajectories=60, rng=rng)
    seen, off = tasks.moments(data.x, data.y), []
    net = network.aligned_network(np.full(3, 0.15), np.full(3, b), np.full(3, 0.15), U, V, R)
    for rate in (0.01, 0.005):
        run = network.train(
            net, seen, learning_rate=rate, steps=round(6 / rate), record_every=10, freeze="W_h"
        )
        a, _, c = network.network_modes(run, U, V, R)
        t = run.step[:, None] * rate
        off.append(np.abs(a * c - formula(t, 0.15, 0.15, modes.beta_s(b, s), modes.beta_b(b, T))).max())
    return _evidence(
        (off[0], off[0] / off[1]),
        (0, 2),
        (0.03, 0.2),
        f"Largest difference at three ratios: {off[0]:.4f} at learning rate 0.01, {off[1]:.4f} at "
        f"0.005; it halves.",
    )


def _census(s):
    """Optimum b and u, its energy, and the number of minima."""
    points = [point for point in landscape.critical_points(s) if point.kind == "minimum"]
    best = min(points, key=lambda point: point.energy)
    return best.b, best.u, best.energy, len(points)


def _unique_optimum(task, b, u):
    found = [_census(task(T)) for T in (2, 9, 10, 50)]
    return _evidence(
        found,
        [(b, u, 0, 1)] * 4,
        1e-12,
        f"b = {found[3][0]:.6f}, ac = {found[3][1]:.6f}, E {_below(found[3][2], 1e-20)}, the only "
        "critical point on b > 0 for every T >= 2 (theorem of chapter 5); at T = 2, 9, 10, 50 the exact "
        "census finds no minimum at b <= 0 either.",
    )


@_claim(
    "C17",
    "Figure 2, constant",
    "holds",
    "05-landscape",
    "The constant task s = .7 has its optimum at b = 1, ac = .7.",
)
def _c17(task=_TASKS["constant"]):
    return _unique_optimum(task, 1.0, 0.7)


@_claim(
    "C18",
    "Figure 2, expanding",
    "holds",
    "05-landscape",
    "The expanding task of rate .7 has its optimum at b = .7, ac = 1.",
)
def _c18(task=_TASKS["expanding"]):
    return _unique_optimum(task, 0.7, 1.0)


@_claim(
    "C19",
    "Figure 2, contracting",
    "corrected",
    "05-landscape",
    "The contracting task of rate .9 has its optimum at b = 1/.9, ac = .9^T: .359 at T = 10, "
    ".00515 at T = 50.",
)
def _c19(ac=(0.9**10, 0.9**50)):
    found = {T: _census(_TASKS["contracting"](T)) for T in (10, 50)}
    measured = [value for T in (10, 50) for value in (*found[T][:2], found[T][3])]
    return _evidence(
        measured,
        (1 / 0.9, ac[0], 1, 1 / 0.9, ac[1], 1),
        (1e-9, 1e-9, 0) * 2,
        f"Exact census: b = {found[10][0]:.6f}; ac = {found[10][1]:.5f} at T = 10 (.9^10, not .359) "
        f"and {found[50][1]:.7f} at T = 50.",
    )


@_claim(
    "C20",
    "Figure 2",
    "refuted",
    "05-landscape",
    "A bifurcation around b = 0 sends b to positive or negative values, to optimal or suboptimal solutions.",
)
def _c20(flow=modes.flow):
    rng, reached = np.random.default_rng(20), []
    for T in (10, 50):
        for make, ratio in zip(_TASKS.values(), (1, 0.7, 1 / 0.9)):
            b0, u0 = rng.uniform(max(-0.99, 0.01 - 1 / ratio), 0.99, 10), 10 ** rng.uniform(-2, 0, 10)
            end = flow(np.sqrt(u0), b0, np.sqrt(u0), make(T), [1e7], rtol=1e-6)
            energy = [
                modes.energy(*mode, make(T)) if np.isfinite(mode).all() else np.inf
                for mode in zip(end.a[0], end.b[0], end.c[0])
            ]
            reached += (np.array(energy) < 1e-8 * np.sum(make(T) ** 2)).tolist()
    crossing = modes.velocity(0.5, 0.0, 0.5, _TASKS["constant"](10))[1]
    b0 = np.array([-0.85, -0.5, -0.2, 0.2, 0.5])
    as_printed = printed_flow(0.1, b0, 0.1, _TASKS["constant"](10), [1e6])
    kept = np.sign(as_printed.b[0]) == np.sign(b0)
    return _evidence(
        (np.mean(reached), crossing, np.mean(kept)),
        (1, 0.25 * 0.7, 1),
        (0, 1e-12, 0),
        "For even T every balanced start with u > 0 and b(0) > -1/rho ends in the optimum (theorem of "
        f"chapter 5), here {sum(reached)} of {len(reached)} random ones with abs(b(0)) < 1 (3 tasks, T = "
        f"10 and 50). Under the printed equation {sum(kept)} of 5 keep the sign of b(0).",
    )


def _transfer(make, ratio, u):
    """Largest relative error at other lengths of the optimum b = ratio, ac = u."""
    return max(landscape.extrapolation_error(u, ratio, 1.0, make(T)) for T in (2, 5, 9, 11, 20, 100))


@_claim(
    "C21",
    "generalization",
    "holds",
    "06-learnability",
    "Tasks matched to the network have one optimum for every length.",
)
def _c21(matched=((_TASKS["constant"], 1.0, 0.7), (_TASKS["expanding"], 0.7, 1.0))):
    errors = [_transfer(*case) for case in matched]
    other = _transfer(_TASKS["contracting"], 1 / 0.9, 0.9**10)
    return _evidence(
        errors,
        [0] * len(errors),
        1e-15,
        f"Relative error at T' = 2 to 100: {_below(max(errors), 1e-15)} (constant, expanding); contracting, "
        f"trained at T = 10: up to {other:.1e}.",
    )


@_claim(
    "C22",
    "generalization",
    "holds",
    "06-learnability",
    "For small T the contracting optimum will not perfectly generalize to lengths that differ substantially.",
)
def _c22(law=lambda r, T, T_test: (1 - r ** (T - T_test)) ** 2):
    pairs = [(T, T + shift) for T in (10, 50) for shift in (-5, -1, 1, 5)]
    error = [
        float(landscape.extrapolation_error(0.9**T, 1 / 0.9, 1.0, tasks.contracting(0.9, T_test)))
        for T, T_test in pairs
    ]
    return _evidence(
        error,
        [law(0.9, *pair) for pair in pairs],
        1e-9,
        f"Sharper: the relative error is (1 - r^(T-T'))^2, at T = 10 and 50 alike: {error[2]:.4f} for T' "
        f"= T+1, {error[1]:.4f} for T-1, {error[3]:.2f} for T+5.",
    )


@_claim(
    "C23",
    "prediction 1",
    "holds under a condition",
    "06-learnability",
    "For large T all constant s are learnable (with the right sign, and steps below 6/(s^2 T^3)).",
)
def _c23(sharpness=lambda s, T: s**2 * T**3 / 3):
    T, task = 400, tasks.constant(0.7, 10)
    found = landscape.sharpness(0.7**0.5, 1.0, 0.7**0.5, tasks.constant(0.7, T))
    learned = modes.flow(0.1, 0.1, 0.1, task, [1e3])
    stuck = modes.flow(0.1, 0.1, 0.1, -task, [1e3])
    freed = modes.flow(0.11, 0.1, 0.1, -task, [1e3])
    energies = [
        modes.energy(run.a[0], run.b[0], run.c[0], sign * task)
        for run, sign in ((learned, 1), (freed, -1), (stuck, -1))
    ]
    return _evidence(
        (*energies[:2], energies[2] / (np.sum(task**2) / 2), found / sharpness(0.7, T)),
        (0, 0, 1, 1),
        (1e-15, 1e-15, 0.01, 0.01),
        f"E ends {_below(energies[0], 1e-15)} for s = .7; for s = -.7 at {energies[2]:.2f} from a = c, "
        f"{_below(energies[1], 1e-15)} from a != c. "
        f"Sharpness over s^2 T^3/3 at T = 400: {found / sharpness(0.7, T):.4f}.",
    )


@_claim(
    "C24",
    "prediction 2",
    "holds under a condition",
    "06-learnability",
    "For large T most, if not all, s^t with s > 1 and s^(T-t) with s < 1 are learnable (by the flow; for "
    "s^t the sharpness explodes).",
)
def _c24(sharpness=lambda b, u: u**2 * (1 + b**2) / (1 - b**2) ** 3):
    shares = []
    for s in (tasks.contracting(1.1, 10), tasks.contracting(1.1, 40), tasks.expanding(0.7, 40)):
        end = modes.flow(0.1, 0.1, 0.1, s, [1e4])
        shares.append(2 * modes.energy(end.a[0], end.b[0], end.c[0], s) / np.sum(s**2))
    u = 1.1**100
    found = landscape.sharpness(u**0.5, 1 / 1.1, u**0.5, tasks.contracting(1.1, 100))
    share = found / sharpness(1 / 1.1, u)
    return _evidence(
        (*shares, share),
        (0, 0, 0, 1),
        (1e-15, 1e-15, 1e-15, 0.01),
        f"E/E_0 ends {_below(max(shares), 1e-15)}. The sharpness of 1.1^t follows u^2(1+b^2)/(1-b^2)^3 "
        f"with u = 1.1^T: {found:.1e} at T = 100, {share:.4f} of the law.",
    )


@_claim(
    "C25",
    "prediction 3",
    "holds under a condition",
    "06-learnability",
    "For large T contracting s are for the most part not learnable (in practice, from small b(0) at a "
    "constant rate; not for the flow).",
)
def _c25(law=exact.plateau_time):
    s, predicted = tasks.contracting(0.9, 50), float(law(0.9, 50, 0.1))
    level = 0.01 * modes.energy(0.1, 0.1, 0.1, s)
    low, high = 0.96 * predicted, 1.04 * predicted
    for _ in range(2):  # look again, sixty times closer
        times = np.linspace(low, high, 61)
        run = modes.flow(0.1, 0.1, 0.1, s, [*times, 4 * predicted], rtol=1e-6)
        energy = modes.energy(run.a, run.b, run.c, s)
        n = int(np.argmax(energy[:-1] < level))
        low, high = times[max(n - 1, 0)], times[n]
        if n == 0:  # the plateau does not end inside the window: the law has failed
            break
    wait = high if n else np.nan
    steps = wait * landscape.sharpness(0.9**25, 1 / 0.9, 0.9**25, s) / 2
    near = modes.flow(0.1, 0.9, 0.1, s, times := np.linspace(0, 1, 1001)[1:], rtol=1e-6)
    soon = times[np.argmax(modes.energy(near.a, near.b, near.c, s) < 0.01 * modes.energy(0.1, 0.9, 0.1, s))]
    return _evidence(
        (energy[-1], wait / predicted, soon < 0.5),
        (0, 1, 1),
        (1e-20, 0.01, 0),
        f"T = 50, r = .9, from (.1, .1, .1): E falls to 1 % at t = {wait:.0f} tau (plateau law: "
        f"{predicted:.0f}), which is {steps / 1e6:.0f} million steps at the largest stable rate, and "
        f"{_below(energy[-1], 1e-20)} later. From (.1, .9, .1): t = {soon:.2f} tau.",
    )


@_claim(
    "C26",
    "Figure 2",
    "ambiguous",
    "05-landscape",
    "The vector field of the gradient in the plane (b, ac) (it depends on a^2 - c^2 as well).",
)
def _c26(factor=lambda kappa, u: np.hypot(kappa, 2 * u)):
    rng = np.random.default_rng(8)
    a, b, c, s = *rng.normal(size=(3, 50)), rng.normal(size=7)
    da, _, dc = modes.velocity(a, b, c, s)
    drive = modes.beta_s(b, s) - a * c * modes.beta_b(b, 7)
    off = np.abs((c * da + a * dc) / (factor(a**2 - c**2, a * c) * drive) - 1).max()
    balanced = np.abs((c * da + a * dc) / (2 * np.abs(a * c) * drive))
    return _evidence(
        off,
        0,
        1e-11,
        f"du/dt = sqrt(kappa^2 + 4u^2)(beta_s - u beta_b), relative difference {_below(off, 1e-11)} on 50 "
        f"random modes; the factor is {balanced.min():.2f} to {balanced.max():.1f} times the balanced "
        "2|u|.",
    )


def _bound(s_max, u, T):
    """Above log b at an optimum with s_i <= s_max and this u."""
    return np.log(2 * s_max / u) / (T - 1)


@_claim(
    "C28",
    "large T",
    "holds under a condition",
    "06-learnability",
    "The space of learnable functions is constrained to data that can be modelled with abs(b) <= 1 (for "
    "bounded s in the limit of large T, if ac does not vanish; at no finite T for the flow).",
)
def _c28(bound=_bound):
    rng = np.random.default_rng(28)
    excess, allowed = [], []
    for T in (5, 10, 20, 40):
        for s in rng.uniform(0, 1, (25, T)):
            best = min(landscape.critical_points(s), key=lambda point: point.energy)
            if best.b > 1:
                excess.append(np.log(best.b))
                allowed.append(bound(s.max(), best.u, T))
    beyond = [
        modes.energy(*(v[0] for v in (end.a, end.b, end.c)), s)
        for s in (tasks.contracting(0.9, 30), tasks.geometric(1.0, 1.1, 100))
        for end in [modes.flow(0.1, 0.5, 0.1, s, [1e4])]
    ]
    within = np.mean(np.array(excess) <= allowed)
    return _evidence(
        (within, *beyond),
        (1, 0, 0),
        (0, 1e-15, 1e-15),
        f"Of 100 random tasks with 0 < s < 1, T = 5 to 40, {len(excess)} have their best b beyond 1, all "
        "with log b below log(2 s_max/u)/(T-1). The flow learns s_t = .9^t, T = 30, with b = 1/.9 and "
        f"s_t = 1.1^(T-t), T = 100, with b = 1.1, E {_below(max(beyond), 1e-15)}.",
    )


CLAIMS = tuple(_claims)
