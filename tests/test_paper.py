"""The paper as printed, and the ledger: every check passes, and fails when its quantity is a wrong one."""

import re

import numpy as np
import oracles
import pytest
from chapters import BOOK, CHAPTERS, read  # makes book/ importable
from ledger import CLAIMS, VERDICTS
from ledger.added import ADDED, KINDS

from lrnn import exact, landscape, modes, network, paper, realization, staircase, tasks

# The equations as printed, against the paper's sums written out term by term.


@pytest.mark.parametrize("seed", range(5))
def test_the_printed_velocity_is_the_printed_sum(seed):
    rng = np.random.default_rng(seed)
    a, b, c = rng.uniform(0.2, 1.3, 3) * rng.choice((-1, 1), 3)
    s, T = rng.normal(size=6), 6
    terms = [(T - i, s[i - 1] - c * b ** (T - i) * a) for i in range(1, T + 1)]
    printed = (
        sum(c * b**k * r for k, r in terms),
        sum(c * b ** (k - 1) * a * r for k, r in terms),
        sum(b**k * a * r for k, r in terms),
    )
    assert paper.printed_velocity(a, b, c, s) == pytest.approx(printed, rel=1e-12)
    assert paper.printed_velocity(a, b, c, s, tau=4.0) == pytest.approx(np.divide(printed, 4), rel=1e-12)


def test_the_printed_velocity_is_no_gradient_but_shares_a_and_c_with_it():
    rng = np.random.default_rng(0)
    a, b, c, s = *rng.uniform(0.3, 1, (3, 20)), rng.normal(size=8)
    printed, right = paper.printed_velocity(a, b, c, s), modes.velocity(a, b, c, s)
    assert printed[0] == pytest.approx(right[0], rel=1e-12)
    assert printed[2] == pytest.approx(right[2], rel=1e-12)
    assert np.abs(printed[1] - right[1]).min() > 1e-3


def test_the_printed_velocity_broadcasts():
    da, db, dc = paper.printed_velocity(np.ones((3, 1)), np.full(4, 0.5), 1.0, np.ones(5))
    assert da.shape == db.shape == dc.shape == (3, 4)


def test_at_two_steps_the_printed_equation_differs_by_the_term_of_lag_zero():
    # T - i is 1 for the first step and 0 for the last: there the printed sum has a term that ought to vanish.
    a, b, c, s = 0.4, 0.5, 0.6, np.array([0.8, 0.3])
    gap = paper.printed_velocity(a, b, c, s)[1] - modes.velocity(a, b, c, s)[1]
    assert gap == pytest.approx(c * a / b * (s[1] - a * c), rel=1e-13)


def test_the_printed_flow_obeys_the_printed_velocity_and_keeps_what_it_must():
    s, t = tasks.constant(0.7, 10), np.linspace(0, 3, 13)
    b0 = np.array([-0.8, -0.3, 0.2, 0.6])
    run = paper.printed_flow(0.3, b0, 0.4, s, t, rtol=1e-10)
    assert not run.diverged.any()
    assert run.a**2 - run.b**2 == pytest.approx(np.tile(0.09 - b0**2, (13, 1)), abs=1e-9)
    assert run.a**2 - run.c**2 == pytest.approx(np.full((13, 4), 0.09 - 0.16), abs=1e-9)
    h = 1e-4
    near = paper.printed_flow(0.3, b0, 0.4, s, [1 - h, 1, 1 + h], rtol=1e-12)
    for mode, slope in zip("abc", paper.printed_velocity(near.a[1], near.b[1], near.c[1], s)):
        values = getattr(near, mode)
        assert (values[2] - values[0]) / (2 * h) == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_the_printed_flow_rests_on_the_whole_curve():
    s = tasks.constant(0.7, 10)
    b = np.array([-0.5, 0.3, 0.9])
    u = modes.beta_s(b, s) / modes.beta_b(b, 10)
    run = paper.printed_flow(np.sqrt(u), b, np.sqrt(u), s, [100.0])
    assert run.b[0] == pytest.approx(b, abs=1e-12)
    assert np.abs(modes.velocity(np.sqrt(u), b, np.sqrt(u), s)[1]).min() > 1e-3


