import numpy as np
import oracles
import pytest
import sympy as sp
from sympy import Rational

from lrnn import exact, symbolic
from lrnn.symbolic import W_h, W_x, W_y, a, b, beta_b, beta_s, c, t, tau, u, u_0

LENGTHS = [1, 2, 3, 5]


def weights(rng, N_x=2, N_h=3, N_y=2):
    return rng.standard_normal((N_h, N_x)), rng.standard_normal((N_h, N_h)), rng.standard_normal((N_y, N_h))


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_the_unrolled_state_is_that_of_the_recursion(steps):
    rng = np.random.default_rng(0)
    W = weights(rng)
    x = rng.standard_normal((steps, 2))
    names = sp.symbols(f"x_1:{steps + 1}", commutative=False)
    values = {W_x: W[0], W_h: W[1]} | {name: x_t[:, None] for name, x_t in zip(names, x)}
    state = symbolic.evaluate(symbolic.unrolled_state(steps), values)[:, 0]
    assert W[2] @ state == pytest.approx(oracles.network_output(*W, x[None])[0], rel=1e-12)


@pytest.mark.parametrize("T", LENGTHS)
def test_matrix_gradients_are_the_slopes_of_the_raw_squared_error(T):
    rng = np.random.default_rng(1)
    W = weights(rng)
    # Inputs that are each a unit vector at one step are white, and their targets are the columns of Sigma_i.
    x = np.eye(2 * T).reshape(2 * T, T, 2)
    y = rng.standard_normal((2 * T, 2))
    values = dict(zip((W_x, W_h, W_y), W))
    values |= {symbolic.transpose(name): value.T for name, value in list(values.items())}
    for i, R in enumerate(symbolic.residuals(T), start=1):
        values[R] = y.T @ x[:, i - 1] - W[2] @ np.linalg.matrix_power(W[1], T - i) @ W[0]
    descent = symbolic.matrix_gradients(T)
    slopes = dict(zip((W_x, W_h, W_y), oracles.network_slopes(W, x, y)))
    for name in (W_x, W_h, W_y):
        if T == 1 and name is W_h:
            assert descent[name] == 0
            continue
        assert symbolic.evaluate(descent[name], values) == pytest.approx(-slopes[name], rel=1e-10, abs=1e-12)


def test_the_gradient_in_W_h_has_a_term_for_each_factor():
    terms = sp.Add.make_args(symbolic.matrix_gradients(5)[W_h])
    for i, R in enumerate(symbolic.residuals(5), start=1):
        assert sum(term.has(R) for term in terms) == 5 - i


@pytest.mark.parametrize("T", LENGTHS)
def test_mode_equations_are_minus_the_slopes_of_the_energy(T):
    s = symbolic.singular_values(T)
    assert len(s) == T
    energy = oracles.energy(a, b, c, s)
    assert sp.expand(symbolic.energy(T) - energy) == 0
    equations = symbolic.mode_equations(T)
    for mode in (a, b, c):
        assert sp.expand(equations[mode] + sp.diff(energy, mode)) == 0
    if T > 2:
        # Without the factor (T - i) the second is no gradient.
        printed = sum(c * b ** (T - i - 1) * a * (s[i - 1] - c * b ** (T - i) * a) for i in range(1, T + 1))
        assert sp.expand(printed + sp.diff(energy, b)) != 0


def test_a_transpose_is_paired_both_ways():
    for W in (W_x, W_h, W_y):
        assert symbolic.transpose(symbolic.transpose(W)) == W
        assert symbolic.transpose(W) != W


@pytest.mark.parametrize("T", [1, 2, 7])
@pytest.mark.parametrize("value", [0, Rational(1, 3), Rational(-4, 5), 1, -1, 2])
def test_the_regulariser_is_its_sum(T, value):
    direct = u**2 / 2 * oracles.beta_b(value, T)
    length = next(symbol for symbol in symbolic.regulariser().free_symbols if symbol.name == "T")
    assert sp.simplify(symbolic.regulariser(T).subs(b, value) - direct) == 0
    assert sp.simplify(symbolic.regulariser().subs({length: T, b: value}) - direct) == 0


@pytest.mark.parametrize("value", [0, Rational(1, 3), Rational(-4, 5)])
def test_the_regulariser_of_a_long_task_has_a_plus_sign(value):
    limit = symbolic.regulariser_limit().subs(b, value)
    assert sp.simplify(limit - u**2 / 4 * (1 / (1 - value) + 1 / (1 + value))) == 0
    direct = sum(0.5 * float(value) ** (2 * k) for k in range(400))
    assert float(limit.subs(u, 1)) == pytest.approx(direct, rel=1e-12)
    printed = -(u**2) / 2 * (1 / (1 - value) + 1 / (1 + value) - 2)
    assert sp.simplify(limit - printed) != 0


def test_u_obeys_a_logistic_equation():
    equation = symbolic.u_equation()
    U = sp.Function("u")(t)
    assert equation.lhs == U.diff(t)
    assert sp.expand(equation.rhs - 2 * U * (beta_s - U * beta_b) / tau) == 0


def test_the_solution_for_u_solves_its_equation_from_its_start():
    solution = symbolic.u_solution()
    assert sp.simplify(solution.subs(t, 0) - u_0) == 0
    assert sp.simplify(tau * sp.diff(solution, t) - 2 * solution * (beta_s - solution * beta_b)) == 0
    values = {u_0: 0.01, beta_s: 1.4, beta_b: 2.2, tau: 1.5}
    for time in (0.0, 0.5, 3.0, 20.0):
        assert float(solution.subs(values | {t: time})) == pytest.approx(
            float(exact.ac_exact(time, 0.1, 0.1, 1.4, 2.2, 1.5)), rel=1e-12
        )


def test_the_solution_for_u_tends_to_beta_s_over_beta_b():
    positive = sp.symbols("p q", positive=True)
    solution = symbolic.u_solution().subs({beta_s: positive[0], beta_b: positive[1]})
    assert sp.simplify(sp.limit(solution, t, sp.oo) - positive[0] / positive[1]) == 0
