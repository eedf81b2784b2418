"""The hidden space: ranks, recurrences, bounds, and the least-norm network."""

import itertools

import numpy as np
import pytest
from scipy.optimize import least_squares

from lrnn import network, realization, tasks

T = 10
LAGS = np.arange(T)


def by_lag(values):
    """A sequence in the order of time steps from its values by lag."""
    return np.array(values, dtype=float)[::-1]


KNOWN = {  # by lag: Hankel rank, linear complexity
    "constant": (np.full(T, 0.7), 1, 1),
    "geometric": (2 * 0.5**LAGS, 1, 1),
    "ramp": (LAGS, 2, 2),
    "change": ((LAGS == 0) * 1 - (LAGS == 1) * 1, 2, 2),
    "mean of the last four": (LAGS < 4, 4, 4),
    "recall of lag 3": (LAGS == 3, 4, 4),
    "every third": (LAGS % 3 == 0, 3, 3),
    "first alone": (LAGS == 9, 1, 10),
    "first and last": ((LAGS == 0) | (LAGS == 9), 2, 9),
}


def random_net(n, seed, N_x=1, N_y=1):
    rng = np.random.default_rng(seed)
    sizes = (n, N_x), (n, n), (N_y, n)
    return network.LinearRNN(*(rng.normal(size=size) / np.sqrt(n) for size in sizes))


def test_a_hankel_matrix_holds_the_value_of_each_sum_of_lags():
    s = np.arange(1.0, 8)
    H = realization.hankel(s, 3)
    assert H.shape == (3, 5)
    for i, j in np.ndindex(H.shape):
        assert H[i, j] == s[len(s) - 1 - (i + j)]
    assert realization.hankel(s).shape == (4, 4)
    assert realization.hankel(np.ones(6)).shape == (3, 4)


@pytest.mark.parametrize("name", KNOWN)
def test_ranks_and_complexities_of_known_tasks(name):
    values, rank, complexity = KNOWN[name]
    assert realization.hankel_rank(by_lag(values)) == rank
    assert realization.linear_complexity(by_lag(values)) == complexity


def shortest_recurrence(lags):
    """Length of the shortest recurrence over the integers modulo a large prime, by Berlekamp and Massey."""
    p, C, B, L, m, b = 2**61 - 1, [1], [1], 0, 1, 1
    for n, value in enumerate(lags):
        d = (value + sum(C[i] * lags[n - i] for i in range(1, min(L, len(C) - 1) + 1))) % p
        if d:
            before, factor = list(C), d * pow(b, -1, p) % p
            C += [0] * (len(B) + m - len(C))
            for i, c in enumerate(B):
                C[i + m] = (C[i + m] - factor * c) % p
            if n >= 2 * L:
                L, B, b, m = n + 1 - L, before, d, 0
        m += 1
    return L


def test_every_ternary_sequence_of_length_seven_has_its_shortest_recurrence():
    for lags in itertools.product((-1, 0, 1), repeat=7):
        if any(lags):
            r, L = realization.hankel_rank(by_lag(lags)), realization.linear_complexity(by_lag(lags))
            assert shortest_recurrence(lags) == L
            assert L in (r, 8 - r)


def test_the_impulse_response_of_n_units_has_rank_and_complexity_n():
    rng = np.random.default_rng(0)
    for n in (1, 2, 3):  # small integers, so that the response is exact
        W = [rng.integers(-2, 3, size).astype(float) for size in ((n, 1), (n, n), (1, n))]
        s = network.LinearRNN(*W).impulse_response(9)[:, 0, 0]
        if s.any():
            assert realization.hankel_rank(s) <= n
            assert realization.linear_complexity(s) <= n


def fitted(s, n, seeds):
    """Least energy of networks of n units, by least squares in all weights from random starts."""

    def residual(w):
        net = network.LinearRNN(w[:n, None], w[n:-n].reshape(n, n), w[None, -n:])
        return net.impulse_response(len(s))[:, 0, 0] - s

    best = np.inf
    for seed in seeds:
        start = np.random.default_rng(seed).normal(size=n * n + 2 * n) / np.sqrt(n)
        best = min(best, least_squares(residual, start, method="trf", max_nfev=2000).cost)
    return best


@pytest.mark.parametrize(
    ("name", "n"), [("recall of lag 3", 3), ("every third", 2), ("ramp", 1), ("change", 1)]
)
def test_the_best_energy_is_what_fits_of_all_weights_find(name, n):
    s = by_lag(KNOWN[name][0])
    assert realization.best_energy(s, n) == pytest.approx(fitted(s, n, range(12)), rel=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_the_bound_lies_below_the_best_energy_and_both_fall_with_units(seed):
    s = np.random.default_rng(seed).normal(size=7)
    best = [realization.best_energy(s, n) for n in range(8)]
    bound = [realization.energy_bound(s, n) for n in range(8)]
    assert all(low <= value + 1e-9 for low, value in zip(bound, best))
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(best))
    assert best[0] == pytest.approx(np.sum(s**2) / 2)
    assert best[4:] == [0, 0, 0, 0]
    assert bound[0] == pytest.approx(best[0])


