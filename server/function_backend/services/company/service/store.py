"""Storing transitions: rows, search index, events and notification, all in the transaction of the use case."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.company import Company
from function_backend.services.company.domain.history import RevisionKind, Transition
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.domain.search.entry import search_entry
from function_backend.services.company.domain.search.known_words import KnownWords
from function_backend.services.company.errors import IdentifierTakenError
from function_backend.services.company.events import (
    CompanyCreated,
    CompanyDeleted,
    CompanyEvent,
    CompanyUndeleted,
    CompanyUpdated,
)
from function_backend.services.company.repository.identifiers import IdentifierIndex
from function_backend.services.company.repository.keys import stored_keys
from function_backend.services.company.repository.records import CompanyReader
from function_backend.services.company.repository.search_index import SearchIndex
from function_backend.services.company.repository.states import encode_state
from function_backend.services.company.repository.writes import CompanyWrite, CompanyWriter, ConcurrentWriteError
from function_backend.services.company.service.cached_companies import ALL_COMPANIES
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.scope import READ

TOPIC = "company"
"""The topic of change notifications: `tenant/id` for one company, `tenant/*` for many."""


# A change of these changes what a company is found by.
_SEARCHED = frozenset({"legal_name", "names", "legal_form", "jurisdiction", "status", "addresses", "industries"})


class Pending(NamedTuple):
    """A transition to be stored."""

    transition: Transition
    encode: Callable[[Company], bytes] | None = None
    """Makes the document of its company; None for the usual way."""


class CompanyStore:
    """Stores what the domain decided."""

    def __init__(self, documents: Documents, known_words: KnownWords) -> None:
        self._documents = documents
        self._known_words = known_words

    def store(self, work: UnitOfWork, transition: Transition) -> bytes:
        """Stores one transition; the company of the new revision as it is sent.

        Raises IdentifierTakenError when another company has one of its identifiers.
        """
        (document,) = self._write(work, [Pending(transition)])
        work.notify(TOPIC, f"{work.tenant_id}/{transition.record.company.id}")
        return document

    def store_many(self, work: UnitOfWork, pending: Sequence[Pending], *, source: str) -> None:
        """Stores transitions of different companies; the audit records say where they came from.

        Raises IdentifierTakenError as `store`, for the first one found.
        """
        if not pending:
            return
        self._write(work, pending, source=source)
        # One for all: the caches of the tenant's companies are emptied.
        work.notify(TOPIC, f"{work.tenant_id}/{ALL_COMPANIES}")

    def _write(self, work: UnitOfWork, pending: Sequence[Pending], *, source: str = "") -> list[bytes]:
        usual = self._documents.encode
        details = {"source": source} if source else None
        writes, events, sent = [], [], []
        for transition, encode in pending:
            company = transition.company
            document = usual(company) if encode is None else encode(company)
            current = document if transition.is_current else usual(transition.record.company)
            state_json = encode_state(transition.revision.state)
            writes.append(CompanyWrite(transition, state_json, current))
            events.append(_event(transition, state_json, document, details))
            sent.append(document)
        if not CompanyWriter(work, document_version=self._documents.version).write(writes):
            raise _taken(work, [item.transition for item in pending])
        self._index(work, [item.transition for item in pending])
        work.record(*events)
        return sent

    def _index(self, work: UnitOfWork, transitions: Sequence[Transition]) -> None:
        """Brings the search up to date with the current states."""
        index = SearchIndex(work, self._known_words)
        current = [item for item in transitions if item.is_current]
        index.put(
            [search_entry(item.record.company.id, item.revision.state) for item in current if _is_found_anew(item)]
        )
        index.remove([item.record.company.id for item in current if item.revision.kind is RevisionKind.DELETED])


def _taken(work: UnitOfWork, transitions: Sequence[Transition]) -> Exception:
    """Whose the identifier is that could not be claimed."""
    claims = {
        key: transition.record.company.id
        for transition in transitions
        for key in stored_keys(transition.record.company.id, transition.revision.state.identifiers)
        if key.is_unique
    }
    for key, owner_id in IdentifierIndex(work).find_owners(list(claims)).items():
        if owner_id != claims[key]:
            visible = scope_of(work.call.principal, READ)
            may_know = visible is None or bool(CompanyReader(work).find_documents([owner_id], within=visible))
            return IdentifierTakenError(key.scheme, key.value, owner_id if may_know else None)
    # Given up again in between.
    return ConcurrentWriteError()


def _is_found_anew(transition: Transition) -> bool:
    revision = transition.revision
    if revision.kind is RevisionKind.UPDATED:
        return not _SEARCHED.isdisjoint(revision.changed_fields)
    return revision.kind is not RevisionKind.DELETED


def _event(
    transition: Transition, state_json: bytes, document: bytes, details: Mapping[str, str] | None
) -> CompanyEvent:
    revision = transition.revision
    before_digest, after_digest = _digests(transition, state_json)
    return _EVENTS[revision.kind](
        subject_id=transition.record.company.id,
        sequence=revision.number,
        occurred_at=revision.recorded_at,
        before_digest=before_digest,
        after_digest=after_digest,
        details=details,
        # As it is now, also where the past is amended: scopes count by what a company is now.
        labels=transition.record.company.state.labels,
        document=document,
        changed_fields=revision.changed_fields,
    )


def _digests(transition: Transition, state_json: bytes) -> tuple[bytes | None, bytes | None]:
    """Of the states before and after; a deleted company and one that is not yet there have none."""
    kind, digest = transition.revision.kind, hashlib.sha256(state_json).digest()
    if kind is RevisionKind.DELETED:
        return digest, None
    if kind is RevisionKind.UPDATED and transition.before is not None:
        return hashlib.sha256(encode_state(transition.before)).digest(), digest
    return None, digest


_EVENTS: Mapping[RevisionKind, type[CompanyEvent]] = {
    RevisionKind.CREATED: CompanyCreated,
    RevisionKind.UPDATED: CompanyUpdated,
    RevisionKind.DELETED: CompanyDeleted,
    RevisionKind.UNDELETED: CompanyUndeleted,
}
