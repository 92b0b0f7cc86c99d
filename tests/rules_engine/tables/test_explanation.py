from function.rules.v1 import definition_pb2
from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.values import Timestamp
from function_backend_rules.results import Status
from function_backend_rules.tables.explanation import TableExplanation, explain_table
from tests.rules_engine.tables.building import RULE_ORDER, Row, compiled, table_of

_INPUTS = {"country": "string", "amount": "int", "tags": "list(string)"}
_ROWS: list[Row] = [
    (['"FR", "DE"', ">= 1000", '"vip" in cell'], ["1"]),
    (['"FR"', ">= 100", "-"], ["2"]),
    (['"IT"', ">= 5000", "size(cell) > amount"], ["3"]),
]


def _explained(
    country: str, amount: int, tags: list[str], policy: definition_pb2.HitPolicy.ValueType = RULE_ORDER
) -> TableExplanation:
    table = compiled(table_of(_ROWS, list(_INPUTS), policy=policy), _INPUTS)
    bindings = {"country": country, "amount": amount, "tags": tags, "now": Timestamp(0)}
    return explain_table(table, bindings, Budget())


def test_every_cell_of_a_row_says_whether_it_matched() -> None:
    explained = _explained("FR", 500, [])
    assert explained.result.status is Status.MATCHED
    assert [(column.name, column.value) for column in explained.columns] == [
        ("country", "FR"), ("amount", 500), ("tags", []),
    ]  # fmt: skip
    matched, nearest, last = explained.rows
    assert (matched.row_id, matched.matched) == ("row-2", True)
    assert [(cell.column, cell.source, cell.matched) for cell in nearest.cells] == [
        ("country", '"FR", "DE"', True), ("amount", ">= 1000", False), ("tags", '"vip" in cell', False),
    ]  # fmt: skip
    trace = nearest.cells[2].trace
    assert trace is not None
    assert {node.text: node.value for node in trace.nodes} == {'"vip" in cell': False, "cell": []}
    assert [cell.column for cell in last.failing] == ["country", "amount", "tags"]
    assert explained.nearest is None


def test_the_nearest_row_of_a_non_match_has_the_fewest_failing_cells() -> None:
    explained = _explained("FR", 50, ["vip"])
    assert explained.result.status is Status.NO_MATCH
    assert explained.nearest is not None
    assert explained.nearest.row_id == "row-1"
    assert [(cell.column, cell.source) for cell in explained.nearest.failing] == [("amount", ">= 1000")]


def test_a_column_without_a_value_says_why() -> None:
    table = compiled(table_of([(["> 1"], ["1"])], ["part = 1 / amount"]))
    explained = explain_table(table, {"amount": 0, "now": Timestamp(0)}, Budget())
    assert explained.result.status is Status.FAILED
    (column,) = explained.columns
    assert column.error == "division by zero"
    assert explained.nearest is not None
    (cell,) = explained.nearest.failing
    assert (cell.matched, cell.error) == (None, "division by zero")


def test_no_more_rows_are_told_than_are_asked_for() -> None:
    table = compiled(table_of([([f"{number}"], ["1"]) for number in range(500)]))
    explained = explain_table(table, {"amount": 400, "now": Timestamp(0)}, Budget(), rows=3)
    assert len(explained.rows) == 3
    assert explained.rows[0].row == 400


def test_a_deciding_row_is_told_however_many_come_near() -> None:
    rows: list[Row] = [([f"cell > {number}"], ["1"]) for number in range(200, 100, -1)]
    table = compiled(table_of(rows))
    explained = explain_table(table, {"amount": 110, "now": Timestamp(0)}, Budget(), rows=5)
    (match,) = explained.result.matches
    assert explained.rows[0].row_id == match.rule_id == "row-92"
    assert len(explained.rows) == 5
