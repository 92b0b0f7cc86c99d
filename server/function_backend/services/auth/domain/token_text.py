"""The text of a token taken apart, with nothing left to interpretation.

A JWT library accepts more than this: other header parameters, names that stand twice, base64 with stray bits. Whatever
two programs may read in two ways is refused before a signature is looked at.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

LONGEST_TOKEN = 8192
TOKEN_TYPE = "at+jwt"  # noqa: S105 - the type of RFC 9068

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST_HEADER = 512
_HEADER = {"alg", "kid", "typ"}
_ALGORITHMS = {"ES256", "EdDSA"}


class MalformedTokenError(ValueError):
    """The text is not that of a token of ours."""


@dataclass(frozen=True, slots=True)
class TokenParts:
    """A token whose signature is yet to be verified."""

    algorithm: str
    kid: str
    payload: bytes
    signed: bytes
    """What the signature is over."""
    signature: bytes


def take_apart(text: str) -> TokenParts:
    """The parts of the token; MalformedTokenError when its text or its header is not what this service writes."""
    if len(text) > LONGEST_TOKEN or not _FORM.fullmatch(text):
        raise MalformedTokenError("form")
    signed, _, signature = text.rpartition(".")
    header_text, _, payload = signed.partition(".")
    if len(header_text) > _LONGEST_HEADER:
        raise MalformedTokenError("header")
    header = read_object(_decode(header_text))
    # Exactly these three: no key that comes with the token, no place to get one from, nothing critical to understand.
    if header.keys() != _HEADER or header["typ"] != TOKEN_TYPE:
        raise MalformedTokenError("header")
    algorithm, kid = header["alg"], header["kid"]
    if type(algorithm) is not str or algorithm not in _ALGORITHMS or type(kid) is not str:
        raise MalformedTokenError("header")
    return TokenParts(algorithm, kid, _decode(payload), signed.encode(), _decode(signature))


def read_object(text: bytes) -> dict[str, Any]:
    """The JSON object; MalformedTokenError when it is none, names something twice, or holds what JSON does not know."""
    try:
        value = json.loads(text.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
        # A lone surrogate is a character for Python and for nobody else.
        json.dumps(value, ensure_ascii=False).encode() if b"\\u" in text else None
    except (ValueError, RecursionError):
        raise MalformedTokenError("JSON") from None
    if not isinstance(value, dict):
        raise MalformedTokenError("JSON")
    return value


def put_together(algorithm: str, kid: str, payload: dict[str, Any]) -> bytes:
    """What is to be signed of a token."""
    header = {"alg": algorithm, "kid": kid, "typ": TOKEN_TYPE}
    return b".".join(_encode(_compact(part)) for part in (header, payload))


def with_signature(signed: bytes, signature: bytes) -> str:
    """The whole token."""
    return (signed + b"." + _encode(signature)).decode()


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _encode(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def _decode(text: str) -> bytes:
    try:
        value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise MalformedTokenError("base64") from None
    # The last character may carry bits that count for nothing: then two texts would be one token.
    if _encode(value) != text.encode():
        raise MalformedTokenError("base64")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedTokenError("a name stands twice")
    return found


def _refuse(_: str) -> NoReturn:
    raise MalformedTokenError("JSON knows no such number")
