"""Which rows of a column meet, and which contain, what a given cell accepts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from function_backend_rules.tables.domains import ValueSet
from function_backend_rules.tables.index import ColumnIndex, mask_of

_BLOCK = 64


@dataclass(slots=True)
class ColumnRelations:
    """Answers for one column; asked once for each distinct cell.

    A row that meets a span accepts its first segment or begins to accept in a later one; a row that contains it accepts
    its first segment and stops in none. Beginnings and ends are gathered in blocks, so that long spans are cheap.
    """

    index: ColumnIndex
    operations: int = 0
    """What the answers have taken so far, in operations on masks."""
    _starts: list[tuple[int, ...]] = field(default_factory=list)
    _ends: list[tuple[int, ...]] = field(default_factory=list)
    _start_blocks: list[int] = field(default_factory=list)
    _end_blocks: list[int] = field(default_factory=list)
    _known: dict[ValueSet, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        masks = iter(self.index.masks)
        next(masks)
        # Nothing begins at segment 0 that is not in its mask.
        self._starts.append(())
        self._ends.append(())
        for mask, rows in zip(masks, self.index.changes, strict=True):
            self._starts.append(tuple(row for row in rows if mask >> row & 1))
            self._ends.append(tuple(row for row in rows if not mask >> row & 1))
        self._start_blocks, self._end_blocks = _blocks(self._starts), _blocks(self._ends)

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
            meeting |= first | self._any_of(self._starts, self._start_blocks, segments)
            containing &= first & ~self._any_of(self._ends, self._end_blocks, segments)
        for asked, mask in ((accepted.null, self.index.null_mask), (accepted.nan, self.index.nan_mask)):
            if asked:
                meeting |= mask
                containing &= mask
        return meeting, containing

    def _any_of(self, rows: Sequence[tuple[int, ...]], blocks: Sequence[int], segments: range) -> int:
        """The mask of the rows of all segments but the first."""
        start, stop = segments.start + 1, segments.stop
        first_block, last_block = -(-start // _BLOCK), stop // _BLOCK
        if first_block >= last_block:
            self.operations += 1 + (stop - start) // 8
            return mask_of([row for each in rows[start:stop] for row in each])
        edges = (*rows[start : first_block * _BLOCK], *rows[last_block * _BLOCK : stop])
        union = mask_of([row for each in edges for row in each])
        for block in blocks[first_block:last_block]:
            union |= block
        self.operations += 1 + len(edges) // 8 + last_block - first_block
        return union


def _blocks(rows: Sequence[tuple[int, ...]]) -> list[int]:
    return [
        mask_of([row for each in rows[start : start + _BLOCK] for row in each]) for start in range(0, len(rows), _BLOCK)
    ]
