"""Tokens of links by which people unsubscribe: they name who, what and by which way, and cannot be made up.

They are signed as the tokens of pages are (HMAC-SHA256 under `token.secret`), with a purpose of their own, so neither
can stand for the other. They hold a digest instead of the address, and they do not expire: a link in an old message
must still work.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

from function_backend.kernel.pagination import InvalidPageTokenError, PageTokens

_PURPOSE = ("unsubscribing from notifications",)
_PARTS = 4


class Subscription(NamedTuple):
    """What a token is about."""

    tenant_id: UUID
    holder: bytes
    category: str
    channel: str


class UnsubscribeTokens:
    """Writes and reads them."""

    def __init__(self, signer: PageTokens, *, public_url: str) -> None:
        self._signer = signer
        self._page = f"{public_url.rstrip('/')}/notifications/unsubscribe" if public_url else ""

    def link(self, subscription: Subscription) -> str:
        """The link; empty where the settings do not say how the service is reached."""
        return f"{self._page}?token={quote(self.write(subscription), safe='')}" if self._page else ""

    def write(self, subscription: Subscription) -> str:
        """The token."""
        tenant_id, holder, category, channel = subscription
        return self._signer.write(_PURPOSE, (str(tenant_id), holder.hex(), category, channel))

    def read(self, token: str) -> Subscription | None:
        """What the token is about; None when the service has not written it."""
        try:
            found = self._signer.read(_PURPOSE, token)
        except InvalidPageTokenError:
            return None
        if found is None or len(found) != _PARTS:
            return None
        return Subscription(UUID(found[0]), bytes.fromhex(found[1]), found[2], found[3])
