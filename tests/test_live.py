"""The live figures: the core in the browser gives Python's numbers, the Python side minds its settings."""

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import book_pages
import numpy as np
import pytest
from playwright._impl._driver import compute_driver_executable

from lrnn import exact, landscape, live, modes, network, paper, staircase, tasks

FOLDER = Path(live.__file__).parent
CORE, UNITS, COMPLEX = FOLDER / "physics.js", FOLDER / "units.js", FOLDER / "complex_modes.js"
# Calls functions of a module by name; infinities and NaN, which JSON has not, travel as text.
RUNNER = """
const core = await import(process.argv[1]);
let text = "";
for await (const part of process.stdin) text += part;
const results = JSON.parse(text).map(([name, args]) => core[name](...args) ?? null);
const safe = (_, x) => (typeof x === "number" && !Number.isFinite(x) ? `${x}` : x);
console.log(JSON.stringify(results, safe));
"""
figures = pytest.mark.parametrize("figure", [getattr(live, name) for name in live.__all__])


def numbers(result):
    if isinstance(result, str):
        return float(result) if re.fullmatch(r"NaN|-?Infinity", result) else result
    if isinstance(result, list):
        return [numbers(value) for value in result]
    return {name: numbers(value) for name, value in result.items()} if isinstance(result, dict) else result


