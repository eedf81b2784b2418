import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracles import ac_high_precision
from scipy.integrate import quad, solve_ivp

from lrnn import exact, modes, tasks

sizes = st.floats(0.001, 3)
starts = st.sampled_from([0.0, 1.0, -1.0, 0.5, -0.5]) | sizes | sizes.map(lambda x: -x)
times = st.sampled_from([0.0, 1e6]) | st.floats(1e-3, 50)


def paper(t, u0, beta_s, beta_b, tau=1.0):
    """The closed form for a0 = c0 and beta_s > 0, as printed; its exponential overflows at large t."""
    e = np.exp(2 * beta_s * t / tau)
    return beta_s * e / (beta_b * (e - 1) + beta_s / u0)


# The closed form


@settings(max_examples=150)
@given(times, starts, starts, starts, st.floats(0.1, 10))
@example(1.0, 1.0, -1.0, 1.0, 1.0)
@example(1.0, 1.0, 1.0, 0.0, 1.0)
@example(1e6, 0.0, 0.0, 1.0, 1.0)
@example(1e6, 1.0, 0.0, 1.0, 1.0)
def test_ac_is_accurate_to_twelve_digits(t, a0, c0, beta_s, beta_b):
    expected = ac_high_precision(t, a0, c0, beta_s, beta_b)
    allowed = 1e-12 * abs(expected) + 1e-90
    if a0 * c0 * beta_s < 0:
        # u passes through zero, or nearly: measured against what inputs off by 1e-13 would change.
        given = np.array([t, a0, c0, beta_s, beta_b])
        for k in range(5):
            moved = given.copy()
            moved[k] *= 1 + 1e-13
            allowed += abs(ac_high_precision(*moved) - expected)
    assert abs(exact.ac_exact(t, a0, c0, beta_s, beta_b) - expected) <= allowed


@pytest.mark.parametrize("relative", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
def test_ac_is_accurate_beside_the_stable_manifold(relative):
    t = np.linspace(0, 40, 81)
    for beta_s, sign in ((1.3, -1), (-1.3, 1)):
        a0, c0 = 0.8, sign * 0.8 * (1 + relative)
        found = exact.ac_exact(t, a0, c0, beta_s, 2.0)
        expected = np.array([float(ac_high_precision(t_k, a0, c0, beta_s, 2.0)) for t_k in t])
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-15)


