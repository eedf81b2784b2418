from hypothesis import settings

# Derandomised, so that a run says the same everywhere; a failure prints the line that repeats it.
settings.register_profile(
    "reproducible", derandomize=True, database=None, deadline=None, max_examples=80, print_blob=True
)
settings.load_profile("reproducible")
