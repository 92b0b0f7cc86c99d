"""Importing users: what comes in, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.user import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class UserImportPlan:
    """How to import."""

    source: str
    validate_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserImportRow:
    """A row as it came."""

    row: int
    profile: Profile
    checks: Checks
    """With what was wrong already when it was read."""
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserImportStep:
    """A message of the stream: the plan, or rows."""

    plan: UserImportPlan | None = None
    rows: Sequence[UserImportRow] = ()


class UserImportOutcome(Enum):
    """What became of a row."""

    CREATED = 1
    EXISTS = 2
    REJECTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UserImportResult:
    """What became of one row, and why."""

    row: int
    outcome: UserImportOutcome
    user_id: UUID | None = None
    reason: str = ""
    field: str = ""
    description: str = ""
