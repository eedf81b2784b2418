import itertools
from fractions import Fraction

import numpy as np
import oracles
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracles import modes as mode_values
from oracles import scipy_flow, sequences, slopes

from lrnn import _rosenbrock, modes, tasks

EPS = np.finfo(float).eps


# The sums


@given(mode_values, sequences)
def test_beta_s_is_its_defining_sum(b, s):
    exact = oracles.beta_s(Fraction(b), oracles.exact(s))
    bound = oracles.beta_s(abs(b), np.abs(s))
    assert abs(modes.beta_s(b, s) - float(exact)) <= 2 * len(s) * EPS * bound + 1e-300


@settings(max_examples=40)
@given(mode_values | st.floats(0.999, 1.001), st.integers(1, 70))
@example(1 - 1e-9, 200)
@example(-1 + 2**-53, 199)
@example(0.0, 1)
def test_beta_b_is_its_defining_sum_also_beside_one(b, T):
    exact = oracles.beta_b(Fraction(b), T)
    assert modes.beta_b(b, T) == pytest.approx(float(exact), rel=4e-14)


def test_the_quotient_form_of_beta_b_would_fail_beside_one():
    b, T = 1 - 1e-9, 50
    exact = float(oracles.beta_b(Fraction(b), T))
    quotient = (1 - b ** (2 * T)) / (1 - b**2)
    assert abs(quotient / exact - 1) > 1e-10
    assert modes.beta_b(b, T) == pytest.approx(exact, rel=1e-15)


@pytest.mark.parametrize("b", [1, -1])
def test_beta_b_at_one_counts_the_steps(b):
    assert [float(modes.beta_b(b, T)) for T in range(1, 70)] == list(range(1, 70))


def test_integer_b_does_not_overflow_silently():
    assert modes.beta_b(3, 50) == pytest.approx(float(oracles.beta_b(3, 50)))
    assert modes.beta_s(2, np.ones(100, dtype=int)) == pytest.approx(2.0**100 - 1)


@given(mode_values, mode_values, mode_values, sequences)
def test_energy_is_its_defining_sum(a, b, c, s):
    exact = oracles.energy(*oracles.exact([a, b, c]), oracles.exact(s))
    bound = oracles.energy(abs(a), abs(b), abs(c), [-abs(x) for x in s])
    # A sum of squares: its error is relative to the residuals, not to the squares of their terms.
    rounding = 4 * len(s) * EPS
    tolerance = 2 * rounding * np.sqrt(float(exact) * bound) + rounding**2 * bound + rounding * float(exact)
    assert abs(modes.energy(a, b, c, s) - float(exact)) <= tolerance + 1e-300


def test_energy_is_accurate_down_to_zero_where_the_expanded_sum_is_noise():
    s = tasks.constant(0.7, 50)
    a, b, c = 0.7 + 1e-10, 1.0, 1.0
    exact = float(oracles.energy(*oracles.exact([a, b, c]), oracles.exact(s)))
    expanded = np.sum(s**2) / 2 - a * c * modes.beta_s(b, s) + (a * c) ** 2 * modes.beta_b(b, 50) / 2
    assert modes.energy(a, b, c, s) == pytest.approx(exact, rel=1e-6)
    assert abs(expanded - exact) > 0.5 * exact


# The gradient


@given(mode_values, mode_values, mode_values, sequences, st.sampled_from([1.0, 0.25, 30.0]))
@example(0.7, 0.0, -0.4, [1.0, 2.0, 3.0], 1.0)
@example(0.7, -1.0, -0.4, [1.0], 1.0)
def test_velocity_is_minus_the_gradient_of_the_energy_over_tau(a, b, c, s, tau):
    descent = -slopes(lambda *mode: oracles.energy(*mode, s), a, b, c) / tau
    error = np.abs(np.array(modes.velocity(a, b, c, s, tau)) - descent)
    assert (error <= 1e-13 * oracles.magnitude(a, b, c, s) / tau + 1e-70).all()
    assert np.allclose(oracles.descent(a, b, c, s), descent * tau, rtol=1e-12, atol=1e-11)


def test_velocity_keeps_its_digits_beside_one():
    T, b = 200, 1 - 2**-40
    s = tasks.constant(0.7, T)
    exact = oracles.descent(*oracles.exact([0.9, b, 0.8]), oracles.exact(s))
    assert modes.velocity(0.9, b, 0.8, s) == pytest.approx([float(x) for x in exact], rel=1e-13)


