"""Real data that lies outside of the repository, for tests that can do without."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "data"


def sample_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a compressed CSV file in the folder that TEST_DATA_FOLDER names, or else in `../shared/data`.

    Skips the test where the file is missing: it belongs to others and is not part of the repository.
    """
    file = Path(os.environ.get("TEST_DATA_FOLDER", _BESIDE_THE_CHECKOUT)) / name
    if not file.is_file():
        pytest.skip(f"needs {name} in the folder of TEST_DATA_FOLDER; sample data is not part of the repository")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)
