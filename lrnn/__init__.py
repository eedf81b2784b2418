"""Learning dynamics of linear recurrent neural networks.

Submodules load when first used, so that ``import lrnn`` costs no more than NumPy.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "exact",
        "landscape",
        "live",
        "modes",
        "network",
        "paper",
        "plotting",
        "realization",
        "staircase",
        "sweep",
        "symbolic",
        "tasks",
    ],
    submod_attrs={"network": ["LinearRNN"], "tasks": ["Moments", "Trajectories"]},
)
