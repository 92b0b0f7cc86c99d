"""Lets a caller read its own writes: a token for the position of its last commit goes out and comes back."""

from __future__ import annotations

import base64
import binascii

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.errors import FieldViolation, InvalidArgumentError

CONSISTENCY_TOKEN = "function-consistency-token"  # noqa: S105 - the name of a metadata key
_VERSION = 1
_LENGTH = 9
_TEXT_LENGTH = 12


class InvalidConsistencyTokenError(InvalidArgumentError):
    """The consistency token is not one of ours."""

    reason = "INVALID_CONSISTENCY_TOKEN"

    def __init__(self) -> None:
        description = "not a token of this service; leave it out to read without one"
        super().__init__(
            f"{CONSISTENCY_TOKEN}: {description}.", violations=[FieldViolation(CONSISTENCY_TOKEN, description)]
        )


def write_token(position: int) -> str:
    """The token for a position: a version and eight bytes, as base64url."""
    return base64.urlsafe_b64encode(bytes([_VERSION]) + position.to_bytes(_LENGTH - 1, "big")).decode()


def read_token(token: str | bytes) -> int:
    """The position that the token stands for; InvalidConsistencyTokenError when it is not one of ours."""
    if len(token) != _TEXT_LENGTH:
        raise InvalidConsistencyTokenError
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidConsistencyTokenError from None
    if len(raw) != _LENGTH or raw[0] != _VERSION:
        raise InvalidConsistencyTokenError
    return int.from_bytes(raw[1:], "big")


class Consistency(Stage):
    """Reads the token of the request and writes that of the answer."""

    def entering(self, method: Method) -> Hook:  # noqa: ARG002
        """Demands of the reads of this call what the token says."""

        def enter(exchange: Exchange) -> None:
            token = exchange.metadata.get(CONSISTENCY_TOKEN)
            if token is not None:
                exchange.minimum_position = read_token(token)

        return enter

    def leaving(self, method: Method) -> Hook | None:
        """Sends the token of what this call committed, also when it failed after a commit, as an import can."""
        if method.only_reads:
            return None

        def leave(exchange: Exchange) -> None:
            if exchange.committed_position is not None:
                exchange.trailing += ((CONSISTENCY_TOKEN, write_token(exchange.committed_position)),)

        return leave
