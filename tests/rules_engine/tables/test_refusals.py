"""What is refused before a table decides anything, and how it is said."""

import itertools

import pytest

from function.rules.v1 import definition_pb2
from function_backend_rules.problems import Problem
from function_backend_rules.tables import compilation
from function_backend_rules.tables.compilation import TableRefusedError
from tests.rules_engine.tables.building import ANY, COLLECT, PRIORITY, UNIQUE, Row, compiled, decide, table_of


def _problems(
    table: definition_pb2.DecisionTable, inputs: dict[str, str] | None = None, result_type: str | None = None
) -> list[Problem]:
    with pytest.raises(TableRefusedError) as refused:
        compiled(table, inputs, result_type)
    return list(refused.value.problems)


def _cell_problem(cell: str, kind: str = "int") -> Problem:
    (problem,) = _problems(table_of([([cell], ["1"])], ["value"]), {"value": kind, "country": "string"})
    return problem


_WHOLE, _NAN = "write a whole number, without a point", "write cell != cell for NaN"
_ONE_OF, _MOMENT = 'write in ["FR"] for one of several', 'write timestamp("2020-01-01")'


@pytest.mark.parametrize(
    ("cell", "kind", "column", "message", "suggestion"),
    [
        ('"FR"', "int", 1, "this is of type string, and value is of type int", None),
        ("< 2.5", "int", 3, "this is of type double, and value is of type int", _WHOLE),
        ("5", "string", 1, "this is of type int, and value is of type string", 'write "5" for a text'),
        ("FR", "string", 1, "'FR' is not declared", 'write "FR" for a text'),
        ("true", "string", 1, "this is of type bool, and value is of type string", 'write "true" for a text'),
        ('["FR"]', "string", 1, "this is of type list(string), and value is of type string", _ONE_OF),
        ('"2020-01-01"', "timestamp", 1, "this is of type string, and value is of type timestamp", _MOMENT),
        ("null", "int", 1, "value is never null", None),
        ('double("NaN")', "double", 1, "nothing is equal to NaN, or less or more than it", _NAN),
        ("1, contry", "int", 4, "'contry' is not declared", "did you mean country"),
        ("country", "int", 1, "this is of type string, and value is of type int", None),
        ("[10..5]", "int", 1, "the range is empty: its first end is not below its last", None),
        ("]1..10[", "int", 1, "an open end is written with a round bracket: `(1..10)`", None),
        ("1 / 0", "int", 1, "the constant has no value: division by zero", None),
        ("< 0u", "uint", 1, "no value of value passes this test, so the row would never match", None),
        ("9007199254740993", "double", 1, "no value of value passes this test, so the row would never match", None),
    ],
)  # fmt: skip
def test_a_bad_cell_is_told_with_its_place(
    cell: str, kind: str, column: int, message: str, suggestion: str | None
) -> None:
    problem = _cell_problem(cell, kind)
    assert (problem.message, problem.suggestion) == (message, suggestion)
    assert (problem.path, problem.line, problem.column) == ("table.rows[0].cells[0]", 1, column)
    assert problem.subject == "row row-1, column value"


def test_a_bad_cell_shows_its_line_with_a_caret() -> None:
    table = table_of([(["-", "-"], ["1"]), (["-", '< 5, "x" +'], ["1"])], ["a = value", "b = value"])
    table.rows[1].id = "second"
    (problem,) = _problems(table, {"value": "int"})
    assert problem.path == "table.rows[1].cells[1]"
    assert problem.subject == "row second, column b"
    assert problem.excerpt == '  | < 5, "x" +\n  | ..........^'
    assert str(problem).startswith("table.rows[1].cells[1]:1:11: row second, column b: ")


def test_an_unknown_enum_value_is_told_with_the_nearest() -> None:
    table = table_of([(["COMPANY_STATUS_ACTIV"], ["1"])], ["status = company.status"])
    (problem,) = _problems(table, {"company": "function.company.v1.Company"})
    assert problem.suggestion == "did you mean COMPANY_STATUS_ACTIVE"


