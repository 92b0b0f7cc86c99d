"""Loads the fixture modules, sees to signals, and begins with the files that take longest."""

import signal
from collections import defaultdict
from pathlib import Path

import pytest

# They mean to the tests' processes what they mean to a person's.
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
    "tests.fixtures.mail_server",
    "tests.fixtures.people_rows",
    "tests.fixtures.subjects",
    "tests.fixtures.webhook_receiver",
]


@pytest.hookimpl(trylast=True)  # When what does not run is gone.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the files whose tests may take longest: begun last, one runs while other processes have nothing."""
    longest: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        limit = item.get_closest_marker("timeout")
        if limit is not None:
            longest[item.path] = max(longest[item.path], float(limit.args[0]))
    items.sort(key=lambda item: -longest[item.path])
