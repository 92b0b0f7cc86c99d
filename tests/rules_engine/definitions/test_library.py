"""Files and folders of definitions that call each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from function_backend_rules.definitions import load_library

RATES = """\
#hit_policy,HIT_POLICY_UNIQUE
id,input country: string,input amount: int,output rate: double
eu,"""
RATES += '''"""DE"", ""FR""",>= 10,0.1
'''
RATE = """\
name: tax.rate
inputs: [{name: country, type: string}, {name: amount, type: int}]
table:
  csv: rates.csv
  allow_gaps: true
  otherwise:
"""
GRAPH = """\
name: tax.total
inputs: [{name: country, type: string}, {name: amount, type: int}]
graph:
  steps:
    - name: rate
      call: {decision: tax.rate}
  result: |
    double(amount) *
      rate.orValue(0.0)
"""


def rules(name: str, condition: str = "true") -> str:
    rule = f"    - {{id: a, condition: {condition}}}\n"
    return f"name: {name}\ninputs: [{{name: x, type: int}}]\nrule_set:\n  policy: first_match\n  rules:\n{rule}"


def graph(name: str, *called: str) -> str:
    steps = "".join(f"    - {{name: s{n}, call: {{decision: {each}}}}}\n" for n, each in enumerate(called))
    result = " && ".join(f"s{n}.orValue(false)" for n in range(len(called)))
    return f"name: {name}\ninputs: [{{name: x, type: int}}]\ngraph:\n  steps:\n{steps}  result: {result}\n"


def test_a_folder_is_compiled_in_the_order_of_calls(tmp_path: Path) -> None:
    (tmp_path / "a_total.yaml").write_text(GRAPH)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "rate.yml").write_text(RATE)
    (tmp_path / "deep" / "rates.csv").write_text(RATES)
    (tmp_path / "other.json").write_text("not for us")
    (tmp_path / ".hidden.yaml").write_text("not for us")
    library = load_library([tmp_path])
    assert library.problems == ()
    made = library.compile()
    assert made.problems == ()
    assert [*made.compiled] == ["tax.rate", "tax.total"]
    assert made.compiled["tax.total"].evaluate({"country": "DE", "amount": 20}).value == 2.0


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(rules("a"))
    library = load_library([file, tmp_path, file])
    assert [*library.documents] == ["a"]
    assert library.problems == ()


def test_two_definitions_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(rules("a"))
    (tmp_path / "b.yaml").write_text(f"{rules('b')}---\n{rules('a')}")
    [problem] = load_library([tmp_path]).problems
    assert problem.file.endswith("b.yaml")
    assert problem.line == 8
    assert "a.yaml, line 1" in problem.message


def test_a_circle_is_named_once_for_each_call_in_it(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(
        "---\n".join([graph("a", "b"), graph("b", "c"), graph("c", "a"), graph("d", "a"), graph("e", "e"), rules("f")])
    )
    made = load_library([tmp_path]).compile()
    assert [*made.compiled] == ["f"]
    messages = {problem.definition: problem.message for problem in made.problems}
    assert {*messages} == {"a", "b", "c", "d", "e"}
    assert messages["e"].endswith("e → e")
    assert "in a circle" in messages["a"]
    assert messages["d"] == "a is refused, so this cannot be checked yet"
    assert {problem.path for problem in made.problems} == {"graph.steps[0].call.decision"}


def test_callers_of_what_cannot_be_read_wait_for_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{rules('a')}surprise: 1\n---\n{graph('b', 'a')}")
    library = load_library([tmp_path])
    assert len(library.problems) == 1
    [problem] = library.compile().problems
    assert problem.message == "a is refused, so this cannot be checked yet"


@pytest.mark.parametrize(
    ("condition", "line", "column"),
    [
        ("x > y", 6, 30),
        ("'x > y'", 6, 31),
        ('"x > y"', 6, 31),
        ('"\\x78 > y"', 6, 26),  # With escapes, the start of the text is named.
    ],
)
def test_a_problem_of_an_expression_stands_at_its_place_in_the_file(
    tmp_path: Path, condition: str, line: int, column: int
) -> None:
    (tmp_path / "a.yaml").write_text(rules("a", condition))
    [problem] = load_library([tmp_path]).compile().problems
    assert (problem.line, problem.column) == (line, column)
    assert problem.path == "rule_set.rules[0].condition"
    assert problem.excerpt.endswith("^")


def test_a_problem_in_a_block_of_lines_stands_at_its_place_in_the_file(tmp_path: Path) -> None:
    text = "name: a\ninputs: [{name: x, type: int}]\ngraph:\n  result: |\n    x > 1 &&\n      y > 2\n"
    (tmp_path / "a.yaml").write_text(text)
    [problem] = load_library([tmp_path]).compile().problems
    assert (problem.line, problem.column) == (6, 7)
    assert problem.excerpt == "  |       y > 2\n  | ......^"


def test_a_problem_of_a_cell_stands_at_its_place_in_the_csv_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(RATE)
    (tmp_path / "rates.csv").write_text(f"{RATES}x,FR,>= 10 +,0.1\n")
    made = load_library([tmp_path]).compile()
    places = {(problem.file.rpartition("/")[2], problem.line, problem.column) for problem in made.problems}
    assert places == {("rates.csv", 4, 3), ("rates.csv", 4, 13)}


def test_a_problem_of_an_output_stands_at_its_place_in_the_csv_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(RATE)
    (tmp_path / "rates.csv").write_text(RATES + 'it,"""IT""",-,0.2 + nobody\n')
    [problem] = load_library([tmp_path]).compile().problems
    assert (problem.line, problem.column) == (4, 21)
    assert problem.excerpt == '  | it,"""IT""",-,0.2 + nobody\n  | ....................^'


def test_a_csv_file_that_is_wrong_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(RATE)
    (tmp_path / "rates.csv").write_text("#hit_polic,x\nid,input country: string\n")
    problems = load_library([tmp_path]).problems
    assert [(problem.file.rpartition("/")[2], problem.line) for problem in problems] == [("rates.csv", 1)]
    assert problems[0].suggestion == "did you mean #hit_policy"


@pytest.mark.parametrize("name", ["../rates.csv", "/etc/passwd", "no/../../rates.csv"])
def test_a_csv_file_elsewhere_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "rates.csv").write_text("secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.yaml").write_text(RATE.replace("rates.csv", name))
    [problem] = load_library([tmp_path / "in"]).problems
    assert "is not in the folder of" in problem.message
    assert "secret" not in str(problem)


def test_rows_stand_in_one_place(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text(RATES)
    (tmp_path / "a.yaml").write_text(RATE + "  rows: [{cells: ['-', '-'], outputs: ['0.1']}]\n")
    [problem] = load_library([tmp_path]).problems
    assert problem.message == "rows stand in rates.csv, so they cannot stand here"


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: a\ndescription: f\xfcr\n")
    (tmp_path / "empty").mkdir()
    problems = load_library([tmp_path / "latin.yaml", tmp_path / "absent.yaml", tmp_path / "empty"]).problems
    assert [(problem.line, problem.column) for problem in problems] == [(2, 15), (0, 0), (0, 0)]
    assert problems[0].message == "the file is not UTF-8"
    assert "No such file" in problems[1].message
    assert "there is no file in the folder" in problems[2].message