def test_an_unknown_field_of_a_column_is_told_with_the_nearest() -> None:
    table = table_of([(["1"], ["1"])], ["status = company.statos"])
    (problem,) = _problems(table, {"company": "function.company.v1.Company"})
    assert (problem.path, problem.suggestion) == ("table.input_columns[0].expression", "did you mean status")
    (problem,) = _problems(table_of([(["1"], ["1"])], ["amont"]))
    assert (problem.path, problem.suggestion) == ("table.input_columns[0].name", "did you mean amount")


@pytest.mark.parametrize(
    ("outputs", "declared", "path", "message"),
    [
        (["1", '"x"'], "", "table.rows[1].outputs[0]", "the expression is of type string, and int is asked for"),
        (["1", "2"], "double", "table.rows[0].outputs[0]", "result is a double"),
        (["1", ""], "", "table.rows[1].outputs[0]", "an output is missing; write null where result has no value"),
        (["1", "1 / 0"], "", "table.rows[1].outputs[0]", "the constant has no value: division by zero"),
        (["1", "amont"], "", "table.rows[1].outputs[0]", "'amont' is not declared"),
        (["1", "2"], "nonsense(", "table.output_columns[0].type", "'nonsense(' is not a type"),
    ],
)
def test_a_bad_output_is_told_with_its_place(outputs: list[str], declared: str, path: str, message: str) -> None:
    table = table_of([([""], [output]) for output in outputs])
    table.output_columns[0].type = declared
    problem = _problems(table)[0]
    assert problem.path == path
    assert problem.message.startswith(message)


def test_outputs_that_are_no_fields_of_the_result_are_told() -> None:
    table = table_of([([""], ['"x"', "1"])], outputs=("name", "maxsize"))
    (problem,) = _problems(table, result_type="function.rules.v1.Input")
    assert (problem.path, problem.suggestion) == ("table.output_columns[1].name", "did you mean max_size")


def test_the_shape_of_a_table_is_checked_before_its_cells() -> None:
    table = definition_pb2.DecisionTable(aggregation=definition_pb2.AGGREGATION_SUM)
    assert {problem.path for problem in _problems(table)} == {
        "table.hit_policy", "table.output_columns", "table.aggregation",
    }  # fmt: skip
    uneven = table_of([(["1", "2"], ["1"]), (["1"], ["1", "2"]), (["1"], ["1"])])
    uneven.rows[2].id = "row-1"
    assert [problem.path for problem in _problems(uneven)] == ["table.rows[0].cells", "table.rows[2].id"]
    outputs = table_of([(["1"], ["1", "2"])])
    assert [problem.path for problem in _problems(outputs)] == ["table.rows[0].outputs"]


def test_priorities_belong_to_the_policy_priority() -> None:
    table = table_of([([""], ["1"])], policy=PRIORITY)
    assert "needs the order of the outputs" in _problems(table)[0].message
    table.output_columns[0].priorities.extend(["2", "2", "amount"])
    assert [problem.message for problem in _problems(table)] == ["2 stands twice", "a priority is a constant"]
    del table.output_columns[0].priorities[1:]
    assert [problem.message for problem in _problems(table)] == ["1 is not among the priorities of result"]
    table.hit_policy = definition_pb2.HIT_POLICY_FIRST
    assert "mean something under HIT_POLICY_PRIORITY alone" in _problems(table)[0].message


def test_outputs_that_cannot_be_added_are_refused() -> None:
    table = table_of([([""], ['"x"'])], policy=COLLECT)
    table.aggregation = definition_pb2.AGGREGATION_SUM
    assert _problems(table)[0].message == "AGGREGATION_SUM cannot gather outputs of type string"


@pytest.mark.parametrize("policy", [UNIQUE, ANY])
def test_a_gap_is_refused_unless_the_table_says_otherwise(policy: definition_pb2.HitPolicy.ValueType) -> None:
    rows: list[Row] = [(["< 100"], ["1"]), ([">= 500"], ["1"])]
    table = table_of(rows, policy=policy, allow_gaps=False)
    (problem,) = _problems(table)
    assert problem.message == "no row covers amount in [100..500)"
    table.otherwise.append("0")
    assert compiled(table).warnings == ()
    del table.otherwise[:]
    table.allow_gaps = True
    assert compiled(table).warnings == ()