def test_an_infimum_of_zero_need_not_be_reached():
    s = by_lag(KNOWN["first alone"][0])
    assert realization.best_energy(s, 1) == 0
    assert realization.linear_complexity(s) == 10
    b = 4.0 ** np.arange(1, 6)  # a pole that grows: the answer of lag 9 stays, all others vanish
    left = [np.sum((by_lag(b_n ** (LAGS - 9.0)) - s) ** 2) / 2 for b_n in b]
    assert left == sorted(left, reverse=True)
    assert left[-1] < 1e-5


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 1, 1), (3, 2, 2), (4, 1, 3)])
def test_the_least_norm_network_has_the_same_response_and_nothing_left_to_conserve(sizes, seed):
    n, N_x, N_y = sizes
    net = random_net(n, seed, N_x, N_y)
    least = realization.least_norm(net)
    size = sum(np.sum(w**2) for w in (least.W_x, least.W_h, least.W_y))
    assert least.impulse_response(2 * n + 2) == pytest.approx(
        net.impulse_response(2 * n + 2), rel=1e-8, abs=1e-9
    )
    assert np.abs(network.conserved(least)).max() < 1e-9 * size
    rng = np.random.default_rng(seed)
    for scale in (1e-3, 0.1, 1.0):  # no other basis is smaller
        G = np.eye(n) + scale * rng.normal(size=(n, n))
        other = (G @ least.W_x, G @ least.W_h @ np.linalg.inv(G), least.W_y @ np.linalg.inv(G))
        assert sum(np.sum(w**2) for w in other) >= size * (1 - 1e-12)


def test_the_least_norm_network_of_the_papers_tasks_is_the_aligned_balanced_one():
    rng = np.random.default_rng(2)
    U, V, R = (np.linalg.qr(rng.normal(size=(n, 2)))[0] for n in (3, 4, 2))
    g, rho = np.array([0.7, 1.2]), np.array([0.9, 0.4])
    aligned = network.aligned_network(np.sqrt(g), rho, np.sqrt(g), U, V, R)
    G = rng.normal(size=(2, 2))
    disguised = network.LinearRNN(
        G @ aligned.W_x, G @ aligned.W_h @ np.linalg.inv(G), aligned.W_y @ np.linalg.inv(G)
    )
    least = realization.least_norm(disguised)
    size = sum(np.sum(w**2) for w in (least.W_x, least.W_h, least.W_y))
    assert size == pytest.approx(np.sum(2 * g + rho**2), rel=1e-10)
    assert least.W_h == pytest.approx(least.W_h.T, abs=1e-8)


def test_a_small_start_ends_in_the_least_norm_network():
    s = by_lag(0.9**LAGS * np.cos(0.6 * LAGS))
    seen, rng = tasks.task_moments(s[None], np.eye(1), np.eye(1)), np.random.default_rng(3)
    excess = []
    for size in (0.03, 0.01):
        start = network.LinearRNN(*(size * rng.normal(size=n) for n in ((2, 1), (2, 2), (1, 2))))
        end = network.train(start, seen, learning_rate=0.05, steps=20_000, record_every=20_000).network()
        least = realization.least_norm(end)
        excess.append(sum(np.sum(v**2) - np.sum(w**2) for v, w in zip(weights(end), weights(least))))
        assert np.linalg.svd(end.W_h)[1] == pytest.approx(np.linalg.svd(least.W_h)[1], rel=0.02)
    assert 0 < excess[1] < excess[0] < 0.01


def weights(net):
    return net.W_x, net.W_h, net.W_y


BLIND = network.LinearRNN([[1.0], [0.0]], [[0.5, 0.0], [0.0, 0.3]], [[1.0, 1.0]])
DEAF = network.LinearRNN(BLIND.W_y.T, BLIND.W_h, BLIND.W_x.T)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: realization.hankel([]), "s must have shape"),
        (lambda: realization.hankel([1.0, 2.0], 3), "rows must be at most T = 2"),
        (lambda: realization.hankel([1.0, 2.0], 0), "rows must be an integer"),
        (lambda: realization.hankel_rank([0.0, 0.0]), "s must not be zero"),
        (lambda: realization.linear_complexity([np.nan]), "s must be finite"),
        (lambda: realization.energy_bound([1.0], -1), "n_units must be an integer"),
        (lambda: realization.best_energy([1.0], 2), "n_units must be at most T = 1"),
        (lambda: realization.least_norm(BLIND), "1 of its hidden directions are not reached"),
        (lambda: realization.least_norm(DEAF), "1 of its hidden directions are not seen"),
        (lambda: realization.least_norm(network.LinearRNN(*np.ones((3, 2, 1, 1)))), "net must be one"),
        (lambda: network.conserved(np.eye(2)), "net must be a LinearRNN"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
