"""A tenant: an organisation whose data nobody else sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant."""

    id: UUID
    name: str
    """Short, unique on the installation, never changed."""
    display_name: str
    created_at: datetime
