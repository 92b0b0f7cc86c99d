"""Pages by key, with tokens that cannot be forged or moved to another query."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from function_backend.kernel.errors import FieldViolation, InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of the items in order, and the key after which the next page begins; None on the last page."""

    items: Sequence[T]
    next_key: tuple[str, ...] | None


class InvalidPageTokenError(InvalidArgumentError):
    """The page token is not one of ours, or not of this query."""

    reason = "INVALID_PAGE_TOKEN"

    def __init__(self, field: str, description: str) -> None:
        super().__init__(f"{field}: {description}", violations=[FieldViolation(field, description)])


class PageTokens:
    """Writes and reads page tokens: the key of the last item, signed together with the query it belongs to.

    The query is whatever decides which rows come in which order (tenant, method, filter, order); a token is refused
    for any other. HMAC-SHA256, truncated to 128 bits (RFC 2104 section 5).
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, query: Sequence[str], key: Sequence[str]) -> str:
        """The token for the page after the key."""
        body = json.dumps(list(key), separators=(",", ":"), ensure_ascii=False).encode()
        return base64.urlsafe_b64encode(self._mac(query, body) + body).rstrip(b"=").decode()

    def read(self, query: Sequence[str], token: str, *, field: str = "page_token") -> tuple[str, ...] | None:
        """The key that the token carries; None for the empty token of a first page.

        Raises InvalidPageTokenError when the token was altered or written for another query.
        """
        if not token:
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise InvalidPageTokenError(field, "is not a token of this service; start again without one") from None
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(query, body)):
            raise InvalidPageTokenError(
                field, "was issued for another query or has been altered; start again without one"
            )
        return tuple(json.loads(body))

    def _mac(self, query: Sequence[str], body: bytes) -> bytes:
        signed = hmac.new(self._secret, digestmod=hashlib.sha256)
        for part in query:
            encoded = part.encode()
            signed.update(len(encoded).to_bytes(4, "big") + encoded)
        signed.update(b"\x00" + body)
        return signed.digest()[:_MAC_BYTES]
