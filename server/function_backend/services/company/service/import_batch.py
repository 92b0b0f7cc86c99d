"""Importing the rows of one batch: each is created, merged into its company, left alone, or rejected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from function_backend.kernel.errors import FieldViolation
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain import history
from function_backend.services.company.domain.company import Company, CompanyState
from function_backend.services.company.domain.history import CompanyRecord, RevisionKind, Transition
from function_backend.services.company.domain.importing import ImportSummary, merged
from function_backend.services.company.repository.identifiers import IdentifierIndex
from function_backend.services.company.repository.keys import StoredKey, stored_keys
from function_backend.services.company.repository.records import CompanyReader
from function_backend.services.company.repository.revisions import RevisionReader
from function_backend.services.company.service.gate import ImportGate
from function_backend.services.company.service.import_rows import PreparedRow
from function_backend.services.company.service.store import CompanyStore, Pending


class BatchImport:
    """One batch in one transaction.

    Rows count in their order: one that names the company or takes an identifier of an earlier one sees what that did.
    """

    def __init__(
        self,
        work: UnitOfWork,
        store: CompanyStore,
        summary: ImportSummary,
        now: datetime,
        *,
        source: str,
        passing: ImportGate | None = None,
    ) -> None:
        """`source` is where the rows come from, for the audit record; `passing` what they must pass besides."""
        self._source = source
        self._passing = passing
        self._work = work
        self._store = store
        self._summary = summary
        self._now = now
        self._records: dict[UUID, CompanyRecord] = {}
        self._owners: dict[StoredKey, UUID] = {}
        self._bearers: dict[str, list[UUID]] = {}
        self._pending: dict[UUID, Pending] = {}

    def run(self, rows: Sequence[PreparedRow]) -> None:
        """Imports the rows; what became of them is in the summary."""
        self._look_up(rows)
        for row in rows:
            self._import(row)
        self._flush()
        if self._passing is not None:
            self._passing.write(self._work)

    def _look_up(self, rows: Sequence[PreparedRow]) -> None:
        """Finds, in at most three statements, whatever companies the rows may meet, and locks those they may change."""
        index = IdentifierIndex(self._work)
        keys = {key for row in rows for key in row.unique_keys}
        if keys:
            self._owners = index.find_owners(list(keys))
        shared = {row.match.value for row in rows if row.match is not None and row.match_key is None}
        if shared and rows[0].match is not None:
            self._bearers = index.find_bearers(rows[0].match.scheme, list(shared))
        matched = {company_id for row in rows for company_id in self._candidates(row)}
        if matched:
            self._records = CompanyReader(self._work).lock(list(matched))

    def _candidates(self, row: PreparedRow) -> Sequence[UUID]:
        """The companies that have what the row finds its company by."""
        if row.match_key is not None:
            owner = self._owners.get(row.match_key)
            return () if owner is None else (owner,)
        if row.match is not None:
            return self._bearers.get(row.match.value, ())
        return () if row.company_id is None else (row.company_id,)

    def _import(self, row: PreparedRow) -> None:
        candidates = self._candidates(row)
        if len(candidates) > 1:
            description = f"{len(candidates)} companies have this identifier; it does not say which one is meant"
            self._reject(row, "INVALID_REQUEST", "company.identifiers", description)
            return
        record = self._records.get(candidates[0]) if candidates else None
        if record is None:
            self._create(row)
        else:
            self._update(row, record)

    def _create(self, row: PreparedRow) -> None:
        company_id = row.company_id or new_id()
        transition = history.create(company_id, row.state, self._now, row.valid_from)
        if self._is_free(row, company_id) and self._passes(row, transition, None):
            self._claim(row, company_id, None)
            self._summary.created += 1
            self._keep(transition, row.encode)

    def _update(self, row: PreparedRow, record: CompanyRecord) -> None:
        if record.company.deleted_at is not None:
            self._reject(row, "COMPANY_DELETED", "", f"company {record.company.id} is deleted; undelete it first")
            return
        company_id = record.company.id
        if company_id in self._pending:
            # A company has one revision per statement; what an earlier row did to it must be there for this one.
            self._flush()
        at = row.valid_from or history.valid_now(record, self._now)
        before = record.company
        if at < record.valid_from:
            revision = self._revision_at(company_id, at)
            if revision is None or revision.kind is RevisionKind.DELETED:
                description = f"company {company_id} had no state to change at {at.isoformat()}"
                self._reject(row, "COMPANY_STATE_NOT_FOUND", "valid_from", description)
                return
            before = revision.company(company_id, record.company.created_at)
        base = before.state
        state = merged(base, row.state)
        if state == base:
            self._summary.unchanged += 1
            return
        transition = history.update(record, base, state, self._now, at)
        free = not transition.is_current or self._is_free(row, company_id)
        if free and self._passes(row, transition, before):
            if transition.is_current:
                self._claim(row, company_id, base)
            self._summary.updated += 1
            self._keep(transition)

    def _revision_at(self, company_id: UUID, at: datetime) -> history.Revision | None:
        known_at = self._records[company_id].recorded_at
        found = RevisionReader(self._work).find_state(company_id, as_of=at, known_at=known_at)
        return found.revisions[0].revision if found is not None and found.revisions else None

    def _is_free(self, row: PreparedRow, company_id: UUID) -> bool:
        """Whether the company may have the row's identifiers."""
        for key in row.unique_keys:
            owner = self._owners.get(key, company_id)
            if owner != company_id:
                self._reject_taken(row, key, owner)
                return False
        return True

    def _passes(self, row: PreparedRow, transition: Transition, before: Company | None) -> bool:
        """Whether nothing that is bound to imports refuses it."""
        refusal = None if self._passing is None else self._passing.refusal(transition, before)
        if refusal is not None:
            self._reject(row, refusal.reason, "", refusal.message)
        return refusal is None

    def _claim(self, row: PreparedRow, company_id: UUID, before: CompanyState | None) -> None:
        """Counts the row's identifiers as the company's own from now on."""
        if before is not None:
            # What the row leaves out of a scheme it names is given up.
            for key in stored_keys(company_id, before.identifiers):
                if key.scheme in row.schemes:
                    self._owners.pop(key, None)
        self._owners.update(dict.fromkeys(row.unique_keys, company_id))
        if before is None and row.match is not None and row.match_key is None:
            self._bearers.setdefault(row.match.value, []).append(company_id)

    def _keep(self, transition: Transition, encode: Callable[[Company], bytes] | None = None) -> None:
        company_id = transition.record.company.id
        self._records[company_id] = transition.record
        self._pending[company_id] = Pending(transition, encode)

    def _flush(self) -> None:
        pending, self._pending = self._pending, {}
        self._store.store_many(self._work, list(pending.values()), source=self._source)

    def _reject_taken(self, row: PreparedRow, key: StoredKey, owner: UUID) -> None:
        position = next((n for n, item in enumerate(row.state.identifiers) if item[:2] == key[:2]), None)
        path = "company.identifiers" if position is None else f"company.identifiers[{position}].value"
        description = f"the identifier {key.scheme} {key.value} belongs to company {owner}"
        self._reject(row, "COMPANY_IDENTIFIER_TAKEN", path, description)

    def _reject(self, row: PreparedRow, reason: str, field: str, description: str) -> None:
        self._summary.reject(row.position, row.number, reason, FieldViolation(field, description))
