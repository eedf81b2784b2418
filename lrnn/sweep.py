"""A grid of parameters, mapped over any executor of the kind of :mod:`concurrent.futures`."""

import itertools
import os
import time
import zipfile
import zlib
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import _check

_SECONDS_BETWEEN = 1.0  # of two stores, each of which writes all results anew
_FORMAT = 1  # of the file; a change that older versions cannot read raises it
# np.geomspace and its kind differ in the last digit between processors.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Failure:
    """A point of the grid that could not be computed.

    Attributes
    ----------
    parameters : dict
        The point.
    error : str
        What went wrong there.
    """

    parameters: dict
    error: str


def _evaluate(function, points):
    """In the worker: results of some points, and the errors of those that failed."""
    done = []
    for point in points:
        try:
            value = np.array(function(**point))  # a copy: a function may return the same memory again
            if value.dtype.kind not in "biuf":
                raise TypeError(f"the function must return real numbers, got {value.dtype}")
            done.append((value.astype(np.float64), None))
        except Exception as error:  # whatever it is, the rest of the grid goes on
            done.append((None, _told(error)))
    return done


def _told(error):
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # a message that cannot be formed
        return type(error).__name__


def _axis(name, values):
    values = list(values) if np.iterable(values) and not isinstance(values, (str, bytes)) else [values]
    try:
        axis = np.array(values)
    except ValueError:  # ragged
        axis = np.array([None])
    if axis.ndim != 1 or not axis.size or axis.dtype == object:
        raise ValueError(
            f"axes must name at least one parameter, each with a list of numbers or strings: {name}"
        )
    return axis


def _apart(axis, values):
    """Where values are not those of an axis of floats, up to rounding."""
    with np.errstate(invalid="ignore"):  # inf - inf
        gap = np.abs(axis - values)
        distinct = np.unique(axis[np.isfinite(axis)])
        # Beside zero, what counts is the distance of the points.
        size = np.maximum(np.abs(axis), np.min(np.diff(distinct), initial=np.inf) if len(distinct) > 1 else 0)
    equal = (axis == values) | (np.isnan(axis) & np.isnan(values))
    return ~(equal | (gap <= _ROUNDING * size))


def _difference(saved, axes):
    """In which respect the grid of a file is another one; nothing if it is not."""
    if list(saved) != list(axes):
        return f"the axes are {', '.join(saved)}, not {', '.join(axes)}"
    for name, axis in axes.items():
        found = saved[name]
        if found.shape != axis.shape:
            return f"axis {name} has {found.size} values, not {axis.size}"
        if found.dtype.kind != axis.dtype.kind:
            return f"axis {name} is of type {found.dtype}, not {axis.dtype}"
        apart = _apart(axis, found) if axis.dtype.kind == "f" else axis != found
        if apart.any():
            n, by = np.argmax(apart), ""
            if axis.dtype.kind in "iuf":
                gap = np.where(apart, np.abs(np.subtract(found, axis, dtype=float)), -1.0)
                n = np.argmax(gap)
                by = f" by up to {gap[n]:.3g}"
            return (
                f"axis {name} differs in {apart.sum()} of {axis.size} values{by}: {found[n]}, not {axis[n]}"
            )
    return None


def _read(save):
    """Axes, numbers of the points and results of a file."""
    with save.open("rb") as file, np.load(file) as saved:
        version = int(saved["format"]) if "format" in saved.files else 1
        if version > _FORMAT:
            raise ValueError(f"its format is {version}, and this version of lrnn reads up to {_FORMAT}")
        axes = {key[5:]: saved[key] for key in saved.files if key.startswith("axis_")}
        points, results = saved["points"], saved["results"]
    size = np.prod([len(axis) for axis in axes.values()])
    if points.shape != results.shape[:1] or not np.isin(points, np.arange(size)).all():
        raise ValueError("its points and results do not fit its axes")
    return axes, points, results


def _load(save, axes):
    """The results saved earlier, by number of the point."""
    if save is None:
        return {}
    if not save.parent.is_dir():
        raise ValueError(f"save must be a file in a folder that exists, got {save}")
    if not save.exists():
        return {}
    try:
        found, points, results = _read(save)
    except (
        OSError, EOFError, ValueError, TypeError, AttributeError, KeyError, zipfile.BadZipFile, zlib.error
    ) as error:  # fmt: skip
        raise ValueError(
            f"save must be a new file or one that sweep wrote, but {save} cannot be read: {error}"
        ) from None
    if difference := _difference(found, axes):
        raise ValueError(f"save must be a new file or one of the same grid, but of {save}, {difference}")
    return dict(zip(points.tolist(), results))


