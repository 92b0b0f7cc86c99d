"""Taking decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.identifiers import new_id
from function_backend.services.rules.domain.decision import GivenInputs, Question, TakenDecision
from function_backend.services.rules.errors import DecisionReferenceDeniedError
from function_backend.services.rules.ports import CompanySource, DecisionSink
from function_backend.services.rules.service.beside import Deciding, TakenBeside
from function_backend.services.rules.service.in_force import InForce

READ_COMPANY = "company.read"
_COMPANY = "company"

Outcome = TakenDecision | ServiceError
"""A decision, or why there is none."""


@dataclass(slots=True, kw_only=True)
class _Moment:
    """What decides, for whom, and when."""

    deciding: Deciding
    tenant_id: UUID
    caller: str
    now: datetime
    effective_at: datetime
    explain: bool


class Evaluating:
    """The use cases of taking decisions."""

    def __init__(self, *, clock: Clock, in_force: InForce, sink: DecisionSink, companies: CompanySource) -> None:
        self._clock = clock
        self._in_force = in_force
        self._sink = sink
        self._companies = companies

    def evaluate(self, question: Question, inputs: GivenInputs, call: Call) -> TakenDecision:
        """The decision, which is in the log or on its way there."""
        taken = self._decide(self._moment(question, call), inputs, call)
        self._sink.log([taken])
        return taken

    def attempt(self, question: Question, inputs: GivenInputs | ServiceError, call: Call) -> Outcome:
        """The decision, or why there is none; inputs that cannot be read are the reason themselves."""
        if isinstance(inputs, ServiceError):
            return inputs
        try:
            return self.evaluate(question, inputs, call)
        except ServiceError as error:
            return error

    def batch(self, question: Question, inputs: Sequence[GivenInputs | ServiceError], call: Call) -> list[Outcome]:
        """One decision for each of the inputs, or why there is none."""
        moment = self._moment(question, call)
        outcomes = [self._attempt(moment, each, call) for each in inputs]
        self._sink.log([each for each in outcomes if isinstance(each, TakenDecision)])
        return outcomes

    def _moment(self, question: Question, call: Call) -> _Moment:
        principal = call.principal
        if principal is None:
            raise RuntimeError("nobody is calling")
        now = self._clock.now()
        effective_at = question.effective_at or now
        deciding = self._in_force.find(call, question.name, question.version, at=effective_at)
        return _Moment(
            deciding=deciding,
            tenant_id=principal.tenant_id,
            caller=principal.actor,
            now=now,
            effective_at=effective_at,
            explain=question.explain,
        )

    def _attempt(self, moment: _Moment, inputs: GivenInputs | ServiceError, call: Call) -> Outcome:
        if isinstance(inputs, ServiceError):
            return inputs
        try:
            return self._decide(moment, inputs, call)
        except ServiceError as error:
            return error

    def _decide(self, moment: _Moment, sent: GivenInputs, call: Call) -> TakenDecision:
        deciding, at = moment.deciding, moment.effective_at
        given = self._with_companies(sent, call)
        inputs = deciding.compiled.read(given)
        taken_beside = None
        if (beside := deciding.beside) is not None:
            deciding, inputs, other = beside.chosen(deciding, given, inputs, now=at)
            taken_beside = TakenBeside(candidate=beside.candidate.number, other=other, patience=beside.patience)
        compiled = deciding.compiled
        explanation = None
        if moment.explain:
            explanation = compiled.explain(inputs, now=at)
            result = compiled.result_of(explanation)
        else:
            result = compiled.decide(inputs, now=at, deadline=call.deadline)
        return TakenDecision(
            id=new_id(),
            tenant_id=moment.tenant_id,
            definition_id=deciding.definition_id,
            name=deciding.name,
            version=deciding.number,
            content_hash=deciding.content_hash,
            status=compiled.status_of(result),
            result=result,
            explanation=explanation,
            decided_at=moment.now,
            effective_at=at,
            caller=moment.caller,
            given=given,
            values=lambda: compiled.named(inputs),
            templates=deciding.templates,
            beside=taken_beside,
        )

    def _with_companies(self, given: GivenInputs, call: Call) -> GivenInputs:
        """The inputs with the companies that they name, as the caller sees these."""
        if not given.companies:
            return given
        principal = call.principal
        # The pipeline asked for the permission to evaluate alone.
        if principal is None or principal.scopes_of(READ_COMPANY, _COMPANY) == ():
            raise DecisionReferenceDeniedError(READ_COMPANY)
        read = {name: self._companies.company(company_id, call) for name, company_id in given.companies.items()}
        return replace(given, messages={**given.messages, **read})
