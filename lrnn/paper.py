"""The paper as printed, and the ledger of its claims.

The functions `printed_...` are the paper's equations to the letter, errors included: for comparison, never
for use. `CLAIMS` holds every statement of the paper that can be checked, with a verdict and a check that
computes its evidence when called; `NOT_STATED` lists what the paper leaves open.
"""

from ._claims import CLAIMS, NOT_STATED, VERDICTS, Claim, Evidence
from ._printed import printed_ac, printed_flow, printed_large_T_energy, printed_loss, printed_velocity

__all__ = [
    "CLAIMS",
    "NOT_STATED",
    "VERDICTS",
    "Claim",
    "Evidence",
    "printed_ac",
    "printed_flow",
    "printed_large_T_energy",
    "printed_loss",
    "printed_velocity",
]
