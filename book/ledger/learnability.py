"""Generalization and the three predictions: C21 to C25, and C28."""

import numpy as np

from lrnn import exact, landscape, modes, tasks

from .claim import TASKS, below, claim, evidence


def transfer(make, ratio, u):
    """Largest relative error at other lengths of the optimum b = ratio, ac = u."""
    return max(landscape.extrapolation_error(u, ratio, 1.0, make(T)) for T in (2, 5, 9, 11, 20, 100))


@claim(
    "C21",
    "generalization",
    "holds",
    "06-learnability",
    "Tasks matched to the network have one optimum for every length.",
)
def c21(matched=((TASKS["constant"], 1.0, 0.7), (TASKS["expanding"], 0.7, 1.0))):
    errors = [transfer(*case) for case in matched]
    other = transfer(TASKS["contracting"], 1 / 0.9, 0.9**10)
    return evidence(
        errors,
        [0] * len(errors),
        1e-15,
        f"Relative error at T' = 2 to 100: {below(max(errors), 1e-15)} (constant, expanding); contracting, "
        f"trained at T = 10: up to {other:.1e}.",
    )


@claim(
    "C22",
    "generalization",
    "holds",
    "06-learnability",
    "For small T the contracting optimum will not perfectly generalize to lengths that differ substantially.",
)
def c22(law=lambda r, T, T_test: (1 - r ** (T - T_test)) ** 2):
    pairs = [(T, T + shift) for T in (10, 50) for shift in (-5, -1, 1, 5)]
    error = [
        float(landscape.extrapolation_error(0.9**T, 1 / 0.9, 1.0, tasks.contracting(0.9, T_test)))
        for T, T_test in pairs
    ]
    return evidence(
        error,
        [law(0.9, *pair) for pair in pairs],
        1e-9,
        f"Sharper: the relative error is (1 - r^(T-T'))^2, at T = 10 and 50 alike: {error[2]:.4f} for T' "
        f"= T+1, {error[1]:.4f} for T-1, {error[3]:.2f} for T+5.",
    )


@claim(
    "C23",
    "prediction 1",
    "holds under a condition",
    "06-learnability",
    "For large T all constant s are learnable (with the right sign, and steps below 6/(s^2 T^3)).",
)
def c23(sharpness=lambda s, T: s**2 * T**3 / 3):
    T, task = 400, tasks.constant(0.7, 10)
    found = landscape.sharpness(0.7**0.5, 1.0, 0.7**0.5, tasks.constant(0.7, T))
    learned = modes.flow(0.1, 0.1, 0.1, task, [1e3])
    stuck = modes.flow(0.1, 0.1, 0.1, -task, [1e3])
    freed = modes.flow(0.11, 0.1, 0.1, -task, [1e3])
    energies = [
        modes.energy(run.a[0], run.b[0], run.c[0], sign * task)
        for run, sign in ((learned, 1), (freed, -1), (stuck, -1))
    ]
    return evidence(
        (*energies[:2], energies[2] / (np.sum(task**2) / 2), found / sharpness(0.7, T)),
        (0, 0, 1, 1),
        (1e-15, 1e-15, 0.01, 0.01),
        f"E ends {below(energies[0], 1e-15)} for s = .7; for s = -.7 at {energies[2]:.2f} from a = c, "
        f"{below(energies[1], 1e-15)} from a != c. "
        f"Sharpness over s^2 T^3/3 at T = 400: {found / sharpness(0.7, T):.4f}.",
    )


@claim(
    "C24",
    "prediction 2",
    "holds under a condition",
    "06-learnability",
    "For large T most, if not all, s^t with s > 1 and s^(T-t) with s < 1 are learnable (by the flow; for "
    "s^t the sharpness explodes).",
)
def c24(sharpness=lambda b, u: u**2 * (1 + b**2) / (1 - b**2) ** 3):
    shares = []
    for s in (tasks.contracting(1.1, 10), tasks.contracting(1.1, 40), tasks.expanding(0.7, 40)):
        end = modes.flow(0.1, 0.1, 0.1, s, [1e4])
        shares.append(2 * modes.energy(end.a[0], end.b[0], end.c[0], s) / np.sum(s**2))
    u = 1.1**100
    found = landscape.sharpness(u**0.5, 1 / 1.1, u**0.5, tasks.contracting(1.1, 100))
    share = found / sharpness(1 / 1.1, u)
    return evidence(
        (*shares, share),
        (0, 0, 0, 1),
        (1e-15, 1e-15, 1e-15, 0.01),
        f"E/E_0 ends {below(max(shares), 1e-15)}. The sharpness of 1.1^t follows u^2(1+b^2)/(1-b^2)^3 "
        f"with u = 1.1^T: {found:.1e} at T = 100, {share:.4f} of the law.",
    )


@claim(
    "C25",
    "prediction 3",
    "holds under a condition",
    "06-learnability",
    "For large T contracting s are for the most part not learnable (in practice, from small b(0) at a "
    "constant rate; not for the flow).",
)
def c25(law=exact.plateau_time):
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
    return evidence(
        (energy[-1], wait / predicted, soon < 0.5),
        (0, 1, 1),
        (1e-20, 0.01, 0),
        f"T = 50, r = .9, from (.1, .1, .1): E falls to 1 % at t = {wait:.0f} tau (plateau law: "
        f"{predicted:.0f}), which is {steps / 1e6:.0f} million steps at the largest stable rate, and "
        f"{below(energy[-1], 1e-20)} later. From (.1, .9, .1): t = {soon:.2f} tau.",
    )


def bound(s_max, u, T):
    """Above log b at an optimum with s_i <= s_max and this u."""
    return np.log(2 * s_max / u) / (T - 1)


@claim(
    "C28",
    "large T",
    "holds under a condition",
    "06-learnability",
    "The space of learnable functions is constrained to data that can be modelled with abs(b) <= 1 (for "
    "bounded s in the limit of large T, if ac does not vanish; at no finite T for the flow).",
)
def c28(bound=bound):
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
    return evidence(
        (within, *beyond),
        (1, 0, 0),
        (0, 1e-15, 1e-15),
        f"Of 100 random tasks with 0 < s < 1, T = 5 to 40, {len(excess)} have their best b beyond 1, all "
        "with log b below log(2 s_max/u)/(T-1). The flow learns s_t = .9^t, T = 30, with b = 1/.9 and "
        f"s_t = 1.1^(T-t), T = 100, with b = 1.1, E {below(max(beyond), 1e-15)}.",
    )
