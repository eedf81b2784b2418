import itertools
import math
from fractions import Fraction

import numpy as np
import oracles
import pytest
import sympy as sp
from flint import fmpq_poly
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracles import modes as mode_values
from oracles import sequences, slopes
from scipy.integrate import solve_ivp
from scipy.signal import argrelmin

from lrnn import landscape, modes, tasks

X = sp.Symbol("x")

# Singular values of which the census is taken: with many zeros, and with roots at 0 and at +-1.
whole = st.integers(-3, 3).map(float)
fractional = st.sampled_from([0.0, 1.0, -1.0, 0.5]) | st.floats(0.01, 2) | st.floats(-2, -0.01)
tasks_of_any_kind = st.lists(whole, min_size=2, max_size=7) | st.lists(fractional, min_size=2, max_size=6)


def polynomials(s):
    """beta_s, and the polynomial whose roots are the stationary points of E_r."""
    T = len(s)
    beta_s = sp.Poly([sp.Rational(Fraction(float(x))) for x in s], X)
    beta_b = sp.Poly(sum(X ** (2 * k) for k in range(T)), X)
    return beta_s, 2 * beta_s.diff() * beta_b - beta_s * beta_b.diff()


def count_by_sympy(s):
    """How many critical points have u = 0, and how many have not."""
    beta_s, slope = polynomials(s)
    return beta_s.count_roots(), slope.count_roots() - sp.gcd(slope, beta_s).count_roots()


# Real roots


@pytest.mark.parametrize(("power", "odd"), [(1, True), (2, False), (3, True), (4, False)])
def test_repeated_irrational_roots_are_found_once(power, odd):
    found = landscape._real_roots(fmpq_poly([-1, 0, 2]) ** power)
    assert [x for x, _ in found] == pytest.approx([-math.sqrt(0.5), math.sqrt(0.5)], rel=1e-15)
    assert [sign_changes for _, sign_changes in found] == [odd, odd]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("scale", [2**10 - 1, 2**20 - 1])
