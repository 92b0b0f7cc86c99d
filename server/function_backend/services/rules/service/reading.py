"""Reading decisions and their versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.difference import Change, differences
from function_backend.services.rules.domain.publication import Publication
from function_backend.services.rules.domain.version import Step, Version
from function_backend.services.rules.repository.definition import DefinitionRepository
from function_backend.services.rules.repository.publication import PublicationRepository
from function_backend.services.rules.repository.version import VersionRepository
from function_backend.services.rules.service.finding import DEFAULT_PAGE_SIZE, definition_named, version_of

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is known about a decision."""

    definition: RegisteredDefinition
    latest: Version
    in_force: int
    """The version that is in force now; 0 when none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedVersion:
    """A version with its content and its history."""

    version: Version
    publications: Sequence[Publication]
    """The latest first."""
    history: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs between two versions."""

    before: int
    after: int
    """0 for a definition that is not stored."""
    changes: Sequence[Change]


class Reading:
    """The use cases of reading."""

    def __init__(self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens

    def get(self, name: str) -> Overview:
        """What is known about the decision."""
        with self._transactions.snapshot() as work:
            (found,) = self._overviews(work, [definition_named(work, name)])
        return found

    def list_page(self, prefix: str, *, page_size: int, page_token: str) -> tuple[Sequence[Overview], str]:
        """A page of the decisions in order of name, and the token of the next one."""
        with self._transactions.snapshot() as work:
            query = (str(work.tenant_id), "definitions", prefix)
            key = self._page_tokens.read(query, page_token)
            page = DefinitionRepository(work).list_after(
                None if key is None else key[0], prefix=prefix, limit=page_size or DEFAULT_PAGE_SIZE
            )
            found = self._overviews(work, page.items)
        return found, self._token(query, page)

    def versions(self, name: str, *, page_size: int, page_token: str) -> tuple[Sequence[Version], str]:
        """A page of the versions, the latest first, and the token of the next one."""
        with self._transactions.reading() as work:
            definition = definition_named(work, name)
            query = (str(work.tenant_id), "definition_versions", str(definition.id))
            key = self._page_tokens.read(query, page_token)
            page = VersionRepository(work).list_before(
                definition.id, None if key is None else int(key[0]), limit=page_size or DEFAULT_PAGE_SIZE
            )
        return page.items, self._token(query, page)

    def version(self, name: str, number: int) -> DescribedVersion:
        """The version with its content; with 0 the latest one."""
        with self._transactions.snapshot() as work:
            version = version_of(work, definition_named(work, name), number)
            publications = PublicationRepository(work).of(version.definition_id)
            history = VersionRepository(work).history(version)
        own = [each for each in reversed(publications) if each.version == version.number]
        return DescribedVersion(version=version, publications=own, history=history)

    def exported(self, names: Sequence[str], number: int) -> Sequence[Version]:
        """The versions with their contents; with 0 those in force, or the latest where none is."""
        with self._transactions.snapshot() as work:
            return [self._chosen(work, definition_named(work, name), number) for name in names]

    def diff(
        self, name: str, before: int, after: int, *, instead: Json | None, json_of: Callable[[bytes], Json]
    ) -> Comparison:
        """What differs between two versions, or between one and a definition that is not stored.

        `json_of` makes plain JSON of a stored content.
        """
        with self._transactions.snapshot() as work:
            definition = definition_named(work, name)
            older = self._chosen(work, definition, before)
            newer = None if instead is not None else version_of(work, definition, after)
        target = instead if newer is None else json_of(newer.content.body)
        return Comparison(
            before=older.number,
            after=0 if newer is None else newer.number,
            changes=differences(json_of(older.content.body), target or {}),
        )

    def _chosen(self, work: UnitOfWork, definition: RegisteredDefinition, number: int) -> Version:
        return version_of(work, definition, number or self._in_force(work, [definition]).get(definition.id, 0))

    def _overviews(self, work: UnitOfWork, definitions: Sequence[RegisteredDefinition]) -> list[Overview]:
        latest = VersionRepository(work).latest_of(definitions)
        in_force = self._in_force(work, definitions)
        return [
            Overview(definition=each, latest=latest[each.id], in_force=in_force.get(each.id, 0)) for each in definitions
        ]

    def _in_force(self, work: UnitOfWork, definitions: Sequence[RegisteredDefinition]) -> dict[UUID, int]:
        timelines = PublicationRepository(work).timelines([each.id for each in definitions])
        now = self._clock.now()
        current = {definition_id: timeline.in_force(now) for definition_id, timeline in timelines.items()}
        return {definition_id: found.version for definition_id, found in current.items() if found is not None}

    def _token(self, query: Sequence[str], page: Page[Any]) -> str:
        return "" if page.next_key is None else self._page_tokens.write(query, page.next_key)
