"""Importing companies from a stream: batch by batch, each committed by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.persistence.idempotency import AnswerTakenError
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.identifiers import find_scheme
from function_backend.services.company.domain.importing import (
    MATCH_BY_ID,
    ImportPlan,
    ImportStep,
    ImportSummary,
)
from function_backend.services.company.errors import (
    ImportOutOfOrderError,
    ImportTooLargeError,
    unknown_match_scheme,
)
from function_backend.services.company.service.batch_importer import BatchImporter
from function_backend.services.company.service.import_rows import prepare
from function_backend.services.company.service.repeated_streams import RepeatedStreams


class ImportCompanies:
    """Imports companies."""

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        batches: BatchImporter,
        repeated: RepeatedStreams,
        *,
        row_limit: int,
        answer: Callable[[ImportSummary], bytes],
    ) -> None:
        """`answer` makes the response of a summary."""
        self._transactions = transactions
        self._clock = clock
        self._batches = batches
        self._repeated = repeated
        self._row_limit = row_limit
        self._answer = answer

    def run(self, steps: Iterator[ImportStep], call: Call) -> bytes:
        """The response when the stream has ended.

        A stream with the request id of an earlier one imports nothing and gets the earlier answer, if it is the same
        stream. Without one, repeating it finds every row unchanged.
        """
        first = next(steps, None)
        if first is None or first.plan is None:
            raise ImportOutOfOrderError
        plan = first.plan
        if plan.match_scheme != MATCH_BY_ID and find_scheme(plan.match_scheme) is None:
            raise unknown_match_scheme(plan.match_scheme)
        if not plan.request_id or plan.validate_only:
            return self._answer(self._import(plan, steps, call)[0])
        return self._import_once(plan, first, steps, call)

    def _import_once(self, plan: ImportPlan, first: ImportStep, steps: Iterator[ImportStep], call: Call) -> bytes:
        request_id = UUID(plan.request_id)
        whole = self._repeated.fingerprint(call, first.fingerprint())
        kept = self._repeated.find(request_id)
        if kept is not None:
            for step in steps:
                whole.update(step.fingerprint())
            return self._repeated.same(kept, whole.digest(), plan.request_id)
        summary, whole_arrived = self._import(plan, _fingerprinted(steps, whole.update), call)
        answer = self._answer(summary)
        if not whole_arrived:
            # It may have broken off, and whoever sends all of it must not be refused.
            return answer
        try:
            with self._transactions() as work:
                self._repeated.keep(work, request_id, whole.digest(), answer)
        except AnswerTakenError:
            # The stream came twice at the same time, and the other one was answered first.
            kept = self._repeated.find(request_id)
            if kept is None:
                raise
            return self._repeated.same(kept, whole.digest(), plan.request_id)
        return answer

    def _import(self, plan: ImportPlan, steps: Iterator[ImportStep], call: Call) -> tuple[ImportSummary, bool]:
        """What was done, and whether the stream said its end."""
        summary = ImportSummary()
        for step in steps:
            if step.plan is not None:
                raise ImportOutOfOrderError
            if step.end is not None:
                if step.end != summary.rows:
                    raise ImportOutOfOrderError.other_count(step.end, summary.rows)
                if next(steps, None) is not None:
                    raise ImportOutOfOrderError
                return summary, True
            if summary.rows + step.row_count > self._row_limit:
                raise ImportTooLargeError(self._row_limit)
            prepared = prepare(step.rows, plan.match_scheme, self._clock.now(), summary)
            summary = self._batches.run(plan, prepared, summary, call)
        return summary, False


def _fingerprinted(steps: Iterator[ImportStep], update: Callable[[bytes], None]) -> Iterator[ImportStep]:
    for step in steps:
        update(step.fingerprint())
        yield step