@settings(max_examples=15)
@given(starts, starts, starts, st.floats(0.1, 10))
def test_ac_agrees_with_scipy(a0, c0, beta_s, beta_b):
    def velocity(_, y):
        force = beta_s - y[0] * y[1] * beta_b
        return [y[1] * force, y[0] * force]

    t = np.array([0.1, 0.5, 2.0])
    a, c = solve_ivp(velocity, (0, 2), [a0, c0], method="LSODA", t_eval=t, rtol=1e-11, atol=1e-12).y
    assert exact.ac_exact(t, a0, c0, beta_s, beta_b) == pytest.approx(a * c, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("b0", [-0.5, 0.0, 0.9, 1.0])
@pytest.mark.parametrize(("a0", "c0"), [(0.1, 0.1), (0.3, -0.7), (1.5, 0.0), (-0.2, -0.9)])
def test_ac_is_the_flow_with_b_frozen(a0, c0, b0):
    s, t, tau = tasks.expanding(0.7, 10), np.array([0.0, 0.3, 1.0, 4.0, 20.0]), 2.5
    found = modes.flow(a0, b0, c0, s, t, tau=tau, freeze_b=True, rtol=1e-9)
    closed = exact.ac_exact(t, a0, c0, modes.beta_s(b0, s), modes.beta_b(b0, 10), tau)
    assert closed == pytest.approx(found.u, rel=1e-6, abs=1e-8)


def test_balanced_starts_follow_the_papers_formula():
    t = np.linspace(0, 8, 50)
    assert exact.ac_exact(t, 0.1, 0.1, 1.4, 2.2, 1.5) == pytest.approx(
        paper(t, 0.01, 1.4, 2.2, 1.5), rel=1e-13
    )


def test_the_papers_formula_fails_for_unequal_starts():
    t = np.array([0.5, 1.0])
    true = [float(ac_high_precision(t_k, 1.0, 0.01, 1.4, 2.2)) for t_k in t]
    assert exact.ac_exact(t, 1.0, 0.01, 1.4, 2.2) == pytest.approx(true, rel=1e-13)
    assert (np.abs(paper(t, 0.01, 1.4, 2.2) / true - 1) > 0.5).all()


def test_large_imbalance_is_exponential():
    # Lazy learning: with d = a0^2 large u relaxes at the rate beta_b d and does not saturate slowly.
    t, a0, beta_s, beta_b = np.linspace(0, 0.01, 20), 30.0, 1.0, 2.0
    exponential = beta_s / beta_b * (1 - np.exp(-beta_b * a0**2 * t))
    assert exact.ac_exact(t, a0, 0.0, beta_s, beta_b) == pytest.approx(exponential, abs=1e-3)


@given(starts, starts, starts, st.floats(0.1, 10))
def test_ac_at_time_zero_is_the_start(a0, c0, beta_s, beta_b):
    assert exact.ac_exact(0.0, a0, c0, beta_s, beta_b) == pytest.approx(a0 * c0, rel=1e-14, abs=1e-300)


@given(starts, starts, starts.filter(bool), st.floats(0.1, 10))
def test_ac_at_infinite_time_is_beta_s_over_beta_b_or_zero(a0, c0, beta_s, beta_b):
    stays = a0 == -np.sign(beta_s) * c0
    limit = 0.0 if stays else beta_s / beta_b
    assert exact.ac_exact(1e7, a0, c0, beta_s, beta_b) == pytest.approx(limit, rel=1e-13, abs=1e-300)


def test_without_a_signal_a_balanced_mode_decays_like_one_over_time():
    t = np.array([0.0, 1.0, 1e3, 1e6, 1e12])
    assert exact.ac_exact(t, 0.5, 0.5, 0.0, 3.0, 2.0) == pytest.approx(0.25 / (1 + 2 * 3 * 0.25 * t / 2))


def test_a_negative_signal_takes_a_balanced_mode_to_zero():
    u = exact.ac_exact([0.0, 1.0, 10.0, 1e6], 0.5, 0.5, -1.0, 3.0)
    assert (u >= 0).all()
    assert (np.diff(u) < 0).all()
    assert u[-1] == 0


def test_opposite_signs_run_the_formula_backwards_in_time():
    # a = -c: du/dt = 2u(u beta_b - beta_s), the balanced equation with the sign of time turned.
    t = np.linspace(0, 5, 30)
    u0, beta_s, beta_b = -0.49, 1.4, 2.2
    backwards = paper(-t, u0, beta_s, beta_b)
    assert exact.ac_exact(t, 0.7, -0.7, beta_s, beta_b) == pytest.approx(backwards, rel=1e-12)


@pytest.mark.parametrize("t", [1e6, 1e100, 1e308])
@pytest.mark.parametrize("beta_s", [2.0, 0.0, -2.0])
def test_no_time_is_too_long(t, beta_s):
    balanced, opposite, unequal = exact.ac_exact(t, [0.5, 0.5, 0.3], [0.5, -0.5, 0.9], beta_s, 4.0)
    assert unequal == pytest.approx(beta_s / 4, rel=1e-13)
    assert balanced == pytest.approx(max(beta_s, 0) / 4, abs=1e-6)
    assert opposite == pytest.approx(min(beta_s, 0) / 4, abs=1e-6)


def test_all_five_arguments_broadcast():
    t, a0, c0 = np.array([0.2, 1.0]), np.array([[0.3], [0.5], [-1.0]]), 0.4
    beta_s, beta_b = np.array([1.0, -2.0]), 1.5
    found = exact.ac_exact(t, a0, c0, beta_s, beta_b)
    assert found.shape == (3, 2)
    for i, j in np.ndindex(3, 2):
        expected = float(ac_high_precision(t[j], a0[i, 0], c0, beta_s[j], beta_b))
        assert found[i, j] == pytest.approx(expected, rel=1e-12)


ARGUMENTS = {"t": 1.0, "a0": 0.5, "c0": 0.5, "beta_s": 1.0, "beta_b": 1.0}


BAD = [(name, bad) for name in ARGUMENTS for bad in (np.nan, np.inf, "x")]


@pytest.mark.parametrize(("name", "bad"), [*BAD, ("t", 1j), ("beta_b", 1j)])
def test_ac_refuses_what_is_not_finite_and_real(name, bad):
    with pytest.raises(ValueError, match=rf"\b{name} must be"):
        exact.ac_exact(**ARGUMENTS | {name: bad})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t": -1.0}, r"\bt must not be negative"),
        ({"t": [0.0, -1e-9]}, r"\bt must not be negative"),
        ({"beta_b": 0.0}, r"\bbeta_b must be positive"),
        ({"beta_b": [1.0, -1.0]}, r"\bbeta_b must be positive"),
        ({"tau": 0.0}, r"\btau must be positive"),
        ({"tau": np.nan}, r"\btau must be finite"),
        ({"t": np.ones(2), "a0": np.ones(3)}, r"do not broadcast: t \(2,\), a0 \(3,\)"),
    ],
)
def test_ac_refuses_what_is_out_of_range(change, message):
    with pytest.raises(ValueError, match=message):
        exact.ac_exact(**ARGUMENTS | change)


