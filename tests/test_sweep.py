"""A sweep gives the same on every executor, loses nothing, and says what failed."""

import os
import signal
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from distributed import Client, LocalCluster

from lrnn import modes, sweep, tasks

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows the latter ends a process at once
GRID = {"b": np.array([0.2, 0.5, 0.8]), "T": np.array([3, 6]), "u": [0.1, 0.4]}


def energy(b, T, u):
    return modes.energy(u, b, 1.0, tasks.constant(0.7, T))


def row(b, T):
    return [b, T, b * T]


def fragile(b, T, u):
    if b == 0.5 and T == 6:
        raise ArithmeticError("too steep")
    return energy(b, T, u)


def slow(n):
    time.sleep(0.1)
    return n * n


EXPECTED = np.array([[[energy(b, T, u) for u in GRID["u"]] for T in GRID["T"]] for b in GRID["b"]])


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as local:
        yield local


@pytest.mark.parametrize("together", [1, 5])
def test_every_executor_gives_the_same_in_the_order_of_the_grid(processes, cluster, together):
    with ThreadPoolExecutor(3) as threads, Client(cluster) as client:
        for executor in (None, threads, processes, client.get_executor()):
            found = sweep.sweep(energy, GRID, executor=executor, together=together)
            assert np.array_equal(found.values, EXPECTED)
            assert found.attrs["failures"] == ()
            assert found.dims == ("b", "T", "u")


def test_results_that_come_in_another_order_are_put_in_place():
    class Backwards:
        """Finishes the last task first."""

        def __init__(self):
            self.tasks = []

        def submit(self, function, *args):
            self.tasks.append((Future(), function, args))
            if len(self.tasks) == 12:
                for future, call, given in reversed(self.tasks):
                    future.set_result(call(*given))
            return self.tasks[-1][0]

    assert np.array_equal(sweep.sweep(energy, GRID, executor=Backwards()).values, EXPECTED)


def test_arrays_get_axes_of_their_own_and_points_can_be_named():
    found = sweep.sweep(row, {"b": [0.5, 0.25], "T": [2, 3, 4]})
    assert found.dims == ("b", "T", "result")
    assert found.shape == (2, 3, 3)
    assert found.sel(T=4, b=0.25).values.tolist() == [0.25, 4, 1.0]


def test_failures_are_reported_with_their_parameters_and_the_rest_goes_on():
    found = sweep.sweep(fragile, GRID)
    assert [failure.parameters for failure in found.attrs["failures"]] == [
        {"b": 0.5, "T": 6, "u": 0.1}, {"b": 0.5, "T": 6, "u": 0.4},
    ]  # fmt: skip
    assert all(failure.error == "ArithmeticError: too steep" for failure in found.attrs["failures"])
    assert np.isnan(found.values[1, 1]).all()
    kept = np.ones(3 * 2, dtype=bool).reshape(3, 2)
    kept[1, 1] = False
    assert np.array_equal(found.values[kept], EXPECTED[kept])


def test_a_sweep_goes_on_from_what_was_saved_and_tries_failures_again(tmp_path):
    file, calls = tmp_path / "sweep.npz", []

    def counted(**point):
        calls.append(point)
        return fragile(**point)

    first = sweep.sweep(counted, GRID, save=file)
    assert len(calls) == 12
    assert len(first.attrs["failures"]) == 2
    calls.clear()
    again = sweep.sweep(counted, GRID, save=file)
    assert calls == [failure.parameters for failure in first.attrs["failures"]]
    assert np.array_equal(again.values, first.values, equal_nan=True)
    whole = sweep.sweep(energy, GRID, save=file)
    assert np.array_equal(whole.values, EXPECTED)
    assert not list(tmp_path.glob("*.part"))


def test_an_interrupted_sweep_has_saved_what_it_had(tmp_path):
    def interrupted(b, T, u):
        if (b, T) == (0.8, 3):
            raise KeyboardInterrupt
        return energy(b, T, u)

    with pytest.raises(KeyboardInterrupt):
        sweep.sweep(interrupted, GRID, save=tmp_path / "sweep.npz")
    seen = []
    sweep.sweep(lambda **point: seen.append(point) or energy(**point), GRID, save=tmp_path / "sweep.npz")
    assert len(seen) == 4


