import tracemalloc

import numpy as np
import pytest
from oracles import (
    energy,
    network_output,
    network_slopes,
    orthonormal,
    squared_error,
)

from lrnn import exact, landscape, modes, network, tasks

# (N_x, N_h, N_y, T)
SIZES = [(3, 4, 2, 5), (1, 1, 1, 1), (2, 3, 2, 1), (2, 1, 3, 4), (1, 5, 1, 6)]


def random_network(rng, N_x, N_h, N_y):
    return network.LinearRNN(
        rng.standard_normal((N_h, N_x)),
        rng.standard_normal((N_h, N_h)) / np.sqrt(N_h),
        rng.standard_normal((N_y, N_h)),
    )


def matrices(net):
    return net.W_x, net.W_h, net.W_y


def white_data(rng, N_x, N_y, T, P=None, noise=0.4):
    n = min(N_x, N_y)
    s, U, V = rng.standard_normal((n, T)), orthonormal(N_y, n, rng), orthonormal(N_x, n, rng)
    P = P or T * N_x + 5
    return tasks.sample_trajectories(s, U, V, n_trajectories=P, rng=rng, noise=noise)


# Prediction


@pytest.mark.parametrize("size", SIZES)
def test_prediction_is_the_recursion(size):
    N_x, N_h, N_y, T = size
    rng = np.random.default_rng(0)
    net, x = random_network(rng, N_x, N_h, N_y), rng.standard_normal((7, T, N_x))
    expected = network_output(*matrices(net), x)
    assert net.predict(x) == pytest.approx(expected, rel=1e-12)
    # C01: the recursion unrolled is a sum over time steps.
    response = net.impulse_response(T)
    unrolled = [sum(response[i] @ x_p[i] for i in range(T)) for x_p in x]
    assert unrolled == pytest.approx(expected, rel=1e-12)


def test_impulse_response_is_in_the_order_of_the_time_steps():
    net = random_network(np.random.default_rng(1), 2, 3, 2)
    for i, M in enumerate(net.impulse_response(6), start=1):
        assert pytest.approx(net.W_y @ np.linalg.matrix_power(net.W_h, 6 - i) @ net.W_x, rel=1e-12) == M


# Loss and gradient


