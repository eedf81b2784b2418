import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import orthonormal

from lrnn import tasks

NOT_LENGTHS = [0, -1, 2.5, 2.0, True, "3", None, [3], np.nan]


@given(st.floats(-2, 2), st.integers(1, 60))
def test_sequences_are_the_powers_they_claim(rate, T):
    t = range(1, T + 1)
    assert tasks.constant(rate, T) == pytest.approx([rate for _ in t], rel=1e-14)
    assert tasks.expanding(rate, T) == pytest.approx([rate ** (T - i) for i in t], rel=1e-13)
    assert tasks.contracting(rate, T) == pytest.approx([rate**i for i in t], rel=1e-13)
    assert tasks.geometric(3.0, rate, T) == pytest.approx([3 * rate ** (T - i) for i in t], rel=1e-13)


def test_contracting_is_geometric_with_the_inverse_ratio():
    assert tasks.contracting(0.9, 30) == pytest.approx(tasks.geometric(0.9**30, 1 / 0.9, 30), rel=1e-13)


def test_integer_rates_do_not_overflow_silently():
    assert tasks.contracting(2, 100)[-1] == 2.0**100
    assert tasks.geometric(3, 2, 100)[0] == 3 * 2.0**99


@pytest.mark.parametrize("T", NOT_LENGTHS)
@pytest.mark.parametrize("make", [tasks.constant, tasks.expanding, tasks.contracting])
def test_length_must_be_a_positive_integer(make, T):
    with pytest.raises(ValueError, match=r"\bT must be an integer"):
        make(0.5, T)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1j, "x", [1.0, 2.0]])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda v: tasks.expanding(v, 3), "ratio|rate"),
        (lambda v: tasks.contracting(v, 3), "rate"),
        (lambda v: tasks.geometric(v, 0.5, 3), "scale"),
        (lambda v: tasks.geometric(1.0, v, 3), "ratio"),
        (lambda v: tasks.constant(v, 3), "value|scale"),
    ],
)
def test_values_must_be_finite_real_numbers(make, name, bad):
    with pytest.raises(ValueError, match=rf"\b({name}) must"):
        make(bad)


def test_sequences_beyond_float64_are_refused():
    with pytest.raises(ValueError, match=r"rate=10.*exceeds"):
        tasks.contracting(10.0, 400)
    with pytest.raises(ValueError, match=r"ratio=10.*exceeds"):
        tasks.geometric(1.0, 10.0, 400)


def task(rng, n_modes=2, T=4, N_x=3, N_y=5):
    s = rng.standard_normal((n_modes, T))
    return s, orthonormal(N_y, n_modes, rng), orthonormal(N_x, n_modes, rng)


@pytest.mark.parametrize("T", [1, 4])
@pytest.mark.parametrize("extra", [0, 50])
def test_white_inputs_are_white_across_time_steps_too(T, extra):
    rng = np.random.default_rng(1)
    s, U, V = task(rng, T=T)
    x = tasks.sample_trajectories(s, U, V, n_trajectories=T * 3 + extra, rng=rng).x
    for i in range(T):
        for j in range(T):
            second_moment = sum(np.outer(x_p[i], x_p[j]) for x_p in x)
            assert second_moment == pytest.approx(np.eye(3) * (i == j), abs=1e-13)


def test_targets_are_the_task_applied_to_the_inputs():
    rng = np.random.default_rng(2)
    s, U, V = task(rng)
    for white in (True, False):
        data = tasks.sample_trajectories(s, U, V, n_trajectories=20, rng=rng, white=white)
        for x_p, y_p in zip(data.x, data.y):
            expected = sum(U @ np.diag(s[:, i]) @ V.T @ x_p[i] for i in range(4))
            assert y_p == pytest.approx(expected, abs=1e-13)


