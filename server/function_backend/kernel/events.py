"""What happened to a resource, as the slices record it in the transaction that made it happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """One change of one resource. It becomes an event of the log and an audit record in the same commit."""

    type: ClassVar[str]
    """The message that carries it, such as `function.company.v1.CompanyCreated`; also the CloudEvents type."""
    subject_type: ClassVar[str]
    """The kind of resource, such as `company`."""
    sensitive_details: ClassVar[frozenset[str]] = frozenset()
    """The keys of `details` that tell of a person: stored is what equal values have in common, and not the value."""

    subject_id: UUID
    sequence: int
    """The number of the change among those of the resource, from 1."""
    occurred_at: datetime
    before_digest: bytes | None = None
    """SHA-256 of the state before; None when there was none."""
    after_digest: bytes | None = None
    """SHA-256 of the state after; None when there is none."""
    details: Mapping[str, str] | None = None
    """What the audit record is to say besides, such as where an import came from; nothing of the resource itself."""
    labels: Mapping[str, str] | None = None
    """The labels of the resource, where its type has labels: who may see some resources only sees these events."""
