"""How fast it is, beside what a user would use instead: ``python -m benchmarks``."""
