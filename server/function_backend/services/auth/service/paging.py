"""Pages in order of id."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from function_backend.kernel.pagination import PageTokens

DEFAULT_PAGE_SIZE = 50


def after(page_tokens: PageTokens, query: Sequence[str], page_token: str) -> UUID | None:
    """The id after which the page begins; None for the first page."""
    key = page_tokens.read(query, page_token)
    return None if key is None else UUID(key[0])
