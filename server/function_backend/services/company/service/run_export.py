"""Carrying out an export, part by part: whatever ends a process, another goes on behind the last part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from datetime import timedelta

import orjson

from function_backend.filters.conditions import Predicate
from function_backend.kernel.clock import Clock
from function_backend.kernel.jobs import JobKind, JobRun
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.ordering import Ordering
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.domain.transfer import ExportPlan, PartKind
from function_backend.services.company.repository.listing import CompanyLister
from function_backend.services.company.repository.transfers import TransferRepository
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.reading_filters import predicate_of
from function_backend.services.company.service.scope import EXPORT
from function_backend.services.company.service.transfers import EXPORT_JOB, found

_PART_SIZE = 500


@dataclass(frozen=True, slots=True)
class _State:
    """The parts that are written, how many companies there are in them, and the id of the last one."""

    parts: int = 0
    companies: int = 0
    after: str = ""

    @classmethod
    def read(cls, kept: bytes) -> _State:
        return cls(*orjson.loads(kept)) if kept else cls()

    def write(self) -> bytes:
        return orjson.dumps(astuple(self))


class RunExport:
    """Carries out exports of all tenants, each as whoever asked for it."""

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        documents: Documents,
        *,
        part_of: Callable[[Iterable[bytes]], bytes],
        result: Callable[[int], bytes],
        kept_for: timedelta,
    ) -> None:
        """`part_of` puts companies together as they are sent; `result` makes the message of what came out."""
        self._transactions = transactions
        self._clock = clock
        self._documents = documents
        self._part_of = part_of
        self._result = result
        self._kept_for = kept_for

    @property
    def kind(self) -> JobKind:
        """The kind of jobs that carries out exports."""
        return JobKind(
            name=EXPORT_JOB,
            run=self.run,
            permission=EXPORT,
            result_type="function.company.v1.ExportSummary",
            most_running_per_tenant=2,
            kept_for=self._kept_for,
        )

    def run(self, job: JobRun) -> bytes:
        """See JobKind."""
        state = _State.read(job.kept)
        with self._transactions.reading() as work:
            plan = found(work, job.id, ExportPlan).plan
            assert isinstance(plan, ExportPlan)  # noqa: S101  as was asked for
            predicate = predicate_of(plan.filter)
            total = CompanyLister(work).count(
                predicate, with_deleted=plan.with_deleted, within=scope_of(work.call.principal, EXPORT)
            )
        more = True
        while more:
            job.check()
            state, more = self._write_part(job, plan, predicate, state, total)
        with self._transactions() as work:
            job.hold(work)
            now = self._clock.now()
            TransferRepository(work).end(job.id, at=now, expires_at=now + self._kept_for)
        return self._result(state.companies)

    def _write_part(
        self, job: JobRun, plan: ExportPlan, predicate: Predicate | None, state: _State, total: int
    ) -> tuple[_State, bool]:
        """The state behind another part, and whether there may be more."""
        with self._transactions() as work:
            page = CompanyLister(work).find_page(
                predicate,
                Ordering(),
                after=(state.after,) if state.after else None,
                limit=_PART_SIZE,
                with_deleted=plan.with_deleted,
                within=scope_of(work.call.principal, EXPORT),
            )
            if not page.items:
                return state, False
            content = self._part_of(self._documents.contents(work, page.items))
            TransferRepository(work).add_part(job.id, PartKind.COMPANIES, state.parts, content)
            state = _State(state.parts + 1, state.companies + len(page.items), str(page.items[-1].id))
            # Companies come and go meanwhile.
            job.progress(state.companies, max(total, state.companies))
            job.keep(state.write(), work)
        return state, page.next_key is not None
