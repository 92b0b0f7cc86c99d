import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend_rules.cel import types
from function_backend_rules.tables.domains import Domain, ValueSet, domain_of, everything
from function_backend_rules.tables.index import MAX_MASK_BYTES, index_column, mask_of, rows_in
from function_backend_rules.tables.matching import matcher
from tests.rules_engine.tables.strategies import cell_sets, column_values, domains


@st.composite
def _tables(draw: st.DrawFn) -> tuple[list[Domain], list[list[ValueSet | None]], list[list[object]]]:
    columns = draw(st.lists(domains(), min_size=1, max_size=4))
    rows = draw(st.integers(0, 12))
    cells = [draw(st.lists(st.none() | cell_sets(domain), min_size=rows, max_size=rows)) for domain in columns]
    inputs = draw(st.lists(st.tuples(*map(column_values, columns)).map(list), min_size=1, max_size=6))
    return columns, cells, inputs


def _scan(cells: list[list[ValueSet | None]], values: list[object]) -> list[int]:
    return [
        row
        for row, tests in enumerate(zip(*cells, strict=True))
        if all(test is None or value in test for test, value in zip(tests, values, strict=True))
    ]


@settings(deadline=None, max_examples=60)
@given(_tables())
def test_the_index_finds_the_rows_that_a_scan_finds(
    table: tuple[list[Domain], list[list[ValueSet | None]], list[list[object]]],
) -> None:
    columns, cells, inputs = table
    indexed = [index_column(domain, tests) for domain, tests in zip(columns, cells, strict=True)]
    matching = matcher(indexed, len(cells[0]))
    for values in inputs:
        wanted = _scan(cells, values)
        assert rows_in(matching(*values)) == wanted
        slowly = (1 << len(cells[0])) - 1
        for column, value in zip(indexed, values, strict=True):
            slowly &= column.rows(value)
        assert rows_in(slowly) == wanted


@settings(deadline=None, max_examples=60)
@given(_tables())
def test_an_index_that_keeps_few_masks_answers_the_same(
    table: tuple[list[Domain], list[list[ValueSet | None]], list[list[object]]],
) -> None:
    columns, cells, inputs = table
    indexed = [index_column(domain, tests, 1) for domain, tests in zip(columns, cells, strict=True)]
    matching = matcher(indexed, len(cells[0]))
    for values in inputs:
        assert rows_in(matching(*values)) == _scan(cells, values)
    for column in indexed:
        assert (
            list(column.masks) == list(column.masks[:]) == [column.masks[place] for place in range(len(column.masks))]
        )


def test_not_a_number_matches_no_range_but_rows_that_accept_anything() -> None:
    domain = domain_of(types.DOUBLE)
    assert domain is not None
    cells = [ValueSet(domain.at_least(0.0)), everything(domain), ValueSet(domain.at_least(5.0)).complement(domain)]
    matching = matcher([index_column(domain, cells)], 3)
    assert rows_in(matching(math.nan)) == [1, 2]
    assert rows_in(matching(math.inf)) == [0, 1]


def test_a_table_of_many_rows_and_limits_is_found_like_one_of_few() -> None:
    domain = domain_of(types.INT)
    assert domain is not None
    cells = [ValueSet(((row * 10, row * 10 + 10),)) for row in range(20_000)]
    column = index_column(domain, cells)
    matching = matcher([column], len(cells))
    assert [rows_in(matching(value)) for value in (-1, 0, 9, 10, 123_456, 199_999, 200_000)] == [
        [], [0], [0], [1], [12_345], [19_999], [],
    ]  # fmt: skip
    kept: Any = column.masks
    assert sum(mask.bit_length() // 8 for mask in kept._kept) <= MAX_MASK_BYTES


def test_a_matcher_holds_nothing_of_the_table_in_its_source() -> None:
    domain = domain_of(types.STRING)
    assert domain is not None
    cells = [ValueSet(domain.equal('"); import os  #')), ValueSet(domain.equal("__builtins__"))]
    matching = matcher([index_column(domain, cells)], 2)
    assert rows_in(matching("__builtins__")) == [1]
    assert matching.__globals__["__builtins__"] == {}


@settings(deadline=None)
@given(st.sets(st.integers(0, 700)))
def test_rows_come_back_out_of_their_mask(rows: set[int]) -> None:
    assert rows_in(mask_of(sorted(rows))) == sorted(rows)
