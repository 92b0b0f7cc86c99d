"""What an import of another engine's file gives: definitions, and a list of all that was not understood."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from function.rules.v1 import definition_pb2

NOT_UNDERSTOOD = "??"
"""Stands before what was not understood: no cell and no expression begins so, and the table is refused."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A part that was not understood: where it stands in the file, why, and its text."""

    path: str
    reason: str
    source: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.path}: {self.reason}" + (f": {self.source}" if self.source else "")


@dataclass(frozen=True, slots=True)
class ImportedTable:
    """One table of a file.

    With losses the definition is for a person to finish: what was not understood stands in it behind `??`, so it cannot
    be published by mistake. `assumptions` are what the file does not say and the definition has to, such as types of
    inputs; they are for a person to confirm.
    """

    path: str
    definition: definition_pb2.Definition
    losses: tuple[Loss, ...]
    assumptions: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything was understood."""
        return not self.losses


class ImportRefusedError(ValueError):
    """The file is not of the format at all."""


def definition_name(words: str, taken: Sequence[str] = ()) -> str:
    """Gives a name for a definition from the words that another engine calls it by."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", words)
    name = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")[:180] or "table"
    name = f"table_{name}" if name[0].isdigit() else name
    numbered, number = name, 2
    while numbered in taken:
        numbered, number = f"{name}_{number}", number + 1
    return numbered


def row_id(text: object, taken: set[str]) -> str:
    """Gives the id of a row when it can be one, and nothing otherwise; then it is called by its number."""
    usable = isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", text) is not None
    if not usable or not isinstance(text, str) or text in taken or re.fullmatch(r"row-\d+", text):
        return ""
    taken.add(text)
    return text
