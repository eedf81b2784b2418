"""What a line of the ledger is, and what its checks have in common."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lrnn import tasks

VERDICTS = ("holds", "holds under a condition", "corrected", "refuted", "ambiguous")


@dataclass(frozen=True)
class Evidence:
    """What a check found.

    Attributes
    ----------
    measured, expected : tuple of float
        Numbers that the code produced, and what they have to be if the verdict is right.
    tolerance : tuple of float
        The largest difference allowed for each.
    passed : bool
        Whether every difference is within its tolerance.
    summary : str
        The evidence in one line, with its numbers.
    """

    measured: tuple
    expected: tuple
    tolerance: tuple
    passed: bool
    summary: str


@dataclass(frozen=True)
class Claim:
    """One statement of the paper.

    Attributes
    ----------
    id : str
        "C01" to "C28"; C27 is `NOT_STATED`.
    where : str
        Its place in the paper.
    statement : str
        What the paper says, in this book's words.
    verdict : str
        One of `VERDICTS`.
    chapter : str
        The notebook under book/ whose verdict box and cells show it.
    check : callable
        Computes the `Evidence` anew. Its one optional argument replaces the quantity under test,
        so that the check can be seen to fail on a wrong one.
    """

    id: str
    where: str
    statement: str
    verdict: str
    chapter: str
    check: Callable


entered = []


def claim(id, where, verdict, chapter, statement):
    """Enter the check below into the ledger."""

    def register(check):
        entered.append(Claim(id, where, statement, verdict, chapter, check))
        return check

    return register


def evidence(measured, expected, tolerance, summary):
    """Measured values, beside what they have to be."""
    measured, expected = (tuple(float(v) for v in np.ravel(values)) for values in (measured, expected))
    tolerance = tuple(np.broadcast_to(np.asarray(tolerance, dtype=float), len(measured)).tolist())
    differences = np.abs(np.subtract(measured, expected))
    return Evidence(measured, expected, tolerance, bool((differences <= tolerance).all()), summary)


def below(value, bound):
    """What the summary says of a difference that is rounding: the bound that holds, or how far it is off."""
    return f"below {bound:.0e}" if abs(value) <= bound else f"{value:.1e}, not below {bound:.0e}"


def bases(rng, n_modes=3, N_x=4, N_h=5, N_y=4):
    """Orthonormal U, V and R."""
    return [np.linalg.qr(rng.standard_normal((n, n_modes)))[0] for n in (N_y, N_x, N_h)]


TASKS = {
    "constant": lambda T: tasks.constant(0.7, T),
    "expanding": lambda T: tasks.expanding(0.7, T),
    "contracting": lambda T: tasks.contracting(0.9, T),
}
