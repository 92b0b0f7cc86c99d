"""Trying a version out on one set of inputs after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from function_backend.services.rules.domain.decision import DecisionStatus, GivenInputs
from function_backend.services.rules.domain.simulation import NotReplayable, Outcome, Subject, Tally, compared
from function_backend.services.rules.errors import DecisionInputInvalidError
from function_backend.services.rules.ports import CompiledDecision, SimulationForms

_DECISION_SECONDS = 0.25
"""What one decision may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """How one version decides."""

    outcome: Outcome
    result: Any
    """The engine's; None for what the log says."""
    status: DecisionStatus
    shown: Any = None
    """All that it says; None until it is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A version that is tried out, and what came out so far."""

    candidate: CompiledDecision
    baseline: CompiledDecision | None
    """What it is compared with; None for what was decided."""
    include_redacted: bool
    forms: SimulationForms
    tally: Tally
    most_examples: int

    def attempt(self, subject: Subject) -> None:
        """Lets the version decide, and counts what comes out."""
        if subject.given is None:
            self.tally.skip(NotReplayable.INPUTS_NOT_KEPT)
            return
        if subject.redacted and not self.include_redacted:
            self.tally.skip(NotReplayable.INPUTS_REDACTED)
            return
        given = subject.given()
        after = self._taken(self.candidate, given, subject, NotReplayable.INPUTS_REFUSED)
        if after is None:
            return
        before = self._before(given, subject)
        if before is not None:
            self._count(subject, given, before, after)

    def _before(self, given: GivenInputs, subject: Subject) -> _Taken | None:
        if self.baseline is not None:
            return self._taken(self.baseline, given, subject, NotReplayable.BASELINE_REFUSED)
        outcome, shown = self.forms.logged(subject.logged or b"")
        return _Taken(outcome=outcome, result=None, status=outcome.status, shown=shown)

    def _taken(
        self, compiled: CompiledDecision, given: GivenInputs, subject: Subject, refused: NotReplayable
    ) -> _Taken | None:
        try:
            inputs = compiled.read(given)
        except DecisionInputInvalidError as error:
            self.tally.skip(refused, str(error))
            return None
        result = compiled.decide(inputs, now=subject.effective_at, deadline=time.monotonic() + _DECISION_SECONDS)
        status = compiled.status_of(result)
        return _Taken(outcome=self.forms.decided(result, status), result=result, status=status)

    def _count(self, subject: Subject, given: GivenInputs, before: _Taken, after: _Taken) -> None:
        outcome = compared(before.outcome, after.outcome)
        self.tally.counts[outcome] += 1
        for failure in after.result.errors:
            self.tally.fail(failure.rule_id, failure.message)
        if self.tally.wants_example(outcome, self.most_examples):
            if subject.digest is None:
                subject = replace(subject, digest=self.forms.digest(given))
            example = self.forms.example(outcome, subject, self._shown(before), self._shown(after))
            self.tally.keep(outcome, example)

    def _shown(self, taken: _Taken) -> Any:  # noqa: ANN401  as the wire shows it
        return self.forms.shown(taken.result) if taken.shown is None else taken.shown