def in_browser(calls, core=CORE):
    """The results of [name, arguments] in the browser's language."""
    node = compute_driver_executable()[0]
    calls = json.dumps(calls, default=lambda value: np.asarray(value).tolist())
    done = subprocess.run(
        [node, "--no-warnings", "--input-type=module", "-e", RUNNER, core.as_uri()],
        input=calls, capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return [numbers(result) for result in json.loads(done.stdout)]


def random_modes(n, T, seed=0):
    rng = np.random.default_rng(seed)
    return [(*rng.uniform(-1.3, 1.3, 3), rng.normal(size=T)) for _ in range(n)]


# b = 0, |b| = 1, T = 1, a = -c, a vanishing mode and long stiff tasks, beside random ones.
EDGES = [
    (0.3, 0.0, 0.7, np.array([0.5, -0.2, 0.9])),
    (0.3, 1.0, 0.7, np.linspace(-1, 1, 9)),
    (0.3, -1.0, 0.7, np.linspace(0.1, 1, 10)),
    (0.3, 0.8, 0.7, np.array([0.5])),
    (0.6, 0.4, -0.6, tasks.constant(0.7, 10)),
    (0.0, 0.4, 0.0, tasks.constant(0.7, 10)),
    (0.8, 0.999, 0.9, tasks.constant(0.7, 50)),
    (0.07, 1.1, 0.07, tasks.contracting(0.9, 50)),
]
MODES = [*random_modes(25, 7), *random_modes(10, 50, seed=1), *EDGES]


def scale(a, b, c, s):
    """The size of the terms that the sums are made of, below which a difference is rounding."""
    lag, u = np.arange(len(s))[::-1], abs(a * c)
    powers = np.abs(b) ** lag if b else (lag == 0.0) * 1.0
    return (np.abs(s) + u * powers) @ ((1 + lag) * powers / max(abs(b), 0.1)) + 1


def printed(a, b, c, s):
    return paper.printed_velocity(a, b, c, s)


# Twins: the browser's function, Python's, and what both take of a mode.
TWINS = {
    "betaS": (modes.beta_s, lambda a, b, c, s: (b, s)),
    "betaB": (modes.beta_b, lambda a, b, c, s: (b, len(s))),
    "energy": (modes.energy, lambda *mode: mode),
    "velocity": (modes.velocity, lambda *mode: mode),
    "printedVelocity": (printed, lambda *mode: mode),
    "reducedEnergy": (landscape.reduced_energy, lambda a, b, c, s: (b, s)),
    "hessian": (modes.hessian, lambda *mode: mode),
    "sharpness": (landscape.sharpness, lambda *mode: mode),
}


@pytest.mark.parametrize("name", TWINS)
def test_the_browser_computes_what_python_computes(name):
    twin, take = TWINS[name]
    cases = [mode for mode in MODES if name != "printedVelocity" or mode[1] != 0]
    for mode, result in zip(cases, in_browser([[name, take(*mode)] for mode in cases])):
        expected = np.array(twin(*take(*mode)))
        error = np.abs(np.array(result) - expected)
        assert (error <= 1e-9 * np.abs(expected) + 1e-14 * len(mode[3]) * scale(*mode)).all(), (name, mode)


def test_a_wrong_equation_in_the_browser_is_noticed(tmp_path):
    wrong = tmp_path / "physics.mjs"
    text = CORE.read_text(encoding="utf-8")
    assert "u * S1 - (u * u * B1) / 2, a * drive" in text
    wrong.write_text(
        text.replace("u * S1 - (u * u * B1) / 2, a * drive", "u * S1 - u * u * B1, a * drive"),
        encoding="utf-8",
    )
    mode = MODES[0]
    (result,) = in_browser([["velocity", mode]], wrong)
    assert np.abs(np.array(result) - modes.velocity(*mode)).max() > 1e-3


def test_geometric_tasks_agree():
    cases = [(0.7, 1.0, 10), (1.0, 0.7, 1), (0.9**50, 1 / 0.9, 50), (-0.3, -1.1, 7)]
    for case, result in zip(cases, in_browser([["geometric", case] for case in cases])):
        assert result == pytest.approx(tasks.geometric(*case), rel=1e-12)


def test_the_closed_form_agrees():
    rng = np.random.default_rng(3)
    cases = [
        (*rng.uniform(0, 20, 1), *rng.normal(size=2), rng.normal(), rng.uniform(1, 9)) for _ in range(100)
    ]
    for a0, c0 in ((0.3, -0.3), (0.3, 0.3), (0.0, 0.0), (0.3 + 1e-9, -0.3), (0.0, 0.4)):
        for beta_s in (0.0, 1.3, -1.3):
            cases += [(t, a0, c0, beta_s, 1.7) for t in (0.0, 0.5, 30.0, 1e4)]
    for case, result in zip(cases, in_browser([["acExact", case] for case in cases])):
        assert result == pytest.approx(float(exact.ac_exact(*case)), rel=1e-9, abs=1e-12)


FLOWS = {
    "easy": (0.4, 0.5, 0.7, tasks.expanding(0.7, 10), [0.0, 0.3, 2.0, 30.0]),
    "stiff": (0.1, 0.1, 0.1, tasks.constant(0.7, 50), [0.5, 2.0, 10.0, 1e4]),
    "plateau": (0.1, 0.1, 0.1, tasks.contracting(0.9, 40), [10.0, 600.0, 900.0, 1e5]),
    "stiff plateau": (0.1, 0.1, 0.1, tasks.contracting(0.9, 50), [10.0, 6000.0, 1e5]),
    "runaway": (0.5, -1.5, 0.5, tasks.constant(0.7, 9), [1.0, 1e3, 1e6]),
    "from outside": (0.5, 1.4, 0.5, tasks.constant(0.7, 30), [1e-4, 0.1, 10.0]),
    "stable line": (0.6, 0.4, -0.6, tasks.constant(0.7, 10), [0.5, 2.0, 40.0]),
    "no drive": (0.5, 0.5, 0.5, np.zeros(10), [1.0, 1e4]),
    "one step": (0.2, 0.3, 0.4, np.array([0.8]), [1.0, 20.0]),
    **{f"random {n}": (*mode, [0.1, 1.0, 10.0]) for n, mode in enumerate(random_modes(12, 6, seed=5))},
}


@pytest.mark.parametrize("name", FLOWS)
def test_the_flow_agrees(name):
    *mode, times = FLOWS[name]
    (result,) = in_browser([["flow", [*mode, times]]])
    expected = modes.flow(*mode, times, rtol=1e-8)
    assert result["diverged"] == expected.diverged
    for own, twin in ((result[key], getattr(expected, key)) for key in "abc"):
        assert own == pytest.approx(twin, rel=1e-6, abs=1e-9, nan_ok=True)


def test_the_flow_of_the_browser_is_as_exact_as_is_asked():
    # b stays at 0 where s_(T-1) = 0: there the closed form is an oracle beyond the tolerance of the twins.
    s, times = np.array([0.3, 0.0, 0.9]), [0.5, 2.0, 6.0]
    (result,) = in_browser([["flow", (0.2, 0.0, 0.5, s, times, {"rtol": 1e-11})]])
    expected = exact.ac_exact(times, 0.2, 0.5, 0.9, 1.0)
    assert np.multiply(result["a"], result["c"]) == pytest.approx(expected, rel=1e-10)


def test_a_time_asked_for_twice_is_no_divergence():
    (result,) = in_browser([["flow", (0.4, 0.5, 0.7, tasks.expanding(0.7, 10), [5.0, 5.0])]])
    assert not result["diverged"]
    assert result["b"][0] == result["b"][1]


def test_balanced_modes_stay_balanced_to_the_last_digit():
    fading = (0.3, -0.95, 0.3, tasks.contracting(0.9, 10), [1e3, 1e6])
    (result,) = in_browser([["flow", fading]])
    assert result["a"] == result["c"]


def test_the_printed_flow_agrees_and_ends_at_its_pole():
    s = tasks.constant(0.7, 10)
    cases = [(0.4, b0, 0.4, s, [0.5, 5.0, 1e4]) for b0 in (-0.8, -0.2, 0.2, 0.6)]
    for case, result in zip(cases, in_browser([["printedFlow", case] for case in cases])):
        expected = paper.printed_flow(*case, rtol=1e-10)
        assert result["b"] == pytest.approx(expected.b, rel=1e-6)
        assert result["a"] == pytest.approx(expected.a, rel=1e-6)
    (lost,) = in_browser([["printedFlow", (1.5, 0.2, 1.5, tasks.constant(0.1, 10), [0.001, 5.0])]])
    assert lost["diverged"]
    assert np.isnan(lost["b"][1])


def test_the_time_to_a_level_agrees():
    s = tasks.contracting(0.9, 40)
    level = 0.01 * modes.energy(0.1, 0.1, 0.1, s)
    (track,) = in_browser([["path", (0.1, 0.1, 0.1, s, 1e5, {"reach": 0.03})]])
    (time,) = in_browser([["timeTo", (level, track, s)]])
    run = modes.flow(0.1, 0.1, 0.1, s, [0.999 * time, 1.001 * time], rtol=1e-10)
    before, after = modes.energy(run.a, run.b, run.c, s)
    assert before > level > after
    assert np.abs(np.diff(track["b"])).max() <= 0.03


@pytest.mark.parametrize("T", [4, 7, 10])
def test_the_scan_finds_the_critical_points_of_the_census(T):
    rng = np.random.default_rng(T)
    cases = [tasks.constant(0.7, T), tasks.contracting(0.9, T), *rng.normal(size=(20, T))]
    for s, result in zip(cases, in_browser([["criticalPoints", [s, -60, 60]] for s in cases])):
        expected = [point for point in landscape.critical_points(s) if abs(point.b) < 60]
        assert [point["kind"] for point in result] == [point.kind for point in expected]
        for key in ("b", "u", "energy"):
            own, twin = [point[key] for point in result], [getattr(point, key) for point in expected]
            assert own == pytest.approx(twin, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("T", [9, 10])
def test_the_separatrix_is_pythons(T):
    s = tasks.constant(0.7, T)
    (saddle,) = [point for point in landscape.critical_points(s) if point.kind == "saddle"]
    (branches,) = in_browser([["stableManifold", [s, {"b": saddle.b, "u": saddle.u}, 2.0, 400]]])
    b, u = landscape.stable_manifold(s, saddle, length=2.0, steps=400)
    own = np.array(
        sorted((branch[0], branch[-1])[abs(branch[0][0] - saddle.b) < 1e-3] for branch in branches)
    )
    twin = np.array(sorted([[b[0], u[0]], [b[-1], u[-1]]]))
    assert own == pytest.approx(twin, rel=1e-6, abs=1e-8)


def test_descent_is_gradient_descent():
    mode, s = np.array([0.8, 0.99, 0.85]), tasks.constant(0.7, 10)
    (run,) = in_browser([["descend", [*mode, s, 0.01, 50]]])
    for own in run:
        assert own == pytest.approx(mode, rel=1e-9)
        mode = mode + 0.01 * np.array(modes.velocity(*mode, s))
    (lost,) = in_browser([["descend", [*mode, s, 1.0, 500]]])
    assert 1 < len(lost) < 501


# Several units


def as_row(net):
    return np.concatenate([net.W_x.ravel(), net.W_h.ravel(), net.W_y.ravel()])


def random_net(n, seed):
    rng = np.random.default_rng(seed)
    return network.LinearRNN(*(rng.normal(size=size) / np.sqrt(n) for size in ((n, 1), (n, n), (1, n))))


def white(s):
    return tasks.task_moments(np.asarray(s)[None], np.eye(1), np.eye(1))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_networks_of_the_browser_have_pythons_residuals_energies_and_gradients(n):
    nets = [random_net(n, seed) for seed in range(6)]
    cases = [(net, np.random.default_rng(seed).normal(size=8 + seed % 3)) for seed, net in enumerate(nets)]
    names = "residualPolynomial", "unitsEnergy", "unitsVelocity"
    calls = [[name, [as_row(net), s]] for net, s in cases for name in names]
    results = iter(in_browser(calls, UNITS))
    for net, s in cases:
        e = staircase.residual_polynomial(net, s)
        assert next(results) == pytest.approx(e, rel=1e-11, abs=1e-12)
        assert next(results) == pytest.approx(network.loss(net, white(s)), rel=1e-11)
        slope = as_row(network.gradient(net, white(s)))
        assert next(results) == pytest.approx(-slope, rel=1e-10, abs=1e-11 * np.abs(slope).max())


SWING = 0.9 ** np.arange(10)[::-1] * np.cos(0.6 * np.arange(10)[::-1])
STAIRCASES = {
    "last four": np.array([0.0] * 6 + [1.0] * 4),
    "swing": SWING,
    "two memories": tasks.geometric(0.8, 0.3, 9) - 0.6 * tasks.geometric(1.0, 0.9, 9),
    "one unit is enough": tasks.constant(0.7, 10),
    "negative": -SWING,
    "no last click": np.array([0.0] * 3 + [0.7] * 4 + [0.0]),
    # Poles outside of the circle, which take the most steps.
    "far poles": np.array([-1.19, 0.86, -1.12, 0.55, -0.78, 0.87, 0.1, -0.48, -0.19]),
    **{f"random {seed}": np.random.default_rng(seed).uniform(-1.2, 1.2, 8 + seed % 3) for seed in range(5)},
}


# SciPy's integrator warns where weights grow large on their way; whether it came to rest is asked afterwards.
large_weights = pytest.mark.filterwarnings("ignore:lsoda")


@large_weights
@pytest.mark.parametrize("name", STAIRCASES)
def test_the_plateaus_of_the_browser_are_pythons(name):
    s = STAIRCASES[name]
    (result,) = in_browser([["plateaus", [s, 2]]], UNITS)
    expected = staircase.plateaus(s, 2)
    assert not result["away"]
    assert [own["units"] for own in result["chain"]] == [plateau.units for plateau in expected]
    for own, plateau in zip(result["chain"], expected):
        assert own["energy"] == pytest.approx(plateau.energy, rel=1e-9, abs=1e-12)
        assert own["rate"] == pytest.approx(plateau.escape_rate, rel=2e-6)
        poles = np.array(own["poles"]).reshape(-1, 2) @ [1, 1j]
        assert np.sort_complex(poles) == pytest.approx(np.sort_complex(plateau.poles), abs=1e-6)
        for pole in poles[poles.imag == 0].real:
            (value,) = in_browser([["polynomial", [own["e"], pole]]], UNITS)
            assert abs(value) < 1e-7 * np.sum(np.abs(own["e"]) * np.abs(pole) ** np.arange(len(s)) + 1)


@large_weights
def test_where_python_finds_no_rest_neither_does_the_browser():
    s = np.array([-0.902, 0.409, 0.353, 0.277, -0.279, 1.193, 1.154, 0.445, 0.361])
    with pytest.raises(ValueError, match="s must have a plateau with 2 units"):
        staircase.plateaus(s, 2)
    (result,) = in_browser([["plateaus", [s, 2]]], UNITS)
    assert result["away"]
    assert len(result["chain"]) == 2


def test_the_small_network_of_the_browser_learns_as_gradient_flow_does():
    from scipy.integrate import solve_ivp

    s, start = STAIRCASES["last four"], live.Staircase().start
    (own,) = in_browser([["smallStart", [1e-3]]], UNITS)
    assert own == pytest.approx(as_row(start), rel=1e-12)

    def downhill(_, w):
        net = network.LinearRNN(w[:3, None], w[3:12].reshape(3, 3), w[None, 12:])
        return -as_row(network.gradient(net, white(s)))

    times = [5.0, 12.0, 35.0, 60.0]
    truth = solve_ivp(downhill, (0, 60), as_row(start), "LSODA", times, rtol=1e-10, atol=1e-13).y
    for n, time in enumerate(times):
        (run,) = in_browser([["unitsFlow", [own, s, time, {"rtol": 1e-6}]]], UNITS)
        (energy,) = in_browser([["unitsEnergy", [truth[:, n], s]]], UNITS)
        assert not run["diverged"]
        assert run["energy"][-1] == pytest.approx(energy, rel=1e-4)


# Complex modes


def apart(z):
    return [np.real(z), np.imag(z)]


def of_complex_modes(cases):
    """u(t) of the browser for the arguments of ac_exact."""
    calls = [
        ["complexAc", [t, apart(a0 * c0), abs(a0) ** 2 - abs(c0) ** 2, apart(beta_s), beta_b]]
        for t, a0, c0, beta_s, beta_b in cases
    ]
    return np.array(in_browser(calls, COMPLEX)) @ [1, 1j]


def test_the_closed_form_of_complex_modes_agrees():
    rng = np.random.default_rng(4)
    cases = [
        (rng.choice([0.0, rng.uniform(0, 4), 60.0]), *rng.normal(size=3) + 1j * rng.normal(size=3), gain)
        for gain in rng.uniform(0.5, 9, 300)
    ]
    turns = np.exp(1j * rng.uniform(0, 2 * np.pi, 40))
    cases += [(t, 0.8 * turn, 0.8, 1.3 - 0.4j, 2.0) for turn in turns for t in (0.3, 3.0)]  # balanced
    for phase in (0.1, 1e-3, 1e-6):  # almost opposite to the target
        cases += [(t, -0.7 * np.exp(1j * phase), 0.7, 1.0, 2.0) for t in (0.5, 5.0, 12.0, 20.0)]
    expected = np.array([exact.ac_exact(*case) for case in cases])
    assert of_complex_modes(cases) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_complex_mode_on_the_line_through_0_and_the_target_is_a_real_one():
    starts = [(-0.7, 0.7), (0.7, 0.7), (0.0, 0.0), (0.6, 0.0), (-0.7, 0.2), (0.7, 0.2)]
    cases = [
        (t, a0, c0, beta_s, 1.7) for a0, c0 in starts for beta_s in (0.0, 1.3) for t in (0.0, 0.5, 30.0, 1e4)
    ]
    real = [exact.ac_exact(*case) for case in cases]
    for turn in np.exp([0j, 2.1j, -0.4j]):  # the whole picture turned: u turns with it
        calls = [
            ["complexAc", [t, apart(a0 * c0 * turn), a0**2 - c0**2, apart(beta_s * turn), beta_b]]
            for t, a0, c0, beta_s, beta_b in cases
        ]
        own = np.array(in_browser(calls, COMPLEX)) @ [1, 1j]
        assert own == pytest.approx(np.array(real) * turn, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("drive", [1e-10, 1e-13, 1e-16])
def test_a_complex_mode_with_hardly_any_drive_loses_no_digits(drive):
    u0, times = 0.49 * np.exp(2j), [0.01, 1.0, 5.0]
    calls = [["complexAc", [t, apart(u0), 0.0, apart(drive * (1 + 0.3j)), 2.0]] for t in times]
    own = np.array(in_browser(calls, COMPLEX)) @ [1, 1j]
    assert own == pytest.approx([u0 / (1 + 2 * 2.0 * 0.49 * t) for t in times], rel=1e-8)


def test_the_drive_and_the_start_of_a_complex_mode_are_the_chapters():
    k, z = np.arange(9), 0.9 * np.exp(1j * np.pi / 3)
    places = [(0.7, 30.0), (0.9, 60.0), (1.1, -45.0), (0.3, 180.0), (1 / 0.9, 100.0), (1 / 0.9, -20.0)]
    for (size, angle), own in zip(places, in_browser([["drives", place] for place in places], COMPLEX)):
        shown = live.ComplexModes(b_size=size, b_angle=angle)
        b = size * np.exp(1j * np.radians(angle))
        beta_s = np.sum(z**k * np.conj(b) ** k)
        assert own["S"] @ np.array([1, 1j]) == pytest.approx(beta_s, rel=1e-12, abs=1e-12)
        assert shown.beta_s == pytest.approx(beta_s, rel=1e-12, abs=1e-12)
        assert own["B"] == pytest.approx(np.sum(size ** (2 * k)), rel=1e-12)
        assert shown.beta_b == pytest.approx(own["B"], rel=1e-12)
        if size > 1.11:  # where z times the conjugate of b is a ninth root of unity
            assert own["S"] == [0, 0]
    for u0, kappa in ((-0.8 - 0.4j, 0.0), (0.3 + 0j, 0.7), (0j, 0.5), (0j, 0.0)):
        a0, c0 = live.ComplexModes(re=u0.real, im=u0.imag, kappa=kappa).start
        assert a0 * c0 == pytest.approx(u0)
        assert abs(a0) ** 2 - abs(c0) ** 2 == pytest.approx(kappa, abs=1e-15)


# The Python side


@figures
def test_a_figure_is_one_module_that_imports_nothing(figure):
    source = str(figure._esm)
    assert not re.search(r"^\s*import\b|\bimport\(", source, flags=re.MULTILINE)
    assert re.findall(r"^export .*", source, flags=re.MULTILINE) == ["export default { render };"]
    assert not re.search(r"https?://(?!www\.w3\.org/)", source)
    shown = figure()
    assert set(shown._settings) <= set(shown.keys)
    assert repr(shown) == repr(figure())  # no address, so that it can be compared


@figures
def test_settings_are_shared_with_the_front_end(figure):
    shown = figure()
    state = shown.get_state()
    for name in shown._settings:
        assert state[name] == getattr(shown, name)
    assert json.loads(json.dumps({name: state[name] for name in shown._settings}))


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: live.Landscape(b0=7.0), "b0 must be a number from -1.6 to 1.5, got 7.0"),
        (lambda: live.Landscape(family="wild"), "family"),
        (lambda: live.Landscape(T=0), "T"),
        (lambda: live.Landscape(u0=float("nan")), "u0"),
        (lambda: live.Landscape(colour="red"), "colour"),
        (lambda: live.ExactAC(beta_b=0.0), "beta_b"),
        (lambda: live.TaskToSolution(s=[0.1]), "s"),
        (lambda: live.TaskToSolution(s=[0.1, float("inf")]), "finite"),
        (lambda: live.LearningRace(norms=[1.0, 2.0]), "norms"),
        (lambda: live.StepSize(factor=-1.0), "factor"),
        (lambda: live.Staircase(s=[0.1] * 7), "s must be a list of 8 to 10"),
        (lambda: live.Staircase(n=3), "n must be an integer from 0 to 2"),
        (lambda: live.ComplexModes(kappa=-0.1), "kappa must be a number from 0 to 1"),
        (lambda: live.ComplexModes(re=float("inf")), "re"),
    ],
)
def test_bad_settings_are_refused_by_name(make, named):
    with pytest.raises(ValueError, match=named):
        make()


