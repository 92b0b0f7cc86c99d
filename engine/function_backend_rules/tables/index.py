"""The bitmap index of a table: which rows accept which values.

Each column cuts the values of its type into segments inside which all cells answer alike, and keeps one mask per
segment; bit *i* says that row *i* accepts it. Finding the rows of an input costs one dictionary or one bisection per
column and one AND, whatever the number of rows. The analysis reads the same segments.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from function_backend_rules.tables.domains import Domain, Key, ValueSet

# A column of 20,000 rows with as many limits would hold 100 MB of masks. Beyond this, only every third, say, is kept,
# and those in between are worked out from the nearest one before.
MAX_MASK_BYTES = 32 * 1024 * 1024
MAX_TABLE_BYTES = 128 * 1024 * 1024
"""Of the masks of all columns together."""
# A segment of so few whole numbers is looked up like a list of constants.
_FEW = 32


@dataclass(frozen=True, slots=True)
class ColumnIndex:
    """The segments of one column, in ascending order.

    Segment 0 begins at the smallest value of the domain, segment *i* at `points[i - 1]`; each ends where the next one
    begins. No two neighbours have the same mask.
    """

    domain: Domain
    points: tuple[Key, ...]
    changes: tuple[tuple[int, ...], ...]
    """For each point the rows that begin or cease to accept there."""
    masks: Sequence[int]
    null_mask: int
    nan_mask: int
    any_mask: int
    """The rows that accept every value, whatever its segment."""

    def rows(self, value: object) -> int:
        """Gives the mask of the rows that accept a value of the column's type, or null. `matching` is the fast way."""
        if value is None:
            return self.null_mask
        key: Key = value
        if key != key:  # noqa: PLR0124 - NaN alone is unlike itself; bisection would put it into the last segment.
            return self.nan_mask
        return self.masks[bisect_right(self.points, key)]

    def bounds(self, segment: int) -> tuple[Key, Key | None]:
        """Gives where a segment begins and where the next one does; None where it is the last."""
        low = self.points[segment - 1] if segment else self.domain.low
        return low, self.points[segment] if segment < len(self.points) else None

    def span(self, low: Key, high: Key | None) -> range:
        """Gives the segments that make up a span between two points of this column."""
        first = bisect_right(self.points, low)
        return range(first, len(self.masks) if high is None else bisect_right(self.points, high))

    def constants(self) -> tuple[dict[Key, int], int] | None:
        """Gives the mask by value and that of all others, where all but single values answer alike."""
        if isinstance(self.masks, _SparseMasks):
            return None
        singles, others = dict[Key, int](), set[int]()
        for segment, mask in enumerate(self.masks):
            low, high = self.bounds(segment)
            if high is not None and self.domain.successor(low) == high:
                singles[low] = mask
            elif high is not None and isinstance(low, int) and high - low <= _FEW:
                singles.update(dict.fromkeys(range(low, high), mask))
            elif high is None and self.domain.high == low:
                singles[low] = mask
            else:
                others.add(mask)
            if len(others) > 1:
                return None
        return (singles, others.pop() if others else 0) if singles else None


def index_column(domain: Domain, cells: Sequence[ValueSet | None], mask_bytes: int = MAX_MASK_BYTES) -> ColumnIndex:
    """Indexes one column from what the cell of each row accepts.

    None stands for a cell that cannot be indexed; its row is taken as accepting everything, and looked at afterwards.
    Masks take about `mask_bytes` of memory at most; a lookup is slower where they would take more.
    """
    rows_of = dict[ValueSet, list[int]]()
    unknown = list[int]()
    for row, accepted in enumerate(cells):
        (unknown if accepted is None else rows_of.setdefault(accepted, [])).append(row)
    anything = mask_of(unknown)
    toggles = dict[Key, list[int]]()
    first, null_mask, nan_mask, any_mask = anything, anything, anything, anything
    everything = ValueSet(domain.everything(), domain.nullable, domain.has_nan)
    for accepted, rows in rows_of.items():
        mask = mask_of(rows)
        null_mask |= mask if accepted.null else 0
        nan_mask |= mask if accepted.nan else 0
        any_mask |= mask if accepted == everything else 0
        for low, high in accepted.spans:
            if low == domain.low:
                first |= mask
            else:
                toggles.setdefault(low, []).extend(rows)
            if high is not None:
                toggles.setdefault(high, []).extend(rows)
    points = tuple(sorted(toggles))
    changes = tuple(tuple(toggles[point]) for point in points)
    masks = _masks(first, changes, len(cells), mask_bytes)
    return ColumnIndex(domain, points, changes, masks, null_mask, nan_mask, any_mask)


def mask_of(rows: Sequence[int]) -> int:
    """Gives the mask with the bits of these rows."""
    if len(rows) <= _FEW:
        mask = 0
        for row in rows:
            mask |= 1 << row
        return mask
    # Bit by bit would copy the whole mask for each row.
    bits = bytearray(max(rows) // 8 + 1)
    for row in rows:
        bits[row >> 3] |= 1 << (row & 7)
    return int.from_bytes(bits, "little")


def rows_in(mask: int) -> list[int]:
    """Gives the rows of a mask in ascending order."""
    if mask.bit_length() > _FEW * 8 and mask.bit_count() > _FEW:
        text = bin(mask)[:1:-1]
        return [row for row, bit in enumerate(text) if bit == "1"]
    rows = list[int]()
    while mask:
        lowest = mask & -mask
        rows.append(lowest.bit_length() - 1)
        mask ^= lowest
    return rows


def _masks(first: int, changes: Sequence[tuple[int, ...]], rows: int, mask_bytes: int) -> Sequence[int]:
    every = len(changes) * rows // 8 // max(mask_bytes, 1) + 1
    if every > 1:
        return _SparseMasks(first, changes, every)
    masks = [first]
    for change in changes:
        masks.append(masks[-1] ^ mask_of(change))
    return tuple(masks)


class _SparseMasks(Sequence[int]):
    """Masks of which some are kept, with the rows that change in between."""

    def __init__(self, first: int, changes: Sequence[tuple[int, ...]], every: int) -> None:
        self._every = every
        self._changes = changes
        self._kept = [first]
        mask = first
        for number, change in enumerate(changes, 1):
            mask ^= mask_of(change)
            if number % every == 0:
                self._kept.append(mask)

    def __len__(self) -> int:
        return len(self._changes) + 1

    @overload
    def __getitem__(self, number: int) -> int: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[int]: ...
    def __getitem__(self, number: int | slice) -> int | Sequence[int]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        kept, behind = divmod(number, self._every)
        mask = self._kept[kept]
        if behind:
            # A row may begin and cease in between, so changes are not gathered into one mask with |.
            for change in self._changes[number - behind : number]:
                mask ^= mask_of(change)
        return mask

    def __iter__(self) -> Iterator[int]:
        mask = self._kept[0]
        yield mask
        for change in self._changes:
            mask ^= mask_of(change)
            yield mask