def test_mignottes_polynomials_have_the_roots_sympy_counts(scale, sign):
    # x^10 -+ 2 (scale x - 1)^2 has two real roots, or none, within about scale^-6 of 1 / scale.
    p = [-2 * sign, 4 * sign * scale, -2 * sign * scale**2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert len(landscape._real_roots(fmpq_poly(p))) == sp.Poly(p[::-1], X).count_roots()


def test_the_eigenvalues_of_a_companion_matrix_would_miscount():
    s = [1.0, -2.0, 1 + 2**-52]
    eigenvalues = np.roots(s)
    assert np.sum(np.abs(eigenvalues.imag) < 1e-7) == 2
    assert not [p for p in landscape.critical_points(s) if p.u == 0]
    assert sp.Poly([sp.Rational(Fraction(x)) for x in s], X).count_roots() == 0


# The census


@settings(max_examples=60)
@given(tasks_of_any_kind.filter(any))
@example([1.0, 0.0, 0.0])
@example([0.0, 0.0, 1.0])
@example([0.0, 1.0, -2.0, 1.0, 0.0])
@example([1.0, 0.0, 2.0])
@example([3.0, 3.0, 1.0, 0.0, 2.0])
def test_the_census_is_complete(s):
    points = landscape.critical_points(s)
    # u = beta_s / beta_b may round to 0 beside a root of beta_s, but such points are no roots of it.
    at_zero, elsewhere = count_by_sympy(s)
    assert len(points) == at_zero + elsewhere
    assert [p.b for p in points] == sorted(p.b for p in points)
    assert sum(p.u == 0 for p in points) == at_zero


@pytest.mark.parametrize("bits", [10, 25, 40, 51, 52])
@pytest.mark.parametrize("sign", [1, 0, -1])
def test_close_roots_are_told_from_repeated_ones_and_from_none(bits, sign):
    s = [1.0, -2.0, 1.0 + sign * 2.0**-bits]
    points = [p for p in landscape.critical_points(s) if p.u == 0]
    assert len(points) == {1: 0, 0: 1, -1: 2}[sign]
    assert (len(points), len(landscape.critical_points(s)) - len(points)) == count_by_sympy(s)


def test_an_energy_without_a_root_of_beta_s_has_no_critical_point_with_u_zero():
    # beta_s(b) = b^10 + 2 (scale b - 1)^2 is positive, but only just, at b = 1 / scale.
    scale = 2.0**20 - 1
    s = [1.0] + [0.0] * 7 + [2 * scale**2, -4 * scale, 2.0]
    assert count_by_sympy(s)[0] == 0
    assert len(landscape.critical_points(s)) == count_by_sympy(s)[1]


@settings(max_examples=60)
@given(tasks_of_any_kind.filter(any))
def test_every_critical_point_is_stationary_and_has_the_energy_it_says(s):
    for p in landscape.critical_points(s):
        du, db, _ = slopes(lambda u, b, c: oracles.energy(u, b, c, s), p.u, p.b, 1.0)
        # A root is known to one rounding: that moves the slope by the curvature times it.
        scale = oracles.magnitude(p.u, p.b, 1.0, s)
        assert abs(du) <= 1e-13 * scale[0] * len(s)
        assert abs(db) <= 1e-13 * scale[1] * len(s) + 1e-12
        assert p.energy == pytest.approx(float(oracles.energy(p.u, p.b, 1.0, s)), rel=1e-11, abs=1e-25)


@settings(max_examples=60)
@given(tasks_of_any_kind.filter(any))
def test_the_kind_of_a_point_agrees_with_its_hessian(s):
    for p in landscape.critical_points(s):
        hessian = -np.array(
            [slopes(lambda u, b, k=k: oracles.descent(u, b, 1.0, s)[k], p.u, p.b) for k in (0, 1)]
        )
        curvature = np.linalg.eigvalsh(hessian)
        assert p.curvature == pytest.approx(tuple(curvature), rel=1e-9, abs=1e-10 * curvature[-1])
        if curvature[0] > 1e-6 * curvature[1]:
            assert p.kind == "minimum"
        if curvature[0] < -1e-6 * curvature[1]:
            assert p.kind == "saddle"


@pytest.mark.parametrize("T", [2, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("seed", range(4))
def test_the_number_of_minima_is_that_of_a_fine_grid(T, seed):
    s = np.random.default_rng(seed).standard_normal(T)
    # b = tan(angle) puts the whole line on a grid; the ends, b = +-infinity, are no minima.
    b = np.tan(np.linspace(-np.pi / 2, np.pi / 2, 40_001)[1:-1])
    lag = np.arange(T - 1, -1, -1)
    scaled = b[:, None] ** lag / np.sqrt(np.sum(b[:, None] ** (2.0 * lag), axis=1))[:, None]
    reduced = -((scaled @ s) ** 2)
    on_grid = b[argrelmin(reduced)[0]]
    minima = [p.b for p in landscape.critical_points(s) if p.kind == "minimum"]
    assert len(minima) == len(on_grid)
    assert np.arctan(minima) == pytest.approx(np.arctan(on_grid), abs=2e-4)


@pytest.mark.parametrize(
    ("s", "points"),
    [
        # The slope of E_r has a triple root at 0: one flat minimum.
        ([1, 0, 2], [(0, 2, "minimum")]),
        # A triple root at -1 beside a simple one at 1.
        ([2, 1, 2], [(-1, 1, "saddle"), (1, 5 / 3, "minimum")]),
        # beta_s = (b-1)^2 has a double root; E - E(0) = -u beta_s + u^2 beta_b / 2 is negative beside it.
        ([1, -2, 1], [(-1, 4 / 3, "minimum"), (1, 0, "saddle")]),
    ],
)
def test_degenerate_points_by_hand(s, points):
    found = landscape.critical_points(s)
    assert [p.kind for p in found] == [kind for _, _, kind in points]
    assert [p.b for p in found] == [b for b, _, _ in points]
    assert [p.u for p in found] == pytest.approx([u for _, u, _ in points], abs=1e-15)


def test_an_inflection_of_the_reduced_energy_is_a_degenerate_saddle():
    flat = [p for p in landscape.critical_points([3, 3, 1, 0, 2]) if p.b == 0]
    assert len(flat) == 1
    assert flat[0].kind == "saddle"
    assert flat[0].u == 2
    assert flat[0].curvature[0] == pytest.approx(0, abs=1e-12)


CASES = [(lambda T: tasks.constant(0.7, T), 1.0), (lambda T: tasks.expanding(0.7, T), 0.7)]
CASES += [(lambda T: tasks.contracting(0.9, T), 1 / 0.9)]


@pytest.mark.parametrize(("make", "rho"), CASES)
@pytest.mark.parametrize("T", [2, 10, 50])
def test_an_even_geometric_task_has_one_minimum_and_one_saddle(make, rho, T):
    saddle, minimum = landscape.critical_points(make(T))
    assert (saddle.kind, minimum.kind) == ("saddle", "minimum")
    assert (saddle.b, saddle.u) == (pytest.approx(-1 / rho), 0)
    assert (minimum.b, minimum.u) == (pytest.approx(rho), pytest.approx(make(T)[-1]))
    assert minimum.energy < 1e-28


@pytest.mark.parametrize(("make", "rho"), CASES)
@pytest.mark.parametrize("T", [3, 11, 25])
def test_an_odd_geometric_task_has_a_saddle_at_negative_b_and_a_runaway_valley(make, rho, T):
    s = make(T)
    saddle, minimum = landscape.critical_points(s)
    assert (saddle.kind, minimum.kind) == ("saddle", "minimum")
    assert saddle.b < 0
    assert saddle.u > 0
    assert minimum.b == pytest.approx(rho)
    # Beyond the saddle E_r falls towards half the sum of all squares but the first.
    far = landscape.reduced_energy([saddle.b * 1.1, -4.0, -20.0], s)
    assert (np.diff([saddle.energy, *far]) < 0).all()
    assert landscape.reduced_energy(-900.0, s) == pytest.approx(np.sum(s[1:] ** 2) / 2, rel=1e-2)


@settings(max_examples=40)
@given(tasks_of_any_kind.filter(lambda s: s[0] and s[-1]))
def test_time_reversal_maps_the_census_to_inverses(s):
    forward = {(round(math.atan(p.b), 6), p.kind) for p in landscape.critical_points(s) if p.b}
    reverse = landscape.critical_points(s[::-1])
    assert {(round(math.atan(1 / p.b), 6), p.kind) for p in reverse if p.b} == forward


# The reduced energy and grids


@given(mode_values, sequences)
def test_the_reduced_energy_is_the_least_over_u(b, s):
    u = oracles.beta_s(b, s) / oracles.beta_b(b, len(s))
    least = float(oracles.energy(u, b, 1.0, s))
    scale = np.sum(np.square(s))
    reduced = landscape.reduced_energy(b, s)
    assert reduced == pytest.approx(least, rel=1e-10, abs=1e-13 * scale)
    expanded = scale / 2 - oracles.beta_s(b, s) ** 2 / (2 * oracles.beta_b(b, len(s)))
    assert reduced == pytest.approx(expanded, rel=1e-10, abs=1e-13 * scale)
    for step in (-0.1, 0.1):
        assert reduced <= oracles.energy(u + step, b, 1.0, s)


def test_a_grid_is_the_energy_at_each_of_its_points():
    s, b, u = tasks.constant(0.7, 7), np.linspace(-1.5, 1.5, 6), np.linspace(-1, 1, 4)
    grid = landscape.energy_grid(s, b, u)
    assert grid.shape == (4, 6)
    for i, j in np.ndindex(4, 6):
        assert grid[i, j] == pytest.approx(oracles.energy(u[i], b[j], 1.0, s), rel=1e-12)


def test_a_grid_keeps_its_digits_beside_the_optimum():
    s = tasks.constant(0.7, 50)
    grid = landscape.energy_grid(s, [1.0], [0.7, 0.7 + 1e-9])
    assert grid[0, 0] < 1e-29
    assert grid[1, 0] == pytest.approx(25e-18, rel=1e-5)


# Sharpness


@given(mode_values, mode_values, mode_values, sequences)
def test_sharpness_is_the_largest_eigenvalue_of_the_hessian(a, b, c, s):
    hessian = -np.array([slopes(lambda *y, k=k: oracles.descent(*y, s)[k], a, b, c) for k in range(3)])
    eigenvalues = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    scale = max(1, np.abs(eigenvalues).max())
    bound = np.abs(oracles.magnitude(abs(a) + 1, abs(b) + 1, abs(c) + 1, s)).max()
    assert landscape.sharpness(a, b, c, s) == pytest.approx(eigenvalues[-1], abs=1e-12 * (scale + bound))


def test_sharpness_of_a_long_constant_task_grows_like_the_cube_of_its_length():
    a = np.sqrt(0.7)
    ratios = [
        landscape.sharpness(a, 1.0, a, tasks.constant(0.7, T)) / (0.49 * T**3 / 3) for T in (50, 200, 800)
    ]
    assert np.abs(np.subtract(ratios, 1)).max() < 0.03
    assert ratios[2] == pytest.approx(1, abs=0.002)
    # Hence the largest stable learning rate is about 6 / (s^2 T^3).
    largest = 2 / landscape.sharpness(a, 1.0, a, tasks.constant(0.7, 800))
    assert largest == pytest.approx(6 / (0.49 * 800**3), rel=0.002)


def test_sharpness_below_one_tends_to_a_limit_in_the_length():
    def ratio(b):
        return landscape.sharpness(1.0, b, 1.0, tasks.expanding(b, 3000)) / ((1 + b**2) / (1 - b**2) ** 3)

    # The law is that of the curvature along b, which dominates as b approaches 1.
    assert ratio(0.97) == pytest.approx(1, abs=0.003)
    assert ratio(0.99) == pytest.approx(1, abs=0.0003)
    b, s = 0.7, tasks.expanding(0.7, 300)
    assert modes.hessian(1.0, b, 1.0, s)[1, 1] == pytest.approx((1 + b**2) / (1 - b**2) ** 3, rel=1e-12)


def test_a_contracting_task_has_a_sharper_optimum_the_longer_it_is():
    sharp = [
        landscape.sharpness(np.sqrt(0.9**T), 1 / 0.9, np.sqrt(0.9**T), tasks.contracting(0.9, T))
        for T in (10, 20, 40, 80)
    ]
    assert all(later > 3 * earlier for earlier, later in itertools.pairwise(sharp))


# Extrapolation


@settings(max_examples=30)
@given(st.floats(-1.2, 1.2, allow_subnormal=False), st.integers(1, 30), st.integers(1, 30))
def test_a_mode_that_solves_a_geometric_task_solves_it_at_every_length(ratio, T, T_test):
    a = 0.8
    assert modes.energy(a, ratio, 1.0, tasks.geometric(a, ratio, T)) < 1e-26
    assert landscape.extrapolation_error(a, ratio, 1.0, tasks.geometric(a, ratio, T_test)) < 1e-26


@pytest.mark.parametrize(("longer", "error"), [(1, 0.0123), (-1, 0.01), (5, 0.48)])
@pytest.mark.parametrize("T", [10, 50])
def test_a_contracting_task_extrapolates_equally_badly_from_every_length(T, longer, error):
    r = 0.9
    found = landscape.extrapolation_error(r**T, 1 / r, 1.0, tasks.contracting(r, T + longer))
    assert found == pytest.approx((1 - r**-longer) ** 2, rel=1e-9)
    assert found == pytest.approx(error, abs=5e-3 if longer == 5 else 5e-5)


def test_extrapolation_error_is_the_squared_error_relative_to_the_task():
    s = [0.3, -0.2, 0.9]
    expected = 2 * oracles.energy(0.5, 0.6, 0.7, s) / sum(x**2 for x in s)
    assert landscape.extrapolation_error(0.5, 0.6, 0.7, s) == pytest.approx(expected)
    assert landscape.extrapolation_error([0.5, 0.0], 0.6, 0.7, s) == pytest.approx([expected, 1.0])


# Basins


def end_of_flow(s, b, u, kappa):
    """Where the flow in the plane has come to after a long time, by SciPy."""
    s = np.asarray(s, dtype=float)
    k = np.arange(len(s) - 1.0, -1.0, -1.0)

    def velocity(_, y):
        b, u = y
        residual = s - u * b**k
        return np.array(
            [
                np.sum(k * b ** np.maximum(k - 1, 0) * u * residual),
                np.sqrt(kappa**2 + 4 * u**2 + 0j * u).real * np.sum(b**k * residual),
            ]
        )

    end = solve_ivp(velocity, (0, 1e4), [b, u], method="LSODA", rtol=1e-8, atol=1e-12)
    assert end.success
    return end.y[:, -1]


@pytest.mark.parametrize(
    ("s", "kappa"),
    [
        (tasks.constant(0.7, 4), 0.4),
        (tasks.constant(0.7, 3), 0.0),
        (np.array([1.0, -0.4, 0.3, 1.1]), -0.5),
        (np.array([0.9, 0.1, 0.0, 0.2, 1.2]), 1.0),
    ],
)
def test_basins_are_where_the_flow_ends(s, kappa):
    # Balanced starts with u < 0 may end on the line u = 0; they have a test of their own.
    b0, u0 = np.array([-1.3, -0.4, 0.3, 1.2]), np.array([0.2, 0.9] if kappa == 0 else [-0.6, 0.05, 0.8])
    found = landscape.basin_map(s, b0, u0, kappa)
    assert found.points == landscape.critical_points(s)
    assert found.label.shape == (len(u0), 4)
    for i, j in np.ndindex(found.label.shape):
        b, u = end_of_flow(s, b0[j], u0[i], kappa)
        label = found.label[i, j]
        if label == landscape.BasinMap.RUNAWAY:
            assert abs(b) > 3
        else:
            point = found.points[label]
            assert point.kind == "minimum"
            assert (b, u) == (pytest.approx(point.b, abs=1e-3), pytest.approx(point.u, abs=1e-3))


@pytest.mark.parametrize("T", [10, 20])
@pytest.mark.parametrize(("make", "rho"), CASES)
def test_one_basin_takes_the_starts_of_either_sign_of_b(make, rho, T):
    found = landscape.basin_map(make(T), [-0.88, -0.3, 0.0, 0.95], [0.01, 0.5])
    assert (found.label == 1).all()
    assert found.points[1].b == pytest.approx(rho)


def test_odd_lengths_have_runaways():
    found = landscape.basin_map(tasks.constant(0.7, 5), [-2.0, 0.5], [0.1])
    assert found.label.tolist() == [[landscape.BasinMap.RUNAWAY, 1]]


def test_balanced_starts_on_or_attracted_to_the_line_u_zero_end_there():
    found = landscape.basin_map(tasks.contracting(0.9, 10), [-0.99, 0.5], [0.0, 0.0025, 0.09])
    origin = landscape.BasinMap.ORIGIN
    assert found.label.tolist() == [[origin, origin], [origin, 1], [1, 1]]


def test_an_imbalance_lets_starts_with_u_zero_move():
    found = landscape.basin_map(tasks.constant(0.7, 4), [-0.5, 0.5], [0.0], kappa=0.5)
    assert found.label.tolist() == [[1, 1]]


def test_tiny_starts_weak_tasks_and_large_imbalances_are_followed_to_their_minimum():
    s = tasks.constant(0.7, 10)
    assert landscape.basin_map(s, [0.5], [1e-14]).label.tolist() == [[1]]
    assert landscape.basin_map(s, [0.5], [-0.1], 1e-30).label.tolist() == [[1]]
    assert landscape.basin_map(s, [0.5], [0.1], 1e40).label.tolist() == [[1]]
    assert landscape.basin_map(1e-6 * np.ones(4), [0.5, -0.5], [1e-8]).label.tolist() == [[1, 1]]


BASINS = [
    pytest.param(tasks.constant(0.7, 50), 0.1, id="long"),
    pytest.param(tasks.constant(0.7, 5), 0.0, id="runaways"),
    pytest.param(tasks.contracting(0.9, 10), -0.4, id="contracting"),
    pytest.param(np.array([0.4, -1.1, 0.3, 0.9, 0.2, -0.6]), 0.2, id="several minima"),
]


@pytest.mark.parametrize(("s", "kappa"), BASINS)
def test_a_tighter_tolerance_changes_no_label(s, kappa):
    b0, u0 = np.linspace(-1.5, 1.5, 25), np.linspace(-1.1, 1.6, 25)
    found = landscape.basin_map(s, b0, u0, kappa)
    assert np.array_equal(found.label, landscape.basin_map(s, b0, u0, kappa, rtol=1e-7).label)
    assert len(np.unique(found.label)) > 1
    assert landscape.BasinMap.UNDECIDED not in found.label


# Bad input


@pytest.mark.parametrize(
    "call",
    [
        landscape.critical_points,
        lambda s: landscape.energy_grid(s, [0.5], [0.5]),
        lambda s: landscape.basin_map(s, [0.5], [0.5]),
    ],
)
@pytest.mark.parametrize(
    "s", [[], 1.0, np.ones((2, 3)), [np.nan, 1], [np.inf, 1], [1j, 1], ["x", "y"]], ids=str
)
def test_s_must_be_one_finite_sequence(call, s):
    with pytest.raises(ValueError, match=r"\bs must (have shape|be finite|be an array of real)"):
        call(s)


@pytest.mark.parametrize("call", [landscape.critical_points, lambda s: landscape.basin_map(s, [0.5], [0.5])])
def test_a_task_without_isolated_critical_points_is_refused(call):
    with pytest.raises(ValueError, match=r"\bs must have T >= 2"):
        call([1.0])
    with pytest.raises(ValueError, match=r"\bs must not be zero throughout"):
        call([0.0, 0.0])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda v: landscape.reduced_energy(v, [1.0, 2.0]), "b"),
        (lambda v: landscape.reduced_energy(0.5, [1.0, v]), "s"),
        (lambda v: landscape.energy_grid([1.0, 2.0], [v], [0.5]), "b"),
        (lambda v: landscape.energy_grid([1.0, 2.0], [0.5], [v]), "u"),
        (lambda v: landscape.sharpness(v, 0.5, 0.5, [1.0]), "a"),
        (lambda v: landscape.sharpness(0.5, v, 0.5, [1.0]), "b"),
        (lambda v: landscape.sharpness(0.5, 0.5, v, [1.0]), "c"),
        (lambda v: landscape.sharpness(0.5, 0.5, 0.5, [v]), "s"),
        (lambda v: landscape.extrapolation_error(v, 0.5, 0.5, [1.0]), "a"),
        (lambda v: landscape.extrapolation_error(0.5, v, 0.5, [1.0]), "b"),
        (lambda v: landscape.extrapolation_error(0.5, 0.5, v, [1.0]), "c"),
        (lambda v: landscape.extrapolation_error(0.5, 0.5, 0.5, [v]), "s_test"),
        (lambda v: landscape.basin_map([1.0, 2.0], [v], [0.5]), "b0"),
        (lambda v: landscape.basin_map([1.0, 2.0], [0.5], [v]), "u0"),
        (lambda v: landscape.basin_map([1.0, 2.0], [0.5], [0.5], kappa=v), "kappa"),
    ],
)
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1j])
def test_values_that_are_not_finite_and_real_are_refused_by_name(call, name, bad):
    with pytest.raises(ValueError, match=rf"\b{name} must be"):
        call(bad)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: landscape.energy_grid([1.0], 0.5, [0.5]), r"\bb must have shape \(n_b,\)"),
        (lambda: landscape.energy_grid([1.0], [0.5], 0.5), r"\bu must have shape \(n_u,\)"),
        (lambda: landscape.basin_map([1.0, 2.0], 0.5, [0.5]), r"\bb0 must have shape \(n_b,\)"),
        (lambda: landscape.basin_map([1.0, 2.0], [0.5], [[0.5]]), r"\bu0 must have shape \(n_u,\)"),
        (lambda: landscape.basin_map([1.0, 2.0], [0.5], [0.5], [0.0]), r"\bkappa must have shape"),
        (lambda: landscape.reduced_energy(np.ones(3), np.ones((2, 4))), "do not broadcast"),
        (lambda: landscape.sharpness(np.ones(3), np.ones(2), 1.0, [1.0]), "do not broadcast"),
        (lambda: landscape.extrapolation_error(np.ones(3), np.ones(2), 1.0, [1.0]), "do not broadcast"),
        (lambda: landscape.reduced_energy(0.5, 1.0), r"\bs must have shape"),
        (lambda: landscape.sharpness(1, 1, 1, []), r"\bs must have shape"),
        (lambda: landscape.extrapolation_error(1, 1, 1, []), r"\bs_test must have shape"),
        (lambda: landscape.extrapolation_error(1, 1, 1, [0.0, 0.0]), r"\bs_test must not be zero"),
    ],
)
def test_shapes_and_tasks_that_do_not_fit_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: landscape.reduced_energy(1e200, [1.0, 1.0]),
        lambda: landscape.energy_grid([1.0, 1.0], [1e200], [1.0]),
        lambda: landscape.energy_grid([1.0, 1.0], [1.0], [1e200]),
        lambda: landscape.sharpness(1.0, 1e200, 1.0, [1.0, 1.0, 1.0]),
        lambda: landscape.extrapolation_error(1.0, 1e200, 1.0, [1.0, 1.0]),
        lambda: landscape.extrapolation_error(1.0, 0.5, 1.0, [1e200, 1.0]),
        lambda: landscape.basin_map([1.0, 1.0], [1.0], [1e200]),
        lambda: landscape.critical_points([1e200, 1.0]),
        # beta_s has its root at -2e333, where no float is.
        lambda: landscape.critical_points([5e-324, 1e10]),
    ],
)
def test_results_beyond_float64_are_refused(call):
    with pytest.raises(ValueError, match="exceed"):
        call()


