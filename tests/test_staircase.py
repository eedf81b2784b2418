"""Plateaus of networks with several units, against Hessians, training and polynomials."""

import numpy as np
import pytest

from lrnn import network, realization, staircase, tasks

LAGS = np.arange(12)
ROTATION = (0.9**LAGS * np.cos(0.6 * LAGS))[::-1]
TWO_POLES = (2 * 0.5**LAGS - 0.8 * (-0.6) ** LAGS)[::-1]
ONE_POLE = 0.7 * 0.8 ** LAGS[::-1]
each_task = pytest.mark.parametrize("s", [ROTATION, TWO_POLES], ids=["rotation", "two poles"])


def seen(s):
    return tasks.task_moments(s[None], np.eye(1), np.eye(1))


def with_spare(net, beta):
    n = len(net.W_h)
    W_h = np.zeros((n + 1, n + 1))
    W_h[:n, :n], W_h[n, n] = net.W_h, beta
    return network.LinearRNN(np.vstack([net.W_x, [[0.0]]]), W_h, np.hstack([net.W_y, [[0.0]]]))


def packed(net):
    return np.concatenate([net.W_x.ravel(), net.W_h.ravel(), net.W_y.ravel()])


def unpacked(w):
    n = round(np.sqrt(len(w) + 1)) - 1
    return network.LinearRNN(w[:n, None], w[n:-n].reshape(n, n), w[None, -n:])


def hessian(net, s, h=1e-5):
    w = packed(net)
    moves = h * np.eye(len(w))
    slope = [
        packed(network.gradient(unpacked(w + d), seen(s)))
        - packed(network.gradient(unpacked(w - d), seen(s)))
        for d in moves
    ]
    H = np.array(slope) / (2 * h)
    return (H + H.T) / 2


def test_the_residual_polynomial_is_what_is_left_by_lag():
    rng = np.random.default_rng(0)
    net = network.LinearRNN(*(rng.normal(size=n) for n in ((3, 1), (3, 3), (1, 3))))
    e = staircase.residual_polynomial(net, ROTATION)
    for k in LAGS:
        answer = net.W_y @ np.linalg.matrix_power(net.W_h, k) @ net.W_x
        assert e[k] == pytest.approx(ROTATION[11 - k] - answer.item(), rel=1e-10, abs=1e-10)
    assert np.sum(e**2) / 2 == pytest.approx(network.loss(net, seen(ROTATION)), rel=1e-10)


@each_task
def test_each_plateau_is_a_critical_point_with_a_double_zero_at_each_pole(s):
    chain = staircase.plateaus(s, 3)
    assert [plateau.units for plateau in chain] == [0, 1, 2]
    assert chain[-1].energy < 1e-20
    for plateau in chain[1:]:
        assert np.abs(packed(network.gradient(plateau.net, seen(s)))).max() < 1e-8
        assert plateau.energy == pytest.approx(network.loss(plateau.net, seen(s)), abs=1e-12)
        assert sorted(np.linalg.eigvals(plateau.net.W_h)) == pytest.approx(sorted(plateau.poles))
        R = np.polynomial.Polynomial(staircase.residual_polynomial(plateau.net, s))
        assert np.abs(R(plateau.poles)).max() < 1e-7
        assert np.abs(R.deriv()(plateau.poles)).max() < 1e-6


def test_plateaus_of_known_tasks():
    energy = [plateau.energy for plateau in staircase.plateaus(ROTATION, 2)]
    assert energy == pytest.approx([np.sum(ROTATION**2) / 2, 0.668884, 0], abs=1e-6)
    assert staircase.plateaus(ROTATION, 2)[1].escape_rate == pytest.approx(0.74101, rel=1e-4)
    chain = staircase.plateaus(ONE_POLE, 4)  # one unit is enough
    assert len(chain) == 2
    assert chain[0].escape_rate == pytest.approx(0.7)
    assert chain[1].poles == pytest.approx([0.8])


@each_task
def test_one_unit_rests_at_its_best_energy(s):
    assert staircase.plateaus(s, 1)[1].energy == pytest.approx(realization.best_energy(s, 1), rel=1e-9)


@each_task
@pytest.mark.parametrize("beta", [0.0, 0.3, -0.7])
def test_the_escape_rate_is_the_one_unstable_direction_that_a_spare_unit_brings(s, beta):
    net = staircase.plateaus(s, 1)[1].net
    values = -np.linalg.eigvalsh(hessian(with_spare(net, beta), s))
    assert staircase.escape_rate(net, s, beta) == pytest.approx(values.max(), rel=1e-5)
    assert np.sum(values > 1e-4) == 1


def test_the_escape_rate_of_a_rotated_and_non_normal_network():
    net = staircase.plateaus(TWO_POLES - 0.5 * ROTATION, 2)[2].net
    s = TWO_POLES - 0.5 * ROTATION
    values = -np.linalg.eigvalsh(hessian(with_spare(net, 0.0), s))
    assert staircase.escape_rate(net, s) == pytest.approx(values.max(), rel=1e-5)


def time_off_the_plateau(s, plateau, size, seed):
    """When a network from a small random start has lost half of the plateau's energy."""
    rng = np.random.default_rng(seed)
    start = network.LinearRNN(*(size * rng.normal(size=n) for n in ((2, 1), (2, 2), (1, 2))))
    run = network.train(start, seen(s), learning_rate=0.02, steps=4000, record_every=4)
    assert np.abs(run.loss / plateau.energy - 1).min() < 0.02  # it rested there
    return 0.02 * run.step[np.argmax(run.loss < plateau.energy / 2)]


def test_a_smaller_start_waits_as_long_as_the_rates_say():
    chain = staircase.plateaus(ROTATION, 2)
    waits = [time_off_the_plateau(ROTATION, chain[1], size, seed=1) for size in (1e-3, 1e-5)]
    predicted = np.log(100) * (1 / chain[0].escape_rate + 1 / chain[1].escape_rate)
    assert waits[1] - waits[0] == pytest.approx(predicted, rel=0.03)


def test_a_task_without_its_last_input_has_no_linear_escape():
    chain = staircase.plateaus([0.5, 1.0, 0.0], 2)
    assert len(chain) == 1
    assert chain[0].escape_rate == 0
    assert chain[0].net is None


TWO_INPUTS = network.LinearRNN(np.ones((1, 2)), [[1.0]], [[1.0]])
ONE_UNIT = network.LinearRNN([[1.0]], [[0.5]], [[1.0]])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: staircase.plateaus([0.0, 0.0], 1), "s must not be zero"),
        (lambda: staircase.plateaus([1.0, np.inf], 1), "s must be finite"),
        (lambda: staircase.plateaus([1.0], -1), "n_units must be an integer"),
        (lambda: staircase.plateaus([1.0], 2), "n_units must be at most T = 1"),
        (lambda: staircase.escape_rate(ONE_UNIT, [1.0, 1.0], beta=0.5), "beta must not be a pole"),
        (lambda: staircase.residual_polynomial(TWO_INPUTS, [1.0]), "net must be one network"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