@pytest.mark.parametrize("white", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_loss_and_gradient_are_those_of_the_raw_trajectories(size, white):
    N_x, N_h, N_y, T = size
    rng = np.random.default_rng(2)
    net = random_network(rng, N_x, N_h, N_y)
    if white:
        data = white_data(rng, N_x, N_y, T)
        x, y = data.x, data.y
    else:
        x, y = rng.standard_normal((9, T, N_x)) / 3, rng.standard_normal((9, N_y)) / 3
    moments = tasks.moments(x, y)
    assert (moments.xx is None) == white
    assert network.loss(net, moments) == pytest.approx(squared_error(*matrices(net), x, y), rel=1e-10)
    expected = network_slopes(matrices(net), x, y)
    scale = max(np.abs(g).max() for g in expected)
    for found, true in zip(matrices(network.gradient(net, moments)), expected):
        assert found == pytest.approx(true, rel=1e-10, abs=1e-11 * scale)


def test_the_gradient_of_the_loss_without_one_half_is_twice_the_mode_flow():
    rng = np.random.default_rng(3)
    U, V, s = orthonormal(3, 1, rng), orthonormal(2, 1, rng), tasks.constant(0.7, 4)
    a, b, c = 0.3, 0.5, 0.8
    x = tasks.sample_trajectories(s, U, V, n_trajectories=12, rng=rng)
    net = network.aligned_network(a, b, c, U, V)

    def printed(b_moved):
        moved = network.aligned_network(a, b_moved, c, U, V)
        return np.sum((x.y - network_output(*matrices(moved), x.x)) ** 2)

    slope = (printed(b + 1e-6) - printed(b - 1e-6)) / 2e-6
    flow = modes.velocity(a, b, c, s)[1]
    assert slope == pytest.approx(-2 * flow, rel=1e-7)
    assert network.gradient(net, tasks.moments(x.x, x.y)).W_h == pytest.approx(np.array([[-flow]]), rel=1e-10)


def test_descent_on_the_printed_loss_follows_the_closed_form_at_half_the_tau():
    # Steps of the printed loss's gradient, twice ours, with b at rest.
    s, rate, steps, start, b = tasks.expanding(0.7, 10), 1e-4, 4000, 0.1, 0.7
    moments = tasks.task_moments(s, np.eye(1), np.eye(1))
    net = network.aligned_network(start, b, start, np.eye(1), np.eye(1))
    run = network.train(net, moments, learning_rate=2 * rate, steps=steps, record_every=400, freeze="W_h")
    u = run.W_x[:, 0, 0] * run.W_y[:, 0, 0]
    sums = modes.beta_s(b, s), modes.beta_b(b, 10)
    half = exact.ac_exact(run.step, start, start, *sums, tau=1 / (2 * rate))
    printed = exact.ac_exact(run.step, start, start, *sums, tau=1 / rate)
    assert np.abs(u - half).max() < 1e-3
    assert np.abs(u - printed).max() > 0.1


def test_an_exact_fit_has_a_loss_far_below_rounding_of_its_terms():
    rng = np.random.default_rng(4)
    U, V = orthonormal(3, 1, rng), orthonormal(3, 1, rng)
    moments = tasks.task_moments(tasks.constant(0.7, 50), U, V)
    assert network.loss(network.aligned_network(0.7, 1.0, 1.0, U, V), moments) < 1e-16
    off = network.aligned_network(0.7 + 1e-6, 1.0, 1.0, U, V)
    assert network.loss(off, moments) == pytest.approx(25e-12, rel=1e-2)


@pytest.mark.parametrize("white", [True, False])
def test_the_gradient_is_the_same_whatever_the_number_of_trajectories(white):
    rng = np.random.default_rng(5)
    net = random_network(rng, 3, 4, 2)
    data = white_data(rng, 3, 2, 4)
    x, y = data.x, data.y
    if not white:
        x = x + 0.1 * rng.standard_normal(x.shape)
    # Mixing the trajectories among three times as many leaves every second moment as it was.
    mix = orthonormal(3 * len(x), len(x), rng)
    few = tasks.moments(x, y)
    many = tasks.moments(np.einsum("qp,pti->qti", mix, x), mix @ y)
    assert few.yx.shape == many.yx.shape
    for found, true in zip(matrices(network.gradient(net, many)), matrices(network.gradient(net, few))):
        assert found == pytest.approx(true, rel=1e-10, abs=1e-11)


def cost(monkeypatch, function, *arguments):
    """Multiplications that np.dot makes for a call, and the largest memory in use on the way."""
    work, dot = 0, np.dot

    def counted(x, y, **options):
        nonlocal work
        work += x.size * y.shape[-1]
        return dot(x, y, **options)

    with monkeypatch.context() as patched:
        patched.setattr(np, "dot", counted)
        function(*arguments)
    tracemalloc.start()
    try:
        function(*arguments)
        return work, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("white", [True, False])
def test_a_gradient_costs_the_same_whatever_the_number_of_trajectories(white, monkeypatch):
    rng, work, memory, memory_raw = np.random.default_rng(5), [], [], []
    net = random_network(rng, 3, 6, 2)
    for P in (100, 400, 1600):
        x, y = rng.normal(size=(P, 8, 3)), rng.normal(size=(P, 2))
        seen = tasks.moments(x, y)
        seen = tasks.Moments(seen.yx, None if white else seen.xx, float(np.sum(seen.yx**2)) + 1.0)
        for column, value in zip((work, memory), cost(monkeypatch, network.gradient, net, seen)):
            column.append(value)
        memory_raw.append(cost(monkeypatch, net.predict, x)[1])
    assert min(work) == max(work) > 0
    assert max(memory) < min(memory) + 1000
    # The same measure of a pass over the trajectories does grow.
    assert memory_raw[2] > 10 * memory_raw[0]


def test_a_gradient_takes_work_in_proportion_to_the_number_of_time_steps(monkeypatch):
    rng, work = np.random.default_rng(6), []
    net = random_network(rng, 3, 6, 2)
    for T in (10, 20, 30):
        seen = tasks.Moments(rng.normal(size=(T, 2, 3)), None, 1e3)
        work.append(cost(monkeypatch, network.gradient, net, seen)[0])
    assert work[2] - work[1] == work[1] - work[0] > 0


# The decoupling into modes


def aligned_case(rng, n_modes=2, T=6):
    s = rng.uniform(0.2, 1.0, (n_modes, T))
    U, V, R = orthonormal(3, n_modes, rng), orthonormal(4, n_modes, rng), orthonormal(5, n_modes, rng)
    a, b, c = rng.uniform(-1, 1, (3, n_modes))
    return s, U, V, R, a, b, c


def test_the_loss_decouples_into_modes_and_a_constant():
    rng = np.random.default_rng(6)
    s, U, V, R, a, b, c = aligned_case(rng)
    data = tasks.sample_trajectories(s, U, V, n_trajectories=60, rng=rng)
    # Noise that no input explains, so that Sigma_i is exactly U S_i V'.
    flat = data.x.reshape(60, -1)
    noise = rng.standard_normal(data.y.shape)
    y = data.y + noise - flat @ (flat.T @ noise)
    direct = squared_error(*matrices(network.aligned_network(a, b, c, U, V, R)), data.x, y)
    sigma = [y.T @ data.x[:, i] for i in range(6)]
    constant = np.sum(y**2) - sum(np.sum(S**2) for S in sigma)
    energies = sum(energy(a[k], b[k], c[k], s[k]) for k in range(2))
    assert constant > 1
    assert direct == pytest.approx(energies + constant / 2, rel=1e-11)
    net = network.aligned_network(a, b, c, U, V, R)
    assert network.loss(net, tasks.moments(data.x, y)) == pytest.approx(direct, rel=1e-11)


@pytest.mark.parametrize("with_R", [True, False])
def test_the_gradient_of_an_aligned_network_is_aligned_and_minus_the_mode_velocity(with_R):
    s, U, V, R, a, b, c = aligned_case(np.random.default_rng(7))
    R = R if with_R else None
    net = network.aligned_network(a, b, c, U, V, R)
    gradient = network.gradient(net, tasks.task_moments(s, U, V))
    velocity = modes.velocity(a, b, c, s)
    expected = network.aligned_network(*(-v for v in velocity), U, V, R)
    for found, true in zip(matrices(gradient), matrices(expected)):
        assert found == pytest.approx(true, abs=1e-13)


def test_hidden_directions_that_differ_on_the_two_sides_of_W_h_do_not_decouple():
    s, U, V, R, a, b, c = aligned_case(np.random.default_rng(8))
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    net = network.aligned_network(a, b, c, U, V, R)
    skewed = network.LinearRNN(net.W_x, R @ turn * b @ R.T, net.W_y)
    inside = R.T @ network.gradient(skewed, tasks.task_moments(s, U, V)).W_h @ R
    assert np.abs(inside - np.diag(np.diag(inside))).max() > 1e-3


def test_modes_of_an_aligned_network_are_those_it_was_made_of():
    _, U, V, R, a, b, c = aligned_case(np.random.default_rng(9))
    net = network.aligned_network(a, b, c, U, V, R)
    assert net.W_x == pytest.approx(R @ np.diag(a) @ V.T)
    assert net.W_h == pytest.approx(R @ np.diag(b) @ R.T)
    assert net.W_y == pytest.approx(U @ np.diag(c) @ R.T)
    assert np.stack(network.network_modes(net, U, V, R)) == pytest.approx(np.stack([a, b, c]))
    plain = network.aligned_network(0.2, b, c, U, V)
    assert plain.W_h.shape == (2, 2)
    assert np.stack(network.network_modes(plain, U, V)) == pytest.approx(np.stack([[0.2, 0.2], b, c]))


def test_without_R_the_first_hidden_units_carry_the_modes():
    rng = np.random.default_rng(10)
    net = random_network(rng, 4, 5, 3)
    U, V = orthonormal(3, 2, rng), orthonormal(4, 2, rng)
    a, b, c = network.network_modes(net, U, V)
    assert a == pytest.approx(np.diag(net.W_x[:2] @ V))
    assert b == pytest.approx(np.diag(net.W_h)[:2])
    assert c == pytest.approx(np.diag(U.T @ net.W_y[:, :2]))


# Training


def test_training_takes_the_steps_it_says_and_records_them():
    rng = np.random.default_rng(11)
    net = random_network(rng, 2, 3, 2)
    data = white_data(rng, 2, 2, 3)
    moments = tasks.moments(data.x, data.y)
    run = network.train(net, moments, learning_rate=1e-2, steps=7, record_every=3)
    assert run.step.tolist() == [0, 3, 6]
    assert not run.diverged
    weights = [W.copy() for W in matrices(net)]
    for step in range(7):
        if step % 3 == 0:
            k = step // 3
            for recorded, W in zip((run.W_x[k], run.W_h[k], run.W_y[k]), weights):
                assert recorded == pytest.approx(W, rel=1e-10)
            assert run.loss[k] == pytest.approx(squared_error(*weights, data.x, data.y), rel=1e-10)
            assert network.loss(run.network(k), moments) == pytest.approx(run.loss[k], rel=1e-12)
        slopes = network_slopes(weights, data.x, data.y)
        weights = [W - 1e-2 * g for W, g in zip(weights, slopes)]
    assert run.network().W_h is not net.W_h


def test_no_steps_record_the_start():
    net = random_network(np.random.default_rng(12), 2, 3, 2)
    moments = tasks.task_moments(np.ones((2, 3)), np.eye(2), np.eye(2))
    run = network.train(net, moments, learning_rate=0.1, steps=0)
    assert run.step.tolist() == [0]
    assert np.array_equal(run.W_x[0], net.W_x)
    assert not run.diverged


@pytest.mark.parametrize("freeze", ["W_h", ("W_x",), ("W_y", "W_h"), ()])
def test_frozen_matrices_stay_and_the_others_move(freeze):
    net = random_network(np.random.default_rng(13), 2, 3, 2)
    moments = tasks.task_moments(np.ones((2, 3)), np.eye(2), np.eye(2))
    run = network.train(net, moments, learning_rate=1e-3, steps=3, freeze=freeze)
    held = (freeze,) if isinstance(freeze, str) else freeze
    for name in ("W_x", "W_h", "W_y"):
        assert np.array_equal(getattr(run, name)[-1], getattr(net, name)) == (name in held)


def test_training_follows_the_mode_flow_with_an_error_in_proportion_to_the_step():
    rng = np.random.default_rng(14)
    s = np.stack([tasks.constant(0.7, 5), tasks.expanding(0.6, 5)])
    U, V, R = orthonormal(3, 2, rng), orthonormal(4, 2, rng), orthonormal(5, 2, rng)
    data = tasks.sample_trajectories(s, U, V, n_trajectories=100, rng=rng)
    moments = tasks.moments(data.x, data.y)
    start = np.array([0.3, 0.2]), np.array([0.1, 0.3]), np.array([0.2, 0.4])
    net = network.aligned_network(*start, U, V, R)
    errors = []
    for rate in (8e-3, 4e-3, 2e-3):
        steps = round(6.4 / rate)
        run = network.train(net, moments, learning_rate=rate, steps=steps, record_every=steps // 16)
        theory = modes.flow(*start, s, run.step * 1.0, tau=1 / rate)
        simulated = network.network_modes(run, U, V, R)
        errors.append(max(np.abs(m - v).max() for m, v in zip(simulated, (theory.a, theory.b, theory.c))))
        # What the diagonals leave out stays at zero.
        a, b, c = (mode[-1] for mode in simulated)
        rebuilt = network.aligned_network(a, b, c, U, V, R)
        assert run.W_h[-1] == pytest.approx(rebuilt.W_h, abs=1e-10)
    assert errors[0] < 0.04
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.2)
    assert errors[1] / errors[2] == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize(
    ("s", "b", "u"),
    [
        (tasks.constant(0.7, 10), 1.0, 0.7),
        (tasks.expanding(0.7, 10), 0.7, 1.0),
        (tasks.contracting(0.9, 50), 1 / 0.9, 0.9**50),
    ],
)
def test_gradient_descent_is_stable_below_two_over_the_sharpness_and_not_above(s, b, u):
    a = np.sqrt(u)
    curvature, directions = np.linalg.eigh(modes.hessian(a, b, a, s))
    assert landscape.sharpness(a, b, a, s) == pytest.approx(curvature[-1])
    start = np.array([a, b, a]) + 1e-7 * directions[:, -1]
    net = network.aligned_network(*start, np.eye(1), np.eye(1))
    moments = tasks.task_moments(s, np.eye(1), np.eye(1))
    below, above = (
        network.train(net, moments, learning_rate=factor * 2 / curvature[-1], steps=60)
        for factor in (0.95, 1.05)
    )
    assert below.loss[-1] < 0.1 * below.loss[0]
    assert above.loss[-1] > 10 * above.loss[0]


@pytest.mark.parametrize("record_every", [1, 3])
def test_a_diverging_run_says_so_and_keeps_finite_records(record_every):
    net = network.aligned_network(1.0, 1.5, 1.0, np.eye(1), np.eye(1))
    moments = tasks.task_moments(tasks.constant(0.7, 10), np.eye(1), np.eye(1))
    run = network.train(net, moments, learning_rate=1.0, steps=100, record_every=record_every)
    assert run.diverged
    assert 1 <= len(run.step) < 100
    for record in (run.loss, run.W_x, run.W_h, run.W_y):
        assert len(record) == len(run.step)
        assert np.isfinite(record).all()


# Bad input

NET = network.LinearRNN(np.ones((2, 3)), np.eye(2) / 2, np.ones((1, 2)))
MOMENTS = tasks.Moments(np.ones((4, 1, 3)), None, 20.0)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((np.ones(3), np.eye(2), np.ones((1, 2))), r"\bW_x must have shape"),
        ((np.ones((2, 3)), np.ones((2, 3)), np.ones((1, 2))), r"\bW_h must have shape"),
        ((np.ones((2, 3)), np.ones((0, 0)), np.ones((1, 2))), r"\bW_h must have shape"),
        ((np.ones((3, 3)), np.eye(2), np.ones((1, 2))), r"\bW_x must have shape"),
        ((np.ones((2, 0)), np.eye(2), np.ones((1, 2))), r"\bW_x must have shape"),
        ((np.ones((2, 3)), np.eye(2), np.ones((1, 3))), r"\bW_y must have shape"),
        ((np.ones((2, 3)), np.eye(2), np.ones((0, 2))), r"\bW_y must have shape"),
        ((np.ones((2, 3)), np.eye(2) * np.nan, np.ones((1, 2))), r"\bW_h must be finite"),
        ((np.ones((2, 3)) * np.inf, np.eye(2), np.ones((1, 2))), r"\bW_x must be finite"),
        ((np.ones((2, 3)), np.eye(2), np.ones((1, 2)) * 1j), r"\bW_y must be an array of real"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(parts, message):
    with pytest.raises(ValueError, match=message):
        network.LinearRNN(*parts)


@pytest.mark.parametrize("T", [0, -1, 2.5, True, "3"])
def test_impulse_response_needs_a_positive_length(T):
    with pytest.raises(ValueError, match=r"\bT must be an integer"):
        NET.impulse_response(T)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((5, 3)), r"\bx must have shape"),
        (np.ones((5, 4, 2)), r"\bx must have shape"),
        (np.ones((5, 0, 3)), r"\bx must have shape"),
        (np.ones((5, 4, 3)) * np.nan, r"\bx must be finite"),
        (np.ones((5, 4, 3)) * 1j, r"\bx must be an array of real"),
    ],
)
def test_predict_refuses_inputs_that_do_not_fit(x, message):
    with pytest.raises(ValueError, match=message):
        NET.predict(x)


