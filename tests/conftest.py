"""Loads the fixture modules, nothing else."""

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.redis",
]
