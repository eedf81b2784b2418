"""The equations of the modes, and vanishing gradients: C06 to C08."""

import numpy as np
import sympy as sp

from lrnn import modes, paper, symbolic, tasks

from .claim import below, claim, evidence


def numerical_slopes(mode, s, h=1e-5):
    """Minus the gradient of the energy in a, b, c by central differences."""
    steps = h * np.eye(3)
    return [(modes.energy(*(mode - d), s) - modes.energy(*(mode + d), s)) / (2 * h) for d in steps]


@claim("C06", "equations for a and c", "holds", "02-decoupling", "The printed equations for da/dt and dc/dt.")
def c06(velocity=paper.printed_velocity):
    rng, off = np.random.default_rng(5), 0.0
    for T in (1, 2, 7):
        mode, s = rng.uniform(0.3, 1.2, 3), rng.normal(size=T)
        da, _, dc = velocity(*mode, s)
        slopes = numerical_slopes(mode, s)
        off = max(off, abs(da - slopes[0]), abs(dc - slopes[2]))
    a, b, c = symbolic.a, symbolic.b, symbolic.c
    residuals = [(4 - i, s - c * b ** (4 - i) * a) for i, s in enumerate(symbolic.singular_values(4), 1)]
    derived = symbolic.mode_equations(4)
    rest = [
        sp.expand(derived[a] - sum(c * b**k * r for k, r in residuals)),
        sp.expand(derived[c] - sum(a * b**k * r for k, r in residuals)),
    ]
    return evidence(
        (off, *(0 if r == 0 else 1 for r in rest)),
        (0, 0, 0),
        1e-8,
        f"Against differences of the energy: {below(off, 1e-8)}; derived from the matrices in SymPy: "
        f"{rest[0]} and {rest[1]}.",
    )


@claim(
    "C07",
    "equation for b",
    "corrected",
    "02-decoupling",
    "The printed equation for db/dt (it lacks the factor T - i, and is not a gradient).",
)
def c07(velocity=paper.printed_velocity):
    (a, b, c), s, h = (0.6, 0.7, 0.8), np.array([0.4, 0.9, 0.3, 0.7, 0.5]), 1e-5
    beta_s, beta_b = modes.beta_s(b, s), modes.beta_b(b, 5)
    da_up, da_down = velocity(a, b + h, c, s)[0], velocity(a, b - h, c, s)[0]
    db_up, db_down = velocity(a + h, b, c, s)[1], velocity(a - h, b, c, s)[1]
    curl = (da_up - da_down - db_up + db_down) / (2 * h)
    identity = velocity(a, b, c, s)[1] - a * c / b * (beta_s - a * c * beta_b)
    resting = np.abs(velocity(beta_s / beta_b / c, b, c, s)).max()
    slope = numerical_slopes(np.array((a, b, c)), s)[1]
    corrected = modes.velocity(a, b, c, s)[1] - slope
    gap = velocity(a, b, c, s)[1] - slope
    da, db, _ = velocity(a, b, c, s)
    beyond = (modes.beta_s(b + h, s) - modes.beta_s(b - h, s)) / (2 * h)
    beyond_b = (modes.beta_b(b + h, 5) - modes.beta_b(b - h, 5)) / (2 * h)
    expected = c * (beyond - a * c * beyond_b - (beta_s - 2 * a * c * beta_b) / b)
    return evidence(
        (identity, resting, a * da - b * db, corrected, curl),
        (0, 0, 0, 0, expected),
        (1e-12, 1e-12, 1e-12, 1e-8, 1e-7),
        f"At (.6, .7, .8) it is {abs(gap):.3f} off the energy's slope (with T - i: "
        f"{below(corrected, 1e-8)}) and has curl "
        f"{curl:.3f}. It equals (u/b)(beta_s - u beta_b), rests all along u = beta_s/beta_b, and "
        f"keeps a^2 - b^2.",
    )


@claim(
    "C08",
    "gradients",
    "holds under a condition",
    "02-decoupling",
    "Gradients vanish for abs(b) < 1 and explode for abs(b) > 1 as T grows (term by term; for abs(b) < 1 "
    "the data's part of their sum is as small as the late s_i).",
)
def c08(velocity=modes.velocity):
    b, u, s, T = 0.9, 0.5, 0.7, 600
    total = velocity(u, b, 1.0, tasks.constant(s, T))[1]
    limit = u * s / (1 - b) ** 2 - u**2 * b / (1 - b**2) ** 2
    oldest = (T - 1) * u * b ** (T - 2) * s
    outside = (T - 1) * u * 1.1 ** (T - 2) * s
    explodes = abs(velocity(u, 1.1, 1.0, tasks.constant(s, T))[1]) > outside
    # A task with nothing but its first input: what the data contribute to db/dt dies out with T.
    early = [velocity(u, 0.5, 1.0, np.eye(n)[0])[1] - velocity(u, 0.5, 1.0, np.zeros(n))[1] for n in (10, 80)]
    return evidence(
        (total / limit, oldest, explodes, early[0] / (u * 9 * 0.5**8), early[1]),
        (1, 0, 1, 1, 0),
        (1e-10, 1e-20, 0, 1e-10, 1e-15),
        f"b = 0.9, constant task, T = 600: the oldest lag's term is {oldest:.0e} (at b = 1.1: "
        f"{outside:.0e}), yet db/dt is {total:.4f}, its limit us/(1-b)^2 - u^2 b/(1-b^2)^2 = {limit:.4f}. "
        f"Of s = (1, 0, ..., 0) at b = 0.5 the data contribute {early[0]:.0e} at T = 10 and "
        f"{below(early[1], 1e-15)} at T = 80.",
    )
