"""Which learning rates train a network within a number of steps: the grid of the chapter on sweeps.

python phase_diagram.py        computes what phase_diagram.npz lacks, on all cores
"""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from lrnn import network, sweep, tasks

STEPS, TRAINED = 5000, 1e-3  # trained: the loss has fallen below this share of its first value
GRID = {
    "ratio": [0.9, 1 / 0.9],
    "T": np.arange(4, 41, 2),
    "learning_rate": np.geomspace(10**-3.5, 10**-0.3, 33),
}
SAVED = Path(__file__).with_suffix(".npz")


def task(ratio, T):
    """Singular values in geometric progression, of norm 1."""
    s = tasks.geometric(1.0, ratio, T)
    return s / np.linalg.norm(s)


def start(ratio, T, *, size=0.1, b0=0.5, noise=0.05, hidden=8, seeds=8):
    """Networks that begin small and at random, and the moments, U and V of a task with two equal modes."""
    rng = np.random.default_rng(13)
    U, V = (np.linalg.qr(rng.normal(size=(2, 2)))[0] for _ in "UV")
    sizes = (hidden, 2), (hidden, hidden), (2, hidden)
    W_x, W_h, W_y = (rng.normal(size=(seeds, *n)) / np.sqrt(hidden) for n in sizes)
    net = network.LinearRNN(size * W_x, b0 * np.eye(hidden) + noise * W_h, size * W_y)
    return net, tasks.task_moments(np.tile(task(ratio, T), (2, 1)), U, V), U, V


def outcome(ratio, T, learning_rate):
    """Shares of the networks trained and diverged, and the median of the steps it took."""
    net, moments, _, _ = start(ratio, T)
    run = network.train(net, moments, learning_rate=learning_rate, steps=STEPS, record_every=10)
    low = run.loss < TRAINED * run.loss[0]
    trained = low[-1] & ~run.diverged
    steps = run.step[low.argmax(axis=0)][trained]
    return trained.mean(), run.diverged.mean(), np.median(steps) if trained.any() else np.inf


if __name__ == "__main__":
    with ProcessPoolExecutor() as executor:
        sweep.sweep(outcome, GRID, executor=executor, save=SAVED, progress=True)
