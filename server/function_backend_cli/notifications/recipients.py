"""Whom a notification goes to, on the command line."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from function.notifications.v1 import notification_pb2, preference_pb2

_KINDS = ("user", "email", "phone", "chat", "other")
_PHONE = re.compile(r"\+[0-9 ()/.-]+")
_HELP = "An e-mail address, a number such as +43664…, a chat such as '#ops', or user:ID, other:ADDRESS and the like."

To = Annotated[list[str], typer.Option("--to", metavar="RECIPIENT", help=_HELP + " Again for further addresses.")]
Holder = Annotated[str, typer.Argument(metavar="RECIPIENT", help=_HELP)]


def recipient_of(texts: list[str], *, name: str = "", language: str = "") -> notification_pb2.Recipient:
    """The recipient with all these addresses.

    Raises:
        ValueError: a text is none that can be understood.
    """
    recipient = notification_pb2.Recipient(display_name=name, language=language)
    for text in texts:
        kind, address = _split(text)
        setattr(recipient, "user_id" if kind == "user" else kind, address)
    return recipient


def holder_of(text: str) -> preference_pb2.PreferenceHolder:
    """Who has preferences.

    Raises:
        ValueError: the text is none that can be understood.
    """
    kind, address = _split(text)
    holder = preference_pb2.PreferenceHolder()
    setattr(holder, "user_id" if kind == "user" else kind, address)
    return holder


def _split(text: str) -> tuple[str, str]:
    kind, sign, address = text.partition(":")
    if sign and kind in _KINDS:
        return kind, address
    if "@" in text and not text.startswith("@"):
        return "email", text
    if _PHONE.fullmatch(text):
        return "phone", text
    if text.startswith(("#", "@")):
        return "chat", text
    raise ValueError(f"{text!r} is no recipient; write its kind in front, one of {', '.join(_KINDS)}, such as chat:ops")
