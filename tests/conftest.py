"""Loads the fixture modules, and sees to it that signals mean to the tests' processes what they mean to a person's."""

import signal

# Whoever runs the tests behind `nohup` or with `&` has some of them ignored, which every program started here inherits.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A module that imports another of these comes after it: pytest rewrites the asserts of what is not loaded yet.
pytest_plugins = [
    "tests.fixtures.embedded",
    "tests.fixtures.postgres",
    "tests.fixtures.redis",
    "tests.fixtures.replica",
    "tests.fixtures.sinks",
    "tests.fixtures.clock",
    "tests.fixtures.server",
    "tests.fixtures.serve",
    "tests.fixtures.principals",
    "tests.fixtures.scripted",
    "tests.fixtures.trusted_backend",
    "tests.fixtures.command_line",
    "tests.fixtures.storage",
    "tests.fixtures.job_runners",
    "tests.fixtures.companies",
    "tests.fixtures.grpcurl",
    "tests.fixtures.http_port",
    "tests.fixtures.people_rows",
    "tests.fixtures.subjects",
]
