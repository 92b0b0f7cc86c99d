"""Web addresses."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

import idna

_PLAIN_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_SCHEMES = frozenset({"http", "https"})


class InvalidWebAddressError(ValueError):
    """The text is no web address; the message says why, to be read after the name of the field."""


def normalise_web(text: str) -> str:
    """The address with scheme and host in lower case."""
    parts = _split(text)
    scheme = parts.scheme.lower()
    if scheme not in _SCHEMES:
        raise InvalidWebAddressError("must begin with 'https://' or 'http://'")
    if "@" in parts.netloc:
        raise InvalidWebAddressError("must not carry a user name or password")
    if any(character.isspace() for character in text):
        raise InvalidWebAddressError("must not have spaces; write them as %20")
    host = _host(parts)
    port = "" if parts.port is None else f":{parts.port}"
    return parts._replace(scheme=scheme, netloc=f"{host}{port}").geturl()


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # Read here, since it is parsed when it is read.
    except ValueError:
        raise InvalidWebAddressError("is not a web address") from None
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if _PLAIN_HOST.fullmatch(host) is not None:
        return host
    try:
        encoded = idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        encoded = ""
    if _PLAIN_HOST.fullmatch(encoded) is None:
        raise InvalidWebAddressError("has no valid host name, such as 'www.example.com'")
    return idna.decode(encoded)
