"""Tables from their source to their decisions."""

import pytest

from function.company.v1 import company_pb2
from function.rules.v1 import definition_pb2
from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.inputs import InputError
from function_backend_rules.cel.values import OptionalValue, Timestamp, UInt
from function_backend_rules.results import Status
from function_backend_rules.tables.compilation import TableRefusedError
from tests.rules_engine.tables.building import (
    ANY,
    COLLECT,
    FIRST,
    PRIORITY,
    RULE_ORDER,
    UNIQUE,
    Row,
    compiled,
    decide,
    table_of,
)

OVERLAPPING: list[Row] = [([">= 10"], ['"large"']), ([">= 5"], ['"middle"']), ([">= 0"], ['"small"'])]


def test_the_first_matching_row_decides() -> None:
    table = compiled(table_of(OVERLAPPING))
    result = decide(table, amount=7)
    assert (result.status, result.value) == (Status.MATCHED, "middle")
    assert [match.rule_id for match in result.matches] == ["row-2"]
    assert decide(table, amount=-1).status is Status.NO_MATCH


def test_a_row_gives_its_own_id_code_and_reason() -> None:
    table = table_of(OVERLAPPING)
    table.rows[0].id, table.rows[0].reason_code, table.rows[0].reason = "big", "BIG", "It is big."
    (match,) = decide(compiled(table), amount=10).matches
    assert (match.rule_id, match.reason_code, match.reason) == ("big", "BIG", "It is big.")


def test_otherwise_decides_when_no_row_does() -> None:
    table = table_of(OVERLAPPING)
    table.otherwise.append('"none"')
    result = decide(compiled(table), amount=-1)
    assert (result.status, result.value, result.matches, result.by_otherwise) == (Status.MATCHED, "none", (), True)


def test_otherwise_is_of_the_type_of_the_result() -> None:
    table = table_of(OVERLAPPING, policy=COLLECT)
    table.otherwise.append('"none"')
    assert decide(compiled(table), amount=-1).value == ["none"]
    table.aggregation = definition_pb2.AGGREGATION_MIN
    assert decide(compiled(table), amount=-1).value == "none"
    table.aggregation = definition_pb2.AGGREGATION_COUNT
    with pytest.raises(TableRefusedError, match="no row is no match"):
        compiled(table)


def test_rule_order_and_collect_give_the_list_of_all() -> None:
    for policy in (RULE_ORDER, COLLECT):
        table = compiled(table_of(OVERLAPPING, policy=policy))
        assert decide(table, amount=7).value == ["middle", "small"]
        assert decide(table, amount=-1).status is Status.NO_MATCH
        assert str(table.result_type) == "list(string)"


@pytest.mark.parametrize(
    ("aggregation", "value", "kind"),
    [("SUM", 6, "int"), ("MIN", 1, "int"), ("MAX", 3, "int"), ("COUNT", 3, "int")],
)
def test_collected_outputs_become_one_value(aggregation: str, value: int, kind: str) -> None:
    source = table_of([([">= 0"], ["3"]), ([">= 1"], ["1"]), ([">= 2"], ["2"])], policy=COLLECT)
    source.aggregation = definition_pb2.Aggregation.Value(f"AGGREGATION_{aggregation}")
    table = compiled(source)
    result = decide(table, amount=9)
    assert (result.value, str(table.result_type)) == (value, kind)
    assert [match.rule_id for match in result.matches] == ["row-1", "row-2", "row-3"]


def test_a_sum_beyond_its_type_is_a_failure() -> None:
    largest = str(2**63 - 1)
    source = table_of([([">= 0"], [largest]), ([">= 1"], ["1"])], policy=COLLECT)
    source.aggregation = definition_pb2.AGGREGATION_SUM
    table = compiled(source)
    assert decide(table, amount=0).value == 2**63 - 1
    (failure,) = decide(table, amount=1).errors
    assert failure.code == "OUT_OF_RANGE"


def test_several_matches_under_unique_are_a_failure_with_their_rows() -> None:
    # Conditions hide the overlap until it happens.
    table = compiled(table_of([(["cell > 1"], ["1"]), (["cell > 2"], ["2"])], policy=UNIQUE))
    assert decide(table, amount=2).value == 1
    result = decide(table, amount=3)
    assert (result.status, result.errors[0].code) == (Status.FAILED, "SEVERAL_MATCHES")
    assert result.errors[0].message == "the rows row-1, row-2 match the same input, and the table allows one"
    assert any("may both match" in warning.message for warning in table.warnings)


