"""The reasons in the contract and those in the code are the same, and each has its place in the documentation."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import function_backend
from function_backend.kernel.errors import ServiceError
from tests.contracts.reasons import REASONS, status_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/errors.md").read_text()
# Families: they name the status, and only their members are raised.
_FAMILIES = "function_backend.kernel.errors"


def _failures() -> Iterator[type[ServiceError]]:
    for module in pkgutil.walk_packages(function_backend.__path__, "function_backend."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    waiting: list[type[ServiceError]] = [ServiceError]
    while waiting:
        found = waiting.pop()
        waiting.extend(found.__subclasses__())
        if found.__module__.startswith("function_backend."):
            yield found


FAILURES = list(_failures())
RAISED = [each for each in FAILURES if each.__module__ != _FAMILIES or "reason" in vars(each)]


@pytest.mark.parametrize("failure", RAISED, ids=[f"{each.__module__}.{each.__qualname__}" for each in RAISED])
def test_a_failure_in_the_code_has_a_reason_of_the_contract_with_its_status(failure: type[ServiceError]) -> None:
    assert failure.reason in REASONS
    assert status_of(failure.reason) == failure.status.name


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_reason_of_the_contract_is_raised_somewhere(reason: str) -> None:
    assert reason in {failure.reason for failure in RAISED}


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_reason_has_its_anchor_status_and_example_on_the_page_of_errors(reason: str) -> None:
    [section] = re.findall(rf'<a id="{reason}"></a>\n\n## {reason}\n(.*?)(?=\n<a id=|\Z)', PAGE, re.DOTALL)
    assert f"- Status: `{status_of(reason)}`" in section
    assert REASONS[reason].example in section
    assert all(f"`{key}`" in section for key in REASONS[reason].metadata_keys)


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_reason_comes_with_an_example_and_a_comment(reason: str) -> None:
    assert REASONS[reason].example
    assert REASONS[reason].code