def test_a_gap_is_a_warning_where_the_first_match_decides() -> None:
    table = compiled(table_of([(["< 100"], ["1"])], allow_gaps=False))
    assert [warning.message for warning in table.warnings] == ["no row covers amount >= 100"]


def test_an_overlap_is_refused_where_only_one_row_may_match() -> None:
    rows: list[Row] = [(["<= 100"], ["1"]), ([">= 100"], ["1"])]
    (problem,) = _problems(table_of(rows, policy=UNIQUE))
    assert problem.message == "rows row-1 and row-2 both match amount = 100"
    assert (problem.path, problem.subject) == ("table.rows[1]", "row row-1, row row-2")
    assert decide(compiled(table_of(rows, policy=ANY)), amount=100).value == 1
    rows[1] = ([">= 100"], ["2"])
    (problem,) = _problems(table_of(rows, policy=ANY))
    assert problem.message == "rows row-1 and row-2 both match amount = 100, with different outputs"


def test_rows_that_never_decide_and_rows_said_twice_are_warnings() -> None:
    rows: list[Row] = [(["< 5"], ["1"]), ([">= 5"], ["2"]), (["3, 9"], ["3"])]
    table = compiled(table_of(rows))
    assert [warning.message for warning in table.warnings] == [
        "row row-3 never decides: rows row-1, row-2 before it takes all that it accepts"
    ]
    doubled = compiled(table_of([(["< 5"], ["1"]), (["< 5"], ["2"])], policy=COLLECT))
    assert [warning.message for warning in doubled.warnings] == ["rows row-1, row-2 have the same cells"]


def test_not_a_number_is_a_warning_of_its_own() -> None:
    table = table_of([(["< 5.0"], ["1"]), ([">= 5.0"], ["2"])], policy=UNIQUE, allow_gaps=False)
    warnings = compiled(table, {"amount": "double"}).warnings
    assert [warning.message for warning in warnings] == [
        "no row covers amount = NaN: a value that is not a number is in no range"
    ]


def test_an_enum_is_covered_when_all_its_values_are() -> None:
    names = [f"COMPANY_STATUS_{name}" for name in ("UNSPECIFIED", "ACTIVE", "INACTIVE", "IN_LIQUIDATION", "DISSOLVED")]
    inputs = {"company": "function.company.v1.Company"}
    table = table_of([([name], ["1"]) for name in names], ["status = company.status"], policy=UNIQUE, allow_gaps=False)
    assert compiled(table, inputs).warnings == ()
    del table.rows[1:3]
    (problem,) = _problems(table, inputs)
    assert problem.message == "no row covers status in [COMPANY_STATUS_ACTIVE, COMPANY_STATUS_INACTIVE]"


def test_a_missing_value_of_an_optional_input_can_be_a_gap() -> None:
    table = table_of([(["< 5"], ["1"]), ([">= 5"], ["2"])], policy=UNIQUE, allow_gaps=False)
    (problem,) = _problems(table, {"amount": "optional(int)"})
    assert problem.message == "no row covers amount = null"


def test_a_thousand_rows_with_a_gap_and_an_overlap_are_refused_with_both_named() -> None:
    named = [f'"C{number}"' for number in range(9)]
    countries = [*named, f"not({', '.join(named)})"]
    amounts = ["< 100", *(f"[{low}00..{low + 1}00)" for low in range(1, 9)), ">= 900"]
    scores = ["< 1.5", *(f"[{low / 10}..{low / 10 + 1.5})" for low in range(15, 135, 15)), ">= 13.5"]
    cells = [[*cells, "", "-", "*"] for cells in itertools.product(countries, amounts, scores)]
    del cells[-45]
    cells.append(['"C2"', "[150..180)", "[6.0..7.5)", "", "", ""])
    columns = ["country", "amount", "score", "a", "b", "c"]
    table = table_of([(row, ["true"]) for row in cells], columns, policy=UNIQUE, allow_gaps=False)
    inputs = {"country": "string", "amount": "int", "score": "double", "a": "string", "b": "int", "c": "bool"}
    assert len(table.rows) == 1000
    assert [problem.message for problem in _problems(table, inputs)] == [
        'rows row-215 and row-1000 both match country = "C2", amount in [150..180), score in [6.0..7.5)',
        "no row covers country = other, amount in [500..600), score in [7.5..9.0)",
    ]