@pytest.mark.parametrize("change", [{"a0": 1e160}, {"beta_b": 1e308, "a0": 3.0}])
def test_ac_beyond_float64_is_refused(change):
    with pytest.raises(ValueError, match="exceeds the range of float64"):
        exact.ac_exact(**ARGUMENTS | change)


# The plateau


@given(st.floats(0.05, 0.99), st.floats(-0.99, 0.99), st.integers(1, 60), st.sampled_from([1.0, 20.0]))
def test_plateau_time_is_its_integral(rate, fraction, T, tau):
    b0 = fraction * rate
    integral, _ = quad(lambda b: (1 - b / rate) ** 3 / (1 / rate - b), b0, rate, epsabs=0, epsrel=1e-12)
    assert exact.plateau_time(rate, T, b0, tau) == pytest.approx(tau * rate ** (-2 * T) * integral, rel=1e-9)


@pytest.mark.parametrize(("T", "seen"), [(10, 5.6), (20, 21), (30, 113), (40, 803), (50, 6394), (60, 52500)])
def test_the_flow_leaves_the_plateau_when_predicted(T, seen):
    s = tasks.contracting(0.9, T)
    t = np.linspace(0.95, 1.05, 41) * seen
    found = modes.flow(0.1, 0.1, 0.1, s, t, rtol=1e-5)
    below = modes.energy(found.a, found.b, found.c, s) < 0.01 * np.sum(s**2) / 2
    escape = t[below.argmax()]
    assert escape == pytest.approx(seen, rel=0.01)
    # A law for large T: its error shrinks as the plateau lengthens.
    error = {10: 0.8, 20: 0.5, 30: 0.3, 40: 0.035, 50: 0.006, 60: 0.006}[T]
    assert exact.plateau_time(0.9, T, 0.1) == pytest.approx(escape, rel=error)


def test_plateau_times_broadcast_over_starts():
    b0 = np.array([[0.1, -0.2], [0.0, 0.5]])
    found = exact.plateau_time(0.9, 40, b0)
    assert found.shape == b0.shape
    assert found[1, 1] == pytest.approx(exact.plateau_time(0.9, 40, 0.5), rel=1e-14)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 10, 0.1), r"\brate must be between"),
        ((1.0, 10, 0.1), r"\brate must be between"),
        ((-0.5, 10, 0.1), r"\brate must be between"),
        ((np.nan, 10, 0.1), r"\brate must be finite"),
        ((0.9, 0, 0.1), r"\bT must be an integer"),
        ((0.9, -1, 0.1), r"\bT must be an integer"),
        ((0.9, 2.5, 0.1), r"\bT must be an integer"),
        ((0.9, True, 0.1), r"\bT must be an integer"),
        ((0.9, "3", 0.1), r"\bT must be an integer"),
        ((0.9, 10, 0.9), r"\bb0 must be smaller"),
        ((0.9, 10, [0.1, -0.95]), r"\bb0 must be smaller"),
        ((0.9, 10, np.inf), r"\bb0 must be finite"),
        ((0.9, 10, 1j), r"\bb0 must be an array of real"),
        ((0.9, 10, 0.1, 0.0), r"\btau must be positive"),
        ((0.9, 10, 0.1, -1.0), r"\btau must be positive"),
        ((0.1, 400, 0.0), "exceeds the range of float64"),
    ],
)
def test_plateau_time_refuses_bad_input_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        exact.plateau_time(*arguments)


# Complex modes


