"""Putting changes before the hooks of their operation."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.gates import ProposedChange
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.rules.domain.decision import LoggedDecision, TakenDecision
from function_backend.services.rules.domain.hook import ChangeVerdict, Hook, HookMode
from function_backend.services.rules.errors import (
    ChangeDeniedError,
    DecisionInputInvalidError,
    DefinitionInvalidError,
    DefinitionNotFoundError,
    HookFailedError,
    NotInForceError,
    VersionNotFoundError,
    VersionStateError,
)
from function_backend.services.rules.events import ChangeDenied
from function_backend.services.rules.ports import ChangeInputs, ChangeReader, DecisionKeeping
from function_backend.services.rules.repository.decision import DecisionRepository
from function_backend.services.rules.service.beside import Deciding
from function_backend.services.rules.service.in_force import InForce
from function_backend.services.rules.service.known_hooks import KnownHooks

_log = logging.getLogger(__name__)

_UNDECIDED = (
    DefinitionNotFoundError,
    NotInForceError,
    VersionNotFoundError,
    VersionStateError,
    # It compiled when it was published: the types under it have changed since.
    DefinitionInvalidError,
)
_DEFECT = "the decision failed in a way that is no fault of it; the log of the server says how"


class _Asked(NamedTuple):
    """A hook, and what decides for it, or why nothing does."""

    hook: Hook
    deciding: Deciding | None
    failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookJudgement:
    """What the hooks of an operation said about one change."""

    refusal: ServiceError | None
    decisions: Sequence[LoggedDecision]
    denial: ChangeDenied | None


class HookGates:
    """Opens gates for the hooks of an operation."""

    def __init__(
        self,
        *,
        clock: Clock,
        known: KnownHooks,
        in_force: InForce,
        keeping: DecisionKeeping,
        inputs_of: ChangeReader,
    ) -> None:
        self._clock = clock
        self._known = known
        self._in_force = in_force
        self._keeping = keeping
        self._inputs_of = inputs_of

    def open(self, operation: str, call: Call) -> HookGate | None:
        """The gate of the operation in this call; None without hooks, which costs next to nothing."""
        hooks = self._known.of(operation, call)
        if not hooks:
            return None
        now = self._clock.now()
        asked = [self._asked(hook, call, now) for hook in hooks]
        return HookGate(asked, operation, call, now=now, keeping=self._keeping, inputs_of=self._inputs_of)

    def _asked(self, hook: Hook, call: Call, now: datetime) -> _Asked:
        try:
            return _Asked(hook, self._in_force.find(call, hook.definition, 0, at=now, as_kept=True), "")
        except _UNDECIDED as error:
            return _Asked(hook, None, error.message)


class HookGate:
    """The hooks of one operation in one call."""

    def __init__(
        self,
        asked: Sequence[_Asked],
        operation: str,
        call: Call,
        *,
        now: datetime,
        keeping: DecisionKeeping,
        inputs_of: ChangeReader,
    ) -> None:
        self._asked = asked
        self._operation = operation
        self._call = call
        self._now = now
        self._keeping = keeping
        self._inputs_of = inputs_of

    def judge(self, change: ProposedChange) -> HookJudgement:
        """What the hooks say, asked in their order until one of those that are enforced denies or fails."""
        inputs = self._inputs_of(change, self._operation, self._call)
        decisions: list[LoggedDecision] = []
        for asked in self._asked:
            taken, verdict = self._decide(asked, inputs)
            enforced = asked.hook.mode is HookMode.ENFORCE
            refuses = verdict.denied or bool(verdict.failure)
            kept = None if taken is None else self._keeping.kept(taken, always=refuses)
            if kept is not None:
                decisions.append(kept)
            if refuses and enforced:
                decision_id = "" if kept is None else str(kept.id)
                return HookJudgement(
                    refusal=self._refusal(asked, verdict, decision_id),
                    decisions=decisions,
                    denial=self._denial(asked, verdict, change, decision_id),
                )
        return HookJudgement(refusal=None, decisions=decisions, denial=None)

    def write(self, work: UnitOfWork, judgements: Sequence[HookJudgement]) -> None:
        """Logs the decisions, and records the denials for the audit."""
        decisions = [decision for judgement in judgements for decision in judgement.decisions]
        if decisions:
            DecisionRepository(work).add(decisions)
        work.record(*[judgement.denial for judgement in judgements if judgement.denial is not None])

    def _decide(self, asked: _Asked, inputs: ChangeInputs) -> tuple[TakenDecision | None, ChangeVerdict]:
        hook, deciding = asked.hook, asked.deciding
        if deciding is None:
            return None, ChangeVerdict(denied=False, failure=asked.failure)
        try:
            taken = self._taken(deciding, inputs)
            return taken, deciding.compiled.verdict_of(taken.result)
        except DecisionInputInvalidError as error:
            return None, ChangeVerdict(denied=False, failure=error.message)
        except Exception:  # noqa: BLE001  a hook that only watches must not stop anything, whatever it is
            _log.exception("the hook %s failed", hook.name)
            return None, ChangeVerdict(denied=False, failure=_DEFECT)

    def _taken(self, deciding: Deciding, inputs: ChangeInputs) -> TakenDecision:
        compiled, principal = deciding.compiled, self._call.principal
        if principal is None:
            raise RuntimeError("nobody is calling")
        declared = compiled.inputs
        values = compiled.read_values(inputs.values(declared))
        result = compiled.decide(values, now=self._now, deadline=self._call.deadline)
        return TakenDecision(
            id=new_id(),
            tenant_id=principal.tenant_id,
            definition_id=deciding.definition_id,
            name=deciding.name,
            version=deciding.number,
            content_hash=deciding.content_hash,
            status=compiled.status_of(result),
            result=result,
            explanation=None,
            decided_at=self._now,
            effective_at=self._now,
            caller=principal.actor,
            given=inputs.given(declared),
            values=lambda: inputs.shown(declared),
        )

    def _refusal(self, asked: _Asked, verdict: ChangeVerdict, decision_id: str) -> ServiceError:
        if verdict.failure:
            return HookFailedError(asked.hook, verdict.failure, operation=self._operation)
        return ChangeDeniedError(
            asked.hook, verdict, operation=self._operation, version=_version(asked), decision_id=decision_id
        )

    def _denial(self, asked: _Asked, verdict: ChangeVerdict, change: ProposedChange, decision_id: str) -> ChangeDenied:
        return ChangeDenied.of(
            asked.hook,
            verdict,
            at=self._now,
            operation=self._operation,
            resource_type=change.resource_type,
            resource_id=change.resource_id,
            version=_version(asked),
            decision_id=decision_id,
        )


def _version(asked: _Asked) -> int:
    return 0 if asked.deciding is None else asked.deciding.number