def test_db_without_the_factor_is_not_the_gradient():
    # As printed (C07): sum_i c b^(T-i-1) a (s_i - c b^(T-i) a), without (T-i).
    a, b, c, s = 0.6, 0.5, 0.9, tasks.constant(0.7, 10)
    T, h = len(s), 1e-6
    printed = sum(c * b ** (T - i - 1) * a * (s[i - 1] - c * b ** (T - i) * a) for i in range(1, T + 1))
    difference = -(modes.energy(a, b + h, c, s) - modes.energy(a, b - h, c, s)) / (2 * h)
    assert modes.velocity(a, b, c, s)[1] == pytest.approx(difference, rel=1e-8)
    assert abs(printed / difference - 1) > 0.1


def test_the_printed_db_vanishes_on_a_whole_curve_where_the_gradient_does_not():
    b, s = 0.5, tasks.constant(0.7, 10)
    u = oracles.beta_s(b, s) / oracles.beta_b(b, 10)
    printed = u / b * (oracles.beta_s(b, s) - u * oracles.beta_b(b, 10))
    assert abs(printed) < 1e-15
    assert modes.velocity(u, b, 1.0, s)[1] > 0.1


def test_the_printed_flow_is_no_gradient_because_its_curl_is_not_zero():
    s = tasks.constant(0.7, 10)

    def printed(a, b, c):
        force = oracles.beta_s(b, s) - a * c * oracles.beta_b(b, 10)
        return np.array([c * force, a * c / b * force, a * force])

    point = 0.6, 0.5, 0.9
    jacobian = np.transpose([slopes(lambda *y, k=k: printed(*y)[k], *point) for k in range(3)])
    true = np.transpose([slopes(lambda *y, k=k: oracles.descent(*y, s)[k], *point) for k in range(3)])
    assert np.abs(true - true.T).max() < 1e-12
    assert np.abs(jacobian - jacobian.T).max() > 0.1


@given(mode_values, mode_values, mode_values, sequences)
def test_hessian_is_the_slope_of_the_gradient(a, b, c, s):
    expected = -np.array([slopes(lambda *y, k=k: oracles.descent(*y, s)[k], a, b, c) for k in range(3)])
    signs = [-abs(x) for x in s]
    bound = np.array(
        [slopes(lambda *y, k=k: oracles.descent(*y, signs)[k], abs(a), abs(b), abs(c)) for k in range(3)]
    )
    found = modes.hessian(a, b, c, s)
    assert (np.abs(found - expected) <= 1e-12 * np.abs(bound) + 1e-70).all()
    assert np.array_equal(found, found.T)


def test_everything_broadcasts_with_the_time_axis_last():
    rng = np.random.default_rng(0)
    a, b, c = rng.standard_normal((2, 1, 1)), rng.standard_normal((3, 1)), rng.standard_normal(4)
    s = rng.standard_normal((2, 3, 4, 5))
    full = [np.broadcast_to(v, (2, 3, 4)) for v in (a, b, c)]
    energy, velocity, hessian = (
        modes.energy(a, b, c, s),
        modes.velocity(a, b, c, s),
        modes.hessian(a, b, c, s),
    )
    for at in np.ndindex(2, 3, 4):
        mode = [float(v[at]) for v in full]
        assert energy[at] == pytest.approx(oracles.energy(*mode, s[at]))
        assert [v[at] for v in velocity] == pytest.approx(oracles.descent(*mode, s[at]))
        assert hessian[at] == pytest.approx(modes.hessian(*mode, s[at]))
        assert modes.beta_s(b, s)[at] == pytest.approx(oracles.beta_s(mode[1], s[at]))


# Symmetries


@given(mode_values.filter(lambda b: abs(b) > 0.1), mode_values, sequences)
def test_time_reversal_is_an_exact_duality(b, u, s):
    T = len(s)
    forward = modes.energy(u, b, 1.0, s)
    backward = modes.energy(u * b ** (T - 1), 1 / b, 1.0, s[::-1])
    scale = oracles.energy(abs(u), abs(b), 1.0, [-abs(x) for x in s])
    assert backward == pytest.approx(forward, rel=1e-10, abs=1e-13 * scale)


@given(mode_values, mode_values, sequences)
def test_flipping_b_flips_every_other_singular_value(b, u, s):
    T = len(s)
    flipped = [(-1) ** (T - i) * s[i - 1] for i in range(1, T + 1)]
    assert modes.energy(u, -b, 1.0, flipped) == modes.energy(u, b, 1.0, s)


# The optima and the large-T statements

