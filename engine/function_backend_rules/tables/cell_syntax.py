"""The form of a cell: which kind of test it is and where its operands stand.

Nothing is typed here: an operand is a piece of CEL source with its place in the cell, and what it means is said by
the column that it stands in (`cell_tests`).
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

# What a condition calls the value of its column; declared as a variable beside the inputs.
CELL_VARIABLE = "cell"
# not(not(not(…))) is read by recursion; nobody needs more than two.
MAX_NESTING = 8

_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\""
# What may have a meaning for the form; a cell without any of these is read at once.
_SPECIAL = re.compile(r"""[()\[\]{},'"]|\.\.""")
# The most frequent form of long tables; the general way reads it too, ten times slower.
_NUMERIC_RANGE = re.compile(r"([\[(])(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)([\])])")
_LETTERS_BEFORE = re.compile(r"[A-Za-z]*$")
_COMPARISONS = ("<=", ">=", "==", "!=", "<", ">")
_MEMBERSHIP = re.compile(r"(not\s+)?in(?=[\s\[(])")
_NEGATION = re.compile(r"not\s*(?=\()")


class CellSyntaxError(ValueError):
    """The cell has no form that a table knows; `offset` is the place in the cell, in characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Operand:
    """A piece of CEL source and where it starts in its cell, in characters from 0."""

    source: str
    offset: int


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Every value: an empty cell, `-` or `*`."""


@dataclass(frozen=True, slots=True)
class Bare:
    """A constant to be equal to, or a condition: which of both, the column's type says."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator and what the value is compared with."""

    operator: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class Range:
    """Between two values; a square bracket includes its end."""

    low: Operand
    low_included: bool
    high: Operand
    high_included: bool
    offset: int


@dataclass(frozen=True, slots=True)
class Membership:
    """In a list that is not written out, such as an input."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Choice:
    """At least one of several tests."""

    items: tuple["CellForm", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The opposite of a test."""

    item: "CellForm"


CellForm = AnyValue | Bare | Comparison | Range | Membership | Choice | Negation


def read_cell(source: str) -> CellForm:
    """Gives the form of a cell.

    Raises:
        CellSyntaxError: A bracket or quote is not closed, or the cell looks like a range of another notation.
    """
    plain = _NUMERIC_RANGE.fullmatch(source)
    if plain is not None:
        low, high = Operand(plain[2], plain.start(2)), Operand(plain[3], plain.start(3))
        return Range(low, plain[1] == "[", high, plain[4] == "]", 0)
    return _read_list(Operand(source, 0), depth=0)


def _read_list(piece: Operand, *, depth: int) -> CellForm:
    if depth > MAX_NESTING:
        message = f"the cell nests more than {MAX_NESTING} times; write a condition over `{CELL_VARIABLE}` instead"
        raise CellSyntaxError(message, piece.offset)
    piece = _trimmed(piece)
    if piece.source in {"", "-", "*"}:
        return AnyValue()
    parts = _split(piece)
    if len(parts) == 1:
        return _read_item(piece, depth=depth)
    for part in parts:
        if not part.source:
            raise CellSyntaxError("nothing stands here: a comma separates two tests", part.offset)
        if part.source in {"-", "*"}:
            raise CellSyntaxError(f"`{part.source}` stands for any value, so it has to stand alone", part.offset)
    return Choice(tuple(_read_item(part, depth=depth) for part in parts))


def _read_item(item: Operand, *, depth: int) -> CellForm:
    source = item.source
    for operator in _COMPARISONS:
        if source.startswith(operator):
            return Comparison(operator, _operand_after(item, len(operator), operator))
    if source.startswith("="):
        raise CellSyntaxError("`=` is not an operator: write `==`, or the value alone", item.offset)
    if negation := _NEGATION.match(source):
        inside = _inside_brackets(item, negation.end())
        if inside is not None:
            return Negation(_read_list(inside, depth=depth + 1))
    if membership := _MEMBERSHIP.match(source):
        form = _read_membership(_operand_after(item, membership.end(), "in"), depth=depth)
        return Negation(form) if membership.group(1) else form
    return _read_range(item) or Bare(item)


def _read_membership(item: Operand, *, depth: int) -> CellForm:
    if found := _read_range(item):
        return found
    inside = _inside_brackets(item, 0) if item.source.startswith("[") else None
    if inside is None:
        return Membership(item)
    parts = _split(inside)
    if len(parts) == 1 and not parts[0].source:
        raise CellSyntaxError("the list is empty, so the row would never match", item.offset)
    for part in parts:
        if not part.source:
            raise CellSyntaxError("nothing stands here: a comma separates two values", part.offset)
    if depth > MAX_NESTING:
        raise CellSyntaxError("the cell nests too deep", item.offset)
    return Choice(tuple(Bare(part) for part in parts))


def _read_range(item: Operand) -> Range | None:
    source = item.source
    dots = next((mark.place for mark in _marks(item) if mark.text == ".." and mark.depth <= 1), None)
    if dots is None:
        return None
    at = item.offset + dots
    if source[0] == "]" or source[-1] == "[":
        low, high = "(" if source[0] in "](" else "[", ")" if source[-1] in "[)" else "]"
        message = f"an open end is written with a round bracket: `{low}{source.strip('[]()')}{high}`"
        raise CellSyntaxError(message, item.offset)
    if source[0] not in "([" or source[-1] not in ")]":
        raise CellSyntaxError(f"a range stands in brackets: `[{source}]`, or `[{source})` without its end", at)
    first = _trimmed(Operand(source[1:dots], item.offset + 1))
    last = _trimmed(Operand(source[dots + 2 : -1], at + 2))
    if not first.source and not last.source:
        raise CellSyntaxError("a range has two ends: `[1..10]`", at)
    if not first.source:
        operator = "<=" if source[-1] == "]" else "<"
        raise CellSyntaxError(f"a range has two ends; with one, write `{operator} {last.source}`", at)
    if not last.source:
        operator = ">=" if source[0] == "[" else ">"
        raise CellSyntaxError(f"a range has two ends; with one, write `{operator} {first.source}`", at)
    return Range(first, source[0] == "[", last, source[-1] == "]", item.offset)


def _operand_after(item: Operand, length: int, operator: str) -> Operand:
    operand = _trimmed(Operand(item.source[length:], item.offset + length))
    if not operand.source:
        raise CellSyntaxError(f"a value is missing after `{operator}`", operand.offset)
    return operand


def _inside_brackets(item: Operand, start: int) -> Operand | None:
    """Gives what stands between the bracket at `start` and the end of the item, if that is its closing one."""
    marks = (mark for mark in _marks(item) if mark.place > start and mark.text in _CLOSING)
    closes = next((mark.place for mark in marks if mark.depth == 0), None)
    if closes != len(item.source) - 1:
        return None
    return _trimmed(Operand(item.source[start + 1 : -1], item.offset + start + 1))


def _split(piece: Operand) -> list[Operand]:
    places = [mark.place for mark in _marks(piece) if mark.text == "," and mark.depth == 0]
    starts, ends = [0, *(place + 1 for place in places)], [*places, len(piece.source)]
    return [_trimmed(Operand(piece.source[a:b], piece.offset + a)) for a, b in zip(starts, ends, strict=True)]


class _Mark(NamedTuple):
    """A bracket, comma or `..` outside of strings; `depth` counts the brackets open after it."""

    place: int
    text: str
    depth: int


def _marks(piece: Operand) -> list[_Mark]:
    """Kinds of brackets are not told apart, because `[1..10)` is one pair."""
    source, depth, place = piece.source, 0, 0
    marks, opened = list[_Mark](), list[int]()
    while found := _SPECIAL.search(source, place):
        place, text = found.start(), found.group()
        if text in _QUOTES:
            place = _after_string(piece, place)
            continue
        if text in _OPENING:
            depth += 1
            opened.append(place)
        elif text in _CLOSING:
            depth -= 1
            del opened[-1:]
        marks.append(_Mark(place, text, depth))
        place += len(text)
    # `]1..10[` closes with what opens elsewhere; what it should be is said where ranges are read.
    if not source.startswith("]") and not (source.endswith("[") and ".." in source):
        if depth > 0:
            raise CellSyntaxError(f"`{source[opened[-1]]}` is not closed", piece.offset + opened[-1])
        if any(mark.depth < 0 for mark in marks):
            place = next(mark.place for mark in marks if mark.depth < 0)
            raise CellSyntaxError(f"`{source[place]}` closes nothing", piece.offset + place)
    return marks


def _after_string(piece: Operand, place: int) -> int:
    source, quote = piece.source, piece.source[place]
    closing = quote * 3 if source.startswith(quote * 3, place) else quote
    prefix = _LETTERS_BEFORE.search(source, max(0, place - len("rb")), place)
    raw = prefix is not None and "r" in prefix.group().lower()
    at = place + len(closing)
    while at < len(source):
        if source[at] == "\\" and not raw:
            at += 2
        elif source.startswith(closing, at):
            return at + len(closing)
        else:
            at += 1
    raise CellSyntaxError(f"the string is not closed: {closing} is missing", piece.offset + place)


def _trimmed(piece: Operand) -> Operand:
    stripped = piece.source.lstrip()
    return Operand(stripped.rstrip(), piece.offset + len(piece.source) - len(stripped))
