"""Files as people write them, and what they are told when something is wrong."""

from __future__ import annotations

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from function.rules.v1 import definition_pb2
from function_backend_rules.definitions import FileProblem, read_text
from function_backend_rules.definitions import nodes as nodes_module

TABLE = """\
name: shipping.fee
inputs:
  - {name: weight, type: double}
  - {name: country, type: string}
table:
  hit_policy: first
  input_columns: [{name: weight}, {name: country}]
  output_columns: [{name: fee, type: double}]
  rows:
    - cells: [< 10, NO]
      outputs: [1.5]
    - id: heavy
      cells: ['[10..50)', "DE, FR"]
      outputs: [2e1]
    - cells: [-, on]
      outputs: [014]
"""


def read(text: str, *, json: bool = False) -> definition_pb2.Definition:
    contents = read_text(text, "file", json=json)
    assert contents.problems == ()
    return contents.documents[0].definition


def problem(text: str, *, json: bool = False) -> FileProblem:
    contents = read_text(text, "file", json=json)
    assert len(contents.problems) == 1, contents.problems
    return contents.problems[0]


def test_texts_stay_as_they_are_written_where_texts_are_expected() -> None:
    rows = read(TABLE).table.rows
    assert [list(row.cells) for row in rows] == [["< 10", "NO"], ["[10..50)", "DE, FR"], ["-", "on"]]
    assert [row.outputs[0] for row in rows] == ["1.5", "2e1", "014"]


@pytest.mark.parametrize(
    "written",
    ["true", "null", "1.5", "on", "1_000", "0o14", "2026-01-31", ".nan", "~", "a == b && c"],
)
def test_an_expression_needs_no_quotes(written: str) -> None:
    definition = read(f"name: a\ninputs: []\nrule_set:\n  rules:\n    - id: a\n      condition: {written}\n")
    assert definition.rule_set.rules[0].condition == written


def test_free_json_is_what_json_says_and_text_where_readers_of_yaml_differ() -> None:
    text = """\
tests:
  - name: a
    inputs: {a: 1, b: 1.5, c: true, d: null, e: "1", f: on, g: NO, h: 0o14, i: 1_000, j: 2026-01-31, k: 014, l: , m: ~}
"""
    assert json_format.MessageToDict(read(text).tests[0].inputs) == {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": "1",
        "f": "on",
        "g": "NO",
        "h": "0o14",
        "i": "1_000",
        "j": "2026-01-31",
        "k": "014",
        "l": None,
        "m": None,
    }


@pytest.mark.parametrize("name", ["first", "FIRST", "HIT_POLICY_FIRST", "2"])
def test_enum_values_have_a_short_form(name: str) -> None:
    assert read(f"table: {{hit_policy: {name}}}").table.hit_policy == definition_pb2.HIT_POLICY_FIRST


def test_names_of_fields_may_be_those_of_json() -> None:
    definition = read('{"resultType": "bool", "ruleSet": {"onError": "skip"}}', json=True)
    assert definition.result_type == "bool"
    assert definition.rule_set.on_error == definition_pb2.ERROR_POLICY_SKIP


def test_numbers_and_truth_values_of_json_are_texts_where_texts_are_expected() -> None:
    rows = read('{"table": {"rows": [{"cells": [1.50, true], "id": null}]}}', json=True).table.rows
    assert [list(row.cells) for row in rows] == [["1.50", "true"]]


def test_several_documents_stand_in_one_file() -> None:
    contents = read_text("name: a\n---\nname: b\n---\n", "file")
    assert [document.definition.name for document in contents.documents] == ["a", "b"]


def test_aliases_repeat_what_they_name() -> None:
    text = "tests: [{name: a, inputs: &same {x: 1}}, {name: b, inputs: *same}]"
    tests = read(text).tests
    assert tests[0].inputs == tests[1].inputs