# Separatrices

MANIFOLDS = [
    pytest.param(tasks.constant(0.7, 3), 0.0, id="odd, balanced"),
    pytest.param(tasks.constant(0.7, 3), 0.5, id="odd, unequal"),
    pytest.param(tasks.constant(0.7, 4), 0.0, id="even, balanced"),
    pytest.param(tasks.constant(0.7, 4), -0.3, id="even, unequal"),
    pytest.param(tasks.contracting(0.9, 6), 0.2, id="contracting"),
    pytest.param(np.array([0.4, -1.1, 0.3, 0.9, 0.2]), 0.4, id="no pattern"),
]


def saddles(s):
    return [p for p in landscape.critical_points(s) if p.kind == "saddle"]


@pytest.mark.parametrize(("s", "kappa"), MANIFOLDS)
def test_starts_on_either_side_of_a_stable_manifold_end_in_different_places(s, kappa):
    (point,) = saddles(s)[:1]
    b, u = landscape.stable_manifold(s, point, kappa=kappa, length=1.0, steps=200)
    far = np.flatnonzero(np.abs(u) > (0.02 if kappa == 0 else 0))[5:-5]
    for n in far[:: len(far) // 4]:
        along = np.array([b[n + 1] - b[n - 1], u[n + 1] - u[n - 1]])
        across = 2e-3 * np.array([-along[1], along[0]]) / np.hypot(*along)
        sides = [
            landscape.basin_map(s, [b[n] + k * across[0]], [u[n] + k * across[1]], kappa).label.item()
            for k in (-1, 1)
        ]
        assert sides[0] != sides[1]


@pytest.mark.parametrize(("s", "kappa"), MANIFOLDS)
def test_a_stable_manifold_runs_along_the_flow_and_down_to_its_saddle(s, kappa):
    (point,) = saddles(s)[:1]
    b, u = landscape.stable_manifold(s, point, kappa=kappa, length=1.0)
    db, du = (np.array([oracles.descent(x, y, 1.0, s)[k] for y, x in zip(b, u)]) for k in (1, 0))
    du = np.hypot(kappa, 2 * u) * du
    along_b, along_u = np.gradient(b), np.gradient(u)
    size = np.hypot(along_b, along_u) * np.hypot(db, du)
    sine = (along_b * du - along_u * db) / np.where(size > 0, size, 1)
    at = np.hypot(b - point.b, u - point.u) > 0.05
    assert np.abs(sine[at][2:-2]).max() < 1e-3
    energy = modes.energy(u, b, 1.0, s)
    middle = energy.argmin()
    assert (b[middle], u[middle]) == (point.b, point.u)
    assert (np.diff(energy[: middle + 1]) < 1e-12).all()
    assert (np.diff(energy[middle:]) > -1e-12).all()


def test_a_stable_manifold_belongs_to_a_saddle():
    s = tasks.constant(0.7, 4)
    (minimum,) = [p for p in landscape.critical_points(s) if p.kind == "minimum"]
    with pytest.raises(ValueError, match="point must be a saddle"):
        landscape.stable_manifold(s, minimum)
    for bad, named in (({"length": 0}, "length"), ({"steps": 0}, "steps"), ({"kappa": np.nan}, "kappa")):
        with pytest.raises(ValueError, match=named):
            landscape.stable_manifold(s, saddles(s)[0], **bad)


def test_the_field_is_the_velocity_of_modes_with_that_imbalance():
    rng = np.random.default_rng(4)
    s, b = rng.normal(size=7), rng.uniform(-1.2, 1.2, 5)
    a, c = rng.normal(size=2)
    db, du = landscape.field_grid(s, b, [a * c], a**2 - c**2)
    da, expected, dc = modes.velocity(a, b, c, s)
    assert db[0] == pytest.approx(expected, rel=1e-12)
    assert du[0] == pytest.approx(c * da + a * dc, rel=1e-12)
    assert (landscape.field_grid(s, b, [0.0])[1] == 0).all()
    assert np.abs(landscape.field_grid(s, b, [0.0], 0.5)[1]).max() > 0
    with pytest.raises(ValueError, match="too large"):
        landscape.field_grid(np.ones(50), [1e10], [1.0])
