"""A decision of a tenant, and what one version of it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a definition says. Its message is carried as bytes: only the engine and the wire look into it."""

    name: str
    description: str
    labels: Mapping[str, str]
    body: bytes
    """The message `function.rules.v1.Definition`, serialised deterministically."""
    content_hash: str
    """SHA-256 of the body in hexadecimal digits."""
    called: frozenset[str] = field(default=frozenset())
    """The names of the decisions that it calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDefinition:
    """A decision under its name; its versions hang on it."""

    id: UUID
    name: str
    last_version: int
    """The highest number that a version ever had."""
    revision: int
    """How many changes there were to it and its versions."""
    created_at: datetime
    updated_at: datetime
    creator: str

    def changed(self, at: datetime, *, last_version: int | None = None) -> RegisteredDefinition:
        """The decision after one more change."""
        return replace(
            self,
            revision=self.revision + 1,
            updated_at=at,
            last_version=self.last_version if last_version is None else last_version,
        )
