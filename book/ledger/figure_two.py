"""The landscapes of Figure 2: C17 to C20, and C26."""

import numpy as np

from lrnn import landscape, modes, paper

from .claim import TASKS, below, claim, evidence


def census(s):
    """Optimum b and u, its energy, and the number of minima."""
    points = [point for point in landscape.critical_points(s) if point.kind == "minimum"]
    best = min(points, key=lambda point: point.energy)
    return best.b, best.u, best.energy, len(points)


def unique_optimum(task, b, u):
    found = [census(task(T)) for T in (2, 9, 10, 50)]
    return evidence(
        found,
        [(b, u, 0, 1)] * 4,
        1e-12,
        f"b = {found[3][0]:.6f}, ac = {found[3][1]:.6f}, E {below(found[3][2], 1e-20)}, the only "
        "critical point on b > 0 for every T >= 2 (theorem of chapter 5); at T = 2, 9, 10, 50 the exact "
        "census finds no minimum at b <= 0 either.",
    )


@claim(
    "C17",
    "Figure 2, constant",
    "holds",
    "05-landscape",
    "The constant task s = .7 has its optimum at b = 1, ac = .7.",
)
def c17(task=TASKS["constant"]):
    return unique_optimum(task, 1.0, 0.7)


@claim(
    "C18",
    "Figure 2, expanding",
    "holds",
    "05-landscape",
    "The expanding task of rate .7 has its optimum at b = .7, ac = 1.",
)
def c18(task=TASKS["expanding"]):
    return unique_optimum(task, 0.7, 1.0)


@claim(
    "C19",
    "Figure 2, contracting",
    "corrected",
    "05-landscape",
    "The contracting task of rate .9 has its optimum at b = 1/.9, ac = .9^T: .359 at T = 10, "
    ".00515 at T = 50.",
)
def c19(ac=(0.9**10, 0.9**50)):
    found = {T: census(TASKS["contracting"](T)) for T in (10, 50)}
    measured = [value for T in (10, 50) for value in (*found[T][:2], found[T][3])]
    return evidence(
        measured,
        (1 / 0.9, ac[0], 1, 1 / 0.9, ac[1], 1),
        (1e-9, 1e-9, 0) * 2,
        f"Exact census: b = {found[10][0]:.6f}; ac = {found[10][1]:.5f} at T = 10 (.9^10, not .359) "
        f"and {found[50][1]:.7f} at T = 50.",
    )


@claim(
    "C20",
    "Figure 2",
    "refuted",
    "05-landscape",
    "A bifurcation around b = 0 sends b to positive or negative values, to optimal or suboptimal solutions.",
)
def c20(flow=modes.flow):
    rng, reached = np.random.default_rng(20), []
    for T in (10, 50):
        for make, ratio in zip(TASKS.values(), (1, 0.7, 1 / 0.9)):
            b0, u0 = rng.uniform(max(-0.99, 0.01 - 1 / ratio), 0.99, 10), 10 ** rng.uniform(-2, 0, 10)
            end = flow(np.sqrt(u0), b0, np.sqrt(u0), make(T), [1e7], rtol=1e-6)
            energy = [
                modes.energy(*mode, make(T)) if np.isfinite(mode).all() else np.inf
                for mode in zip(end.a[0], end.b[0], end.c[0])
            ]
            reached += (np.array(energy) < 1e-8 * np.sum(make(T) ** 2)).tolist()
    crossing = modes.velocity(0.5, 0.0, 0.5, TASKS["constant"](10))[1]
    b0 = np.array([-0.85, -0.5, -0.2, 0.2, 0.5])
    as_printed = paper.printed_flow(0.1, b0, 0.1, TASKS["constant"](10), [1e6])
    kept = np.sign(as_printed.b[0]) == np.sign(b0)
    return evidence(
        (np.mean(reached), crossing, np.mean(kept)),
        (1, 0.25 * 0.7, 1),
        (0, 1e-12, 0),
        "For even T every balanced start with u > 0 and b(0) > -1/rho ends in the optimum (theorem of "
        f"chapter 5), here {sum(reached)} of {len(reached)} random ones with abs(b(0)) < 1 (3 tasks, T = "
        f"10 and 50). Under the printed equation {sum(kept)} of 5 keep the sign of b(0).",
    )


@claim(
    "C26",
    "Figure 2",
    "ambiguous",
    "05-landscape",
    "The vector field of the gradient in the plane (b, ac) (it depends on a^2 - c^2 as well).",
)
def c26(factor=lambda kappa, u: np.hypot(kappa, 2 * u)):
    rng = np.random.default_rng(8)
    a, b, c, s = *rng.normal(size=(3, 50)), rng.normal(size=7)
    da, _, dc = modes.velocity(a, b, c, s)
    gamma = modes.beta_s(b, s) - a * c * modes.beta_b(b, 7)
    off = np.abs((c * da + a * dc) / (factor(a**2 - c**2, a * c) * gamma) - 1).max()
    balanced = np.abs((c * da + a * dc) / (2 * np.abs(a * c) * gamma))
    return evidence(
        off,
        0,
        1e-11,
        f"du/dt = sqrt(kappa^2 + 4u^2)(beta_s - u beta_b), relative difference {below(off, 1e-11)} on 50 "
        f"random modes; the factor is {balanced.min():.2f} to {balanced.max():.1f} times the balanced "
        "2|u|.",
    )
