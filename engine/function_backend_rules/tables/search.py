"""Looks for inputs that no row of a table accepts, without walking the product of its columns.

Depth first over the columns, with the mask of the rows that are still possible. A branch ends where no row is left (a
gap, as wide as the columns not yet looked at), or where a row is left that accepts everything from here on. Values that
leave the same rows are one branch, so with *n* rows left a column has at most 2*n* + 1 of them, however many values it
names.

Where rows do not overlap, their volumes add up. So a branch whose rows are as large together as the branch itself has
no gap and is not entered: the search of a table without overlaps goes straight to its gaps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from function_backend_rules.tables.domains import Domain, Key, Spans, ValueSet, joined
from function_backend_rules.tables.index import ColumnIndex, rows_in


@dataclass(frozen=True, slots=True)
class SearchColumn:
    """One indexed column: its segments, and what the cell of each row accepts (None: anything, as far as is known)."""

    index: ColumnIndex
    cells: Sequence[ValueSet | None]

    def accepting_all(self) -> int:
        """Gives the rows that accept every value but for NaN, which is looked at elsewhere."""
        mask = self.index.null_mask if self.index.domain.nullable else -1
        for each in self.index.masks:
            mask &= each
        return mask

    def size(self, cell: ValueSet | None) -> int:
        """Gives in how many segments a cell accepts; of enums the values that have names."""
        names, nullable = self.index.domain.enum_names, self.index.domain.nullable
        if cell is None:
            return (len(names) or len(self.index.masks)) + nullable
        if names:
            return sum(number in cell for number, _ in names) + cell.null
        return sum(len(self.index.span(low, high)) for low, high in cell.spans) + cell.null


@dataclass(slots=True)
class Steps:
    """How many branches may still be looked at; `spent` says that the search ended for want of them."""

    left: int
    spent: bool = False

    def take(self, count: int = 1) -> bool:
        """Uses up steps; false when there are none left."""
        self.left -= count
        if self.left < 0:
            self.spent = True
        return not self.spent


@dataclass(slots=True)
class GapSearch:
    """One search, over the columns in the given order."""

    columns: Sequence[SearchColumn]
    steps: Steps
    within: Sequence[ValueSet | None] = ()
    """For each column the part to look at; everything where it is empty or None."""
    accepting: Sequence[int] = ()
    """For each column the rows that accept all of that part; needed where parts are given."""
    apart: int = 0
    """Rows of which no two overlap; only where everything is looked at."""
    _volumes: list[dict[int, int]] = field(default_factory=list)
    _whole: list[int] = field(default_factory=list)
    _universal: list[int] = field(default_factory=list)
    _covered: set[tuple[int, int]] = field(default_factory=set)

    def gaps(self, rows: int) -> Iterator[tuple[ValueSet, ...]]:
        """Gives regions that none of `rows` accepts, one part per column looked at; later columns are free."""
        if not self._universal:
            accepting = self.accepting or [column.accepting_all() for column in self.columns]
            self._universal = [rows]
            for place in range(len(self.columns) - 1, -1, -1):
                self._universal.append(self._universal[-1] & accepting[place])
            self._universal.reverse()
            if self.apart:
                self._measure()
        yield from self._search(0, rows, ())

    def _measure(self) -> None:
        """Volumes of the rows that are apart, over the columns from each place on."""
        self._volumes, self._whole = [dict.fromkeys(rows_in(self.apart), 1)], [1]
        for column in reversed(self.columns):
            volumes, sizes = self._volumes[-1], dict[ValueSet | None, int]()
            for cell in set(column.cells):
                sizes[cell] = column.size(cell)
            self._volumes.append({row: volume * sizes[column.cells[row]] for row, volume in volumes.items()})
            self._whole.append(self._whole[-1] * column.size(None))
        self._volumes.reverse()
        self._whole.reverse()

    def _filled(self, place: int, rows: int) -> bool:
        apart = rows & self.apart
        if not apart:
            return False
        self.steps.take(apart.bit_count() // 16)
        volumes = self._volumes[place]
        return sum(volumes[row] for row in rows_in(apart)) == self._whole[place]

    def _search(self, place: int, rows: int, path: tuple[ValueSet, ...]) -> Iterator[tuple[ValueSet, ...]]:
        if rows & self._universal[place]:
            return
        if not rows:
            yield path
            return
        if (place, rows) in self._covered or self._filled(place, rows):
            return
        found = False
        for remaining, part in self._branches(place, rows):
            if not self.steps.take():
                return
            for gap in self._search(place + 1, remaining, (*path, part)):
                found = True
                yield gap
        if not found and not self.steps.spent:
            self._covered.add((place, rows))

    def _branches(self, place: int, rows: int) -> list[tuple[int, ValueSet]]:
        """The parts of a column with the rows that each leaves; those that leave the fewest first."""
        column = self.columns[place]
        part = (self.within[place] if self.within else None) or ValueSet(
            column.index.domain.everything(), column.index.domain.nullable
        )
        spans = dict[int, list[tuple[Key, Key | None]]]()
        segments = self._few(column, rows) if rows.bit_count() * 2 < len(column.index.masks) else None
        if segments is None:
            segments = [(*column.index.bounds(number), mask & rows) for number, mask in enumerate(column.index.masks)]
        self.steps.take(len(segments) // 8)
        for low, high, mask in _inside(segments, part.spans):
            spans.setdefault(mask, []).append((low, high))
        nulls = {column.index.null_mask & rows} if part.null else set[int]()
        sets = [
            (mask, _restricted(column.index.domain, joined(spans.get(mask, ()), null=mask in nulls)))
            for mask in sorted(spans.keys() | nulls, key=int.bit_count)
        ]
        return [(mask, part) for mask, part in sets if not part.empty]

    @staticmethod
    def _few(column: SearchColumn, rows: int) -> list[tuple[Key, Key | None, int]]:
        """The segments that a few rows make, found from their cells rather than from all segments of the column."""
        first, toggles = 0, dict[Key, int]()
        low = column.index.domain.low
        for row in rows_in(rows):
            bit, cell = 1 << row, column.cells[row]
            for start, end in column.index.domain.everything() if cell is None else cell.spans:
                if start == low:
                    first |= bit
                else:
                    toggles[start] = toggles.get(start, 0) ^ bit
                if end is not None:
                    toggles[end] = toggles.get(end, 0) ^ bit
        segments, mask = list[tuple[Key, Key | None, int]](), first
        for point in sorted(toggles):
            segments.append((low, point, mask))
            low, mask = point, mask ^ toggles[point]
        segments.append((low, None, mask))
        return segments


def _restricted(domain: Domain, part: ValueSet) -> ValueSet:
    """Of an enum only the values that it has: nobody writes a row for numbers without a name."""
    if not domain.enum_names:
        return part
    return joined(
        (span for number, _ in domain.enum_names if number in part for span in domain.equal(number)), null=part.null
    )


def _inside(segments: list[tuple[Key, Key | None, int]], spans: Spans) -> Iterator[tuple[Key, Key | None, int]]:
    """The pieces of segments that lie in spans; both ascend."""
    place = 0
    for start, end in spans:
        while place < len(segments):
            low, high, mask = segments[place]
            if high is not None and high <= start:
                place += 1
                continue
            if end is not None and low >= end:
                break
            ends_here = end is not None and (high is None or high > end)
            yield max(low, start), end if ends_here else high, mask
            if ends_here:
                break
            place += 1