@pytest.mark.parametrize(
    ("text", "place", "path", "message", "suggestion"),
    [
        ("name: a\nrule_sets: {}\n", (2, 1), "", "Definition has no field 'rule_sets'", "did you mean rule_set"),
        ("rule_set:\n  rules:\n  - {id: a, conditon: x}", (3, 13), "rule_set.rules[0]", "no field", "condition"),
        ("rule_set: {policy: first_mach}", (1, 20), "rule_set.policy", "is no policy", "did you mean first_match"),
        ("table: {hit_policy: x}", (1, 21), "table.hit_policy", "is no hit policy", "one of unique, first"),
        ("name: a\nname: b", (2, 1), "", "'name' is there twice, first in line 1", None),
        ("ruleSet: {}\nrule_set: {}", (2, 1), "", "'rule_set' is there twice", None),
        ("rule_set: {}\ntable: {}", (2, 1), "table", "there is a rule_set already", None),
        ("table: {allow_gaps: yes}", (1, 21), "table.allow_gaps", "true or false is expected", "write true"),
        ("inputs: [{max_size: 1_000}]", (1, 21), "inputs[0].max_size", "a whole number", "write 1000"),
        ("inputs: [{max_size: 0o14}]", (1, 21), "inputs[0].max_size", "a whole number", "write 12"),
        ("inputs: [{max_size: -1}]", (1, 21), "inputs[0].max_size", "is not between 0 and", None),
        ("inputs: {a: int}", (1, 9), "inputs", "a list is expected here, and this is a mapping", "dash"),
        ("name: [a]", (1, 7), "name", "a text is expected here, and this is a list", "quotes"),
        ("table: {otherwise: 1}", (1, 20), "table.otherwise", "a list is expected here", "[1]"),
        ("tests: [{now: 2026-01-31}]", (1, 15), "tests[0].now", "no time with a time zone", "2026-01-31T00:00:00Z"),
        ("tests: [{inputs: {a: .inf}}]", (1, 22), "tests[0].inputs.a", "JSON has no number .inf", '"Infinity"'),
        ("tests: [{inputs: {a: [12345678901234567890]}}]", (1, 23), "tests[0].inputs.a[0]", "more digits", "quotes"),
        ("tests: [{inputs: {a: 1, a: 2}}]", (1, 25), "tests[0].inputs", "'a' is there twice", None),
        ("labels: {a: 1, a: 2}", (1, 16), "labels['a']", "'a' is there twice", None),
        ("name: !!python/object:os.system x", (1, 7), "", "the tag", "leave it out"),
        ("a: &a {x: 1}\nb: {<<: *a}", (2, 5), "", "merge keys", "write the values out"),
        ("name: *nobody", (1, 7), "", "no anchor", None),
        ("name: a\n\tb: 1", (2, 1), "", "", None),
        ("rule_set:\n  rules: [a", (3, 1), "", "", None),
        ("result_type: a ? b : c", (1, 20), "", "mapping values are not allowed", "quotes"),
        ("", (0, 0), "", "there is no definition in the file", "name"),
        ("- a", (1, 1), "", "a mapping of the fields of Definition is expected", None),
        ('name: "\\ud800"', (1, 10), "", "invalid Unicode", None),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    text: str, place: tuple[int, int], path: str, message: str, suggestion: str | None
) -> None:
    found = problem(text)
    assert (found.line, found.column) == place, found
    assert found.path == path
    assert message in found.message
    assert (suggestion or "") in (found.suggestion or "")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('{"name": "a",}', (1, 14), "a key in double quotes"),
        ('{"name" "a"}', (1, 9), "a colon is expected"),
        ('{"name": nan}', (1, 10), "a value is expected"),
        ('{"tests": [1 2]}', (1, 14), "a comma or ]"),
        ('{"name": "a\n"}', (1, 12), "Invalid control character"),
        ("{", (1, 2), "a key in double quotes"),
        ('{"a":', (1, 6), "the document ends too early"),
        ("{} {}", (1, 4), "behind the end"),
        ('{"inputs": [{"max_size": 012}]}', (1, 26), "a value is expected"),
    ],
)
def test_json_that_is_wrong_is_refused_with_its_place(text: str, place: tuple[int, int], message: str) -> None:
    found = problem(text, json=True)
    assert (found.line, found.column) == place
    assert message in found.message


def test_a_problem_shows_the_line_with_a_caret() -> None:
    assert str(problem("name: a\nrule_set: {polcy: first_match}\n")) == (
        "file:2:12: rule_set: RuleSet has no field 'polcy' (did you mean policy)\n"
        "  | rule_set: {polcy: first_match}\n"
        "  | ...........^"
    )


def test_an_alias_cannot_make_a_small_file_large() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    assert "with its aliases spelled out" in problem(bomb).message


def test_nesting_and_size_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nest deeper" in problem(f"tests: {'[' * 100}{']' * 100}").message
    assert "nest deeper" in problem(f'{{"tests": {"[" * 20_000}{"]" * 20_000}}}', json=True).message
    monkeypatch.setattr("function_backend_rules.definitions.documents.MAX_SIZE", 10)
    assert "MiB" in problem("name: long.enough.name").message
    assert nodes_module.MAX_SIZE > 1024


def test_many_problems_are_cut_short() -> None:
    contents = read_text("".join(f"x{number}: 1\n" for number in range(500)), "file")
    assert len(contents.problems) == 101
    assert contents.problems[-1].message == "400 more problems"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.booleans())
def test_any_text_is_read_or_refused(text: str, json: bool) -> None:  # noqa: FBT001 - drawn
    contents = read_text(text, "file", json=json)
    assert contents.documents or contents.problems