def test_one_mode_may_be_given_as_a_plain_sequence():
    rng = np.random.default_rng(3)
    U, V = orthonormal(3, 1, rng), orthonormal(2, 1, rng)
    assert np.array_equal(tasks.task_moments([1.0, 2.0], U, V).yx, tasks.task_moments([[1.0, 2.0]], U, V).yx)


def test_fewer_trajectories_than_input_dimensions_cannot_be_white():
    rng = np.random.default_rng(4)
    s, U, V = task(rng)
    with pytest.raises(ValueError, match=r"n_trajectories must be at least T \* N_x"):
        tasks.sample_trajectories(s, U, V, n_trajectories=11, rng=rng)
    # Why: a sum of P rank-one terms has rank P at most, so it cannot be the identity of size T N_x.
    x = tasks.sample_trajectories(s, U, V, n_trajectories=11, rng=rng, white=False).x
    flat = x.reshape(11, 12)
    assert np.linalg.matrix_rank(flat.T @ flat) == 11


def test_inputs_that_are_not_white_are_white_on_average():
    rng = np.random.default_rng(5)
    s, U, V = task(rng, T=2)
    x = tasks.sample_trajectories(s, U, V, n_trajectories=200_000, rng=rng, white=False).x.reshape(-1, 6)
    assert x.T @ x == pytest.approx(np.eye(6), abs=0.02)
    assert np.abs(x.T @ x - np.eye(6)).max() > 1e-6


@pytest.mark.parametrize("P", [12, 20_000])
def test_noise_of_one_output_summed_over_trajectories_is_its_variance(P):
    s, U, V = task(np.random.default_rng(6))
    clean, noisy = (
        tasks.sample_trajectories(s, U, V, n_trajectories=P, rng=np.random.default_rng(7), noise=noise)
        for noise in (0.0, 0.3)
    )
    assert np.array_equal(clean.x, noisy.x)
    total = np.sum((noisy.y - clean.y) ** 2, axis=0)
    assert np.mean(total) == pytest.approx(0.09, rel=5 / np.sqrt(2.5 * P))


def test_moments_are_sums_of_outer_products():
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal((6, 3, 2)), rng.standard_normal((6, 4))
    found = tasks.moments(x, y)
    assert found.yy == pytest.approx(sum(v @ v for v in y))
    for i in range(3):
        assert found.yx[i] == pytest.approx(sum(np.outer(y_p, x_p[i]) for x_p, y_p in zip(x, y)))
        for j in range(3):
            assert found.xx[i, :, j] == pytest.approx(sum(np.outer(x_p[i], x_p[j]) for x_p in x))


def test_moments_of_white_trajectories_are_the_tasks():
    rng = np.random.default_rng(9)
    s, U, V = task(rng)
    data = tasks.sample_trajectories(s, U, V, n_trajectories=40, rng=rng)
    sampled, ideal = tasks.moments(data.x, data.y), tasks.task_moments(s, U, V)
    assert sampled.xx is None
    assert ideal.xx is None
    assert sampled.yx == pytest.approx(ideal.yx, abs=1e-13)
    assert sampled.yy == pytest.approx(ideal.yy, rel=1e-12)
    assert ideal.yy == pytest.approx(np.sum(s**2))
    for i in range(4):
        assert ideal.yx[i] == pytest.approx(U @ np.diag(s[:, i]) @ V.T, abs=1e-14)


RNG = np.random.default_rng(0)
E2 = np.eye(2)


def sample(s=((1.0, 2.0), (3.0, 4.0)), U=E2, V=E2, **settings):
    return tasks.sample_trajectories(s, U, V, **{"n_trajectories": 8, "rng": RNG} | settings)