def test_balanced_modes_stay_balanced_where_rounding_would_grow():
    b0, s = np.linspace(-0.99, -0.92, 15), tasks.contracting(0.9, 10)  # beta_s < 0: u fades, a - c would grow
    run = paper.printed_flow(0.3, b0, 0.3, s, [1e6], rtol=1e-10)
    assert (run.a == run.c).all()
    assert (run.u >= 0).all()


def test_a_printed_solution_that_meets_the_pole_says_so():
    # u shrinks, and with u0 > b0**2 the parabola u - b**2 = const meets b = 0 before the curve.
    run = paper.printed_flow(1.5, 0.2, 1.5, tasks.constant(0.1, 10), [0.001, 5.0])
    assert run.diverged
    assert np.isfinite(run.b[0])
    assert np.isnan(run.b[1])


def test_the_printed_energy_is_the_printed_formula():
    a, b, c, s = 0.4, -0.6, 0.7, np.linspace(0.2, 1, 7)
    data = sum(s[i] * (s[i] - 2 * c * b ** (6 - i) * a) for i in range(7)) / 2
    printed = data - (c * a) ** 2 / 2 * (1 / (1 - b) + 1 / (1 + b) - 2)
    assert paper.printed_large_T_energy(a, b, c, s) == pytest.approx(printed, rel=1e-13)


def test_the_printed_solution_is_right_under_its_conditions_and_wrong_outside():
    t = np.linspace(0, 5, 20)
    assert paper.printed_ac(t, 0.2, 0.2, 1.3, 1.7) == pytest.approx(exact.ac_exact(t, 0.2, 0.2, 1.3, 1.7))
    assert paper.printed_ac(t, 0.2, 0.2, 1.3, 1.7, 3.0) == pytest.approx(
        exact.ac_exact(t, 0.2, 0.2, 1.3, 1.7, 3.0)
    )
    assert (
        np.abs(paper.printed_ac(t, 0.8, 0.05, 1.3, 1.7) - exact.ac_exact(t, 0.8, 0.05, 1.3, 1.7)).max() > 0.1
    )


def test_the_printed_loss_is_twice_the_loss():
    rng = np.random.default_rng(1)
    net = network.LinearRNN(rng.normal(size=(3, 2)), rng.normal(size=(3, 3)) / 2, rng.normal(size=(2, 3)))
    x, y = rng.normal(size=(5, 4, 2)), rng.normal(size=(5, 2))
    assert paper.printed_loss(net, x, y) == pytest.approx(
        2 * network.loss(net, tasks.moments(x, y)), rel=1e-12
    )
    assert paper.printed_loss(net, x, y) == pytest.approx(
        2 * oracles.squared_error(net.W_x, net.W_h, net.W_y, x, y), rel=1e-12
    )


ONE_UNIT = network.LinearRNN([[1.0]], [[1.0]], [[1.0]])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: paper.printed_velocity(1.0, 0.0, 1.0, [1.0]), "b must not be zero"),
        (lambda: paper.printed_velocity(1.0, 0.5, 1.0, [1.0], tau=0), "tau"),
        (lambda: paper.printed_velocity(np.nan, 0.5, 1.0, [1.0]), "a must be finite"),
        (lambda: paper.printed_velocity(1.0, 1e200, 1.0, np.ones(9)), "exceeds"),
        (lambda: paper.printed_flow(1.0, 0.0, 1.0, [1.0], [1.0]), "b0 must not be zero"),
        (lambda: paper.printed_flow(1.0, 0.5, 1.0, [1.0], [1.0], rtol=1.0), "rtol"),
        (lambda: paper.printed_flow(1.0, 0.5, 1.0, [1.0], [2.0, 1.0]), "t must be"),
        (lambda: paper.printed_flow(1.0, 0.5, 1.0, [[1.0]], [1.0]), "s must have shape"),
        (lambda: paper.printed_large_T_energy(1.0, 1.0, 1.0, [1.0]), "b must lie between"),
        (lambda: paper.printed_ac(1.0, 0.1, 0.1, 0.0, 1.0), "printed quotient"),
        (lambda: paper.printed_ac(1e4, 0.1, 0.1, 1.0, 1.0), "printed quotient"),
        (lambda: paper.printed_ac(1.0, 0.0, 0.1, 1.0, 1.0), "must not be zero"),
        (lambda: paper.printed_loss(ONE_UNIT, [[[1.0]]], [1.0]), "y must"),
        (lambda: paper.printed_loss(ONE_UNIT, [[[1.0]]], [[1.0, 2.0]]), "y must"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=re.escape(named)):
        call()


