"""What is wrong with a definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionProblem:
    """One thing that is wrong, or that the author should know, and where."""

    path: str
    """Such as `rule_set.rules[3].condition`."""
    message: str
    line: int = 0
    """From 1, within the text at the path; 0 when it is about the part as a whole."""
    column: int = 0
    excerpt: str = ""
    """The line in question, and below it one with a caret."""
    suggestion: str = ""
    """What was probably meant, or what to do instead."""

    @property
    def sentence(self) -> str:
        """The problem with its place within the text, in one line."""
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{place}{self.message}{hint}"


class ProblemsFoundError(Exception):
    """The definition cannot be compiled."""

    def __init__(self, problems: Sequence[DefinitionProblem]) -> None:
        super().__init__(problems[0].sentence)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutcome:
    """What became of one test case."""

    name: str
    passed: bool
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a definition its cases exercise."""

    covered: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    condition_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """What became of all cases."""

    outcomes: tuple[CaseOutcome, ...]
    coverage: Coverage

    @property
    def failed(self) -> tuple[CaseOutcome, ...]:
        """Those that failed."""
        return tuple(each for each in self.outcomes if not each.passed)
