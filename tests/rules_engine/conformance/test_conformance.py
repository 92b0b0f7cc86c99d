"""The examination that the engine has to pass: the public conformance cases of CEL."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules_engine.conformance import report, spec
from tests.rules_engine.conformance.examination import Outcome
from tests.rules_engine.conformance.report import Result


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    reason = spec.unavailable()
    if reason:
        pytest.skip(reason)
    answers: Path = tmp_path_factory.mktemp("conformance") / "answers"
    # A process of its own: it forks, and one that runs tests has threads.
    command = [sys.executable, "-m", "tests.rules_engine.conformance", "--answers", str(answers)]
    subprocess.run(command, cwd=spec.ROOT, check=True)
    found: list[Result] = pickle.loads(answers.read_bytes())  # noqa: S301 - written by the line above
    return found


@pytest.mark.parametrize("file", spec.PROFILE_FILES)
def test_nothing_is_wrong_crashes_or_hangs(results: list[Result], file: str) -> None:
    failed = [
        f"{result.judged.outcome}: {result.name}: {result.expression}: {result.judged.detail}"
        for result in report.failures(results)
        if result.file == file
    ]
    assert failed == []


def test_nearly_the_whole_profile_passes(results: list[Result]) -> None:
    passed = sum(result.judged.outcome is Outcome.PASSED for result in results)
    assert len(results) == 1_938
    assert passed >= report.PASSES


def test_the_page_says_what_was_found(results: list[Result]) -> None:
    assert report.PAGE.read_text("utf-8") == report.page(results), "run: make conformance"
