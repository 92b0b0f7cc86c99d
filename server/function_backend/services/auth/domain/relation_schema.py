"""A stored version of a tenant's relation schema."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaVersion:
    """One version; it is never changed."""

    tenant_id: UUID
    version: int
    content_hash: str
    """SHA-256 of the canonical text in hexadecimal digits; also the etag."""
    text: str
    canonical_text: str
    created_at: datetime
    creator: str
    reason: str