_HOSTILE = [
    *(
        '"',
        "'''",
        "\0",
        '"\0"',
        "(((",
        ")))",
        "[[[[",
        '"a" "b"',
        "\\",
        "??",
        "cell.cell",
        "in in in",
        "[1..2..3]",
        "//",
    ),
    *("5 // five", "cell == cell // \n", "not(" * 5_000, "1," * 9_000 + "1", "1," * 20_000 + "1", "-" * 10_000),
    "(" * 9_000 + ")" * 9_000,
]


@pytest.mark.parametrize("number", range(len(_HOSTILE)))
def test_hostile_cells_are_refused_or_read(number: int) -> None:
    table = table_of([([_HOSTILE[number]], ["1"])])
    problems: tuple[Problem, ...] = ()
    try:
        compiled(table)
    except TableRefusedError as refused:
        problems = refused.problems
    assert all(problem.path == "table.rows[0].cells[0]" for problem in problems)


def test_a_text_with_a_nul_is_another_text() -> None:
    table = compiled(table_of([(['"a\0b"'], ["1"]), (['"a"'], ["2"])], ["text"]), {"text": "string"})
    assert [decide(table, text=text).value for text in ("a", "a\0b")] == [2, 1]


def test_too_many_columns_or_rows_are_refused_at_once() -> None:
    wide = table_of([(["1"] * 5_000, ["1"])], [f"c{number} = amount" for number in range(5_000)])
    assert _problems(wide)[0].message == "a table has 200 input columns at most, and this one has 5000"
    long = table_of([(["1"], ["1"])] * 20_001)
    assert _problems(long)[0].message == "a table has 20000 rows at most, and this one has 20001"


def test_problems_of_many_cells_are_cut() -> None:
    problems = _problems(table_of([(["?"], ["1"])] * 1_000))
    assert (len(problems), problems[-1].message) == (101, "900 more problems")


def test_a_table_of_the_largest_size_is_compiled() -> None:
    rows: list[Row] = [([f"{number}"], [f"{number}"]) for number in range(20_000)]
    table = compiled(table_of(rows, policy=UNIQUE))
    assert [decide(table, amount=amount).value for amount in (0, 12_345, 19_999)] == [0, 12_345, 19_999]


def test_more_conditions_than_a_table_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "MAX_CONDITIONS", 3)
    same = table_of([(["cell > limit"], ["1"])] * 9)
    assert compiled(same, {"amount": "int", "limit": "int"}).conditional == 0b1_1111_1111
    many = table_of([([f"cell > limit + {number}"], ["1"]) for number in range(4)])
    (problem,) = _problems(many, {"amount": "int", "limit": "int"})
    assert problem.message.startswith("a table has 3 different conditions at most")


def test_thousands_of_conditions_that_fail_are_stopped_by_the_budget() -> None:
    columns = [f"c{number} = amount" for number in range(6)]
    table = compiled(table_of([(["cell > limit"] * 6, ["1"])] * 20_000, columns), {"amount": "int", "limit": "int"})
    result = decide(table, amount=0, limit=0)
    assert [failure.code for failure in result.errors] == ["BUDGET_EXCEEDED"]


def test_an_input_of_the_name_that_conditions_use_is_refused() -> None:
    (problem,) = _problems(table_of([(["1"], ["1"])], ["cell"]), {"cell": "int"})
    assert problem.path == "inputs"


def test_more_cells_than_can_be_analysed_are_refused_at_once() -> None:
    table = table_of([(["1"] * 11, ["1"])] * 20_000, [f"c{number} = amount" for number in range(11)])
    assert _problems(table)[0].message == "a table has 200000 cells at most, and this one has 220000"
