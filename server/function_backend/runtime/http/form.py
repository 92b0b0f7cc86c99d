"""What an OAuth client sends: a form, and perhaps who it is in a header."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote_plus

from google.protobuf.message import Message

_MOST_PARAMETERS = 60
_BASIC = "basic "
_BEARER = "bearer "
_UNSENDABLE = frozenset({"bearer"})
"""Fields that are filled from a header and not from the form."""


class FormError(ValueError):
    """The request is not one of OAuth; the message says why."""


def read_form(body: bytes) -> list[tuple[str, str]]:
    """The parameters of the form in their order, without those that are empty. Raises FormError.

    Empty ones count as not sent (RFC 6749 section 3.2).
    """
    try:
        text = body.decode("ascii")
        found = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:
        raise FormError("The body is not a form.") from None
    return [(name, value) for name, value in found if value]


def fill(message: Message, parameters: Sequence[tuple[str, str]]) -> None:
    """Sets the fields that are called as the parameters are; others are not looked at. Raises FormError.

    A parameter that stands twice is refused: of two values, a proxy may have checked the other one.
    """
    fields = message.DESCRIPTOR.fields_by_name
    seen: set[str] = set()
    for name, value in parameters:
        field = fields.get(name)
        if field is not None and field.is_repeated:
            getattr(message, name).append(value)
            continue
        if name in seen:
            raise FormError("A parameter stands twice.")
        seen.add(name)
        if field is not None and name not in _UNSENDABLE:
            setattr(message, name, value)


def identify(message: Message, headers: Sequence[str]) -> None:
    """Sets who the client is, from the `Authorization` headers of the request. Raises FormError."""
    if not headers:
        return
    if len(headers) > 1:
        raise FormError("The header Authorization stands twice.")
    header = headers[0].strip()
    if header.lower().startswith(_BASIC):
        _by_basic(message, header[len(_BASIC) :].strip())
    elif header.lower().startswith(_BEARER) and "bearer" in message.DESCRIPTOR.fields_by_name:
        message.bearer = header[len(_BEARER) :].strip()  # type: ignore[attr-defined] # just looked
    else:
        raise FormError("The header Authorization is of a kind that is not known here.")


def _by_basic(message: Message, encoded: str) -> None:
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        client_id, secret = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, UnicodeDecodeError):
        raise FormError("The header Authorization cannot be read.") from None
    fields = message.DESCRIPTOR.fields_by_name
    if not colon or "client_secret" not in fields:
        raise FormError("The header Authorization cannot be read.")
    given = (message.client_id, message.client_secret, message.client_assertion)  # type: ignore[attr-defined]
    if given[0] not in ("", client_id) or any(given[1:]):
        raise FormError("A client authenticates in one way.")
    message.client_id = client_id  # type: ignore[attr-defined]
    message.client_secret = secret  # type: ignore[attr-defined]
