"""Reading what an export wrote down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from function_backend.jobs.queue import JobQueue
from function_backend.kernel.call import Call
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.domain.transfer import ExportPlan, PartKind
from function_backend.services.company.errors import ExportNotReadyError, TransferNotFoundError
from function_backend.services.company.repository.transfers import TransferRepository
from function_backend.services.company.service.scope import EXPORT
from function_backend.services.company.service.transfers import actor_of, found


class ExportPart(NamedTuple):
    """Companies of an export, as they are sent, and what goes on behind them."""

    content: bytes
    resume_token: str


class DownloadExport:
    """Reads exports."""

    def __init__(self, transactions: Transactions, page_tokens: PageTokens, jobs: JobQueue) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens
        self._jobs = jobs

    def download(self, transfer_id: UUID, *, resume_token: str, call: Call) -> Iterator[ExportPart]:
        """The parts in order, behind the token; each is a read of its own.

        Whoever may not export all companies has its own exports alone, which hold what it was allowed to see when it
        asked.
        """
        bound = (str(call.tenant_id), "download_export", str(transfer_id))
        key = self._page_tokens.read(bound, resume_token, field="resume_token")
        number = 0 if key is None else int(key[0])
        with self._transactions.reading() as work:
            self._refuse_unless_ready(work, transfer_id)
        while not call.ended:
            with self._transactions.reading() as work:
                part = TransferRepository(work).find_part(transfer_id, PartKind.COMPANIES, at_least=number)
            if part is None:
                return
            number = part[0] + 1
            yield ExportPart(part[1], self._page_tokens.write(bound, (str(number),)))

    def _refuse_unless_ready(self, work: UnitOfWork, transfer_id: UUID) -> None:
        transfer = found(work, transfer_id, ExportPlan)
        if scope_of(work.call.principal, EXPORT) is not None and transfer.creator != actor_of(work):
            raise TransferNotFoundError(transfer_id)
        standing = self._jobs.standings(work, [transfer_id]).get(transfer_id)
        if standing is None:
            raise TransferNotFoundError(transfer_id)
        if standing.state != "succeeded":
            raise ExportNotReadyError(transfer_id, standing.state)
