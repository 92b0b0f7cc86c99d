"""Exporting everything that is kept about a tenant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.tenant import Tenant, TenantState
from function_backend.services.auth.errors.tenant import TenantDeletedError
from function_backend.services.auth.events.tenant import TenantExported
from function_backend.services.auth.repository.table_export import ExportRecord
from function_backend.services.auth.service.system_call import within_tenant
from function_backend.services.auth.service.tenant_reach import reached

_DEFAULT_SIZE = 500


class TenantExporter(Protocol):
    """Exports one kind of what is kept about a tenant, without secrets; `TableExport` of the repository is one."""

    type: str
    """The kind, such as `api_key`; no two exporters have the same."""

    def page(self, work: UnitOfWork, after: str | None, *, limit: int) -> list[ExportRecord]:
        """The records of the unit of work's tenant that follow the key of one, in order; fewer than `limit` at the end.

        The first page has no key.
        """


@dataclass(frozen=True, slots=True)
class ExportBatch:
    """Some records, and the token that goes on after them."""

    records: Sequence[ExportRecord]
    resume_token: str


class ExportTenant:
    """Exports tenants."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        exporters: Sequence[TenantExporter],
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._exporters = exporters

    def export(
        self, tenant_id: UUID | None, *, batch_size: int, resume_token: str, call: Call
    ) -> Iterator[ExportBatch]:
        """Batches of one kind each, each with the token that goes on after it.

        Every batch is a read of its own: an export of hours holds no transaction, and stops when the caller leaves.
        """
        tenant = self._begin(tenant_id)
        bound = (str(call.tenant_id), "export_tenant", str(tenant.id))
        key = self._page_tokens.read(bound, resume_token, field="resume_token")
        place, after = (0, None) if key is None else (int(key[0]), key[1] or None)
        limit = batch_size or _DEFAULT_SIZE
        while place < len(self._exporters) and not call.ended:
            with within_tenant(call, tenant.id), self._transactions.reading() as work:
                records = self._exporters[place].page(work, after, limit=limit)
            if len(records) == limit:
                after = records[-1].id
            else:
                place, after = place + 1, None
            if records:
                yield ExportBatch(records, self._page_tokens.write(bound, (str(place), after or "")))

    def _begin(self, tenant_id: UUID | None) -> Tenant:
        """The tenant; that it is exported is in the audit trail before anything of it is sent."""
        with self._transactions() as work:
            tenant = reached(work, tenant_id)
            if tenant.state is TenantState.DELETED:
                raise TenantDeletedError(tenant.id)
            work.record(TenantExported.of(tenant, tenant, at=self._clock.now()))
        return tenant
