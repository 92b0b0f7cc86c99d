"""What can be wrong with a mapping, and with a row."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MappingError(Exception):
    """The mapping cannot be used; the message says where and what would fit."""


class RowFault(Exception):  # noqa: N818  Not an error of the program: it becomes a line in the rejects file.
    """A value, or a whole row, that cannot be read."""

    def __init__(self, reason: str, description: str, *, field: str = "") -> None:
        super().__init__(description)
        self.reason = reason
        self.description = description
        self.field = field

    def within(self, parent: str) -> RowFault:
        """The same fault, seen from the message that the field belongs to."""
        path = (
            parent if not self.field else f"{parent}{self.field}" if self.field[0] == "[" else f"{parent}.{self.field}"
        )
        return RowFault(self.reason, self.description, field=path)


UNREADABLE_ROW = "UNREADABLE_ROW"
"""The row does not fit the header, or is no record at all."""
UNREADABLE_VALUE = "UNREADABLE_VALUE"
"""A value is not what the mapping says it is: no date, not in the look-up table."""


def nearest(name: str, known: Iterable[str]) -> str:
    """What to add to a message about an unknown name: the nearest known one, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    shown = ", ".join(names[:30])
    return f"; there are {shown}{', …' if len(names) > 30 else ''}" if names else ""  # noqa: PLR2004  A screenful.
