"""Ids on the wire."""

from __future__ import annotations

from uuid import UUID


def optional_id(text: str) -> UUID | None:
    """The id; None for the empty text."""
    return UUID(text) if text else None
