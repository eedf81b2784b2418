"""The ledger: each statement of the paper beside the computation that decides on it.

One file for each section of the paper. `CLAIMS` holds every statement that can be checked, with a verdict
and a check that computes its evidence when called; `NOT_STATED` lists what the paper leaves open.
"""

# Each of these enters its claims.
from . import equations, figure_two, large_T, learnability, model, solution  # noqa: F401
from .claim import VERDICTS, Claim, Evidence, entered

__all__ = ["CLAIMS", "NOT_STATED", "VERDICTS", "Claim", "Evidence"]

# C27: what a reader has to choose who runs the paper's figures again, and what this book chose.
NOT_STATED = (
    "sizes of the networks of Figure 1, number and kind of trajectories, and the seed",
    "learning rate, hence the unit of time",
    "a(0) and c(0), without which Figure 1 has no time axis, and the b at which it is frozen",
    "the ratios beta_s : beta_b in Figure 1",
    "ranges, colour scale and resolution of Figure 2",
    "which of the two vector fields Figure 2 shows (C26), and with which equation for b (C07)",
    "initial values, number of steps and optimiser behind the predictions about learnability",
)

CLAIMS = tuple(sorted(entered, key=lambda claim: claim.id))
