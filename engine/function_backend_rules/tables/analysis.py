"""What is wrong with a table before it decides anything: gaps, overlaps, rows that never decide, rows said twice.

Cells that are conditions cannot be looked into, so a row with one counts as accepting whatever its other cells do.
Hence a gap that is found is one, but gaps behind conditions are not seen; and an overlap of such a row is only
possible.
"""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from function_backend_rules.tables.domains import Domain, ValueSet, everything
from function_backend_rules.tables.index import ColumnIndex, mask_of, rows_in
from function_backend_rules.tables.regions import intersection, region_text
from function_backend_rules.tables.relations import ColumnRelations
from function_backend_rules.tables.search import GapSearch, SearchColumn, Steps

MAX_STEPS = 200_000
"""Branches of all searches of one table together: about a second."""
MAX_OPERATIONS = 5_000_000
"""Operations on masks that comparing rows with each other may take: a few seconds for the longest tables."""
MAX_FINDINGS = 50
"""Findings of one kind that are told; the rest is not looked for."""
_STEPS_PER_ROW = 2_000


class FindingKind(enum.Enum):
    """What was found."""

    GAP = "gap"
    OVERLAP = "overlap"
    SHADOWED = "shadowed"
    DUPLICATE = "duplicate"
    NOT_A_NUMBER = "not a number"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation about a table.

    `rows` are numbers of rows from 0; `region` maps the names of the columns that matter to what of them is meant, and
    `region_text` says it in words. `certain` is false where a condition may rule the finding out.
    """

    kind: FindingKind
    message: str
    rows: tuple[int, ...] = ()
    region: Mapping[str, ValueSet] = field(default_factory=dict)
    region_text: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class AnalysedColumn:
    """One column: its name, its index, and what each row accepts; None for a condition."""

    name: str
    index: ColumnIndex
    cells: Sequence[ValueSet | None]

    @property
    def domain(self) -> Domain:
        """The values of the column."""
        return self.index.domain


@dataclass(slots=True)
class TableAnalysis:
    """The analysis of one table.

    `row_ids` name the rows in messages; `conditional` is the mask of the rows with conditions, whose sources are in
    `conditions`, by row.

    Rows of which a cell accepts nothing at all are refused before a table comes here.
    """

    columns: Sequence[AnalysedColumn]
    row_ids: Sequence[str]
    conditional: int = 0
    conditions: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    steps: Steps = field(default_factory=lambda: Steps(MAX_STEPS))
    _relations: list[ColumnRelations] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._relations = [ColumnRelations(column.index) for column in self.columns]

    @property
    def _all_rows(self) -> int:
        return (1 << len(self.row_ids)) - 1

    def gaps(self) -> Iterator[Finding]:
        """Gives regions that no row accepts."""
        # Few segments first: the search meets few branches where it can still be wide.
        ordered = sorted(self.columns, key=lambda column: len(column.index.masks))
        columns = [SearchColumn(column.index, column.cells) for column in ordered]
        search = GapSearch(columns, self.steps, apart=self._apart())
        told = list[dict[str, ValueSet]]()
        for parts in search.gaps(self._all_rows):
            found = {column.name: part for column, part in zip(ordered, parts, strict=False)}
            if any(self._inside(found, region) for region in told):
                continue
            if len(told) == MAX_FINDINGS:
                yield self._cut("gaps")
                return
            region, text = self._region(self._widened(found))
            told.append(region)
            yield Finding(FindingKind.GAP, f"no row covers {text}", (), region, text)
        if search.steps.spent:
            yield self._incomplete("gaps")

    def _apart(self) -> int:
        """Rows of which no two overlap: as many as are found in the order of the table."""
        apart = 0
        for row in range(len(self.row_ids)):
            if self._exhausted():
                break
            if not self._meeting(row) & apart:
                apart |= 1 << row
        return apart

    def _exhausted(self) -> bool:
        return sum(relations.operations for relations in self._relations) > MAX_OPERATIONS

    def _widened(self, gap: dict[str, ValueSet]) -> dict[str, ValueSet]:
        """Makes a gap as large as it can be, column by column: the search has cut it where other rows begin."""
        widened = dict(gap)
        for column in self.columns:
            if column.name not in widened:
                continue
            rows = self._all_rows
            for other, relations in zip(self.columns, self._relations, strict=True):
                if other is not column and other.name in widened:
                    rows &= relations.of(widened[other.name])[0]
            domain = column.domain
            cells = [column.cells[row] for row in rows_in(rows)]
            taken = ValueSet().union(*{everything(domain) if cell is None else cell for cell in cells})
            widened[column.name] = taken.complement(domain)
        return widened

    def _inside(self, gap: Mapping[str, ValueSet], region: Mapping[str, ValueSet]) -> bool:
        domains = {column.name: column.domain for column in self.columns}
        return all(
            intersection(domains[name], gap.get(name) or everything(domains[name]), part).spans
            == (gap.get(name) or everything(domains[name])).spans
            and (part.null or name not in gap or not gap[name].null)
            for name, part in region.items()
        )

    def not_a_number(self) -> Iterator[Finding]:
        """Gives the columns in which a value that is not a number matches no row."""
        for column in self.columns:
            if column.domain.has_nan and not column.index.nan_mask:
                message = f"no row covers {column.name} = NaN: a value that is not a number is in no range"
                yield Finding(FindingKind.NOT_A_NUMBER, message, (), {column.name: ValueSet(nan=True)})

    def overlaps(self, outputs: Sequence[object] | None = None) -> Iterator[Finding]:
        """Gives pairs of rows that accept the same input.

        With `outputs`, one comparable value per row (None: not known before it is evaluated), only pairs are given
        whose outputs differ.
        """
        equal = dict[object, int]()
        for row, output in enumerate(outputs or ()):
            equal[output] = equal.get(output, 0) | 1 << row
        told = 0
        for row in range(len(self.row_ids)):
            if self._exhausted():
                yield self._incomplete("overlaps")
                return
            others = self._meeting(row) >> (row + 1) << (row + 1)
            if outputs is not None:
                others &= ~equal[outputs[row]] if outputs[row] is not None else -1
            while others:
                other = (others & -others).bit_length() - 1
                others &= others - 1
                if told == MAX_FINDINGS:
                    yield self._cut("overlaps")
                    return
                told += 1
                yield self._overlap(row, other, outputs)

    def shadowed(self) -> Iterator[Finding]:
        """Gives rows that never decide where the first match does: rows before them take all that they accept."""
        undecided = list[str]()
        told = 0
        for row in range(1, len(self.row_ids)):
            if self._exhausted():
                undecided.extend(self.row_ids[row:])
                break
            before = self._meeting(row) & ((1 << row) - 1) & ~self.conditional
            if not before:
                continue
            whole = before & self._containing(row)
            if whole:
                rows: tuple[int, ...] | None = ((whole & -whole).bit_length() - 1,)
            else:
                steps = Steps(min(_STEPS_PER_ROW, max(0, self.steps.left)))
                rows = self._covering(row, before, steps)
                self.steps.take(_STEPS_PER_ROW - max(0, steps.left))
                if steps.spent:
                    undecided.append(self.row_ids[row])
                    continue
            if rows:
                if told == MAX_FINDINGS:
                    yield self._cut("shadowed rows")
                    return
                told += 1
                names = _names([self.row_ids[each] for each in rows])
                message = f"row {self.row_ids[row]} never decides: {names} before it takes all that it accepts"
                yield Finding(FindingKind.SHADOWED, message, (row, *rows))
        if undecided:
            yield self._incomplete(f"whether {_names(undecided)} can ever decide")

    def duplicates(self) -> Iterator[Finding]:
        """Gives rows whose cells accept the same."""
        same = dict[tuple[object, ...], list[int]]()
        for row in range(len(self.row_ids)):
            cells = tuple(column.cells[row] for column in self.columns)
            same.setdefault((cells, self.conditions.get(row)), []).append(row)
        groups = [rows for rows in same.values() if len(rows) > 1]
        for rows in groups[:MAX_FINDINGS]:
            message = f"{_names([self.row_ids[row] for row in rows])} have the same cells"
            yield Finding(FindingKind.DUPLICATE, message, tuple(rows))
        if len(groups) > MAX_FINDINGS:
            yield self._cut("duplicate rows")

    def _meeting(self, row: int) -> int:
        mask = self._all_rows & ~(1 << row)
        for column, relations in zip(self.columns, self._relations, strict=True):
            cell = column.cells[row]
            if cell is not None and mask:
                mask &= relations.of(cell)[0]
        return mask

    def _containing(self, row: int) -> int:
        mask = self._all_rows & ~(1 << row)
        for column, relations in zip(self.columns, self._relations, strict=True):
            cell = column.cells[row]
            mask &= column.index.any_mask if cell is None else relations.of(cell)[1]
        return mask

    def _covering(self, row: int, before: int, steps: Steps) -> tuple[int, ...] | None:
        """The rows that together take all that a row accepts; None where they do not."""
        places = sorted(range(len(self.columns)), key=lambda place: len(self.columns[place].index.masks))
        columns = [self.columns[place] for place in places]
        # NaN lies in no span: a row that takes it, and no single row before that does, is not covered.
        for column in columns:
            cell = column.cells[row]
            if (cell is None or cell.nan) and column.domain.has_nan and not column.index.nan_mask & before:
                return None
        within = [column.cells[row] for column in columns]
        accepting = [
            self.columns[place].index.any_mask if cell is None else self._relations[place].of(cell)[1]
            for place, cell in zip(places, within, strict=True)
        ]
        searched = [SearchColumn(column.index, column.cells) for column in columns]
        search = GapSearch(searched, steps, within, accepting)
        gap = next(search.gaps(before), None)
        return None if gap is not None or steps.spent else tuple(rows_in(before))

    def _overlap(self, row: int, other: int, outputs: Sequence[object] | None) -> Finding:
        region = dict[str, ValueSet]()
        for column in self.columns:
            first, second = column.cells[row], column.cells[other]
            known = [cell for cell in (first, second) if cell is not None]
            if len(known) == 2:  # noqa: PLR2004 - Both of the pair.
                region[column.name] = intersection(column.domain, *known)
            elif known:
                region[column.name] = known[0]
        region, text = self._region(region)
        unknown = self.conditional & mask_of([row, other])
        computed = outputs is not None and (outputs[row] is None or outputs[other] is None)
        verb = "may both match" if unknown else "both match"
        message = f"rows {self.row_ids[row]} and {self.row_ids[other]} {verb} {text}"
        if outputs is not None:
            message += ", with outputs that may differ" if computed else ", with different outputs"
        return Finding(FindingKind.OVERLAP, message, (row, other), region, text, certain=not unknown and not computed)

    def _region(self, parts: Mapping[str, ValueSet]) -> tuple[dict[str, ValueSet], str]:
        domains = {column.name: column.domain for column in self.columns}
        in_order = {column.name: parts[column.name] for column in self.columns if column.name in parts}
        return in_order, region_text(domains, in_order)

    @staticmethod
    def _incomplete(what: str) -> Finding:
        message = f"the analysis is incomplete: looking for {what} would take too long"
        return Finding(FindingKind.INCOMPLETE, message, certain=False)

    @staticmethod
    def _cut(what: str) -> Finding:
        message = f"there are more {what} than the {MAX_FINDINGS} that are told"
        return Finding(FindingKind.INCOMPLETE, message, certain=False)


def _names(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:5])
    return f"row {shown}" if len(ids) == 1 else f"rows {shown}" + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")  # noqa: PLR2004
