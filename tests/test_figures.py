"""The numbers behind the paper's two figures, as the chapters compute them."""

import numpy as np
import pytest
from chapters import BOOK, run


@pytest.fixture(scope="module")
def figure_one():
    return run(BOOK / "04-exact-solution.ipynb", until="fig-exact-one")


@pytest.fixture(scope="module")
def figure_two():
    return run(BOOK / "05-landscape.ipynb", until="fig-landscape-plane")


def weighted_sums(b, s):
    """beta_s and beta_b as they are defined, term by term."""
    T = len(s)
    beta_s = sum(b ** (T - i) * s[i - 1] for i in range(1, T + 1))
    return beta_s, sum(b ** (2 * (T - i)) for i in range(1, T + 1))


def test_figure_one_shows_at_least_five_ratios_at_ten_steps(figure_one):
    found = [np.divide(*weighted_sums(figure_one["b"], s)) for s in figure_one["s"]]
    assert figure_one["T"] == 10
    assert len(set(figure_one["ratios"])) >= 5
    assert found == pytest.approx(figure_one["ratios"], rel=1e-12)


def test_figure_one_keeps_b_frozen_and_trains_a_full_network(figure_one):
    net, data = figure_one["net"], figure_one["data"]
    assert net.W_h.shape == (7, 7)
    assert data.x.shape == (80, 10, 8)


def test_the_theory_of_figure_one_is_the_papers_formula(figure_one):
    t, u0 = figure_one["t"], 0.15**2
    for s, predicted in zip(figure_one["s"], figure_one["predicted"].T):
        beta_s, beta_b = weighted_sums(figure_one["b"], s)
        growth = np.exp(2 * t * beta_s)
        formula = growth * beta_s / (beta_s / u0 - beta_b + growth * beta_b)
        assert predicted == pytest.approx(formula, rel=1e-12)


def test_the_simulation_of_figure_one_follows_the_theory_within_its_step(figure_one):
    coarse_t, coarse = figure_one["simulate"](0.008)
    fine_t, fine = figure_one["t"], figure_one["simulated"]
    assert fine_t == pytest.approx(coarse_t)
    error = np.abs(fine - figure_one["predicted"]).max()
    coarse_error = np.abs(coarse - figure_one["predicted"]).max()
    assert error < 5e-3
    # Four times the step, about four times the difference: it is the step's, not the theory's.
    assert 3 < coarse_error / error < 5


def test_a_wrong_ratio_would_be_seen_in_figure_one(figure_one):
    off = figure_one["predicted"] * 1.05
    assert np.abs(figure_one["simulated"] - off).max() > 10 * 5e-3


PANELS = [(T, name) for T in (10, 50) for name in ("constant", "expanding", "contracting")]
OPTIMA = {
    "constant": lambda T: (1.0, 0.7),
    "expanding": lambda T: (0.7, 1.0),
    "contracting": lambda T: (1 / 0.9, 0.9**T),
}


def sequence(T, name):
    i = np.arange(1, T + 1)
    return {"constant": np.full(T, 0.7), "expanding": 0.7 ** (T - i), "contracting": 0.9 ** (1.0 * i)}[name]


def energy(b, u, s):
    T = len(s)
    return sum((s[i - 1] - u * b ** (T - i)) ** 2 for i in range(1, T + 1)) / 2


def some_points(figure_two, seed):
    """Rows and columns of a map, with the b and u that belong to them."""
    b, u, rng = figure_two["b"], figure_two["u"], np.random.default_rng(seed)
    for row, column in zip(rng.integers(len(u), size=20), rng.integers(len(b), size=20)):
        yield row, column, b[column], u[row]


@pytest.mark.parametrize(("T", "name"), PANELS)
def test_each_panel_of_figure_two_shows_the_energy_of_its_task(figure_two, T, name):
    for row, column, b, u in some_points(figure_two, 0):
        direct = energy(b, u, sequence(T, name))
        assert figure_two["E"][name, T][row, column] == pytest.approx(direct, rel=1e-10)


@pytest.mark.parametrize(("T", "name"), PANELS)
def test_each_star_of_figure_two_is_the_global_optimum(figure_two, T, name):
    (star,) = (point for point in figure_two["points"][name, T] if point.kind == "minimum")
    b, u = OPTIMA[name](T)
    assert (star.b, star.u) == pytest.approx((b, u), rel=1e-12)
    assert energy(star.b, star.u, sequence(T, name)) < 1e-20
    assert figure_two["b"][0] < b < figure_two["b"][-1]
    assert figure_two["u"][0] < u < figure_two["u"][-1]


@pytest.mark.parametrize("reading", ["balanced", "plane"])
@pytest.mark.parametrize(("T", "name"), PANELS)
def test_the_arrows_of_figure_two_are_what_their_caption_says(figure_two, T, name, reading):
    field, s, h = figure_two[reading][name, T], sequence(T, name), 1e-20
    for row, column, b, u in some_points(figure_two, 1):
        db = -energy(b + 1j * h, u, s).imag / h
        du = -energy(b, u + 1j * h, s).imag / h
        if reading == "balanced":
            du *= 2 * abs(u)
        assert field[0][row, column] == pytest.approx(db, rel=1e-9, abs=1e-12)
        assert field[1][row, column] == pytest.approx(du, rel=1e-9, abs=1e-12)


def test_the_two_readings_differ_where_the_chapter_says(figure_two):
    balanced, plane = (figure_two[reading]["constant", 10] for reading in ("balanced", "plane"))
    at_zero = np.abs(figure_two["u"]).argmin()
    assert balanced[0] == pytest.approx(plane[0], rel=1e-9, abs=1e-12)
    assert np.abs(balanced[1][at_zero]).max() < 0.02 * np.abs(plane[1][at_zero]).max()
