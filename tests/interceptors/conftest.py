"""The echo service for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interceptors.serving import Echo, Served, serve


@pytest.fixture
def echo() -> Echo:
    """What the methods of the service do; a test may put its own functions in."""
    return Echo()


@pytest.fixture
def served(echo: Echo, tmp_path: Path) -> Iterator[Served]:
    """The echo service with the settings it has by default."""
    with serve(tmp_path, echo) as running:
        yield running