def test_a_cluster_survives_the_loss_of_a_worker(cluster, tmp_path):
    with Client(cluster) as client:
        client.wait_for_workers(2)
        victim = next(iter(client.run(os.getpid).values()))
        killer = threading.Timer(0.6, os.kill, (victim, KILL))
        killer.start()
        found = sweep.sweep(
            slow, {"n": range(24)}, executor=client.get_executor(), save=tmp_path / "sweep.npz"
        )
        killer.join()
    # What was lost with the worker was computed elsewhere, or reported and then computed from the file.
    if found.attrs["failures"]:
        found = sweep.sweep(slow, {"n": range(24)}, save=tmp_path / "sweep.npz")
    assert found.values.tolist() == [n * n for n in range(24)]


def test_a_lost_process_is_reported_and_the_file_finishes_the_sweep(tmp_path):
    file, grid = tmp_path / "sweep.npz", {"n": range(6)}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        broken = sweep.sweep(kill_at_three, grid, executor=pool, save=file)
    assert {"n": 3} in [failure.parameters for failure in broken.attrs["failures"]]
    assert np.isnan(broken.sel(n=3))
    assert sweep.sweep(slow, grid, save=file).values.tolist() == [n * n for n in range(6)]


def kill_at_three(n):
    if n == 3:
        os.kill(os.getpid(), KILL)
    return n * n


def test_a_progress_bar_counts_the_tasks(capsys):
    sweep.sweep(energy, GRID, together=4, progress=True)
    assert "3/3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: sweep.sweep(energy, {}), "axes must name"),
        (lambda: sweep.sweep(energy, {"b": []}), "axes must name"),
        (lambda: sweep.sweep(energy, GRID, together=0), "together"),
        (lambda: sweep.sweep(lambda n: np.ones(n), {"n": [1, 2]}), "one shape everywhere"),
    ],
)
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()


