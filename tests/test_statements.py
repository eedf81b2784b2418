"""Statements of the prose, each with its right value: theorems on random cases, examples, counterexamples."""

import numpy as np
import pytest
from chapters import BOOK, run

from lrnn import exact, landscape, modes, network, tasks


def best(s):
    return min(landscape.critical_points(s), key=lambda point: point.energy)


# Theorems


@pytest.mark.parametrize("seed", range(8))
def test_a_geometric_task_has_one_critical_point_on_positive_b(seed):
    rng = np.random.default_rng(seed)
    T, rho, g = int(rng.integers(2, 25)), rng.uniform(0.5, 1.8), rng.uniform(0.1, 2)
    (point,) = [p for p in landscape.critical_points(tasks.geometric(g, rho, T)) if p.b > 0]
    assert (point.b, point.u, point.kind) == (pytest.approx(rho), pytest.approx(g), "minimum")


@pytest.mark.parametrize("seed", range(8))
def test_for_even_lengths_a_geometric_task_has_one_other_critical_point(seed):
    rng = np.random.default_rng(seed)
    T, rho = 2 * int(rng.integers(1, 12)), rng.uniform(0.5, 1.8)
    first, second = landscape.critical_points(tasks.geometric(1.0, rho, T))
    assert (first.b, first.u, first.kind) == (pytest.approx(-1 / rho), pytest.approx(0, abs=1e-12), "saddle")
    assert second.kind == "minimum"


@pytest.mark.parametrize("T", [2, 6, 14])
def test_for_even_lengths_every_balanced_start_right_of_the_saddle_ends_in_the_optimum(T):
    rng = np.random.default_rng(T)
    rho, g, u0 = rng.uniform(0.5, 1.5, 100), rng.uniform(0.2, 2, 100), 10 ** rng.uniform(-4, 1, 100)
    b0, s = -1 / rho + 10 ** rng.uniform(-2, 0.5, 100), g[:, None] * rho[:, None] ** np.arange(T)[::-1]
    times = np.geomspace(1e-3, 1e8, 200)
    path = modes.flow(np.sqrt(u0), b0, np.sqrt(u0), s, times, rtol=1e-6)
    assert modes.energy(path.a[-1], path.b[-1], path.c[-1], s).max() < 1e-12
    # The bound of the proof: b^2 - (T - 1) u does not grow on b > rho, and u is bounded by the energy.
    u_most = np.maximum(u0, g + np.sqrt(2 * modes.energy(np.sqrt(u0), b0, np.sqrt(u0), s)))
    assert (path.b <= np.sqrt(np.maximum(b0, rho) ** 2 + (T - 1) * u_most) + 1e-6).all()


def test_odd_lengths_are_another_matter():
    lost = modes.flow(0.5, -1.5, 0.5, tasks.constant(0.7, 9), [1e3], rtol=1e-6)
    assert lost.b[0] < -5


@pytest.mark.parametrize("seed", range(6))
def test_an_optimum_exists_where_the_first_two_singular_values_are_not_zero(seed):
    s = np.random.default_rng(seed).normal(size=7)
    far = np.array([-1e6, 1e6])
    assert best(s).kind == "minimum"
    assert best(s).energy < landscape.reduced_energy(far, s).min()


@pytest.mark.parametrize("s", [(1, 0, 0), (1, 0, 0.2), (1, 0, 0.3, 0.1)])
def test_without_them_it_need_not(s):
    s = np.array(s, dtype=float)
    assert best(s).kind != "minimum" or best(s).energy > np.sum(s[1:] ** 2) / 2
    far = landscape.reduced_energy(np.array([1e1, 1e3, 1e5]), s)
    assert far[0] > far[1] > far[2] - 1e-15


@pytest.mark.parametrize(("u0", "b0"), [(0.25, 0.5), (0.04, 0.8), (0.5, -0.3)])
def test_without_data_b_stalls_where_the_law_for_long_trajectories_says(u0, b0):
    end = modes.flow(u0**0.5, b0, u0**0.5, np.zeros(200), [1e10]).b[0]
    assert 2 * np.log(b0 / end) - (b0**2 - end**2) == pytest.approx(u0, rel=1e-6)


def test_a_change_of_hidden_basis_changes_no_answer_and_no_eigenvalue():
    rng = np.random.default_rng(0)
    net = network.LinearRNN(*(rng.normal(size=n) / 2 for n in ((4, 2), (4, 4), (3, 4))))
    G = rng.normal(size=(4, 4))
    turned = network.LinearRNN(G @ net.W_x, G @ net.W_h @ np.linalg.inv(G), net.W_y @ np.linalg.inv(G))
    assert turned.impulse_response(6) == pytest.approx(net.impulse_response(6), rel=1e-8, abs=1e-10)
    assert np.sort_complex(np.linalg.eigvals(turned.W_h)) == pytest.approx(
        np.sort_complex(np.linalg.eigvals(net.W_h)), rel=1e-8
    )


def test_the_best_b_of_a_bounded_task_exceeds_one_by_less_than_the_bound():
    rng = np.random.default_rng(1)
    for T in (4, 9, 30):
        for s in rng.uniform(-1, 1, (20, T)):
            point = best(s)
            if point.b > 1 and point.u > 0:
                assert np.log(point.b) < np.log(2 * s.max() / point.u) / (T - 1)


# Examples and counterexamples


