"""Checks of arguments. Each returns the argument as the type the caller computes with."""

import operator

import numpy as np


def integer(name, value, minimum=1):
    """`value` as an int of at least `minimum`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer of at least {minimum}, got {value!r}") from None
    if isinstance(value, (bool, np.bool_)) or number < minimum:
        raise ValueError(f"{name} must be an integer of at least {minimum}, got {value!r}")
    return number


def units(name, value, T):
    """`value` as a number of hidden units, from 0 to T."""
    number = integer(name, value, 0)
    if number > T:
        raise ValueError(f"{name} must be at most T = {T}, got {number}")
    return number


def array(name, value, ndim=None, axes=""):
    """`value` as a finite, real float array, of `ndim` dimensions when given."""
    try:
        given = np.asarray(value)
        if np.iscomplexobj(given):
            raise TypeError
        result = given.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of real numbers, got {value!r}") from None
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{name} must have shape {axes}, got {result.shape}")
    if not np.isfinite(result).all():
        raise ValueError(f"{name} must be finite, got a NaN or an infinity")
    return result


def sequence(name, s, ndim=None):
    """Singular values `s`, shape (..., T) with T >= 1."""
    s = array(name, s, ndim, "(T,)")
    if s.ndim == 0 or s.shape[-1] == 0:
        raise ValueError(f"{name} must have shape (..., T) with T >= 1, got {s.shape}")
    return s


def number(name, value):
    """`value` as one finite real number."""
    return float(array(name, value, 0, "()"))


def positive(name, value):
    """`value` as one finite number above zero."""
    result = number(name, value)
    if result <= 0:
        raise ValueError(f"{name} must be positive, got {value!r}")
    return result


def times(name, t):
    """Times `t`, shape (K,) with K >= 1, not negative and strictly increasing."""
    t = array(name, t, 1, "(K,)")
    if t.size == 0 or t[0] < 0 or (np.diff(t) <= 0).any():
        raise ValueError(f"{name} must be one or more times, not negative and strictly increasing")
    return t


def tolerance(name, value):
    """A relative tolerance that an integrator can meet."""
    value = positive(name, value)
    if not 1e-14 <= value < 0.1:
        raise ValueError(f"{name} must be at least 1e-14 and below 0.1, got {value}")
    return value


def orthonormal(name, matrix, columns=None, rows=None):
    """`matrix` with orthonormal columns, of `columns` columns and `rows` rows when given."""
    matrix = array(name, matrix, 2, "(rows, n_modes)")
    if columns is not None and matrix.shape[1] != columns:
        raise ValueError(f"{name} must have {columns} columns, one for each mode, got shape {matrix.shape}")
    if rows is not None and matrix.shape[0] != rows:
        raise ValueError(f"{name} must have {rows} rows, got shape {matrix.shape}")
    error = np.abs(matrix.T @ matrix - np.eye(matrix.shape[1])).max(initial=0.0)
    if error > 1e-8:
        raise ValueError(
            f"{name} must have orthonormal columns, but {name}.T @ {name} is {error:.1e} from the identity"
        )
    return matrix


def broadcast(**arrays):
    """The common shape of the named arrays."""
    try:
        return np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        raise ValueError(f"these shapes do not broadcast: {shapes}") from None


def representable(what, hint, *results):
    """Raise when a result left the range of float64, instead of handing on inf or NaN."""
    if not all(np.isfinite(r).all() for r in results):
        raise ValueError(f"{hint}: {what} exceeds the range of float64")
