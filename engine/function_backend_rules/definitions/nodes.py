"""What a file of definitions holds before anybody knows what it means: texts, lists and mappings with their places."""

from __future__ import annotations

from dataclasses import dataclass

MAX_SIZE = 16 * 1024 * 1024
"""The most bytes of one file."""
MAX_DEPTH = 60
"""How deep lists and mappings nest at most."""
MAX_NODES = 2_000_000
"""The most texts, lists and mappings of one file, those counted again that an alias repeats; about 10 µs each."""
_SMALL = 10_000
"""As many values a short file may have through its aliases."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something starts in a file: line and column from 1, in characters."""

    line: int
    column: int


class TextRefusedError(ValueError):
    """A text is no YAML or JSON that definitions are written in."""

    def __init__(self, place: Place, message: str, suggestion: str | None = None) -> None:
        super().__init__(f"{place.line}:{place.column}: {message}")
        self.place = place
        self.message = message
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as it stands in the file, and whether it stands there without quotes."""

    text: str
    place: Place
    plain: bool = False
    """Without quotes: where no text is expected, it may be a number, a truth value or nothing."""
    absent: bool = False
    """Nothing: the `null` of JSON, and a key of YAML without anything behind it."""
    block: bool = False
    """Over lines of its own, behind `|` or `>`."""

    @property
    def size(self) -> int:
        """How many nodes it is."""
        return 1


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place
    size: int = 1


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with what stands behind them, in order; a key may be there twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place
    size: int = 1


Node = Scalar | Sequence | Mapping


class NodeBudget:
    """Counts what a file holds, aliases spelled out.

    A value takes two characters at least, so only a file with aliases can have more values than characters. It may not,
    beyond a small number: what reading costs is bounded by the length of the text.
    """

    def __init__(self, text: str, most: int = MAX_NODES) -> None:
        self.most = min(most, max(_SMALL, len(text)))
        self.left = self.most

    def take(self, count: int, place: Place) -> None:
        """Counts nodes.

        Raises:
            TextRefusedError: there are too many.
        """
        self.left -= count
        if self.left < 0:
            raise TextRefusedError(
                place, f"the file holds more than {self.most:,} values, with its aliases spelled out"
            )


def told(node: Node) -> str:
    """What a node is, for people."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.absent:
        return "nothing"
    shown = node.text if len(node.text) <= 40 else f"{node.text[:37]}…"  # noqa: PLR2004 - enough to know it by
    return repr(shown)