@pytest.mark.parametrize(
    "call",
    [network.loss, network.gradient, lambda n, m: network.train(n, m, learning_rate=0.1, steps=1)],
)
@pytest.mark.parametrize(
    ("net", "moments", "message"),
    [
        (np.eye(2), MOMENTS, r"\bnet must be a LinearRNN"),
        (NET, MOMENTS.yx, r"\bmoments must be Moments"),
        (NET, tasks.Moments(np.ones((4, 1, 2)), None, 1.0), r"\bmoments of N_x = 2"),
        (NET, tasks.Moments(np.ones((4, 2, 3)), None, 1.0), r"\bmoments of .* N_y = 2"),
    ],
)
def test_a_network_and_moments_must_fit(call, net, moments, message):
    with pytest.raises(ValueError, match=message):
        call(net, moments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0.0}, r"\blearning_rate must be positive"),
        ({"learning_rate": -1.0}, r"\blearning_rate must be positive"),
        ({"learning_rate": np.nan}, r"\blearning_rate must be finite"),
        ({"learning_rate": 1j}, r"\blearning_rate must be an array of real"),
        ({"steps": -1}, r"\bsteps must be an integer"),
        ({"steps": 2.5}, r"\bsteps must be an integer"),
        ({"steps": True}, r"\bsteps must be an integer"),
        ({"record_every": 0}, r"\brecord_every must be an integer"),
        ({"record_every": "3"}, r"\brecord_every must be an integer"),
        ({"freeze": ("W_z",)}, r"\bfreeze must name"),
        ({"freeze": "W"}, r"\bfreeze must name"),
    ],
)
def test_training_refuses_bad_settings_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        network.train(NET, MOMENTS, **{"learning_rate": 0.1, "steps": 2} | change)