OPTIMA = [
    (tasks.constant(0.7, 10), 1.0, 0.7),
    (tasks.constant(0.7, 50), 1.0, 0.7),
    (tasks.expanding(0.7, 10), 0.7, 1.0),
    (tasks.expanding(0.7, 50), 0.7, 1.0),
    (tasks.contracting(0.9, 10), 1 / 0.9, 0.34868),
    (tasks.contracting(0.9, 50), 1 / 0.9, 0.0051538),
]


@pytest.mark.parametrize(("s", "b", "u"), OPTIMA)
def test_the_papers_tasks_are_solved_exactly_where_stated(s, b, u):
    exact_u = 0.9 ** len(s) if b > 1 else u
    assert exact_u == pytest.approx(u, rel=1e-5)
    assert modes.energy(exact_u, b, 1.0, s) < 1e-28
    assert np.abs(modes.velocity(np.sqrt(exact_u), b, np.sqrt(exact_u), s)).max() < 1e-12


def test_the_printed_optimum_of_the_contracting_task_is_not_one():
    s = tasks.contracting(0.9, 10)
    assert modes.energy(0.359, 1 / 0.9, 1.0, s) > 1e-4


@pytest.mark.parametrize("b", [0.6, -0.6, 0.9])
def test_the_gradient_of_a_long_constant_task_stays_finite_below_one(b):
    u, s = 0.8, 0.7
    limit = u * s / (1 - b) ** 2 - u**2 * b / (1 - b**2) ** 2
    assert modes.velocity(u, b, 1.0, tasks.constant(s, 600))[1] == pytest.approx(limit, rel=1e-12)


def test_the_gradient_of_a_long_constant_task_explodes_above_one():
    sizes = [abs(modes.velocity(0.8, 1.1, 1.0, tasks.constant(0.7, T))[1]) for T in (20, 40, 80, 160)]
    assert all(later > 10 * earlier for earlier, later in itertools.pairwise(sizes))


@pytest.mark.parametrize("b", [0.0, 0.3, -0.8])
def test_the_regulariser_has_a_plus_sign_and_no_offset(b):
    # With s = 0 only the term that is quadratic in u is left.
    u, T = 0.9, 400
    direct = modes.energy(u, b, 1.0, np.zeros(T))
    corrected = u**2 / 4 * (1 / (1 - b) + 1 / (1 + b))
    printed = -(u**2) / 2 * (1 / (1 - b) + 1 / (1 + b) - 2)
    assert direct == pytest.approx(corrected, rel=1e-12)
    assert abs(printed - direct) > 0.1


@pytest.mark.parametrize("b", [0.3, -0.8])
def test_the_regulariser_pushes_b_towards_zero_not_towards_one(b):
    u = 0.9
    force = modes.velocity(u, b, 1.0, np.zeros(400))[1]
    assert force == pytest.approx(-b * u**2 / (1 - b**2) ** 2, rel=1e-12)
    printed = 2 * b * u**2 / (1 - b**2) ** 2
    assert np.sign(printed) == -np.sign(force)


@pytest.mark.parametrize("b", [1.0, -1.0])
def test_the_regulariser_at_one_grows_with_the_length(b):
    assert modes.energy(0.9, b, 1.0, np.zeros(37)) == pytest.approx(37 / 2 * 0.81)


# The flow

FLOWS = {
    "constant T=50, stiff": ((0.1, 0.1, 0.1), tasks.constant(0.7, 50), [0.5, 3, 100]),
    "contracting T=40, long plateau": ((0.1, 0.1, 0.1), tasks.contracting(0.9, 40), [10, 500, 790, 810]),
    "expanding T=10, unbalanced": ((0.3, -0.4, 0.05), tasks.expanding(0.7, 10), [0.1, 1, 10, 100]),
    "constant T=10 from b0=1.5": ((0.5, 1.5, 0.5), tasks.constant(0.7, 10), [1e-3, 0.1, 5]),
    "contracting T=50 from b0=1.2": ((0.5, 1.2, 0.5), tasks.contracting(0.9, 50), [1e-3, 0.1, 5]),
    "runaway, T=5 from b0=-2": ((0.5, -2.0, 0.5), tasks.constant(0.7, 5), [0.1, 10, 100]),
    "opposite signs": ((0.4, 0.2, -0.7), tasks.constant(0.7, 6), [0.1, 1, 3, 30]),
    "T=1": ((0.4, 0.2, 0.7), np.array([0.9]), [0.1, 1, 30]),
    "s=0": ((0.5, 0.5, 0.5), np.zeros(10), [0.1, 10, 1e3]),
}


