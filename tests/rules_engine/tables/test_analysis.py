"""The analysis against every point of small grids."""

import itertools
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend_rules.cel import types
from function_backend_rules.tables.analysis import AnalysedColumn, Finding, FindingKind, TableAnalysis
from function_backend_rules.tables.domains import Domain, ValueSet, domain_of, everything
from function_backend_rules.tables.index import index_column, mask_of
from function_backend_rules.tables.search import Steps

_POINTS = range(-1, 6)
# Times on a shared machine say nothing.
_relaxed = settings(deadline=None)
Cells = list[tuple[ValueSet | None, ...]]


def _domain(kind: types.Type) -> Domain:
    found = domain_of(kind)
    assert found is not None
    return found


INT = _domain(types.INT)


def _span(low: int | None, high: int | None) -> ValueSet:
    return ValueSet(((INT.low if low is None else low, high),))


def _analysis(rows: Cells, columns: int, steps: int = 200_000) -> TableAnalysis:
    cells = [[row[place] for row in rows] for place in range(columns)]
    analysed = [AnalysedColumn(f"c{place}", index_column(INT, column), column) for place, column in enumerate(cells)]
    conditional = [number for number, row in enumerate(rows) if None in row]
    conditions = {number: (f"condition {number}",) for number in conditional}
    ids = [f"r{number}" for number in range(len(rows))]
    return TableAnalysis(analysed, ids, mask_of(conditional), conditions, Steps(steps))


def _cells() -> st.SearchStrategy[ValueSet]:
    ends = st.tuples(st.integers(0, 3), st.integers(1, 4)).filter(lambda ends: ends[0] < ends[1])
    return st.one_of(
        st.just(everything(INT)),
        ends.map(lambda ends: _span(*ends)),
        st.integers(0, 4).map(lambda low: _span(low, None)),
        st.integers(0, 4).map(lambda high: _span(None, high)),
        st.tuples(ends, st.integers(0, 4)).map(lambda parts: _span(*parts[0]).union(ValueSet(INT.equal(parts[1])))),
    )


@st.composite
def _tables(draw: st.DrawFn) -> tuple[int, Cells]:
    columns = draw(st.integers(1, 3))
    return columns, draw(st.lists(st.tuples(*[_cells()] * columns), max_size=8))


def _accepts(row: Sequence[ValueSet | None], point: Sequence[int]) -> bool:
    return all(cell is None or value in cell for cell, value in zip(row, point, strict=True))


def _in_region(finding: Finding, point: Sequence[int]) -> bool:
    return all(value in finding.region.get(f"c{place}", everything(INT)) for place, value in enumerate(point))


@_relaxed
@given(_tables())
def test_gaps_are_exactly_the_points_that_no_row_accepts(table: tuple[int, Cells]) -> None:
    columns, rows = table
    gaps = list(_analysis(rows, columns).gaps())
    assert {gap.kind for gap in gaps} <= {FindingKind.GAP}
    for point in itertools.product(_POINTS, repeat=columns):
        covered = any(_accepts(row, point) for row in rows)
        assert covered != any(_in_region(gap, point) for gap in gaps)


@_relaxed
@given(_tables())
def test_overlaps_are_exactly_the_pairs_that_share_a_point(table: tuple[int, Cells]) -> None:
    columns, rows = table
    overlaps = {finding.rows: finding for finding in _analysis(rows, columns).overlaps()}
    points = list(itertools.product(_POINTS, repeat=columns))
    accepted = [{point for point in points if _accepts(row, point)} for row in rows]
    for one, two in itertools.combinations(range(len(rows)), 2):
        shared = accepted[one] & accepted[two]
        assert ((one, two) in overlaps) == bool(shared)
        if shared:
            assert shared == {point for point in points if _in_region(overlaps[one, two], point)}


@_relaxed
@given(_tables())
def test_shadowed_rows_are_exactly_those_that_are_nowhere_first(table: tuple[int, Cells]) -> None:
    columns, rows = table
    shadowed = {finding.rows[0] for finding in _analysis(rows, columns).shadowed()}
    first = set[int]()
    for point in itertools.product(_POINTS, repeat=columns):
        first |= set([number for number, row in enumerate(rows) if _accepts(row, point)][:1])
    assert shadowed == set(range(len(rows))) - first


