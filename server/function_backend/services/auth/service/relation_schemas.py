"""Writing, reading and comparing relation schemas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from function_backend.kernel.clock import Clock
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.relation_schema import SchemaVersion
from function_backend.services.auth.domain.relations.canonical import canonical_text, content_hash
from function_backend.services.auth.domain.relations.checking import read_schema
from function_backend.services.auth.domain.relations.difference import Change, differences, withdrawals
from function_backend.services.auth.domain.relations.problem import SchemaProblem
from function_backend.services.auth.domain.relations.schema import Schema
from function_backend.services.auth.errors.relation import (
    RelationSchemaChangedError,
    RelationSchemaInvalidError,
    RelationSchemaNotFoundError,
    SchemaOrphansTuplesError,
)
from function_backend.services.auth.events.relation_schema import RelationSchemaWritten
from function_backend.services.auth.repository.relation_schema import RelationSchemaRepository
from function_backend.services.auth.repository.relationship import RelationshipRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSchema:
    """A version, and what it changed."""

    version: SchemaVersion
    changes: Sequence[Change]


class RelationSchemas:
    """The use cases of relation schemas."""

    def __init__(self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens

    def write(self, text: str, *, etag: str, reason: str) -> WrittenSchema:
        """The new version; the current one when the text says the same."""
        schema = _read(text)
        canonical = canonical_text(schema)
        with self._transactions() as work:
            schemas = RelationSchemaRepository(work)
            schemas.lock()
            current = schemas.find()
            current_hash = "" if current is None else current.content_hash
            if etag and etag != current_hash:
                raise RelationSchemaChangedError(current_hash or "none")
            new_hash = content_hash(canonical)
            if current is not None and current_hash == new_hash:
                return WrittenSchema(version=current, changes=[])
            before = None if current is None else read_schema(current.canonical_text)
            if before is not None:
                _refuse_orphans(work, before, schema)
            principal = work.call.principal
            version = SchemaVersion(
                tenant_id=work.tenant_id,
                version=1 if current is None else current.version + 1,
                content_hash=new_hash,
                text=text,
                canonical_text=canonical,
                created_at=self._clock.now(),
                creator="" if principal is None else principal.actor,
                reason=reason,
            )
            schemas.add(version)
            work.record(RelationSchemaWritten.of(current, version))
        return WrittenSchema(version=version, changes=differences(before, schema))

    def read(self, version: int, *, etag: str) -> SchemaVersion:
        """The version, or the current one when it is 0."""
        with self._transactions.reading() as work:
            found = RelationSchemaRepository(work).find(version)
        if found is None:
            raise RelationSchemaNotFoundError(version)
        if etag and etag != found.content_hash:
            raise RelationSchemaChangedError(found.content_hash)
        return found

    def list(self, page_size: int, page_token: str) -> tuple[Page[SchemaVersion], str]:
        """A page of the versions, latest first, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "relation_schemas")
            key = self._page_tokens.read(query, page_token)
            page = RelationSchemaRepository(work).list_before(
                None if key is None else int(key[0]), limit=page_size or DEFAULT_PAGE_SIZE
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def diff(self, from_version: int, to_version: int, text: str) -> Sequence[Change]:
        """What differs between two versions, or between a version and the text."""
        given = _read(text) if text else None
        with self._transactions.reading() as work:
            schemas = RelationSchemaRepository(work)
            before = _stored(schemas, from_version)
            after = given if given is not None else _stored(schemas, to_version)
        return differences(before, after)


def _read(text: str) -> Schema:
    try:
        return read_schema(text)
    except SchemaProblem as problem:
        raise RelationSchemaInvalidError(text, problem) from problem


def _stored(schemas: RelationSchemaRepository, version: int) -> Schema:
    found = schemas.find(version)
    if found is None:
        raise RelationSchemaNotFoundError(version)
    return read_schema(found.canonical_text)


def _refuse_orphans(work: UnitOfWork, before: Schema, after: Schema) -> None:
    relationships = RelationshipRepository(work)
    counts: dict[str, int] = {}
    example = ""
    for withdrawn in withdrawals(before, after):
        count, first = relationships.count_withdrawn(withdrawn)
        if count:
            name = f"{withdrawn.resource_type}#{withdrawn.relation}"
            counts[name] = counts.get(name, 0) + count
            example = example or str(first)
    if counts:
        raise SchemaOrphansTuplesError(sorted(counts.items()), example)