@pytest.mark.parametrize("name", FLOWS)
def test_flow_agrees_with_radau(name):
    start, s, t = FLOWS[name]
    found = modes.flow(*start, s, t)
    expected = scipy_flow(*start, s, t)
    assert not found.diverged
    for k, mode in enumerate((found.a, found.b, found.c)):
        assert mode == pytest.approx(expected[k], rel=1e-5, abs=1e-8)
    assert np.array_equal(found.u, found.a * found.c)


def test_flow_agrees_with_lsoda_with_b_frozen():
    s, t = tasks.expanding(0.7, 10), [0.1, 1.0, 10.0]
    found = modes.flow(0.3, -0.4, 0.05, s, t, freeze_b=True)
    a, _, c = scipy_flow(0.3, -0.4, 0.05, s, t, method="LSODA", freeze_b=True)
    assert (found.b == -0.4).all()
    assert found.a == pytest.approx(a, rel=1e-6)
    assert found.c == pytest.approx(c, rel=1e-6)


@settings(max_examples=10)
@given(mode_values, st.floats(-1.2, 1.2, allow_subnormal=False), mode_values, sequences)
def test_flow_agrees_with_radau_from_random_starts(a, b, c, s):
    t = [0.0, 0.3, 2.0]
    found = modes.flow(a, b, c, s, t)
    expected = scipy_flow(a, b, c, s, t)
    for k, mode in enumerate((found.a, found.b, found.c)):
        assert mode == pytest.approx(expected[k], rel=1e-5, abs=1e-7)


def test_a_tighter_tolerance_gives_a_smaller_error():
    start, s, t = (0.1, 0.1, 0.1), tasks.constant(0.7, 10), [0.5, 3.0]
    expected = scipy_flow(*start, s, t, rtol=1e-12, atol=1e-14)[1]
    errors = [np.abs(modes.flow(*start, s, t, rtol=rtol).b - expected).max() for rtol in (1e-3, 1e-6, 1e-9)]
    assert errors[0] > 10 * errors[1] > 100 * errors[2]


def test_flow_at_time_zero_is_the_start():
    found = modes.flow([0.1, 0.2], 0.3, -0.4, tasks.constant(0.7, 3), [0.0])
    assert np.array_equal(found.a, [[0.1, 0.2]])
    assert np.array_equal(found.b, [[0.3, 0.3]])
    assert np.array_equal(found.c, [[-0.4, -0.4]])


@pytest.mark.parametrize(("s", "b", "u"), OPTIMA)
def test_flow_at_infinite_time_is_the_optimum(s, b, u):
    found = modes.flow(0.5, 0.5, 0.5, s, [1e12], rtol=1e-6)
    assert not found.diverged
    assert found.b == pytest.approx([b], rel=1e-5)
    assert found.u == pytest.approx([u], rel=2e-5)


def test_tau_only_rescales_time():
    s, t = tasks.constant(0.7, 10), np.array([0.0, 0.5, 4.0])
    slow, fast = modes.flow(0.1, 0.2, 0.3, s, 7 * t, tau=7.0), modes.flow(0.1, 0.2, 0.3, s, t)
    assert np.array_equal(slow.t, 7 * t)
    assert slow.b == pytest.approx(fast.b, rel=1e-12)


def test_a_batch_flows_like_its_members():
    rng = np.random.default_rng(1)
    a, b, c = rng.uniform(-1, 1, (2, 1)), rng.uniform(-1.2, 1.2, 3), rng.uniform(-1, 1, (2, 3))
    s, t = rng.standard_normal((2, 1, 6)), [0.2, 3.0]
    batch = modes.flow(a, b, c, s, t)
    assert batch.a.shape == batch.u.shape == (2, 2, 3)
    assert batch.diverged.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        one = modes.flow(a[i, 0], b[j], c[i, j], s[i, 0], t)
        assert batch.b[:, i, j] == pytest.approx(one.b, rel=1e-9)
        assert batch.u[:, i, j] == pytest.approx(one.u, rel=1e-9)


def test_reporting_more_times_does_not_change_the_flow():
    start, s, _ = FLOWS["constant T=10 from b0=1.5"]
    few = modes.flow(*start, s, [3.0])
    many = modes.flow(*start, s, np.linspace(0, 3, 101))
    assert many.b[-1] == pytest.approx(few.b[-1], rel=1e-7)


