"""Names of topics, subjects, routing keys and streams, made from what an event is about."""

from __future__ import annotations

import re
from string import Formatter

_FIELDS = frozenset({"tenant", "type", "domain", "event", "subject_type", "subject"})
_TYPE_WORDS = 4
"""Words of an event's type: `function`, the domain, the version and the event."""


class Template:
    """A text such as `events.{tenant}.{domain}`."""

    def __init__(self, text: str) -> None:
        self._text = text

    @staticmethod
    def check(name: str, text: str, *, separator: str = "") -> None:
        """Raises ValueError, which begins with `name`, when the text is empty or has a field that there is not.

        With a separator each field must stand between two of them, so that a wildcard can take its place.
        """
        if not text:
            raise ValueError(f"{name} must not be empty")
        try:
            found = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
        except ValueError as error:
            raise ValueError(f"{name} is no template: {error}") from None
        if unknown := found - _FIELDS:
            raise ValueError(
                f"{name} has {{{min(unknown)}}}, which there is not; there are "
                + ", ".join(f"{{{field}}}" for field in sorted(_FIELDS))
            )
        if separator and any("{" in word and not re.fullmatch(r"\{\w+\}", word) for word in text.split(separator)):
            raise ValueError(f"{name} must have each field between two of {separator!r}")

    def fill(self, *, tenant: str, type: str, subject_type: str, subject: str) -> str:  # noqa: A002
        """The text for one event; a type such as `function.company.v1.CompanyCreated` also gives domain and event."""
        words = type.split(".")
        return self._text.format(
            tenant=tenant,
            type=type,
            domain=words[1] if len(words) > 1 else words[0],
            event=words[-1],
            subject_type=subject_type,
            subject=subject,
        )

    def wildcard(self) -> str:
        """The NATS subject that every filled text matches."""
        return re.sub(r"\{(\w+)\}", lambda found: ".".join("*" * _words(found[1])), self._text)


def _words(field: str) -> int:
    return _TYPE_WORDS if field == "type" else 1
