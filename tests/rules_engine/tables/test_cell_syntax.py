import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend_rules.tables.cell_syntax import (
    AnyValue,
    Bare,
    CellSyntaxError,
    Choice,
    Comparison,
    Membership,
    Negation,
    Operand,
    Range,
    read_cell,
)


@pytest.mark.parametrize("source", ["", "-", "*", "  ", " - "])
def test_a_cell_without_a_test_accepts_any_value(source: str) -> None:
    assert read_cell(source) == AnyValue()


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("5", Bare(Operand("5", 0))),
        (' "a, b" ', Bare(Operand('"a, b"', 1))),
        ("<5", Comparison("<", Operand("5", 1))),
        (">= 10", Comparison(">=", Operand("10", 3))),
        ('!= "x"', Comparison("!=", Operand('"x"', 3))),
        ("[1..10)", Range(Operand("1", 1), low_included=True, high=Operand("10", 4), high_included=False, offset=0)),
        (
            "( -1 .. 2.5 ]",
            Range(Operand("-1", 2), low_included=False, high=Operand("2.5", 8), high_included=True, offset=0),
        ),
        ("1, 2", Choice((Bare(Operand("1", 0)), Bare(Operand("2", 3))))),
        ("in [1, 2]", Choice((Bare(Operand("1", 4)), Bare(Operand("2", 7))))),
        ("in allowed", Membership(Operand("allowed", 3))),
        ("not in allowed", Negation(Membership(Operand("allowed", 7)))),
        ("not(1)", Negation(Bare(Operand("1", 4)))),
        ("index > 5", Bare(Operand("index > 5", 0))),
        ("not(a) && b", Bare(Operand("not(a) && b", 0))),
        ('f("(", [1, 2])', Bare(Operand('f("(", [1, 2])', 0))),
        (r"r'\'", Bare(Operand(r"r'\'", 0))),
        ("'''a'b, c'''", Bare(Operand("'''a'b, c'''", 0))),
    ],
)
def test_each_form_is_read_with_the_place_of_its_operands(source: str, form: object) -> None:
    assert read_cell(source) == form


@pytest.mark.parametrize(
    ("source", "offset", "message"),
    [
        ("]1..10[", 0, "an open end is written with a round bracket: `(1..10)`"),
        ("[1..10[", 0, "an open end is written with a round bracket: `[1..10)`"),
        ("1..10", 1, "a range stands in brackets: `[1..10]`, or `[1..10)` without its end"),
        ("[..5)", 1, "a range has two ends; with one, write `< 5`"),
        ("(5..]", 2, "a range has two ends; with one, write `> 5`"),
        ("=5", 0, "`=` is not an operator: write `==`, or the value alone"),
        ("<", 1, "a value is missing after `<`"),
        ("1,,2", 2, "nothing stands here: a comma separates two tests"),
        ("1, -", 3, "`-` stands for any value, so it has to stand alone"),
        ("in []", 3, "the list is empty, so the row would never match"),
        ('"FR', 0, 'the string is not closed: " is missing'),
        ("(1", 0, "`(` is not closed"),
        ("1)", 1, "`)` closes nothing"),
    ],
)
def test_what_is_no_cell_is_refused_where_it_goes_wrong(source: str, offset: int, message: str) -> None:
    with pytest.raises(CellSyntaxError) as refused:
        read_cell(source)
    assert (refused.value.offset, refused.value.message) == (offset, message)


def test_deep_nesting_is_refused_rather_than_followed() -> None:
    with pytest.raises(CellSyntaxError, match="nests more than"):
        read_cell("not(" * 5_000 + "1" + ")" * 5_000)


@settings(deadline=None)
@given(st.text(alphabet="()[]{}\"'\\,.<>=! -*notinr15a\0\n", max_size=40))
def test_any_text_is_read_or_refused_inside_of_it(source: str) -> None:
    offset = 0
    try:
        read_cell(source)
    except CellSyntaxError as refused:
        offset = refused.offset
    assert 0 <= offset <= len(source)