@pytest.mark.parametrize("make", [sample, tasks.task_moments])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"s": [[1.0, np.nan], [1, 1]]}, r"\bs must be finite"),
        ({"s": [[1.0, np.inf], [1, 1]]}, r"\bs must be finite"),
        ({"s": np.zeros((2, 0))}, r"\bs must have shape"),
        ({"s": np.zeros((2, 2, 2))}, r"\bs must have shape"),
        ({"s": np.ones((2, 2)) * 1j}, r"\bs must be an array of real"),
        ({"s": np.ones((3, 2))}, r"\bU must have 3 columns"),
        ({"U": np.ones((2, 2))}, r"\bU must have orthonormal"),
        ({"V": 2 * E2}, r"\bV must have orthonormal"),
        ({"V": np.eye(2, 1)}, r"\bV must have 2 columns"),
        ({"U": np.ones(2)}, r"\bU must have shape"),
        ({"V": E2 * np.nan}, r"\bV must be finite"),
        ({"U": E2 * 1j}, r"\bU must be an array of real"),
    ],
)
def test_a_task_that_does_not_fit_is_refused_by_name(make, change, message):
    given = {"s": [[1.0, 2.0], [3.0, 4.0]], "U": E2, "V": E2} | change
    with pytest.raises(ValueError, match=message):
        make(**given)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_trajectories": 0}, "n_trajectories must be an integer"),
        ({"n_trajectories": 8.0}, "n_trajectories must be an integer"),
        ({"n_trajectories": True}, "n_trajectories must be an integer"),
        ({"n_trajectories": 3}, "n_trajectories must be at least"),
        ({"noise": -0.1}, "noise must not be negative"),
        ({"noise": np.nan}, "noise must be finite"),
        ({"rng": 0}, "rng must be a numpy.random.Generator"),
        ({"rng": np.random}, "rng must be a numpy.random.Generator"),
    ],
)
def test_sampling_refuses_bad_settings_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        sample(**change)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((3, 2)), np.ones((3, 1)), r"\bx must have shape"),
        (np.ones((3, 2, 1)), np.ones(3), r"\by must have shape"),
        (np.ones((3, 2, 1)), np.ones((4, 1)), r"\bx and y must hold equally many"),
        (np.ones((3, 2, 1)) * np.nan, np.ones((3, 1)), r"\bx must be finite"),
        (np.ones((3, 2, 1)), np.ones((3, 1)) * np.inf, r"\by must be finite"),
        (np.ones((3, 2, 1)), np.ones((3, 1)) * 1j, r"\by must be an array of real"),
        (np.ones((3, 0, 1)), np.ones((3, 1)), r"\bx must have shape"),
        (np.ones((3, 2, 0)), np.ones((3, 1)), r"\bx must have shape"),
    ],
)
def test_moments_refuse_bad_trajectories_by_name(x, y, message):
    with pytest.raises(ValueError, match=message):
        tasks.moments(x, y)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((np.ones((2, 2)), None, 1.0), r"\byx must have shape"),
        ((np.ones((0, 2, 2)), None, 1.0), r"\byx must have shape"),
        ((np.ones((2, 1, 1)) * np.nan, None, 1.0), r"\byx must be finite"),
        ((np.ones((2, 1, 1)), np.ones((2, 1, 2)), 1.0), r"\bxx must have shape"),
        ((np.ones((2, 1, 1)), np.ones((3, 1, 3, 1)), 1.0), r"\bxx must have shape"),
        ((np.ones((2, 1, 1)), None, [1.0]), r"\byy must have shape"),
        ((np.ones((2, 1, 1)), None, np.inf), r"\byy must be finite"),
    ],
)
def test_moments_that_do_not_fit_together_are_refused_by_name(parts, message):
    with pytest.raises(ValueError, match=message):
        tasks.Moments(*parts)


@pytest.mark.parametrize(
    "make",
    [
        lambda: tasks.task_moments([1e200, 1.0], np.eye(2, 1), np.eye(2, 1)),
        lambda: tasks.moments(np.full((1, 1, 1), 1e200), np.ones((1, 1))),
    ],
)
def test_moments_beyond_float64_are_refused(make):
    with pytest.raises(ValueError, match="exceed"):
        make()