def test_the_wait_at_fifty_steps_is_that_of_a_start_and_of_a_rule():
    s, times = tasks.contracting(0.9, 50), np.geomspace(0.01, 1e4, 20_000)
    waits = {}
    for b0 in (0.1, 0.9):
        path = modes.flow(0.1, b0, 0.1, s, times, rtol=1e-6)
        low = modes.energy(path.a, path.b, path.c, s) < 0.01 * modes.energy(0.1, b0, 0.1, s)
        waits[b0] = times[np.argmax(low)]
    assert waits[0.1] == pytest.approx(6394, rel=2e-3)
    assert waits[0.9] == pytest.approx(0.39, abs=0.005)


def test_what_the_data_contribute_to_b_dies_out_where_the_late_values_are_zero():
    for T, size in ((10, 1e-2), (20, 2e-5), (40, 4e-11), (80, 8e-23)):
        s = np.eye(T)[0]
        data = 0.3 * modes._beta_s(np.array(0.5), s, 1)[1]
        assert data == pytest.approx(0.3 * (T - 1) * 0.5 ** (T - 2), rel=1e-12)
        assert data == pytest.approx(size, rel=0.5)


def test_weight_decay_on_both_factors_has_a_threshold_and_a_penalty_on_u_reaches_zero_only_in_the_limit():
    beta_s, beta_b, step = 0.7, 1.5, 1e-3
    for mu in (0.3, 0.9):
        a = 0.8
        for _ in range(40_000):
            a += step * (a * (beta_s - a * a * beta_b) - mu * a)
        assert a * a == pytest.approx(max(0.0, (beta_s - mu) / beta_b), abs=1e-6)
    u, t = 0.5, 3.0  # descent on |u| alone, a = c: du/dt = -2u
    for _ in range(3000):
        u += t / 3000 * -2 * u
    assert u == pytest.approx(0.5 * np.exp(-2 * t), rel=0.01)


def test_optima_scale_with_the_task():
    s = np.random.default_rng(2).uniform(0.1, 1, 9)
    weak, strong = best(1e-4 * s), best(s)
    assert (weak.b, weak.u) == (pytest.approx(strong.b), pytest.approx(1e-4 * strong.u))


def test_the_paths_of_the_first_page_and_of_chapter_four_peak_where_they_do():
    root = 0.2**0.5
    way = modes.flow(root, -0.9, root, tasks.constant(0.7, 10), np.geomspace(1e-4, 1e3, 8000), rtol=1e-6)
    top = way.u.argmax()
    assert (way.u[top], way.b[top]) == (pytest.approx(0.874, abs=2e-3), pytest.approx(0.95, abs=0.01))
    free = modes.flow(0.1, 0.3, 0.1, tasks.constant(0.7, 10), np.geomspace(0.05, 100, 4000))
    assert free.b.max() == pytest.approx(1.042, abs=1e-3)


def test_the_plateau_law_from_the_stall_becomes_exact():
    b = 0.1
    for _ in range(60):
        b = 0.1 * np.exp(-(0.25 + 0.01 - b * b) / 2)
    ratios = []
    for T in (50, 80, 100):
        s, law = tasks.contracting(0.9, T), float(exact.plateau_time(0.9, T, b))
        times = np.linspace(0, 1.2 * law, 20_001)[1:]
        path = modes.flow(0.5, 0.1, 0.5, s, times, rtol=1e-6)
        low = modes.energy(path.a, path.b, path.c, s) < 0.01 * modes.energy(0.5, 0.1, 0.5, s)
        ratios.append(times[np.argmax(low)] / law)
    assert ratios == pytest.approx([0.956, 0.9965, 0.9994], abs=5e-4)


def test_the_power_of_the_rate_does_not_decide_for_small_rates():
    s, law = tasks.contracting(0.6, 9), float(exact.plateau_time(0.6, 9, 0.1))
    times = np.linspace(0, 40 + 2 * law, 40_001)[1:]
    path = modes.flow(0.1, 0.1, 0.1, s, times, rtol=1e-8)
    low = modes.energy(path.a, path.b, path.c, s) < 0.01 * modes.energy(0.1, 0.1, 0.1, s)
    assert 1.08 < times[np.argmax(low)] / law < 1.15


def test_a_larger_drive_does_not_help_a_mode_that_ends_in_a_poor_minimum():
    T = 20
    trap, plain = np.full(T, 0.01), tasks.geometric(0.5, 0.5, T)
    trap[-1], trap[0] = 1.0, 10.0
    assert modes.beta_s(0.5, trap) == pytest.approx(1.010, abs=1e-3)
    assert modes.beta_s(0.5, plain) == pytest.approx(0.667, abs=1e-3)
    end = modes.flow(1e-3, 0.5, 1e-3, np.stack([trap, plain]), [1e6], rtol=1e-6)
    learned = 1 - 2 * modes.energy(end.a[0], end.b[0], end.c[0], np.stack([trap, plain])) / [
        np.sum(trap**2), np.sum(plain**2)
    ]  # fmt: skip
    assert learned[0] < 0.02
    assert learned[1] > 0.999


def test_the_split_of_chapter_seven_at_the_edges():
    chapter = run(BOOK / "07-printed-equation.ipynb", only="core")
    s = tasks.constant(0.7, 10)
    rest = chapter["resting_place"](0.999, 0.01, s)
    left = modes.energy(rest**2 + 0.01 - 0.999**2, rest, 1.0, s) / (np.sum(s**2) / 2)
    assert left == pytest.approx(0.123, abs=2e-3)
    fading = [modes.flow(u**0.5, -1.2, u**0.5, s, [1e4]).u[0] < 1e-6 for u in (0.030, 0.035)]
    assert fading == [True, False]
