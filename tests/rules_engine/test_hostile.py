"""A rule that was made to do harm is refused or stopped, and the process lives and stays small."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from function_backend_rules.cel import Environment
from tests.rules_engine.hostile.report import Result, objections

ROOT = Path(__file__).parents[2]
_RULES = 40


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    answers: Path = tmp_path_factory.mktemp("hostile") / "answers"
    # A process of its own: it forks, and one that runs tests has threads.
    command = [sys.executable, "-m", "tests.rules_engine.hostile", "--answers", str(answers)]
    subprocess.run(command, cwd=ROOT, check=True)
    found: list[Result] = pickle.loads(answers.read_bytes())  # noqa: S301 - written by the line above
    return found


@pytest.mark.parametrize("kind", ["H", "text", "builtins", "literal", "keys", "types"])
def test_hostile_rules_are_refused_or_stopped(results: list[Result], kind: str) -> None:
    chosen = [result for result in results if result.id == kind or (kind == "H" and result.id.startswith("H"))]
    assert chosen
    assert objections(chosen) == []


def test_sixteen_threads_evaluate_fresh_rules_without_a_wrong_value() -> None:
    environment = Environment(variables={"i": "int"})

    def wrong(number: int) -> int:
        found = 0
        for rule in range(_RULES):
            program = environment.check(f"[i, {rule}].exists(x, x + {number} == {rule + number})").program()
            found += program.evaluate({"i": -1}) is not True
        return found

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(wrong, range(16))) == 0