def _store(save, axes, known):
    # Written beside and moved into place, so that an interrupted write loses nothing.
    beside = save.with_name(f"{save.name}.part")
    with beside.open("wb") as file:
        named = {f"axis_{name}": axis for name, axis in axes.items()}
        points, results = np.array(list(known)), np.array(list(known.values()))
        np.savez_compressed(file, format=_FORMAT, points=points, results=results, **named)
    os.replace(beside, save)


def sweep(function, axes, *, executor=None, save=None, together=1, progress=False):
    """Evaluate a function on every point of a grid.

    Parameters
    ----------
    function : callable
        Takes the parameters by name and returns a number or an array, of the same shape everywhere. For
        processes it must be importable: neither a lambda nor defined in a cell.
    axes : dict of str to array_like
        The values of each parameter; the last one varies fastest.
    executor : concurrent.futures.Executor, optional
        Where to compute: a ThreadPoolExecutor, a ProcessPoolExecutor, a Dask client's `get_executor()`.
        Here and now when left out.
    save : path, optional
        A file, .npz, that is kept up to date to a second. When it exists, its results are taken over, and
        only what is missing or had failed is computed. Its axes may differ from `axes` by rounding, for they
        may have been computed on another processor.
    together : int
        Points in one task; a task should last 50 ms or more, or handing it out costs more than it saves.
    progress : bool
        Whether to draw a progress bar (needs tqdm).

    Returns
    -------
    xarray.DataArray
        Results, NaN where the function failed, with the parameters as named axes, so that
        ``found.sel(T=10)`` or ``found.sel(rate=0.3, method="nearest")`` picks some of them; the axes of a
        result that is an array come last. ``found.attrs["failures"]`` is a tuple of :class:`Failure`, in the
        order of the grid.

    Raises
    ------
    ValueError
        If `axes` is empty or an axis holds other things than numbers or strings, `together` is no positive
        integer, results differ in shape, or `save` cannot be read or belongs to another grid: it says then
        which axis differs and by how much, and leaves the file as it is.
    """
    import xarray  # here, for the workers do without it

    axes = {name: _axis(name, values) for name, values in axes.items()}
    if not axes:
        raise ValueError("axes must name at least one parameter")
    together, save = _check.integer("together", together), None if save is None else Path(save)
    points = [
        dict(zip(axes, values)) for values in itertools.product(*(axis.tolist() for axis in axes.values()))
    ]
    known, errors = _load(save, axes), {}
    missing = [n for n in range(len(points)) if n not in known]
    batches = [missing[n : n + together] for n in range(0, len(missing), together)]

    def finished():
        if executor is None:
            yield from ((batch, _evaluate(function, [points[n] for n in batch])) for batch in batches)
            return
        futures = {
            executor.submit(_evaluate, function, [points[n] for n in batch]): batch for batch in batches
        }
        try:
            for future in as_completed(futures):
                batch = futures[future]
                try:
                    yield batch, future.result()
                except Exception as error:
                    # The worker itself was lost: its points can be computed again from `save`.
                    yield batch, [(None, _told(error))] * len(batch)
        finally:
            for future in futures:
                future.cancel()

    outcomes = results = finished()
    if progress:
        from tqdm.auto import tqdm

        results = tqdm(results, total=len(batches))
    stored, taken_over = time.monotonic(), len(known)
    try:
        for batch, done in results:
            for n, (value, error) in zip(batch, done):
                if error:
                    errors[n] = error
                    continue
                shapes = {value.shape, *(np.shape(first) for first in itertools.islice(known.values(), 1))}
                if len(shapes) > 1:
                    raise ValueError(
                        f"function must return one shape everywhere, got {' and '.join(map(str, shapes))}"
                    )
                known[n] = value
            if save is not None and known and time.monotonic() - stored > _SECONDS_BETWEEN:
                _store(save, axes, known)
                stored = time.monotonic()
    finally:
        outcomes.close()  # calls off what has not begun
        if save is not None and len(known) > taken_over:
            _store(save, axes, known)
    shape = np.shape(next(iter(known.values()))) if known else ()
    values = np.full((len(points), *shape), np.nan)
    for n, value in known.items():
        values[n] = value
    failures = tuple(Failure(points[n], errors[n]) for n in sorted(errors))
    names = [*axes, *(f"result_{n}" if n else "result" for n in range(len(shape)))]
    return xarray.DataArray(
        values.reshape(*map(len, axes.values()), *shape), axes, names, attrs={"failures": failures}
    )
