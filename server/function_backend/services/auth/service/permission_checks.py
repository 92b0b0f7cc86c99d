"""Checking permissions, one or many, and explaining them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.relation_decision import Decision
from function_backend.services.auth.domain.relations.evaluation import Evaluation
from function_backend.services.auth.domain.relations.explanation import (
    Explainer,
    Explanation,
    RecordedSource,
    RecordingSource,
)
from function_backend.services.auth.domain.relations.plan import Key, Plan
from function_backend.services.auth.domain.relations.references import Subject, Tuple
from function_backend.services.auth.domain.relations.source import TooComplex, TupleSource
from function_backend.services.auth.errors.relation import CheckTooComplexError, DecisionNotFoundError
from function_backend.services.auth.repository.relation_decision import DecisionRepository
from function_backend.services.auth.repository.relation_reads import RelationReader
from function_backend.services.auth.service.relation_plans import RelationPlans
from function_backend.services.auth.service.relation_questions import QuestionReader, read_question

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - a sample, nothing secret


class Question(NamedTuple):
    """A check as it was asked."""

    resource: str
    permission: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one check."""

    permitted: bool
    schema_version: int
    decision_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An answer with its reasons."""

    question: Question
    permitted: bool
    schema_version: int
    explanation: Explanation
    decision: Decision | None = None
    """The recorded decision that was explained; None when it was decided just now."""


class PermissionChecks:
    """The use cases of asking for permissions."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        plans: RelationPlans,
        sample_rate: float,
        decisions_kept_for: timedelta,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._plans = plans
        self._sample_rate = sample_rate
        self._kept_for = decisions_kept_for

    def check(self, question: Question, *, record: bool) -> Answer:
        """Whether the subject has the permission; kept with its reasons when it is to be recorded or was sampled."""
        now = self._clock.now()
        record = record or (self._sample_rate > 0 and _RANDOM.random() < self._sample_rate)
        with self._transactions.snapshot() as work:
            reader = RelationReader(work, now)
            version, permitted, inputs = self._plans.with_current(
                work, reader, lambda plan: _decide(plan, reader, question, record=record)
            )
        if inputs is None:
            return Answer(permitted=permitted, schema_version=version)
        decision = Decision(
            id=new_id(),
            decided_at=now,
            expires_at=now + self._kept_for,
            caller="" if work.call.principal is None else work.call.principal.actor,
            schema_version=version,
            resource=question.resource,
            permission=question.permission,
            subject=question.subject,
            permitted=permitted,
            inputs=inputs,
        )
        with self._transactions() as work:
            decisions = DecisionRepository(work)
            decisions.purge(now)
            decisions.add(decision)
        return Answer(permitted=permitted, schema_version=version, decision_id=decision.id)

    def batch(self, questions: Sequence[Question]) -> tuple[list[bool | ServiceError], int]:
        """The answers to many checks on one state, each by itself or what is wrong with it, and the schema version."""
        now = self._clock.now()
        with self._transactions.snapshot() as work:
            reader = RelationReader(work, now)
            return self._plans.with_current(work, reader, lambda plan: _answer(plan, reader, questions))

    def explain(self, question: Question) -> Explained:
        """Why the subject has the permission now, or what is missing."""
        with self._transactions.snapshot() as work:
            reader = RelationReader(work, self._clock.now())
            plan = self._plans.current(work, reader)
            return _explain(plan, reader, question)

    def explain_decision(self, decision_id: UUID) -> Explained:
        """Why it was decided so then, from what was found then."""
        with self._transactions.reading() as work:
            decision = DecisionRepository(work).find(decision_id, self._clock.now())
            if decision is None:
                raise DecisionNotFoundError(decision_id)
            plan = self._plans.of_version(work, decision.schema_version)
        question = Question(decision.resource, decision.permission, decision.subject)
        return _explain(plan, RecordedSource(decision.inputs), question, decision)


def _decide(
    plan: Plan, reader: RelationReader, question: Question, *, record: bool
) -> tuple[int, bool, frozenset[Tuple] | None]:
    """The schema version, the answer, and what it was made from when that is to be recorded."""
    subject, key = read_question(plan, *question)
    recording = RecordingSource(reader) if record else None
    source: TupleSource = recording or reader
    evaluation = Evaluation(plan, source)
    try:
        [permitted] = evaluation.decide([(subject, key)])
        if recording is not None:
            # Looks up whatever an explanation will want to look up, so that it is recorded.
            Explainer(evaluation, source, subject).explain(key)
    except TooComplex as bound:
        raise CheckTooComplexError(bound) from bound
    return plan.version, permitted, None if recording is None else frozenset(recording.found)


def _answer(plan: Plan, source: TupleSource, questions: Sequence[Question]) -> tuple[list[bool | ServiceError], int]:
    answers: list[bool | ServiceError] = [False] * len(questions)
    asked: list[tuple[Subject, Key]] = []
    places: list[int] = []
    read = QuestionReader(plan).read
    for place, question in enumerate(questions):
        try:
            asked.append(read(*question))
        except ServiceError as error:
            answers[place] = error
        else:
            places.append(place)
    for place, answer in zip(places, _decide_all(plan, source, asked), strict=True):
        answers[place] = answer
    return answers, plan.version


def _decide_all(plan: Plan, source: TupleSource, asked: Sequence[tuple[Subject, Key]]) -> list[bool | ServiceError]:
    try:
        return list(Evaluation(plan, source).decide(asked))
    except TooComplex:
        # Together they are too much, or one of them is: each by itself then.
        return [_decide_alone(plan, source, each) for each in asked]


def _decide_alone(plan: Plan, source: TupleSource, asked: tuple[Subject, Key]) -> bool | ServiceError:
    try:
        return Evaluation(plan, source).decide([asked])[0]
    except TooComplex as bound:
        return CheckTooComplexError(bound)


def _explain(plan: Plan, source: TupleSource, question: Question, decision: Decision | None = None) -> Explained:
    subject, key = read_question(plan, *question)
    try:
        explanation = Explainer(Evaluation(plan, source), source, subject).explain(key)
    except TooComplex as bound:
        raise CheckTooComplexError(bound) from bound
    return Explained(
        question=question,
        permitted=explanation.holds,
        schema_version=plan.version,
        explanation=explanation,
        decision=decision,
    )
