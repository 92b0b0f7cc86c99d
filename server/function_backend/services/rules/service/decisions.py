"""Looking into decisions that were taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.rules.domain.decision import DecisionFilter, DecisionStatus, GivenInputs, LoggedDecision
from function_backend.services.rules.domain.version import OPEN
from function_backend.services.rules.errors import (
    DecisionInputInvalidError,
    DecisionNotReplayableError,
    LoggedDecisionNotFoundError,
)
from function_backend.services.rules.repository.decision import DecisionRepository
from function_backend.services.rules.repository.version import VersionRepository
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.finding import DEFAULT_PAGE_SIZE

_EXPORT_SIZE = 500
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDecision:
    """A decision from the log with its explanation."""

    decision: LoggedDecision
    explanation: Any
    """The engine's explanation."""
    result: Any
    """What deciding again came to."""
    status: DecisionStatus


class Decisions:
    """The use cases of the log of decisions."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        compilations: Compilations,
        inputs_of: Callable[[bytes], GivenInputs],
    ) -> None:
        """`inputs_of` reads inputs as the log keeps them."""
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._compilations = compilations
        self._inputs_of = inputs_of

    def get(self, decision_id: UUID) -> LoggedDecision:
        """The decision with its inputs."""
        with self._transactions.reading() as work:
            found = DecisionRepository(work).find(decision_id, now=self._clock.now())
        if found is None:
            raise LoggedDecisionNotFoundError(decision_id)
        return found

    def list(self, wanted: DecisionFilter, *, page_size: int, page_token: str) -> tuple[Sequence[LoggedDecision], str]:
        """A page of the decisions, the latest first, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "decisions", *wanted.key)
            key = self._page_tokens.read(query, page_token)
            page = DecisionRepository(work).list_before(
                None if key is None else UUID(key[0]),
                wanted,
                now=self._clock.now(),
                limit=page_size or DEFAULT_PAGE_SIZE,
            )
        return page.items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def export(
        self, wanted: DecisionFilter, *, batch_size: int, resume_token: str, call: Call
    ) -> Iterator[tuple[Sequence[LoggedDecision], str]]:
        """Decisions with their inputs in the order of their ids, in batches, each with the token that goes on after it.

        Every batch is a read of its own: an export of hours holds no transaction, and stops when the caller leaves.
        """
        bound = (str(call.tenant_id), "exported_decisions", *wanted.key)
        key = self._page_tokens.read(bound, resume_token, field="resume_token")
        after = None if key is None else UUID(key[0])
        # Later ones would never come to an end.
        now = self._clock.now()
        until = min(wanted.decided_until or now, now)
        while not call.ended:
            with self._transactions.reading() as work:
                found = DecisionRepository(work).list_after(
                    after,
                    replace(wanted, decided_until=until),
                    now=now,
                    limit=batch_size or _EXPORT_SIZE,
                )
            if not found:
                return
            for batch in _sendable(found):
                after = batch[-1].id
                yield batch, self._page_tokens.write(bound, (str(after),))

    def explain(self, decision_id: UUID) -> ExplainedDecision:
        """Why it was decided so: the same version decides again from what was kept."""
        decision = self.get(decision_id)
        if decision.inputs is None:
            raise DecisionNotReplayableError(decision_id, "its inputs were not kept")
        with self._transactions.reading() as work:
            version = VersionRepository(work).find(decision.definition_id, decision.version)
            if version is None:
                raise DecisionNotReplayableError(decision_id, "its version is gone")
            if version.state not in OPEN:
                compiled = self._compilations.of_version(work, version)
            elif version.content.content_hash == decision.content_hash:
                # It answered, or will have, while it was rolled out.
                compiled = self._compilations.candidate(work, version.content, at=decision.effective_at).sound()
            else:
                raise DecisionNotReplayableError(decision_id, "its version has changed since")
        try:
            inputs = compiled.read(self._inputs_of(decision.inputs))
        except DecisionInputInvalidError as error:
            raise DecisionNotReplayableError(decision_id, "its inputs can no longer be read") from error
        explanation = compiled.explain(inputs, now=decision.effective_at)
        result = compiled.result_of(explanation)
        return ExplainedDecision(
            decision=decision, explanation=explanation, result=result, status=compiled.status_of(result)
        )


def _sendable(decisions: Sequence[LoggedDecision]) -> Iterator[Sequence[LoggedDecision]]:
    """The decisions in parts that are not too large for a message."""
    part: list[LoggedDecision] = []
    size = 0
    for each in decisions:
        if part and size > _MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(each)
        size += len(each.outcome) + len(each.inputs or b"")
    yield part
