"""The energy for large T: C09 to C13."""

import numpy as np

from lrnn import landscape, modes, paper, tasks

from .claim import TASKS, below, claim, evidence


def corrected_term(u, b):
    return u**2 / (2 * (1 - b**2))


@claim(
    "C09",
    "large-T energy",
    "corrected",
    "03-energy",
    "For large T the quadratic term of the energy is -1/2 c^2 a^2 (1/(1-b) + 1/(1+b) - 2).",
)
def c09(term=corrected_term):
    a, c, s = 0.8, 0.9, tasks.contracting(0.95, 500)
    b = np.array([-0.9, -0.3, 0.0, 0.5, 0.9])
    data = np.sum(s**2) / 2 - a * c * modes.beta_s(b, s)
    off = np.abs(modes.energy(a, b, c, s) - data - term(a * c, b)).max()
    printed = paper.printed_large_T_energy(a, b, c, s) - modes.energy(a, b, c, s)
    return evidence(
        off,
        0,
        1e-12,
        f"At T = 500 the term is +c^2 a^2/(2(1-b^2)), the rest {below(off, 1e-12)}; the printed energy is "
        f"off by {printed[2]:.3f} at b = 0 and {printed[4]:.3f} at b = 0.9.",
    )


@claim(
    "C10",
    "large-T energy",
    "holds under a condition",
    "03-energy",
    "The quadratic term drives a, b, c towards 0 and b away from +-1 (the corrected term does).",
)
def c10(term=corrected_term):
    b, u, h = np.array([-0.8, -0.4, 0.4, 0.8]), 0.6, 1e-5
    force_b = (term(u, b - h) - term(u, b + h)) / (2 * h)
    force_u = (term(u - h, b) - term(u + h, b)) / (2 * h)
    # With no data and T = 500 the flow has this term alone; with c = 1 the velocity of a is that of u.
    du, db, _ = modes.velocity(u, b, 1.0, np.zeros(500))
    printed = 2 * b * u**2 / (1 - b**2) ** 2
    towards_zero = (np.sign(db) == -np.sign(b)).all() and (du < 0).all()
    return evidence(
        (*force_b, *force_u, towards_zero),
        (*db, *du, 1),
        1e-8,
        f"Force on b at b = 0.8, u = 0.6: {force_b[3]:.3f}, towards 0; the printed term gives "
        f"{printed[3]:+.3f}, towards 1.",
    )


def stall(u0, b0, T):
    """Where b stops when s = 0 and a = c: there the integral of 4 beta_b / beta_b' from b to b0 is u0."""
    nodes, weights = np.polynomial.legendre.leggauss(60)

    def integral(b):
        x = b + (b0 - b) * (1 + nodes) / 2
        force = modes.velocity(1.0, x, 1.0, np.zeros(T))[1]  # -beta_b'/2
        return np.sum(weights * -2 * modes.beta_b(x, T) / force) * (b0 - b) / 2

    low, high = 1e-3 * b0, b0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if integral(middle) > u0 else (low, middle)
    return high


@claim(
    "C11",
    "large-T energy",
    "ambiguous",
    "03-energy",
    "The interplay of the quadratic term with the data regularises and sparsifies the weights (it shrinks "
    "them in proportion, without a threshold).",
)
def c11(stall=stall):
    end = modes.flow(0.5, 0.5, 0.5, np.zeros(10), [1e4, 1e8])
    shrunk = 2 * modes.beta_b(end.b, 10) * end.u * end.t
    expected = stall(0.25, 0.5, 10)
    # With data: the best mode of a task a thousand times weaker is a thousand times weaker, and not zero.
    s = np.random.default_rng(11).uniform(0.1, 1, 8)
    strong, weak = (min(landscape.critical_points(k * s), key=lambda p: p.energy) for k in (1, 1e-3))
    return evidence(
        (end.b[1], shrunk[1], weak.b - strong.b, weak.u / strong.u),
        (expected, 1, 0, 1e-3),
        (1e-6, 1e-4, 1e-10, 1e-12),
        "Without data, from (.5, .5, .5), T = 10: u falls like 1/(2 beta_b t), and b stalls at "
        f"{end.b[1]:.5f} (quadrature: {expected:.5f}). With data: a task a thousand times weaker has the "
        "same best b and 1/1000 of the u, where a sparsifying penalty would leave nothing.",
    )


@claim(
    "C12",
    "large T",
    "holds under a condition",
    "03-energy",
    "For large T, b will generally not increase past 1 unless a or c is close to 0 (for bounded s).",
)
def c12(ratio=1.1):
    end = modes.flow(0.1, 0.5, 0.1, tasks.geometric(1.0, ratio, 100), [1e3])
    step = np.where(np.arange(160) < 80, 1.0, 0.5)
    best = min(landscape.critical_points(step), key=lambda point: point.energy)
    bound = np.log(2 / best.u) / 159
    return evidence(
        (end.b[0], end.u[0], max(np.log(best.b) - bound, 0)),
        (1.1, 1, 0),
        (1e-8, 1e-8, 0),
        f"For bounded s the best b obeys log b < log(2 s_max/u)/(T-1): here {np.log(best.b):.4f} < "
        f"{bound:.4f} at T = 160. The unbounded s_t = 1.1^(T-t), T = 100, ends at b = {end.b[0]:.6f}, ac "
        f"= {end.u[0]:.6f}.",
    )


@claim(
    "C13",
    "stability",
    "holds under a condition",
    "03-energy",
    "Starts with abs(b(0)) > 1 are unstable for T -> infinity (in the step of gradient descent; for the "
    "flow, some with b(0) < -1).",
)
def c13(starts=(0.5, (1.2, 1.5))):
    a0, b0 = starts
    s = np.array([make(10) for make in TASKS.values()])
    end = modes.flow(a0, np.array(b0)[:, None], a0, s, [1e3])
    worst = modes.energy(end.a, end.b, end.c, s).max()
    fading = modes.flow(0.1, np.array([-1.2, -1.5]), 0.1, s[0], [1e3])
    lost = modes.flow(0.5, -1.5, 0.5, tasks.constant(0.7, 9), [1e3], rtol=1e-6)
    sharp = [landscape.sharpness(0.5, 1.5, 0.5, tasks.constant(0.7, T)) for T in (10, 50)]
    return evidence(
        (worst, np.abs(fading.u).max(), lost.b[0] < -5, sharp[1] / sharp[0] > 1e13),
        (0, 0, 1, 1),
        (1e-15, 1e-15, 0, 0),
        f"From b(0) = 1.2 and 1.5, a = c > 0, the flow learns all three tasks, E {below(worst, 1e-15)}. "
        f"From -1.2 and -1.5 the constant task fades (u {below(np.abs(fading.u).max(), 1e-15)}) at T = "
        f"10, and at T = 9 it runs away (b = {lost.b[0]:.1f} at t = 1000). The sharpness at b = 1.5 grows "
        f"from {sharp[0]:.0e} to {sharp[1]:.0e} between T = 10 and 50.",
    )