def test_the_tasks_shown_are_the_packages():
    for family in ("constant", "expanding", "contracting"):
        make = getattr(tasks, family)
        assert live.Landscape(family=family, rate=0.8, T=7).s == pytest.approx(make(0.8, 7))
    assert live.StepSize(family="contracting", T=20).s == pytest.approx(tasks.contracting(0.9, 20))
    race = live.LearningRace()
    assert np.linalg.norm(race.s, axis=1) == pytest.approx(race.norms)
    assert race.s[:, 0] / race.s[:, 1] == pytest.approx(race.ratios)


def test_the_staircase_shown_is_the_packages():
    shown = live.Staircase(s=SWING.tolist(), n=2)
    energies = [plateau.energy for plateau in staircase.plateaus(SWING, 2)]
    assert [plateau.energy for plateau in shown.plateaus] == pytest.approx(energies)
    assert shown.start.W_h.shape == (3, 3)
    assert np.abs(as_row(shown.start)).max() < 2e-3


def test_a_page_that_did_not_change_may_pass_through_a_second_build():
    # Sphinx keeps what it has read: the next build hands over states that the last one has trimmed.
    widget = {
        "model_module": "anywidget",
        "state": {"_esm": live._CORE + "export default {}", "_css": "a {}"},
    }
    script = {"body": json.dumps({"state": {"one": widget, "control": {"model_module": "@jupyter-widgets"}}})}
    env = SimpleNamespace(nb_metadata={"page": {"js_files": {"ipywidgets_state": (None, script)}}})
    book_pages.keep_live_states(None, env)
    first = script["body"]
    assert json.loads(first)["state"] == {
        "one": {"model_module": "anywidget", "state": {"_esm": "export default {}"}}
    }
    book_pages.keep_live_states(None, env)
    assert script["body"] == first
