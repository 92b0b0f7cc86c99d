"""Which rows of a column meet, and which contain, what a given cell accepts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from function_backend_rules.tables.domains import ValueSet
from function_backend_rules.tables.index import ColumnIndex

_BLOCK = 64


@dataclass(slots=True)
class ColumnRelations:
    """Answers for one column; asked once for each distinct cell.

    A row that meets a span accepts its first segment or begins to accept in a later one; a row that contains it accepts
    its first segment and stops in none. Beginnings and ends are gathered in blocks, so that long spans are cheap.
    """

    index: ColumnIndex
    _starts: list[int] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)
    _start_blocks: list[int] = field(default_factory=list)
    _end_blocks: list[int] = field(default_factory=list)
    _known: dict[ValueSet, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        before = 0
        for mask in self.index.masks:
            self._starts.append(mask & ~before)
            self._ends.append(before & ~mask)
            before = mask
        self._start_blocks = _blocks(self._starts)
        self._end_blocks = _blocks(self._ends)

    def of(self, accepted: ValueSet) -> tuple[int, int]:
        """Gives the rows that accept something of what a cell accepts, and those that accept all of it."""
        known = self._known.get(accepted)
        if known is None:
            known = self._known[accepted] = self._of(accepted)
        return known

    def _of(self, accepted: ValueSet) -> tuple[int, int]:
        meeting, containing = 0, -1
        for low, high in accepted.spans:
            segments = self.index.span(low, high)
            first = self.index.masks[segments.start]
            meeting |= first | _any_of(self._starts, self._start_blocks, segments)
            containing &= first & ~_any_of(self._ends, self._end_blocks, segments)
        for asked, mask in ((accepted.null, self.index.null_mask), (accepted.nan, self.index.nan_mask)):
            if asked:
                meeting |= mask
                containing &= mask
        return meeting, containing


def _blocks(masks: Sequence[int]) -> list[int]:
    blocks = list[int]()
    for start in range(0, len(masks), _BLOCK):
        block = 0
        for mask in masks[start : start + _BLOCK]:
            block |= mask
        blocks.append(block)
    return blocks


def _any_of(masks: Sequence[int], blocks: Sequence[int], segments: range) -> int:
    """The union of the masks of all segments but the first."""
    place, stop, union = segments.start + 1, segments.stop, 0
    while place < stop:
        if place % _BLOCK == 0 and place + _BLOCK <= stop:
            union |= blocks[place // _BLOCK]
            place += _BLOCK
        else:
            union |= masks[place]
            place += 1
    return union