def complex_flow(t, a0, c0, beta_s, beta_b):
    """a and c of the complex mode, b frozen, by Runge and Kutta's method of order 8."""

    def slope(_, w):
        a, c = w[0] + 1j * w[1], w[2] + 1j * w[3]
        gamma = beta_s - a * c * beta_b
        da, dc = np.conj(c) * gamma, np.conj(a) * gamma
        return [da.real, da.imag, dc.real, dc.imag]

    start = [a0.real, a0.imag, c0.real, c0.imag]
    w = solve_ivp(slope, (0, t[-1]), start, "DOP853", t, rtol=1e-11, atol=1e-13).y
    return (w[0] + 1j * w[1]) * (w[2] + 1j * w[3])


@pytest.mark.parametrize("seed", range(8))
def test_a_complex_mode_follows_its_flow_on_a_straight_line(seed):
    rng = np.random.default_rng(seed)
    a0, c0, beta_s = rng.normal(size=3) + 1j * rng.normal(size=3)
    beta_b, t = rng.uniform(1, 4), np.linspace(0.01, 3, 30)
    u = exact.ac_exact(t, a0, c0, beta_s, beta_b)
    assert u == pytest.approx(complex_flow(t, a0, c0, beta_s, beta_b), rel=1e-8, abs=1e-9)
    way = (u - beta_s / beta_b) / (a0 * c0 - beta_s / beta_b)
    assert np.abs(way.imag).max() < 1e-12
    assert exact.ac_exact(1e6, a0, c0, beta_s, beta_b) == pytest.approx(beta_s / beta_b, rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_real_modes_are_complex_ones_on_the_real_line_however_they_are_turned(seed):
    rng = np.random.default_rng(seed)
    a0, c0, beta_s = rng.normal(size=3)
    t, turn = np.linspace(0, 4, 9), np.exp(2j * np.pi * rng.uniform(size=2))
    real = exact.ac_exact(t, a0, c0, beta_s, 1.7)
    assert real.dtype == np.float64
    assert exact.ac_exact(t, a0 + 0j, c0, beta_s, 1.7) == pytest.approx(real, rel=1e-13)
    turned = exact.ac_exact(t, a0 * turn[0], c0 * turn[1], beta_s * turn[0] * turn[1], 1.7)
    assert turned == pytest.approx(real * turn[0] * turn[1], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("drive", [1e-3, 1e-6, 1e-9, 1e-12, 1e-16, 1e-40, 1e-120, 1e-200])
def test_a_small_complex_drive_costs_no_digits(drive):
    # Balanced, u' = 2 |u| (beta_s - u) with a drive too weak to be seen: u fades like 1 / t towards 0.
    a0, c0, t = 0.6 + 0.2j, 0.6 - 0.2j, 3.0
    c0 *= np.exp(0.4j)
    u0 = a0 * c0
    fading = u0 / (1 + 2 * abs(u0) * t)
    exact_digits = max(1e-13, 5 * drive)
    assert abs(exact.ac_exact(t, a0, c0, drive * np.exp(1j), 1.0) - fading) < exact_digits


def test_complex_modes_without_a_drive_fade_and_balanced_ones_opposite_to_it_are_stuck():
    t = np.array([0.0, 1.0, 100.0])
    assert exact.ac_exact(t, 1j, 1.0, 0j, 2.0) == pytest.approx(1j / (1 + 4 * t))
    assert np.abs(exact.ac_exact(1e3, 1.0 + 0j, -1.0, 0.5 + 0j, 1.0)) < 1e-9
    # Nearly opposite, it waits as long as the phase says: a line of half the logarithm.
    for phase in (1e-3, 1e-6, 1e-9):
        start = np.exp(1j * (np.pi - phase))
        wait = np.log(1 / phase)
        u = exact.ac_exact([wait, wait + 20], start, 1.0, 1.0 + 0j, 2.0)
        assert abs(u[1] - 0.5) < 1e-6
        mirrored = exact.ac_exact([wait, wait + 20], np.conj(start), 1.0, 1.0 + 0j, 2.0)
        assert u == pytest.approx(np.conj(mirrored), abs=1e-12)
        assert 1e-3 < abs(u[0]) < 0.49
    # A phase of a thousandth is enough to come loose.
    assert exact.ac_exact(1e3, np.exp(0.001j), -1.0, 0.5 + 0j, 1.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((1j, 1, 1, 1, 1), "must be real"),
        ((1, 1j, 1, np.nan, 1), "beta_s must be finite"),
        ((-1, 1j, 1, 1, 1), "t must"),
    ],
)
def test_bad_complex_input_is_refused_by_name(arguments, named):
    with pytest.raises(ValueError, match=named):
        exact.ac_exact(*arguments[:1], *map(complex, arguments[1:4]), arguments[4])