@settings(max_examples=15)
@given(mode_values, st.floats(-1.2, 1.2, allow_subnormal=False), mode_values, sequences)
def test_the_flow_conserves_the_difference_of_squares_and_lowers_the_energy(a, b, c, s):
    found = modes.flow(a, b, c, s, [0.0, 0.01, 0.1, 1.0, 10.0], rtol=1e-7)
    assert found.a**2 - found.c**2 == pytest.approx(np.full(5, a**2 - c**2), rel=1e-5, abs=1e-5)
    energy = modes.energy(found.a, found.b, found.c, s)
    assert (np.diff(energy) <= 1e-6 * (1 + energy[:-1])).all()


def test_a_zero_task_shrinks_u_but_b_stalls_before_zero():
    found = modes.flow(0.5, 0.5, 0.5, np.zeros(10), [0.0, 1e6, 1e8])
    assert found.b[-1] == pytest.approx(0.42647, abs=1e-5)
    assert found.b[-1] == pytest.approx(found.b[-2], abs=1e-5)
    assert found.u[-1] == pytest.approx(1 / (2 * modes.beta_b(found.b[-1], 10) * 1e8), rel=1e-4)


def test_b_grows_past_one_when_the_task_asks_for_it():
    found = modes.flow(0.5, 0.5, 0.5, tasks.geometric(1.0, 1.1, 100), [1e6], rtol=1e-5)
    assert found.b == pytest.approx([1.1], rel=1e-6)
    assert found.u == pytest.approx([1.0], rel=1e-4)


@pytest.mark.parametrize("T", [10, 50])
def test_starts_with_b_above_one_are_stable_under_gradient_flow(T):
    s = np.stack([tasks.constant(0.7, T), tasks.expanding(0.7, T)])
    found = modes.flow(0.5, np.array([[1.2], [1.5]]), 0.5, s, [1e9], rtol=1e-5)
    assert not found.diverged.any()
    assert found.b[0] == pytest.approx(np.array([[1.0, 0.7], [1.0, 0.7]]), rel=1e-4)


TASKS = {
    "constant": lambda T: tasks.constant(0.7, T),
    "expanding": lambda T: tasks.expanding(0.7, T),
    "contracting": lambda T: tasks.contracting(0.9, T),
}


@pytest.mark.parametrize("task", TASKS)
def test_b_crosses_zero_because_the_gradient_there_is_positive(task):
    s = TASKS[task](10)
    assert modes.velocity(0.3, 0.0, 0.3, s)[1] == pytest.approx(0.09 * s[-2])
    found = modes.flow(0.3, -0.1, 0.3, s, [0.0, 1e4])
    assert found.b[0] < 0 < found.b[1]


@pytest.mark.parametrize("task", TASKS)
def test_balanced_positive_starts_of_either_sign_of_b_reach_the_optimum(task):
    s = TASKS[task](10)
    b0 = np.array([-0.88, -0.5, -0.01, 0.0, 0.01, 0.6, 0.99])
    a0 = np.array([0.05, 0.5, 2.0])[:, None]
    found = modes.flow(a0, b0, a0, s, [1e8], rtol=1e-5)
    assert not found.diverged.any()
    assert modes.energy(found.a, found.b, found.c, s).max() < 1e-12


def test_starts_beyond_the_zero_of_beta_s_reach_it_only_when_large():
    # beta_s of the contracting task is negative below b = -0.9: there small a = c fade before b has moved.
    s = tasks.contracting(0.9, 10)
    large = modes.flow(0.3, -0.99, 0.3, s, [1e8])
    assert modes.energy(large.a, large.b, large.c, s) < 1e-12
    small, expected = modes.flow(0.05, -0.99, 0.05, s, [100.0]), scipy_flow(0.05, -0.99, 0.05, s, [100.0])
    assert small.a == pytest.approx(expected[0], rel=1e-4)
    assert small.b == pytest.approx(expected[1], rel=1e-6)
    assert small.b < -0.95


def test_a_balanced_start_stays_balanced_in_any_batch():
    # a = c is invariant, and beta_s < 0 makes it the only thing that keeps u from turning negative.
    s = tasks.contracting(0.9, 10)
    found = modes.flow(0.05, np.linspace(-0.99, -0.95, 8), 0.05, s, [50.0, 100.0, 150.0])
    assert found.a == pytest.approx(found.c, rel=1e-9, abs=0)
    assert (found.u >= 0).all()


