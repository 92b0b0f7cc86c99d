"""Loads the fixture modules, nothing else."""

# A module that imports another of these comes after it: pytest rewrites the asserts of what is not loaded yet.
pytest_plugins = [
    "tests.fixtures.embedded",
    "tests.fixtures.postgres",
    "tests.fixtures.redis",
    "tests.fixtures.replica",
    "tests.fixtures.clock",
    "tests.fixtures.server",
    "tests.fixtures.serve",
    "tests.fixtures.principals",
    "tests.fixtures.scripted",
    "tests.fixtures.command_line",
    "tests.fixtures.storage",
    "tests.fixtures.companies",
]