def test_different_outputs_under_any_are_a_failure_with_their_rows() -> None:
    rows: list[Row] = [(["> 0"], ["amount * 2"]), (["> 0"], ["amount + 2"])]
    table = compiled(table_of(rows, policy=ANY))
    assert decide(table, amount=2).value == 4
    result = decide(table, amount=3)
    assert (result.status, result.errors[0].code) == (Status.FAILED, "DIFFERENT_OUTPUTS")
    assert "row-1, row-2" in result.errors[0].message


def test_the_output_of_highest_priority_wins() -> None:
    source = table_of([([">= 0"], ['"low"']), ([">= 1"], ['"high"']), ([">= 1"], ['"high"'])], policy=PRIORITY)
    source.output_columns[0].priorities.extend(['"high"', '"low"'])
    table = compiled(source)
    assert decide(table, amount=0).value == "low"
    assert [match.rule_id for match in decide(table, amount=5).matches] == ["row-2"]


def test_priorities_of_several_columns_count_from_left_to_right() -> None:
    rows: list[Row] = [([""], ['"b"', "1"]), ([""], ['"a"', "2"]), ([""], ['"a"', "1"])]
    source = table_of(rows, outputs=("first", "second"), policy=PRIORITY)
    source.output_columns[0].priorities.extend(['"a"', '"b"'])
    source.output_columns[1].priorities.extend(["1", "2"])
    assert decide(compiled(source), amount=0).value == {"first": "a", "second": 1}


def test_an_output_that_is_worked_out_and_has_no_priority_is_a_failure() -> None:
    source = table_of([([">= 0"], ["amount"]), ([">= 1"], ["1"])], policy=PRIORITY)
    source.output_columns[0].priorities.extend(["1", "0"])
    table = compiled(source)
    assert decide(table, amount=0).value == 0
    assert decide(table, amount=7).errors[0].code == "NO_PRIORITY"


def test_several_outputs_are_a_map_by_the_names_of_their_columns() -> None:
    table = compiled(table_of([([""], ["true", "amount * 2"])], outputs=("ok", "twice")))
    assert decide(table, amount=4).value == {"ok": True, "twice": 8}
    assert str(table.result_type) == "map(string, dyn)"


def test_several_outputs_are_the_message_that_the_definition_asks_for() -> None:
    rows: list[Row] = [(["> 1"], ['"x"', "3u"]), ([""], ['"y"', "amount"])]
    source = table_of(rows, outputs=("name", "max_size"))
    table = compiled(source, {"amount": "uint"}, "function.rules.v1.Input")
    assert decide(table, amount=UInt(0)).value == definition_pb2.Input(name="y", max_size=0)
    first = decide(table, amount=UInt(5)).value
    assert first == definition_pb2.Input(name="x", max_size=3)
    assert decide(table, amount=UInt(5)).value is not first


def test_a_caller_who_changes_a_result_changes_no_later_one() -> None:
    table = compiled(table_of([([""], ["[1]", "2"])], outputs=("list", "other")))
    value = decide(table, amount=0).value
    assert isinstance(value, dict)
    value["list"].append(9)
    value["other"] = 0
    assert decide(table, amount=0).value == {"list": [1], "other": 2}


def test_enum_columns_are_written_with_the_names_of_their_values() -> None:
    rows: list[Row] = [
        (["COMPANY_STATUS_ACTIVE, COMPANY_STATUS_INACTIVE"], ["1"]),
        (["!= COMPANY_STATUS_ACTIVE"], ["2"]),
    ]
    table = compiled(table_of(rows, ["status = company.status"]), {"company": "function.company.v1.Company"})
    for status, value in (("ACTIVE", 1), ("INACTIVE", 1), ("DISSOLVED", 2)):
        company = company_pb2.Company(status=company_pb2.CompanyStatus.Value(f"COMPANY_STATUS_{status}"))
        assert decide(table, company=company).value == value


def test_an_optional_input_that_is_left_out_is_null() -> None:
    rows: list[Row] = [(["null"], ["1"]), (["< 5"], ["2"]), (["not(< 9)"], ["3"]), (["cell.hasValue()"], ["4"])]
    table = compiled(table_of(rows), {"amount": "optional(int)"})
    assert decide(table, amount=OptionalValue(present=False)).value == 1
    assert [decide(table, amount=OptionalValue(value)).value for value in (4, 9, 5)] == [2, 3, 4]


def test_a_condition_sees_the_value_of_its_column_and_all_inputs() -> None:
    rows: list[Row] = [(["cell > limit && size(tags) > 1"], ["1"]), (["limit"], ["2"]), (["> limit, < -10"], ["3"])]
    table = compiled(table_of(rows), {"amount": "int", "limit": "int", "tags": "list(string)"})
    assert [decide(table, amount=5, limit=3, tags=tags).value for tags in (["a", "b"], [])] == [1, 3]
    assert decide(table, amount=3, limit=3, tags=[]).value == 2
    assert decide(table, amount=-11, limit=3, tags=[]).value == 3