HUGE = network.LinearRNN(np.ones((2, 3)), 1e200 * np.eye(2), np.ones((1, 2)))


@pytest.mark.parametrize(
    "call",
    [
        lambda: HUGE.impulse_response(4),
        lambda: HUGE.predict(np.ones((1, 4, 3))),
        lambda: network.loss(HUGE, MOMENTS),
        lambda: network.gradient(HUGE, MOMENTS),
        lambda: network.loss(HUGE, tasks.Moments(np.ones((4, 1, 3)), np.ones((4, 3, 4, 3)), 1.0)),
    ],
)
def test_results_beyond_float64_are_refused(call):
    with pytest.raises(ValueError, match=r"W_h is too large|weights are too large"):
        call()


def test_training_from_weights_beyond_float64_is_refused():
    with pytest.raises(ValueError, match=r"\bnet must start with weights"):
        network.train(HUGE, MOMENTS, learning_rate=0.1, steps=1)


U, V, R = np.eye(3, 2), np.eye(4, 2), np.eye(5, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"U": 2 * U}, r"\bU must have orthonormal"),
        ({"V": 2 * V}, r"\bV must have orthonormal"),
        ({"R": 2 * R}, r"\bR must have orthonormal"),
        ({"U": np.ones(3)}, r"\bU must have shape"),
        ({"U": np.eye(3)}, r"\bV must have 3 columns"),
        ({"V": np.eye(4)}, r"\bV must have 2 columns"),
        ({"R": np.eye(5)}, r"\bR must have 2 columns"),
        ({"R": R * np.nan}, r"\bR must be finite"),
        ({"V": V * 1j}, r"\bV must be an array of real"),
    ],
)
def test_bases_that_do_not_fit_are_refused_by_name(change, message):
    bases = {"U": U, "V": V, "R": R} | change
    with pytest.raises(ValueError, match=message):
        network.aligned_network(0.1, 0.2, 0.3, **bases)
    with pytest.raises(ValueError, match=message):
        network.network_modes(network.aligned_network(0.1, 0.2, 0.3, U, V, R), **bases)


