"""The solution for ac(t), and Figure 1: C14 to C16."""

import numpy as np

from lrnn import exact, modes, network, paper, tasks

from .claim import bases, below, claim, evidence


@claim(
    "C14",
    "solution for ac",
    "holds under a condition",
    "04-exact-solution",
    "The closed form for ac(t) (for a(0) = c(0) and b frozen; beta_s = 0 needs its own limit).",
)
def c14(formula=paper.printed_ac):
    T, b, t = 10, 0.6, np.array([0.5, 1.0, 3.0, 10.0])
    s = np.linspace(0.2, 1.0, T)
    beta_s, beta_b = modes.beta_s(b, s), modes.beta_b(b, T)
    # a = c with a drive of either sign and with none, a = -c, and unequal weights.
    a0, c0 = np.array([0.3, 0.3, 0.3, 0.3, 0.9]), np.array([0.3, 0.3, 0.3, -0.3, 0.1])
    signs = np.array([1, -1, 0, 1, 1])
    run = modes.flow(a0, b, c0, signs[:, None] * s, t, freeze_b=True, rtol=1e-10).u.T
    off = [np.abs(formula(t, 0.3, 0.3, d * beta_s, beta_b) - u).max() for d, u in zip((1, -1), run)]
    off.append(np.abs(0.09 / (1 + 2 * beta_b * 0.09 * t) - run[2]).max())
    off.append(np.abs(formula(-t[:2], 0.3, -0.3, beta_s, beta_b) - run[3, :2]).max())
    uneven = np.abs(formula(t, 0.9, 0.1, beta_s, beta_b) - run[4]).max()
    off.append(abs(formula(200 / beta_b, 0.3, 0.3, 0.5, beta_b) - 0.5 / beta_b))
    return evidence(
        (*off, uneven > 0.1),
        (0, 0, 0, 0, 0, 1),
        1e-9,
        f"Against the frozen flow: {below(max(off), 1e-9)} for a = c (beta_s > 0, < 0, = 0) and for a = "
        f"-c with t reversed; {uneven:.2f} off for a(0) = .9, c(0) = .1.",
    )


@claim(
    "C15",
    "Figure 1, caption",
    "corrected",
    "04-exact-solution",
    "The curves are for different ratios beta_y : beta_b (beta_s : beta_b; beta_y is not defined).",
)
def c15(ratio=lambda b, s: modes.beta_s(b, s) / modes.beta_b(b, len(s))):
    rng, b = np.random.default_rng(6), 0.6
    sequences = rng.uniform(0.1, 1.0, size=(4, 10))
    level = [modes.flow(0.2, b, 0.2, s, [100.0], freeze_b=True).u[0] for s in sequences]
    expected = [ratio(b, s) for s in sequences]
    return evidence(
        level,
        expected,
        1e-8,
        "Four frozen flows level off at " + ", ".join(f"{v:.4f}" for v in level) + ", their beta_s/beta_b.",
    )


@claim(
    "C16",
    "Figure 1",
    "holds",
    "04-exact-solution",
    "Simulations follow the solution for several ratios, T = 10, b frozen.",
)
def c16(formula=exact.ac_exact):
    rng, T, b = np.random.default_rng(7), 10, 0.6
    ratios = np.array([2.0, 1.0, 0.5])
    U, V, R = bases(rng)
    shapes = rng.uniform(0.2, 1.0, size=(3, T))
    s = shapes * (ratios * modes.beta_b(b, T) / modes.beta_s(b, shapes))[:, None]
    data = tasks.sample_trajectories(s, U, V, n_trajectories=60, rng=rng)
    seen, off = tasks.moments(data.x, data.y), []
    net = network.aligned_network(np.full(3, 0.15), np.full(3, b), np.full(3, 0.15), U, V, R)
    for learning_rate in (0.01, 0.005):
        run = network.train(
            net,
            seen,
            learning_rate=learning_rate,
            steps=round(6 / learning_rate),
            record_every=10,
            freeze="W_h",
        )
        a, _, c = network.network_modes(run, U, V, R)
        t = run.step[:, None] * learning_rate
        off.append(np.abs(a * c - formula(t, 0.15, 0.15, modes.beta_s(b, s), modes.beta_b(b, T))).max())
    return evidence(
        (off[0], off[0] / off[1]),
        (0, 2),
        (0.03, 0.2),
        f"Largest difference at three ratios: {off[0]:.4f} at learning rate 0.01, {off[1]:.4f} at "
        f"0.005; it halves.",
    )