@_relaxed
@given(_tables(), st.data())
def test_conditions_make_no_certain_finding_that_they_could_undo(table: tuple[int, Cells], data: st.DataObject) -> None:
    columns, rows = table
    hidden: Cells = [tuple(None if data.draw(st.integers(0, 4)) == 0 else cell for cell in row) for row in rows]
    analysis = _analysis(hidden, columns)
    gaps = list(analysis.gaps())
    for point in itertools.product(_POINTS, repeat=columns):
        if any(_in_region(gap, point) for gap in gaps):
            assert not any(_accepts(row, point) for row in rows)
    for finding in analysis.overlaps():
        assert finding.certain == all(None not in hidden[row] for row in finding.rows)
    for finding in analysis.shadowed():
        assert all(None not in hidden[row] for row in finding.rows[1:])


def test_rows_with_equal_cells_are_told_once_as_a_group() -> None:
    rows: Cells = [(_span(0, 1),), (_span(1, 2),), (_span(0, 1),), (_span(0, 1),)]
    (found,) = _analysis(rows, 1).duplicates()
    assert found.rows == (0, 2, 3)
    assert found.message == "rows r0, r2, r3 have the same cells"


def test_rows_whose_conditions_differ_are_no_duplicates() -> None:
    assert not list(_analysis([(None,), (None,)], 1).duplicates())


def test_overlaps_with_equal_outputs_are_no_contradiction() -> None:
    rows: Cells = [(_span(0, 2),), (_span(1, 3),), (_span(1, 4),)]
    found = list(_analysis(rows, 1).overlaps(["a", "a", "b"]))
    assert [finding.rows for finding in found] == [(0, 2), (1, 2)]
    computed = list(_analysis(rows, 1).overlaps(["a", None, "a"]))
    assert [(finding.rows, finding.certain) for finding in computed] == [((0, 1), False), ((1, 2), False)]


def test_an_analysis_that_would_take_too_long_says_that_it_is_incomplete() -> None:
    # Every row leaves out one value of each column, so nothing can be left out of the search.
    columns = 12
    rows: Cells = [
        tuple(ValueSet(INT.equal((number * 7 + place) % 5)).complement(INT) for place in range(columns))
        for number in range(14)
    ]
    rows.append(tuple(ValueSet(INT.equal(place)) for place in range(columns)))
    found = list(_analysis(rows, columns, steps=50).gaps())
    assert found[-1].kind is FindingKind.INCOMPLETE
    assert not found[-1].certain


def test_a_thousand_rows_with_one_gap_and_one_overlap_name_both() -> None:
    texts = _domain(types.STRING)
    doubles = _domain(types.DOUBLE)
    named = [ValueSet(texts.equal(f"C{number}")) for number in range(9)]
    countries = [*named, named[0].union(*named[1:]).complement(texts)]
    amounts = [_span(None if n == 0 else n * 100, None if n == 9 else (n + 1) * 100) for n in range(10)]
    limits = [doubles.low, *(n * 1.5 for n in range(1, 10)), None]
    scores = [ValueSet(((low, high),)) for low, high in itertools.pairwise(limits)]
    rows = list(itertools.product(countries, amounts, scores))
    del rows[-45]
    rows.append((countries[2], _span(150, 180), scores[4]))
    free = [everything(texts)] * len(rows)
    analysed = [
        AnalysedColumn(name, index_column(domain, cells), cells)
        for name, domain, cells in [
            ("country", texts, [row[0] for row in rows]),
            ("amount", INT, [row[1] for row in rows]),
            ("score", doubles, [row[2] for row in rows]),
            ("a", texts, free),
            ("b", texts, free),
            ("c", texts, free),
        ]
    ]
    analysis = TableAnalysis(analysed, [f"r{number}" for number in range(len(rows))])
    (gap,) = analysis.gaps()
    assert gap.message == "no row covers country = other, amount in [500..600), score in [7.5..9.0)"
    (overlap,) = analysis.overlaps()
    assert overlap.message == (
        'rows r214 and r999 both match country = "C2", amount in [150..180), score in [6.0..7.5)'
    )