@pytest.mark.parametrize("name", ["a", "b", "c"])
@pytest.mark.parametrize("bad", [np.ones(3), np.ones((2, 2)), np.nan, 1j])
def test_modes_that_do_not_fit_are_refused_by_name(name, bad):
    with pytest.raises(ValueError, match=rf"\b{name} must"):
        network.aligned_network(**{"a": 0.1, "b": 0.2, "c": 0.3} | {name: bad}, U=U, V=V)


def test_network_modes_refuse_what_does_not_fit():
    net = network.aligned_network(0.1, 0.2, 0.3, U, V, R)
    with pytest.raises(ValueError, match=r"\bnet must be a LinearRNN or a History"):
        network.network_modes(net.W_x, U, V, R)
    with pytest.raises(ValueError, match=r"\bR must have 5 rows"):
        network.network_modes(net, U, V, np.eye(4, 2))
    with pytest.raises(ValueError, match=r"\bU .* do not fit W_y"):
        network.network_modes(net, np.eye(4, 2), V, R)
    with pytest.raises(ValueError, match=r"\bV .* do not fit W_y"):
        network.network_modes(net, U, np.eye(3, 2), R)
    with pytest.raises(ValueError, match=r"\bR is needed"):
        network.network_modes(NET, np.eye(3), np.eye(3))
    with pytest.raises(ValueError, match=r"\bR must have"):
        network.aligned_network(0.1, 0.2, 0.3, U, V, 1.0)


