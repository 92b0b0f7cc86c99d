"""The engine gives what Google's own implementation of CEL gives; `make conformance` compares fifty times as much."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from tests.rules_engine.differential import oracle, shrinking
from tests.rules_engine.differential.comparison import Subject, Tally, compare_chunk, subjects

_PAIRS = 20_000


@pytest.fixture(scope="module")
def compared_subjects() -> Iterator[list[Subject]]:
    reason = oracle.unavailable()
    if reason:
        pytest.skip(reason)
    found = subjects()
    yield found
    for subject in found:
        subject.__exit__()


def test_random_rules_have_the_value_that_the_oracle_gives(compared_subjects: list[Subject]) -> None:
    tally = Tally()
    found: list[str] = []
    for chunk, subject in enumerate(itertools.cycle(compared_subjects)):
        compare_chunk(subject, random.Random(f"test/{chunk}"), tally)
        found = [shrinking.reproduction(subject, shrinking.shrunk(subject, each)) for each in tally.differences]
        if found or tally.pairs >= _PAIRS:
            break
    assert not found, "\n\n".join(found)
    # What is refused, or an error on both sides, says little: the bulk has to be values.
    assert tally.errors < tally.pairs / 2
    assert tally.refused.total() < tally.rules / 10, tally.refused