@pytest.mark.parametrize("task", TASKS)
def test_long_tasks_are_reached_from_negative_b_too(task):
    s = TASKS[task](50)
    found = modes.flow(0.5, [-0.9, -0.3, 0.0, 0.8], 0.5, s, [1e9], rtol=1e-5)
    assert not found.diverged.any()
    assert modes.energy(found.a, found.b, found.c, s).max() < 1e-12


def test_later_singular_values_are_learned_faster_below_one():
    early, late = np.zeros(10), np.zeros(10)
    early[3], late[8] = 1.0, 1.0
    u_early, u_late = (modes.flow(0.1, 0.5, 0.1, s, [1.0], freeze_b=True).u[0] for s in (early, late))
    assert u_late > u_early


@pytest.mark.parametrize("size", [1e-6, 1e-12, 1e-140])
def test_the_smallest_start_grows_like_any_other(size):
    # With b frozen u grows by a known factor while it is small, and log u is all that the size changes.
    s = tasks.constant(0.7, 10)
    early = modes.flow(size, 0.5, size, s, [1.0, 5.0], freeze_b=True)
    growth = np.exp(2 * modes.beta_s(0.5, s) * np.array([1.0, 5.0]))
    assert early.u == pytest.approx(size**2 * growth, rel=1e-5)
    late = modes.flow(size, 0.5, size, s, [1e4], rtol=1e-4)
    assert (late.b[0], late.u[0]) == pytest.approx((1.0, 0.7), rel=1e-9)


def test_a_runaway_valley_far_below_the_rounding_of_its_larger_weight_is_followed():
    # u sinks to 6e-27 while c stays near 0.7: a needs digits of its own. The ends are those of SciPy's Radau
    # in (u, b), rtol 1e-10.
    start = -0.0489645770720466, -0.9995030626270431, 0.6861908402127523
    found = modes.flow(*start, tasks.constant(0.7, 20), [1e4], rtol=1e-5)
    assert not found.diverged
    assert found.b[0] == pytest.approx(-23.5009, abs=2e-3)
    assert found.u[0] == pytest.approx(-5.965e-27, rel=1e-2)
    assert found.a[0] ** 2 - found.c[0] ** 2 == pytest.approx(start[0] ** 2 - start[2] ** 2, rel=1e-12)


def test_weights_of_very_different_size_keep_their_digits():
    s = tasks.constant(0.7, 4)
    found = modes.flow([1e2, 1e4, 1e8], 0.5, 0.01, s, [1e3])
    assert found.u[0] == pytest.approx(0.7, rel=1e-9)


@pytest.mark.parametrize("size", [1e-170, 1e-308])
def test_a_product_below_float64_counts_as_zero(size):
    found = modes.flow(size, 0.5, size, tasks.constant(0.7, 4), [0.0, 1.0])
    assert found.u.tolist() == [0.0, 0.0]
    assert not found.diverged


def test_a_first_step_may_be_as_short_as_the_time_asked_for():
    found = modes.flow(0.1, [0.1, 1000.0], 0.1, np.ones(10), [1e-300, 1e-3])
    assert not found.diverged.any()
    assert found.b[0] == pytest.approx([0.1, 1000.0])
    assert found.b[1, 1] == pytest.approx(1000.0, rel=1e-6)


# Flows that leave float64


@pytest.mark.parametrize("start", [(1e200, 0.5, 1e200), (0.5, 1e10, 0.5), (0.5, -1e10, 0.5)])
def test_a_flow_that_leaves_float64_is_flagged_and_keeps_its_earlier_times(start):
    batch = np.stack([(0.5, 0.5, 0.5), start], axis=1)
    found = modes.flow(*batch, tasks.constant(0.7, 20), [0.0, 1.0])
    assert found.diverged.tolist() == [False, True]
    assert np.array_equal([found.a[0], found.b[0], found.c[0]], batch)
    assert np.isnan([found.a[1, 1], found.b[1, 1], found.c[1, 1]]).all()
    # The other mode does not notice.
    alone = modes.flow(0.5, 0.5, 0.5, tasks.constant(0.7, 20), [0.0, 1.0])
    assert found.b[:, 0] == pytest.approx(alone.b, rel=1e-12)