@pytest.mark.parametrize("white", [True, False])
def test_an_ensemble_is_its_networks_one_by_one(white):
    rng = np.random.default_rng(8)
    weights = [rng.normal(size=(3, *shape)) / 3 for shape in ((4, 2), (4, 4), (3, 4))]
    data = tasks.moments(rng.normal(size=(20, 5, 2)), rng.normal(size=(20, 3)))
    seen = tasks.Moments(data.yx, None, 100 * data.yy) if white else data
    together, alone = network.LinearRNN(*weights), [network.LinearRNN(*one) for one in zip(*weights)]
    x = rng.normal(size=(6, 5, 2))
    assert together.predict(x) == pytest.approx(np.array([net.predict(x) for net in alone]), rel=1e-12)
    assert network.loss(together, seen) == pytest.approx(
        [network.loss(net, seen) for net in alone], rel=1e-12
    )
    run = network.train(together, seen, learning_rate=1e-3, steps=20, record_every=10)
    for n, net in enumerate(alone):
        own = network.train(net, seen, learning_rate=1e-3, steps=20, record_every=10)
        assert run.loss[:, n] == pytest.approx(own.loss, rel=1e-10)
        assert run.W_h[:, n] == pytest.approx(own.W_h, rel=1e-10, abs=1e-12)
    assert run.diverged.tolist() == [False] * 3


