"""Read your own writes: the newest consistency token seen, sent with every call."""

from __future__ import annotations

import base64
import binascii
import threading

CONSISTENCY_TOKEN_KEY = "function-consistency-token"  # noqa: S105  The name of a metadata key, not a secret.


class ConsistencyToken:
    """The newest token of one client. Threads may share it; an older token never replaces a newer one."""

    __slots__ = ("_lock", "_order", "_value")

    def __init__(self, value: str | None = None) -> None:
        self._lock = threading.Lock()
        self._value: str | None = None
        self._order = b""
        if value is not None:
            self.observe(value)

    @property
    def value(self) -> str | None:
        """The token to send; None before the first change that this client made."""
        return self._value

    def observe(self, token: str) -> None:
        """Takes a token from an answer."""
        if token == self._value:
            return
        order = _order(token)
        with self._lock:
            # Answers overtake each other. Only the order of tokens of one form is known; another form (a service that
            # was upgraded meanwhile) replaces what is here.
            if len(order) != len(self._order) or order > self._order:
                self._value, self._order = token, order


def _order(token: str) -> bytes:
    """The token's bytes, which grow with the position in the database's log that it stands for."""
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return b""