def test_the_integrator_stops_at_a_pole_and_keeps_what_came_before():
    # y' = y^2 from y0 has its pole at 1 / y0; the second equation stands still.
    def derivative(y, which):
        return y**2 * [[1.0], [0.0]]

    def jacobian(y, which):
        return 2 * y * np.diag([1.0, 0.0])[:, :, None]

    start = np.array([[1.0, 0.1], [1.0, 1.0]])
    t = np.array([0.5, 0.9, 2.0])
    states, failed = _rosenbrock.integrate(derivative, jacobian, start, t, 1e-8, 1e-10)
    assert failed.tolist() == [True, False]
    assert states[:2, 0, 0] == pytest.approx([2.0, 10.0], rel=1e-5)
    assert np.isnan(states[2, :, 0]).all()
    assert states[:, 0, 1] == pytest.approx(1 / (10 - t), rel=1e-7)


def test_a_constant_velocity_is_integrated_exactly():
    # A slip in the ninth digit of one coefficient would show here, and nowhere at ordinary tolerances.
    def derivative(y, which):
        return np.array([[3.0], [-0.7]])

    y = _rosenbrock._step(
        derivative, lambda y, which: np.zeros((2, 2, 1)), np.ones((2, 1)), np.array([0.3]), None
    )[0]
    assert y[:, 0] == pytest.approx([1.9, 0.79], rel=1e-14)


def test_one_step_of_the_integrator_is_of_order_four():
    # y' = z, z' = -y^3 (not linear): halving the step divides a step's error by 2^5.
    def derivative(y, which):
        return np.stack([y[1], -(y[0] ** 3)])

    def jacobian(y, which):
        zero = np.zeros(y.shape[1])
        return np.array([[zero, zero + 1], [-3 * y[0] ** 2, zero]])

    y, h = np.array([[1.0], [0.3]]), 0.1
    errors = []
    for step in (h, h / 2, h / 4):
        once = _rosenbrock._step(derivative, jacobian, y, np.array([step]), None)[0]
        reference = y
        for _ in range(64):
            reference = _rosenbrock._step(derivative, jacobian, reference, np.array([step / 64]), None)[0]
        errors.append(np.abs(once - reference).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(5, abs=0.4)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(5, abs=0.4)


def test_a_cubic_is_reported_exactly_between_the_ends_of_a_step():
    # (t^3, t^2, t) as an autonomous system: here dense output of order 3 has no error but rounding.
    def derivative(y, which):
        return np.stack([3 * y[1], 2 * y[2], np.ones(y.shape[1])])

    def jacobian(y, which):
        J = np.zeros((3, 3, y.shape[1]))
        J[0, 1], J[1, 2] = 3.0, 2.0
        return J

    t = np.linspace(0, 2, 41)
    states, _ = _rosenbrock.integrate(derivative, jacobian, np.zeros((3, 1)), t, 0.09, 0.09)
    assert states[:, :, 0] == pytest.approx(np.stack([t**3, t**2, t], axis=1), abs=1e-13)


@pytest.mark.parametrize("task", TASKS)
def test_what_is_reported_within_a_step_is_as_accurate_as_its_end(task):
    s, few = TASKS[task](20), np.array([0.7, 3.1, 40.0])
    many = np.unique(np.concatenate([np.linspace(0, 40, 401), few]))
    a0, b0 = np.array([0.05, 0.2, 0.5]), np.array([-0.6, 0.3, 0.9])
    dense, sparse = (modes.flow(a0, b0, a0, s, t, rtol=1e-6) for t in (many, few))
    # The steps do not depend on what is asked for.
    assert dense.b[np.isin(many, few)] == pytest.approx(sparse.b, rel=1e-13)
    tight = modes.flow(a0, b0, a0, s, many, rtol=1e-11)
    assert np.abs(dense.b - tight.b).max() < 2e-5
    assert np.abs(dense.u - tight.u).max() < 3e-6


# Bad input

S = [1.0, 2.0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1j, "x", [[1.0], [2.0, 3.0]]])
@pytest.mark.parametrize("name", ["a", "b", "c"])
@pytest.mark.parametrize("call", [modes.energy, modes.velocity, modes.hessian])
def test_modes_must_be_finite_real_numbers(call, name, bad):
    with pytest.raises(ValueError, match=rf"\b{name} must be"):
        call(**{"a": 0.5, "b": 0.5, "c": 0.5, "s": S} | {name: bad})


@pytest.mark.parametrize("bad", [np.nan, 1j])
@pytest.mark.parametrize("name", ["a0", "b0", "c0"])
def test_flow_names_the_start_it_refuses(name, bad):
    with pytest.raises(ValueError, match=rf"\b{name} must be"):
        modes.flow(**{"a0": 0.5, "b0": 0.5, "c0": 0.5, "s": S, "t": [1.0]} | {name: bad})


