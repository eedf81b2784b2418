import os

# As in the Makefile, for those who call pytest themselves.
for name, value in {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "agg",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
}.items():
    os.environ.setdefault(name, value)

from hypothesis import settings  # noqa: E402

# Derandomised, so that a run says the same everywhere; a failure prints the line that repeats it.
settings.register_profile(
    "reproducible", derandomize=True, database=None, deadline=None, max_examples=80, print_blob=True
)
settings.load_profile("reproducible")