AXES = {"rate": np.geomspace(0.01, 0.5, 9), "T": [2, 4], "rule": ["plain", "fast"]}


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"rate": AXES["rate"] + 1e-9 * np.eye(9)[2]}, "axis rate differs in 1 of 9 values by up to 1e-09"),
        ({"rate": AXES["rate"][:-1]}, "axis rate has 9 values, not 8"),
        ({"T": [2, 6]}, "axis T differs in 1 of 2 values by up to 2: 4, not 6"),
        ({"T": [2.0, 4.0]}, "axis T is of type int64, not float64"),
        ({"rule": ["plain", "quick"]}, "axis rule differs in 1 of 2 values: fast, not quick"),
        ({"seed": [0]}, "the axes are rate, T, rule, not rate, T, rule, seed"),
    ],
)  # fmt: skip
def test_a_file_of_another_grid_is_refused_and_left_as_it_is(tmp_path, other, told):
    file = tmp_path / "sweep.npz"
    sweep.sweep(lambda **point: 1.0, AXES, save=file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=f"save must be .* of the same grid, .*{told}"):
        sweep.sweep(pytest.fail, {**AXES, **other}, save=file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("axis", [np.geomspace(1e-9, 0.5, 33), np.linspace(-1, 1, 21), np.array([0.3])])
@pytest.mark.parametrize("towards", [-np.inf, np.inf])
def test_a_grid_computed_on_another_processor_is_the_same_grid(tmp_path, axis, towards):
    # np.geomspace and its kind differ in the last digit from one processor to the next, and a point that is
    # zero here may be the rounding of one there.
    file, there = tmp_path / "sweep.npz", np.nextafter(axis, towards)
    there[np.abs(axis) < 1e-12] = 2e-17
    first = sweep.sweep(lambda x: x, {"x": there}, save=file)
    before = file.read_bytes()
    again = sweep.sweep(pytest.fail, {"x": axis}, save=file)
    assert file.read_bytes() == before
    assert again.values == pytest.approx(first.values, rel=1e-15)
    assert again.x.values == pytest.approx(axis, rel=1e-15)


def test_a_damaged_file_and_one_of_a_later_version_are_refused_and_left_as_they_are(tmp_path):
    file = tmp_path / "sweep.npz"
    sweep.sweep(row, {"b": np.linspace(0, 1, 50), "T": [2, 3]}, save=file)
    whole = file.read_bytes()
    with np.load(file) as saved:
        parts = dict(saved)
    damaged = {f"cut to {share:.0%}": whole[: int(share * len(whole))] for share in (0.02, 0.5, 0.99)}
    for name, change in {
        "later": {"format": 2},
        "fewer results": {"results": parts["results"][:-3]},
        "points beyond": {"points": parts["points"] + 90},
        "no numbers": {"results": np.array(["a"])},
    }.items():
        np.savez(tmp_path / "changed.npz", **{**parts, **change})
        damaged[name] = (tmp_path / "changed.npz").read_bytes()
    for name, content in damaged.items():
        file.write_bytes(content)
        with pytest.raises(ValueError, match="format is 2" if name == "later" else "cannot be read"):
            sweep.sweep(pytest.fail, {"b": np.linspace(0, 1, 50), "T": [2, 3]}, save=file)
        assert file.read_bytes() == content, name
    del parts["format"]  # as the first files were written
    np.savez(file, **parts)
    assert (
        sweep.sweep(pytest.fail, {"b": np.linspace(0, 1, 50), "T": [2, 3]}, save=file).attrs["failures"] == ()
    )


def test_results_are_copies():
    memory = np.zeros(1)

    def same_memory(k):
        memory[0] = k
        return memory

    assert sweep.sweep(same_memory, {"k": [1.0, 2.0, 3.0]}).values.ravel().tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("values", [{1, 2, 3}, map(int, "123"), (k for k in (1, 2, 3))])
def test_an_axis_may_be_any_collection(values):
    found = sweep.sweep(lambda k: k, {"k": values})
    assert found.values.tolist() == [1, 2, 3]


@pytest.mark.parametrize("values", [[None, 1], [[1], [1, 2]], [[1, 2]], []])
def test_an_axis_of_other_things_is_refused(values):
    with pytest.raises(ValueError, match="axes must name"):
        sweep.sweep(lambda k: 1.0, {"k": values})


@pytest.mark.parametrize("result", [None, "1.5", 1j])
def test_a_result_that_is_no_real_number_is_a_failure(result):
    (failure,) = sweep.sweep(lambda k: result, {"k": [1]}).attrs["failures"]
    assert "must return real numbers" in failure.error


def test_a_saved_grid_with_nan_resumes_and_one_of_another_kind_does_not(tmp_path):
    axes = {"k": [np.nan, 1.0]}
    sweep.sweep(lambda k: 1.0, axes, save=tmp_path / "a.npz")
    again = sweep.sweep(pytest.fail, axes, save=tmp_path / "a.npz")
    assert not again.attrs["failures"]
    assert again.values.tolist() == [1.0, 1.0]
    sweep.sweep(lambda k: 1.0, {"k": [0, 1]}, save=tmp_path / "b.npz")
    with pytest.raises(ValueError, match="axis k is of type int64, not bool"):
        sweep.sweep(lambda k: 1.0, {"k": [False, True]}, save=tmp_path / "b.npz")


def test_what_cannot_be_saved_to_or_read_is_refused_before_anything_is_computed(tmp_path):
    (tmp_path / "junk.npz").write_bytes(b"junk")
    (tmp_path / "empty.npz").write_bytes(b"")
    for place in (tmp_path / "missing" / "a.npz", tmp_path, tmp_path / "junk.npz", tmp_path / "empty.npz"):
        with pytest.raises(ValueError, match="save must be"):
            sweep.sweep(pytest.fail, {"k": [1]}, save=place)


def test_what_has_not_begun_is_called_off_when_a_sweep_stops():
    done = []

    def uneven(k):
        done.append(k)
        time.sleep(0.02)
        return np.zeros(k)

    with ThreadPoolExecutor(1) as executor, pytest.raises(ValueError, match="one shape everywhere"):
        sweep.sweep(uneven, {"k": range(1, 60)}, executor=executor)
    assert len(done) < 20
