"""Reading companies: documents for those who only pass them on, records for those who change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from function_backend.persistence import arrays
from function_backend.persistence.hot_read import HotRead, decode_bytea
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.company import Company
from function_backend.services.company.domain.history import CompanyRecord
from function_backend.services.company.domain.scope import CompanyScope
from function_backend.services.company.repository.scope_sql import WITHIN, parameters
from function_backend.services.company.repository.states import decode_state

_ONE = HotRead("select document_version, document from company where tenant_id = {tenant} and id = {0}")
_MANY = HotRead("select document_version, document, id from company where tenant_id = {tenant} and id = any({0})")

_MANY_WITHIN: LiteralString = f"""
    select c.id, c.document_version, c.document
    from company c
    where c.tenant_id = %(tenant)b and c.id = any(%(wanted)b::uuid[]) {WITHIN}
"""  # noqa: S608  put together from constants


class Document(NamedTuple):
    """A company as it is sent, and the version of the code that wrote it so."""

    version: int
    content: bytes


class CompanyReader:
    """Finds companies by id."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find_document(self, company_id: UUID) -> tuple[Document | None, int | None]:
        """The current state as it is sent, and the WAL position that the answer is sure to include.

        The hottest read there is: one message, one row, no parsing.
        """
        found = self._work.fetch(_ONE, company_id, with_position=True)
        return (_document(found.rows[0]) if found.rows else None), found.position

    def find_documents(
        self, company_ids: Sequence[UUID], *, within: CompanyScope | None = None
    ) -> dict[UUID, Document]:
        """The current states of those that exist, and are in the scope."""
        if within is not None:
            return self._find_documents_within(company_ids, within)
        found = self._work.fetch(_MANY, company_ids)
        return {UUID((row[2] or b"").decode()): _document(row) for row in found.rows}

    def _find_documents_within(self, company_ids: Sequence[UUID], scope: CompanyScope) -> dict[UUID, Document]:
        values = {"tenant": self._work.tenant_id, "wanted": arrays.uuids(company_ids), **parameters(scope)}
        rows = self._work.driver.execute(_MANY_WITHIN, values, binary=True)
        return {company_id: Document(version, content) for company_id, version, content in rows}

    def find_companies(self, company_ids: Sequence[UUID]) -> dict[UUID, Company]:
        """The companies that exist, from what was recorded of them."""
        records = map(_record, self._rows(_RECORDS_SQL, company_ids))
        return {record.company.id: record.company for record in records}

    def lock(self, company_ids: Sequence[UUID]) -> dict[UUID, CompanyRecord]:
        """The companies that exist, locked until the transaction ends, so that their revisions are written in order.

        In the order of their ids: two imports of the same companies wait for each other and do not deadlock.
        """
        found = self._rows(_LOCK_SQL, company_ids)
        if any(row[-1] is None for row in found):
            # Somebody changed one while we waited for it: the lock shows the new row, but the statement began before
            # its revision was there. The next one sees it, and nothing can change any more.
            found = self._rows(_RECORDS_SQL, company_ids)
        return {record.company.id: record for record in map(_record, found)}

    def lock_one(self, company_id: UUID) -> CompanyRecord | None:
        """The company, locked until the transaction ends; None when there is none."""
        return self.lock([company_id]).get(company_id)

    def _rows(self, statement: str, company_ids: Sequence[UUID]) -> list[tuple[Any, ...]]:
        parameters = (self._work.tenant_id, arrays.uuids(company_ids))
        return self._work.driver.execute(statement, parameters).fetchall()


# The state as text: it goes to a faster reader of JSON than psycopg's.
_COLUMNS = """
        c.id, c.revision, c.created_at, c.updated_at, c.deleted_at, c.valid_from, c.recorded_at, c.last_revision,
        r.state::text
"""
_REVISION = "company_revision r on r.tenant_id = c.tenant_id and r.company_id = c.id and r.revision = c.revision"
_RECORDS_SQL = f"""
    select {_COLUMNS}
    from company c
    join {_REVISION}
    where c.tenant_id = %b and c.id = any(%b::uuid[])
"""  # noqa: S608  put together from constants of this file
_LOCK_SQL = f"""
    with c as (
        select
            tenant_id, id, revision, created_at, updated_at, deleted_at, valid_from, recorded_at, last_revision
        from company where tenant_id = %b and id = any(%b::uuid[]) order by id for update
    )
    select {_COLUMNS}
    from c
    left join {_REVISION}
"""  # noqa: S608  put together from constants of this file


def _record(row: tuple[Any, ...]) -> CompanyRecord:
    company_id, revision, created_at, updated_at, deleted_at, valid_from, recorded_at, last_revision, state = row
    company = Company(company_id, decode_state(state), revision, created_at, updated_at, deleted_at)
    return CompanyRecord(company, valid_from, recorded_at, last_revision)


def _document(row: Sequence[bytes | None]) -> Document:
    return Document(int(row[0] or 0), decode_bytea(row[1] or b""))