@pytest.mark.parametrize(
    ("s", "message"),
    [
        ([], r"\bs must have shape \(\.\.\., T\) with T >= 1"),
        (1.0, r"\bs must have shape \(\.\.\., T\) with T >= 1"),
        (np.zeros((3, 0)), r"\bs must have shape \(\.\.\., T\) with T >= 1"),
        ([np.nan, 1], r"\bs must be finite"),
        ([np.inf, 1], r"\bs must be finite"),
        ([1j, 1], r"\bs must be an array of real"),
        (["x"], r"\bs must be an array of real"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda s: modes.beta_s(0.5, s),
        lambda s: modes.energy(0.5, 0.5, 0.5, s),
        lambda s: modes.velocity(0.5, 0.5, 0.5, s),
        lambda s: modes.hessian(0.5, 0.5, 0.5, s),
        lambda s: modes.flow(0.5, 0.5, 0.5, s, [1.0]),
    ],
)
def test_s_must_be_a_finite_sequence(call, s, message):
    with pytest.raises(ValueError, match=message):
        call(s)


@pytest.mark.parametrize(
    "call",
    [
        lambda: modes.beta_s(np.ones(3), np.ones((2, 5))),
        lambda: modes.energy(np.ones(3), np.ones(2), 1.0, S),
        lambda: modes.velocity(np.ones(3), 1.0, 1.0, np.ones((2, 5))),
        lambda: modes.hessian(np.ones(3), 1.0, np.ones(4), S),
        lambda: modes.flow(np.ones(3), np.ones(2), 1.0, S, [1.0]),
    ],
)
def test_shapes_that_do_not_broadcast_are_listed(call):
    with pytest.raises(ValueError, match=r"do not broadcast: .*\(3,\)"):
        call()


@pytest.mark.parametrize("T", [0, -1, 2.5, True, "3", None])
def test_beta_b_needs_a_positive_length(T):
    with pytest.raises(ValueError, match=r"\bT must be an integer"):
        modes.beta_b(0.5, T)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1j])
def test_the_sums_refuse_a_bad_b(bad):
    with pytest.raises(ValueError, match=r"\bb must be"):
        modes.beta_b(bad, 3)
    with pytest.raises(ValueError, match=r"\bb must be"):
        modes.beta_s(bad, S)


@pytest.mark.parametrize("tau", [0, -1.0, np.nan, np.inf, 1j, "x", [1.0]])
def test_tau_must_be_positive(tau):
    with pytest.raises(ValueError, match=r"\btau must"):
        modes.velocity(0.5, 0.5, 0.5, S, tau)
    with pytest.raises(ValueError, match=r"\btau must"):
        modes.flow(0.5, 0.5, 0.5, S, [1.0], tau=tau)


@pytest.mark.parametrize(
    "t", [[], 1.0, [-1.0, 2.0], [1.0, 1.0], [2.0, 1.0], [np.nan], [np.inf], [[1.0]], [1j]]
)
def test_times_must_not_be_negative_and_must_increase(t):
    with pytest.raises(ValueError, match=r"\bt must"):
        modes.flow(0.5, 0.5, 0.5, S, t)


def test_times_beyond_float64_in_units_of_tau_are_refused():
    with pytest.raises(ValueError, match="t is too large for this tau"):
        modes.flow(0.5, 0.5, 0.5, S, [1.0, 1e300], tau=1e-300)


@pytest.mark.parametrize("rtol", [0, -1e-8, 1e-20, 0.1, 1.0, np.nan])
def test_rtol_must_be_a_small_positive_number(rtol):
    with pytest.raises(ValueError, match=r"\brtol must"):
        modes.flow(0.5, 0.5, 0.5, S, [1.0], rtol=rtol)


@pytest.mark.parametrize(
    "call",
    [
        lambda: modes.beta_s(1e200, [1.0, 1, 1]),
        lambda: modes.beta_s(1e200, [1.0, -1e250, 1, 1]),
        lambda: modes.beta_b(1e200, 3),
        lambda: modes.energy(1e200, 1.0, 1.0, S),
        lambda: modes.energy(1.0, 1e200, 1.0, S),
        lambda: modes.velocity(1.0, 1e200, 1.0, S),
        lambda: modes.hessian(1.0, 1e200, 1.0, S),
        lambda: modes.velocity(3.0, 2.0, 1.0, S, tau=1e-308),
    ],
)
def test_results_beyond_float64_are_refused(call):
    with pytest.raises(ValueError, match=r"too large at T = .* exceeds the range of float64"):
        call()