def test_lists_and_messages_are_tested_by_conditions() -> None:
    rows: list[Row] = [(['"b" in cell'], ["1"]), (['["a"]'], ["2"]), (['!= ["c"]'], ["3"])]
    table = compiled(table_of(rows, ["tags"]), {"tags": "list(string)"})
    assert [decide(table, tags=tags).value for tags in (["a", "b"], ["a"], ["d"])] == [1, 2, 3]
    assert decide(table, tags=["c"]).status is Status.NO_MATCH


def test_a_column_without_a_value_concerns_only_the_rows_that_test_it() -> None:
    rows: list[Row] = [(["-", "1"], ['"a"']), (["> 0", "2"], ['"b"']), (["-", "2"], ['"c"'])]
    columns = ["part = 10 / amount", "kind"]
    inputs = {"amount": "int", "kind": "int"}
    closed = compiled(table_of(rows, columns), inputs)
    assert decide(closed, amount=0, kind=1).value == "a"
    result = decide(closed, amount=0, kind=2)
    assert result.status is Status.FAILED
    assert [(failure.rule_id, failure.code, failure.field) for failure in result.errors] == [
        ("row-2", "EVALUATION_FAILED", "part")
    ]
    source = table_of(rows, columns)
    source.on_error = definition_pb2.ERROR_POLICY_SKIP
    skipping = decide(compiled(source, inputs), amount=0, kind=2)
    assert (skipping.value, [failure.rule_id for failure in skipping.errors]) == ("c", ["row-2"])


def test_a_row_that_fails_after_the_first_match_is_never_asked() -> None:
    table = compiled(table_of([(["> 0"], ["1"]), (["1 / (cell - 1) > 0"], ["2"])]))
    assert decide(table, amount=1).value == 1


def test_a_condition_that_is_false_says_more_than_one_that_fails() -> None:
    rows: list[Row] = [(["1 / cell > 0", "cell > 5"], ["1"])]
    table = compiled(table_of(rows, ["amount", "other = amount"]))
    assert decide(table, amount=0).status is Status.NO_MATCH


def test_an_output_that_fails_is_a_failure_of_its_row() -> None:
    source = table_of([(["-"], ["1 / amount"]), (["-"], ["7"])])
    assert decide(compiled(source), amount=0).errors[0].rule_id == "row-1"
    source.on_error = definition_pb2.ERROR_POLICY_SKIP
    assert decide(compiled(source), amount=0).value == 7


def test_a_budget_that_is_spent_stops_the_table_whatever_its_setting() -> None:
    source = table_of([(["tags.all(a, tags.all(b, a != b))"], ["1"]), ([""], ["2"])])
    source.on_error = definition_pb2.ERROR_POLICY_SKIP
    table = compiled(source, {"amount": "int", "tags": "list(string)"})
    inputs = {"amount": 1, "tags": [str(number) for number in range(100)], "now": Timestamp(0)}
    result = table.evaluate_named(inputs, Budget.of(steps=50))
    assert (result.status, result.errors[0].code) == (Status.FAILED, "BUDGET_EXCEEDED")


def test_a_table_without_rows_matches_nothing() -> None:
    assert decide(compiled(table_of([])), amount=1).status is Status.NO_MATCH


def test_a_table_without_input_columns_decides_by_its_policy_alone() -> None:
    assert decide(compiled(table_of([([], ["1"]), ([], ["2"])], [])), amount=1).value == 1


def test_inputs_of_another_type_are_refused() -> None:
    table = compiled(table_of([(["1"], ["1"])]))
    with pytest.raises(InputError):
        decide(table, amount=True)
    with pytest.raises(InputError):
        table.matching([True])
    assert table.matching([1]) == [0]


def test_whole_numbers_in_a_column_of_doubles_are_not_rounded() -> None:
    table = compiled(table_of([(["> 9007199254740993"], ["1"]), (["9007199254740992"], ["2"])]), {"amount": "double"})
    assert decide(table, amount=float(2**53)).value == 2
    assert decide(table, amount=float(2**53 + 2)).value == 1


def test_not_a_number_matches_what_cel_says_that_it_matches() -> None:
    rows: list[Row] = [(["< 5.0, >= 5.0"], ['"range"']), (["cell != cell"], ['"nan"'])]
    table = compiled(table_of(rows), {"amount": "double"})
    assert decide(table, amount=float("nan")).value == "nan"
    negated = compiled(table_of([(["not(< 5.0)"], ["1"])]), {"amount": "double"})
    assert decide(negated, amount=float("nan")).value == 1
    assert FIRST == definition_pb2.HIT_POLICY_FIRST