# The ledger

IDS = [f"C{n:02d}" for n in range(1, 29) if n != 27]  # C27 is a list of what is missing
each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)


def white_at_each_step_only(P, T, N_x, rng):
    """Every step's inputs are white, but all steps see the same."""
    x = np.linalg.qr(rng.standard_normal((P, N_x)))[0]
    return np.repeat(x[:, None], T, axis=1)


def two_hidden_bases(a, b, c, U, V, R):
    other = np.linalg.qr(np.random.default_rng(9).standard_normal(R.shape))[0]
    net = network.aligned_network(a, b, c, U, V, R)
    return network.LinearRNN(net.W_x, R * b @ other.T, net.W_y)


# For each claim a wrong quantity in place of the one under test, most of them what the paper prints.
WRONG = {
    "C01": lambda net, x: net.predict(x[:, ::-1]),  # powers of W_h in the wrong order
    "C02": lambda net, x, y: paper.printed_loss(net, x, y) / 2,
    "C03": lambda y, seen: 0.0,  # no constant, as the paper has it
    "C04": white_at_each_step_only,
    "C05": two_hidden_bases,
    "C06": lambda a, b, c, s: paper.printed_velocity(c, b, a, s),  # a and c exchanged
    "C07": modes.velocity,  # the corrected equation in place of the printed one
    "C08": paper.printed_velocity,
    "C09": lambda u, b: -(u**2) / 2 * (1 / (1 - b) + 1 / (1 + b) - 2),
    "C10": lambda u, b: -(u**2) / 2 * (1 / (1 - b) + 1 / (1 + b) - 2),
    "C11": lambda u0, b0, T: 0.0,  # what sparsification would mean
    "C12": 1.0,  # a bounded task stays at b = 1
    "C13": (0.1, (-1.2, -1.5)),  # to the left
    "C14": lambda t, a0, c0, beta_s, beta_b: exact.ac_exact(
        abs(t) / 2, a0, c0, beta_s, beta_b
    ),  # tau doubled
    "C15": lambda b, s: np.sum(s) / modes.beta_b(b, len(s)),  # another guess at beta_y
    "C16": lambda t, a0, c0, beta_s, beta_b: exact.ac_exact(t, a0, c0, beta_s, 1.05 * beta_b),
    "C17": lambda T: tasks.constant(0.71, T),
    "C18": lambda T: tasks.expanding(0.71, T),
    "C19": (0.359, 0.00515),
    "C20": paper.printed_flow,
    "C21": ((lambda T: tasks.contracting(0.9, T), 1 / 0.9, 0.9**10),),
    "C22": lambda r, T, T_test: 0.0 if T >= 50 else (1 - r ** (T - T_test)) ** 2,  # small T only
    "C23": lambda s, T: s**2 * T**2,
    "C24": lambda b, u: (1 + b**2) / (1 - b**2) ** 3,  # a sharpness that does not grow with T
    "C25": lambda rate, T, b0: exact.plateau_time(rate, T // 2, b0),  # r^(-T) in place of r^(-2T)
    "C26": lambda kappa, u: 2 * np.abs(u),  # balanced modes only
    "C28": lambda s_max, u, T: 0.0,  # b never beyond 1
}


def test_the_ledger_holds_every_claim_once_and_in_order():
    assert [claim.id for claim in CLAIMS] == IDS
    assert list(WRONG) == IDS


@each_claim
def test_every_claim_is_complete(claim):
    assert claim.verdict in VERDICTS
    assert claim.where
    assert claim.statement.endswith(".")
    assert (BOOK / f"{claim.chapter}.ipynb").is_file()


@each_claim
def test_every_check_passes(claim):
    evidence = claim.check()
    assert evidence.passed, evidence
    assert len(evidence.measured) == len(evidence.expected) == len(evidence.tolerance) > 0
    assert np.isfinite((evidence.measured, evidence.expected, evidence.tolerance)).all()
    assert re.search(r"\d", evidence.summary)
    assert "\n" not in evidence.summary


@each_claim
def test_every_check_fails_on_a_wrong_quantity(claim):
    assert not claim.check(WRONG[claim.id]).passed


@each_claim
def test_evidence_is_computed_when_asked_for(claim, monkeypatch):
    # A check that stored its evidence, or did no computing, would not notice a broken package.
    def broken(*arguments, **keywords):
        raise ZeroDivisionError

    for module in (modes, network, landscape, exact):
        for name in vars(module):
            if (
                callable(getattr(module, name))
                and getattr(getattr(module, name), "__module__", "") == module.__name__
            ):
                monkeypatch.setattr(module, name, broken)
    with pytest.raises(ZeroDivisionError):
        claim.check()


@each_claim
def test_every_claim_has_its_box_in_its_chapter_with_its_verdict(claim):
    boxes = [
        cell.source
        for cell in read(BOOK / f"{claim.chapter}.ipynb").cells
        if cell.cell_type == "markdown" and f"{{admonition}} {claim.id} " in cell.source
    ]
    (box,) = boxes
    (title,) = re.findall(rf"{{admonition}} {claim.id} · (.*)", box)
    assert title.rpartition(" · ")[2].split(";")[0] == claim.verdict


def test_every_box_belongs_to_a_claim():
    sources = [cell.source for path in CHAPTERS for cell in read(path).cells]
    found = [id for source in sources for id in re.findall(r"{admonition} (C\d\d) ", source)]
    assert sorted(found) == sorted([*IDS, "C27"])


# What the book adds

each_result = pytest.mark.parametrize("result", ADDED, ids=lambda result: result.id)
# For each result a wrong quantity in place of the one under test.
WRONG_RESULT = {
    "N1a": lambda net: net.W_x @ net.W_x.T - net.W_y.T @ net.W_y,  # conserved in feed-forward networks only
    "N1b": lambda net: net,
    "N1c": 2,
    "N2a": lambda s: realization.hankel_rank(s) + 1,
    "N2b": lambda s, n: 2 * realization.energy_bound(s, n) + 1e-3,  # each error counted half as often
    "N2c": lambda t: (4 * t) ** 0.5,
    "N3a": lambda net, s: staircase.residual_polynomial(net, s[::-1]),
    "N3b": lambda net, s: abs(staircase.residual_polynomial(net, s)[0]),  # without the couplings
    "N3c": 1,
    "N4a": lambda t, a, c, beta_s, beta_b: exact.ac_exact(t, abs(a), abs(c), abs(beta_s), beta_b),
    "N4b": lambda T: 2,
    "N4c": (0.9 ** np.arange(12) + 0.8 * 0.3 ** np.arange(12))[::-1],
}


def test_the_second_table_holds_each_result_once():
    assert [result.id for result in ADDED] == list(WRONG_RESULT)


@each_result
def test_every_result_is_complete_and_its_check_passes(result):
    assert result.kind in KINDS
    assert result.statement.endswith(".")
    assert (BOOK / f"{result.chapter}.ipynb").is_file()
    evidence = result.check()
    assert evidence.passed, evidence
    assert re.search(r"\d", evidence.summary)


@each_result
def test_every_result_is_refuted_by_a_wrong_quantity(result):
    assert not result.check(WRONG_RESULT[result.id]).passed