def test_a_network_of_an_ensemble_that_diverges_does_not_stop_the_others():
    weights = [np.array([[[0.5]], [[0.5]]]), np.array([[[0.5]], [[40.0]]]), np.array([[[0.5]], [[0.5]]])]
    seen = tasks.task_moments(tasks.constant(0.7, 5), np.eye(1), np.eye(1))
    run = network.train(network.LinearRNN(*weights), seen, learning_rate=0.01, steps=50)
    alone = network.train(network.LinearRNN(*(w[0] for w in weights)), seen, learning_rate=0.01, steps=50)
    assert run.diverged.tolist() == [False, True]
    assert run.loss[:, 0] == pytest.approx(alone.loss, rel=1e-10)
    assert np.isnan(run.loss[-1, 1])
    assert np.isfinite(run.W_h).all()


@pytest.mark.parametrize("freeze", [iter(["W_x"]), {"W_x"}, ["W_x", "W_x"]])
def test_freeze_takes_any_collection_of_names(freeze):
    rng = np.random.default_rng(3)
    net, data = random_network(rng, 3, 4, 2), white_data(rng, 3, 2, 4)
    run = network.train(net, tasks.moments(data.x, data.y), learning_rate=0.01, steps=3, freeze=freeze)
    assert np.ptp(run.W_x, axis=0).max() == 0 < np.ptp(run.W_h, axis=0).max()


def test_a_network_that_diverges_in_an_update_keeps_all_its_weights_of_before():
    weights = [np.array(v)[:, None, None] for v in ((0.3, 1e5), (0.1, 0.1), (0.2, 1e-5))]
    seen = tasks.Moments(np.array([[[0.7]]]), None, 0.49)
    run = network.train(network.LinearRNN(*weights), seen, learning_rate=1e304, steps=1)
    assert run.diverged[1]
    assert [w[-1, 1].item() for w in (run.W_x, run.W_h, run.W_y)] == [1e5, 0.1, 1e-5]


def test_moments_that_cannot_be_are_refused():
    net = network.LinearRNN(np.ones((2, 2)), np.eye(2), np.ones((1, 2)))
    xx = np.arange(4.0).reshape(1, 2, 1, 2)
    with pytest.raises(ValueError, match=r"moments\.xx must be symmetric"):
        network.gradient(net, tasks.Moments(np.ones((1, 1, 2)), xx, 5.0))
    with pytest.raises(ValueError, match=r"moments\.yy must be at least"):
        network.loss(net, tasks.Moments(np.ones((1, 1, 2)), None, 1.0))


def test_an_ensemble_holds_one_network_at_least():
    with pytest.raises(ValueError, match="W_h must hold one network at least"):
        network.LinearRNN(np.ones((0, 2, 2)), np.ones((0, 2, 2)), np.ones((0, 1, 2)))


def test_a_loss_is_never_below_zero_where_the_square_cannot_be_completed():
    # A perfect fit with correlated inputs: what is left is rounding, of either sign.
    for seed in range(100):
        rng = np.random.default_rng(seed)
        net = network.LinearRNN(*(rng.normal(size=n) / 2 for n in ((3, 2), (3, 3), (2, 3))))
        x = np.cumsum(rng.normal(size=(30, 6, 2)), axis=1)
        left = network.loss(net, tasks.moments(x, net.predict(x)))
        assert 0 <= left < 1e-12 * np.sum(net.predict(x) ** 2)
