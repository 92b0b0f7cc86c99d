"""A candidate beside the version in force: who answers, and asking the other one when nobody waits for it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from function_backend.services.rules.domain.problem import ProblemsFoundError
from function_backend.services.rules.domain.rollout import Rollout, RolloutMode
from function_backend.services.rules.errors import DecisionInputInvalidError

if TYPE_CHECKING:
    from function_backend.services.rules.domain.decision import DecisionStatus, GivenInputs, TakenDecision
    from function_backend.services.rules.ports import CompiledDecision, KeyExpression

_log = logging.getLogger(__name__)

_LONGEST_SECONDS = 0.02
"""What one decision of the other version may take."""
_RESTS = 20
"""How many times as long as it took the other version is left alone, when that was long: it takes a twentieth of the
thread that writes the log at most."""
_LONG_SECONDS = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """A version that is ready to decide."""

    definition_id: UUID
    name: str
    number: int
    content_hash: str
    compiled: CompiledDecision
    templates: dict[Any, bytes] = field(default_factory=dict)
    """Ready parts of answers with its decisions."""
    beside: Beside | None = None
    """The candidate that is rolled out, where it has to do with the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A candidate that is ready to decide."""

    rollout: Rollout
    candidate: Deciding
    patience: Patience
    _keys: dict[int, KeyExpression | None] = field(default_factory=dict)
    """The expression of the key by the version whose inputs it is about."""

    def chosen(
        self,
        in_force: Deciding,
        given: GivenInputs,
        inputs: Any,  # noqa: ANN401  the engine's
        *,
        now: datetime,
    ) -> tuple[Deciding, Any, Deciding]:
        """Who answers, from which inputs, and the other one."""
        if self.rollout.mode is RolloutMode.PERCENTAGE and self._answers(in_force, inputs, now):
            try:
                return self.candidate, self.candidate.compiled.read(given), in_force
            except DecisionInputInvalidError:
                # The caller did nothing wrong: it knows the version in force alone.
                pass
        return in_force, inputs, self.candidate

    def _answers(self, in_force: Deciding, inputs: Any, now: datetime) -> bool:  # noqa: ANN401  the engine's
        if in_force.number not in self._keys:
            self._keys[in_force.number] = _key(in_force, self.rollout)
        expression = self._keys[in_force.number]
        key = None if expression is None else expression.of(inputs, now=now)
        return key is not None and self.rollout.answers_for(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBeside:
    """What a rollout had to do with a decision."""

    candidate: int
    other: Deciding
    patience: Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAnswer:
    """What the version that did not answer came to."""

    result: Any
    """The engine's result; None where the version cannot read the inputs, or broke."""
    status: DecisionStatus | None


class Patience:
    """Leaves a slow version alone for a while."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until = 0.0

    def is_over(self) -> bool:
        """Whether the version may not be asked now."""
        return time.monotonic() < self._until

    def took(self, seconds: float) -> None:
        """Notes what a decision took."""
        if seconds > _LONG_SECONDS:
            self._until = time.monotonic() + seconds * _RESTS


def other_answer(taken: TakenDecision) -> OtherAnswer | None:
    """What the other version comes to; None when it is too slow to be asked for every decision. It never fails.

    It is asked when the decision is written down, which is behind the call unless the log is synchronous.
    """
    beside = taken.beside
    if beside is None or beside.patience.is_over():
        return None
    compiled = beside.other.compiled
    # Of this thread: whether others had the processor meanwhile says nothing about the version.
    began = time.thread_time()
    try:
        inputs = compiled.read(taken.given)
        result = compiled.decide(inputs, now=taken.effective_at, deadline=time.monotonic() + _LONGEST_SECONDS)
        return OtherAnswer(result=result, status=compiled.status_of(result))
    except DecisionInputInvalidError:
        return OtherAnswer(result=None, status=None)
    except Exception:  # noqa: BLE001  whatever it is, the decision that was taken must be written down
        _log.exception("version %d of '%s' broke beside the one that answered", beside.other.number, taken.name)
        return OtherAnswer(result=None, status=None)
    finally:
        beside.patience.took(time.thread_time() - began)


def _key(in_force: Deciding, rollout: Rollout) -> KeyExpression | None:
    try:
        return in_force.compiled.key(rollout.key)
    except ProblemsFoundError as error:
        # It was right for the version that was in force when the rollout was set.
        _log.warning(
            "the key of the rollout of '%s' does not fit version %d: %s", in_force.name, in_force.number, error
        )
        return None
