"""How the hostile rules ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tests.rules_engine.contained import Ended
from tests.rules_engine.hostile.case import Found, Hostile

MEMORY = 32 << 20
"""Bytes that the process may grow by."""


@dataclass(frozen=True, slots=True)
class Result:
    """One rule and its end."""

    id: str
    title: str
    end: str
    seconds: float
    growth: int
    objection: str
    """What is wrong about it; empty when nothing is."""

    @classmethod
    def of(cls, case: Hostile, ended: Ended[Found]) -> Self:
        """The result of a case."""
        if ended.result is None:
            end = "timeout" if ended.timed_out else "crash"
            return cls(case.id, case.title, end, ended.seconds, ended.growth, ended.crash or "gave no answer in time")
        objection = case.objection(ended.result)
        if not objection and ended.growth > MEMORY:
            objection = f"took {ended.growth / 2**20:.0f} MiB"
        return cls(case.id, case.title, ended.result.end, ended.result.seconds, ended.growth, objection)


def objections(results: Sequence[Result]) -> list[str]:
    """A line for each rule that ended as it must not."""
    return [f"{result.id} {result.title!a}: {result.objection}" for result in results if result.objection]
