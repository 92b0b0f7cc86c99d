"""Changes of relationships, and what they are made to depend on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from function_backend.services.auth.domain.relations.references import Tuple


class Operation(StrEnum):
    """What to do with a relationship."""

    CREATE = "create"
    TOUCH = "touch"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Update:
    """One change."""

    operation: Operation
    key: Tuple
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Some relationships: those that have everything that is set."""

    resource_type: str = ""
    resource_id: str = ""
    relation: str = ""
    subject_type: str = ""
    subject_id: str = ""
    subject_relation: str | None = None
    """None for any, the empty text for subjects without one."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must be true in the transaction of the change."""

    filter: Filter
    must_exist: bool
