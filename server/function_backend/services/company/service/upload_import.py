"""Taking the rows of an import that a job carries out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from function_backend.jobs.queue import JobQueue
from function_backend.kernel.call import Call, current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.idempotency import AnswerTakenError
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.identifiers import find_scheme
from function_backend.services.company.domain.importing import MATCH_BY_ID, ImportPlan
from function_backend.services.company.domain.transfer import PartKind, Transfer
from function_backend.services.company.errors import (
    ImportOutOfOrderError,
    ImportTooLargeError,
    unknown_match_scheme,
)
from function_backend.services.company.events import ImportRequested
from function_backend.services.company.repository.transfers import TransferRepository
from function_backend.services.company.service.repeated_streams import RepeatedStreams
from function_backend.services.company.service.transfers import IMPORT_JOB, TransferLimits, actor_of, refuse_more

_NOTHING = "Nothing of this one is imported."


@dataclass(frozen=True, slots=True)
class UploadStep:
    """One message of an upload: the plan, a batch, or the end."""

    plan: ImportPlan | None
    end: int | None
    """How many rows the stream carried, as its last message says."""
    row_count: int
    content: bytes
    """The batch as it is sent; of the plan, the bytes by which a repeated stream is told from another one."""


class UploadImport:
    """Takes uploads."""

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        jobs: JobQueue,
        repeated: RepeatedStreams,
        limits: TransferLimits,
        *,
        answer: Callable[[UUID, int], bytes],
    ) -> None:
        """`answer` makes the response of an import's id and the number of its rows."""
        self._transactions = transactions
        self._clock = clock
        self._jobs = jobs
        self._repeated = repeated
        self._limits = limits
        self._answer = answer

    def run(self, steps: Iterator[UploadStep], call: Call) -> bytes:
        """The response when the stream has ended: the import's job is asked for in the commit that ends the upload.

        A stream with the request id of an earlier one asks for nothing and gets the earlier answer, if it is the same.
        """
        first = next(steps, None)
        if first is None or first.plan is None:
            raise ImportOutOfOrderError
        plan = first.plan
        if plan.match_scheme != MATCH_BY_ID and find_scheme(plan.match_scheme) is None:
            raise unknown_match_scheme(plan.match_scheme)
        whole = self._repeated.fingerprint(call, first.content)
        request_id = UUID(plan.request_id) if plan.request_id else None
        kept = None if request_id is None else self._repeated.find(request_id)
        if kept is not None:
            for step in _batches(steps):
                whole.update(step.content)
            return self._repeated.same(kept, whole.digest(), plan.request_id)
        transfer_id = self._begin(plan)
        try:
            return self._take(transfer_id, plan, steps, whole.update, whole.digest)
        except AnswerTakenError:
            # The stream came twice at the same time, and the other one ended first.
            self._drop(transfer_id, call)
            kept = None if request_id is None else self._repeated.find(request_id)
            if kept is None:
                raise
            return self._repeated.same(kept, whole.digest(), plan.request_id)
        except BaseException:
            with contextlib.suppress(ServiceError):
                self._drop(transfer_id, call)
            raise

    def _begin(self, plan: ImportPlan) -> UUID:
        now = self._clock.now()
        with self._transactions() as work:
            refuse_more(work, self._jobs, self._limits.most_open)
            transfer = Transfer(
                id=new_id(),
                plan=plan,
                creator=actor_of(work),
                created_at=now,
                expires_at=now + self._limits.kept_for,
            )
            TransferRepository(work).add(transfer)
        return transfer.id

    def _take(
        self,
        transfer_id: UUID,
        plan: ImportPlan,
        steps: Iterator[UploadStep],
        seen: Callable[[bytes], None],
        digest: Callable[[], bytes],
    ) -> bytes:
        rows = parts = 0
        for step in _batches(steps):
            if rows + step.row_count > self._limits.rows:
                raise ImportTooLargeError(self._limits.rows, before=_NOTHING)
            seen(step.content)
            with self._transactions() as work:
                TransferRepository(work).add_part(transfer_id, PartKind.ROWS, parts, step.content)
            rows, parts = rows + step.row_count, parts + 1
        answer = self._answer(transfer_id, rows)
        with self._transactions() as work:
            TransferRepository(work).uploaded(transfer_id, row_count=rows, part_count=parts)
            self._jobs.enqueue(work, IMPORT_JOB, job_id=transfer_id)
            work.record(ImportRequested.of(transfer_id, plan, row_count=rows, at=self._clock.now()))
            if plan.request_id:
                self._repeated.keep(work, UUID(plan.request_id), digest(), answer)
        return answer

    def _drop(self, transfer_id: UUID, call: Call) -> None:
        """Removes what was taken of a stream that came to nothing; a purge finds what cannot be removed now.

        The answer to the commit that ends the upload may be what was lost: then there is a job, which needs all of it.
        """
        # The caller may be gone, and nothing is done in the name of a call that is over.
        token = current_call.set(Call(call.method, call.request_id, principal=call.principal))
        try:
            with self._transactions() as work:
                if not self._jobs.standings(work, [transfer_id]):
                    TransferRepository(work).remove(transfer_id)
        finally:
            current_call.reset(token)


def _batches(steps: Iterator[UploadStep]) -> Iterator[UploadStep]:
    """The batches up to the end that the stream says; ImportOutOfOrderError when it says none.

    Only so is a stream that broke off told for sure from one that is complete: both end gRPC's iterator, and whether
    the caller has left is known a moment later.
    """
    arrived = 0
    for step in steps:
        if step.plan is not None:
            raise ImportOutOfOrderError
        if step.end is not None:
            if step.end != arrived:
                raise ImportOutOfOrderError.other_count(step.end, arrived)
            if next(steps, None) is not None:
                raise ImportOutOfOrderError
            return
        arrived += step.row_count
        yield step
    raise ImportOutOfOrderError.without_end()
