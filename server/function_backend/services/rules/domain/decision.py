"""Decisions: what they are taken from, how they come out, and what is kept of them.

What is made for each decision is not frozen, which takes twice as long to make: 5.4 and 2.9 µs for the 17 fields of
`TakenDecision`, where deciding by a hundred rules takes about as long as that difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID


class DecisionStatus(Enum):
    """How a decision came out."""

    MATCHED = "matched"
    NO_MATCH = "no_match"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class GivenInputs:
    """The inputs as they were sent. Messages are opaque here: the engine reads them."""

    source: Any
    """The message `function.rules.v1.DecisionInputs` that they came in."""
    messages: Mapping[str, Any] = field(default_factory=dict)
    """`google.protobuf.Any` by the name of the input."""
    json: Mapping[str, Any] = field(default_factory=dict)
    """Values by the name of the input, each in the JSON form of its type."""
    companies: Mapping[str, UUID] = field(default_factory=dict)
    """Ids of companies by the name of the input."""


@dataclass(slots=True, kw_only=True)
class Question:
    """What is to be decided, whatever from."""

    name: str
    version: int
    """A published version; 0 for the one in force."""
    effective_at: datetime | None
    """For which time; None for now."""
    explain: bool


@dataclass(slots=True, kw_only=True)
class TakenDecision:
    """A decision as it was taken. What the engine gave stays as it is: the wire knows how to show it."""

    id: UUID
    tenant_id: UUID
    definition_id: UUID
    name: str
    version: int
    content_hash: str
    status: DecisionStatus
    result: Any
    """The engine's result."""
    explanation: Any | None
    """The engine's explanation, where it was asked for."""
    decided_at: datetime
    effective_at: datetime
    caller: str
    given: GivenInputs
    """The inputs as they were sent, with the companies that were read."""
    values: Callable[[], Mapping[str, Any]]
    """Gives the inputs as the engine sees them, by name."""
    templates: dict[Any, bytes] = field(default_factory=dict)
    """Ready parts of answers with decisions of the same version, which whoever shows one may add to."""
    beside: Any = None
    """What a rollout has to do with it; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDecision:
    """A decision as the log keeps it."""

    id: UUID
    tenant_id: UUID
    definition_id: UUID
    name: str
    version: int
    content_hash: str
    status: DecisionStatus
    decided_at: datetime
    effective_at: datetime
    expires_at: datetime
    caller: str
    outcome: bytes
    """The message `function.rules.v1.Decision`."""
    inputs: bytes | None
    """The message `function.rules.v1.DecisionInputs`; None where inputs are not kept."""
    redacted: bool
    inputs_digest: bytes
    local: bool = False
    """Whether the caller took it itself and reported it."""
    candidate_version: int | None = None
    """The candidate that was rolled out then; None when there was none."""
    other_version: int | None = None
    """The version that did not answer: the candidate, or the one in force."""
    agreement: str | None = None
    """A value of `Agreement`; None when the other version was not asked."""
    other_outcome: bytes | None = None
    """What the other version came to, as `outcome`; None where it was not asked or came to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFilter:
    """Which decisions of the log."""

    name: str = ""
    version: int = 0
    status: DecisionStatus | None = None
    decided_from: datetime | None = None
    decided_until: datetime | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """Tells it from other filters, for page tokens."""
        return (
            self.name,
            str(self.version),
            "" if self.status is None else self.status.value,
            "" if self.decided_from is None else self.decided_from.isoformat(),
            "" if self.decided_until is None else self.decided_until.isoformat(),
        )
