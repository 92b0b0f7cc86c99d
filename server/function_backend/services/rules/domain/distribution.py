"""What callers follow who decide by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from function_backend.kernel.errors import ServiceError
from function_backend.services.rules.domain.decision import DecisionStatus
from function_backend.services.rules.domain.publication import Publication
from function_backend.services.rules.domain.version import Version

EVERYTHING = "*"
"""The prefix that stands for all decisions of a tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Which decisions somebody follows."""

    names: frozenset[str]
    prefix: str
    """None besides the names when empty; all of them with `EVERYTHING`."""

    def includes(self, name: str) -> bool:
        """Whether the decision is one of them."""
        if name in self.names or self.prefix == EVERYTHING:
            return True
        return bool(self.prefix) and name.startswith(self.prefix)


class VersionKey(NamedTuple):
    """A version by the id of its decision and its number."""

    definition_id: UUID
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedDefinition:
    """A decision that was published at some time, and what counts of it from now on."""

    id: UUID
    name: str
    periods: tuple[Publication, ...]
    """In the order in which they were made; none when nothing is in force or planned."""

    @property
    def needs(self) -> frozenset[VersionKey]:
        """The versions of these periods."""
        return frozenset(VersionKey(self.id, each.version) for each in self.periods)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a reading found."""

    as_of: datetime
    definitions: Sequence[PublishedDefinition]
    versions: Mapping[VersionKey, Sequence[Version]]
    """Of those that were asked for, with all that they call, what is called first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedDecision:
    """A decision that a caller took itself, as it says."""

    id: UUID
    name: str
    version: int
    content_hash: str
    status: DecisionStatus
    decided_at: datetime
    effective_at: datetime
    outcome: bytes
    """The message `function.rules.v1.Decision`."""
    inputs: bytes | None
    """The message `function.rules.v1.DecisionInputs`; None where the caller keeps them to itself."""
    redacted: bool
    digest: bytes
    """Of the inputs before anything was emptied; empty when the caller does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Who reports decisions."""

    tenant_id: UUID
    caller: str
    """As the log names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedReport:
    """A reported decision that is not in the log."""

    index: int
    """Its place among those that were reported together, from 0."""
    id: UUID
    failure: ServiceError
