"""Decisions on the command line, in files."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from google.protobuf import descriptor_pb2
from google.type import money_pb2

from function_backend_rules.definitions import load_library
from tests.cli.loan import LOAN
from tests.fixtures.command_line import run_command

EXAMPLES = Path(__file__).parents[2] / "examples" / "rules"


@pytest.fixture
def loan(here: Path) -> Path:
    file = here / "loan.yaml"
    file.write_text(LOAN)
    return file


def descriptors_of_a_shop() -> bytes:
    """What a compiler writes for a message with an amount of money in it."""
    found = descriptor_pb2.FileDescriptorSet()
    money_pb2.DESCRIPTOR.CopyToProto(found.file.add())
    order = found.file.add(name="shop.proto", package="shop", syntax="proto3", dependency=["google/type/money.proto"])
    kind = order.message_type.add(name="Order")
    kind.field.add(name="total", number=1, type="TYPE_MESSAGE", type_name=".google.type.Money", label="LABEL_OPTIONAL")
    return found.SerializeToString()


class TestLint:
    def test_the_examples_are_in_order(self) -> None:
        done = run_command("rules", "lint", "--strict", EXAMPLES)
        assert done.status == 0, done.out
        assert done.out == "3 definitions in 3 files: 0 problems, 0 warnings\n"

    def test_says_what_is_wrong_and_where(self, loan: Path) -> None:
        loan.write_text(LOAN.replace("amount <= 1000", "amnt <= 1000").replace("SMALL", "small"))
        done = run_command("rules", "lint", loan)
        assert done.status == 1
        assert f"{loan}:7:30: error: 'amnt' is not declared [rule_set.rules[0].condition (rule small)]\n" in done.out
        assert "  did you mean amount\n" in done.out
        assert f"{loan}:7:72: error: does not match regex" in done.out
        assert done.out.endswith("1 definition in 1 file: 2 problems, 0 warnings\n")

    def test_gives_json_to_other_programs(self, loan: Path) -> None:
        loan.write_text(LOAN.replace("policy: first_match", "policy: first_mach"))
        done = run_command("rules", "lint", "--json", loan)
        assert done.status == 1
        assert done.lines[0]["suggestion"] == "did you mean first_match"
        assert (done.lines[0]["line"], done.lines[0]["column"], done.lines[0]["severity"]) == (5, 11, "error")

    def test_a_file_that_is_not_there_is_a_wrong_command_line(self, here: Path) -> None:
        done = run_command("rules", "lint", "absent.yaml")
        assert (done.status, done.err) == (2, "there is no file absent.yaml\n")

    def test_warnings_count_with_strict_alone(self, loan: Path) -> None:
        unused = "name: a\ngraph:\n  steps: [{name: s, expression: 1}]\n  result: 1\n"
        loan.write_text(unused)
        assert run_command("rules", "lint", loan).status == 0
        done = run_command("rules", "lint", "--strict", loan)
        assert done.status == 1
        assert "warning: nothing builds on the step 's'" in done.out

    def test_messages_of_your_own_come_with_their_descriptors(self, loan: Path, here: Path) -> None:
        loan.write_text("name: a\ninputs: [{name: o, type: shop.Order}]\ngraph: {result: o.total.units > 5 }\n")
        assert "there is no type 'shop.Order'" in run_command("rules", "lint", loan).out
        (here / "shop.binpb").write_bytes(descriptors_of_a_shop())
        assert run_command("rules", "lint", loan, "--descriptors", "shop.binpb").status == 0
        done = run_command("rules", "eval", "a", loan, "--descriptors", "shop.binpb", "-i", "o={total: {units: 6}}")
        assert done.out == "true\n"
        (here / "shop.binpb").write_bytes(b"nonsense")
        assert run_command("rules", "lint", loan, "--descriptors", "shop.binpb").status == 2


class TestTest:
    def test_the_cases_of_the_examples_pass_and_reach_everything(self) -> None:
        done = run_command("rules", "test", "--coverage", "100", EXAMPLES)
        assert done.status == 0, done.out
        assert "✓ company.onboarding  10 cases" in done.out
        assert "████████████████████ 100% of rules decided" in done.out
        assert done.out.endswith("19 cases passed, 0 failed\n")

    def test_a_case_that_fails_shows_expected_and_got(self, loan: Path) -> None:
        loan.write_text(LOAN.replace("expect: {value: true, matches: [small]}", "expect: {value: false}"))
        done = run_command("rules", "test", loan)
        assert done.status == 1
        lines = [" ".join(line.split()) for line in done.out.splitlines()]
        assert "✗ loan.approval 1 of 2 cases failed" in lines
        assert "value expected false" in lines
        assert "got true" in lines
        assert "small decided: Small ones always." in lines
        assert lines[-1] == "1 case passed, 1 failed"

    def test_a_case_that_is_not_in_order_says_why(self, loan: Path) -> None:
        loan.write_text(LOAN.replace("{amount: 10}", "{amount: 1_000}"))
        done = run_command("rules", "test", loan)
        assert done.status == 1
        assert "inputs: amount: '1_000' is not a value of type int" in done.out

    def test_what_the_cases_do_not_reach_is_named_and_can_be_asked_for(self, loan: Path) -> None:
        assert run_command("rules", "test", loan).status == 0
        done = run_command("rules", "test", "--coverage", "90", loan)
        assert done.status == 1
        assert "round never decided" in done.out
        assert done.err == "loan.approval: the cases reach 50 %, and 90 % are asked for\n"

    def test_a_definition_without_cases_says_so(self, loan: Path) -> None:
        loan.write_text(LOAN.partition("tests:")[0])
        done = run_command("rules", "test", loan)
        assert done.status == 0
        assert "no cases: nothing says what it must decide" in done.out

    def test_gives_json_and_junit_to_other_programs(self, loan: Path, here: Path) -> None:
        loan.write_text(LOAN.replace("expect: {value: false}", "expect: {value: true}").replace("large", "a <large>"))
        done = run_command("rules", "test", "--json", "--junit", "out.xml", loan)
        assert done.status == 1
        [report] = done.lines
        assert report["cases"][1] == {
            "name": "a <large>",
            "verdict": "failed",
            "failures": ["value: expected true, got false"],
        }
        assert report["coverage"] == {"rules": 0.5, "conditions": 0.5, "uncovered": ["round"]}
        suite = ET.parse(here / "out.xml").getroot()[0]  # noqa: S314 - written by the test itself
        assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", "1")
        assert suite[1].attrib["name"] == "a <large>"

    def test_only_the_decisions_that_are_named_are_tested(self) -> None:
        done = run_command("rules", "test", "--name", "credit.limit", EXAMPLES)
        assert done.out.endswith("6 cases passed, 0 failed\n")
        done = run_command("rules", "test", "--name", "credit.limt", EXAMPLES)
        assert (done.status, done.err) == (2, "there is no decision 'credit.limt'; did you mean 'credit.limit'?\n")


class TestDeciding:
    def test_the_value_comes_with_what_decided(self, loan: Path) -> None:
        done = run_command("rules", "eval", "loan.approval", loan, "--input", "amount=10")
        assert (done.status, done.out) == (0, "true\n  small  SMALL  Small ones always.\n")
        done = run_command("rules", "eval", "loan.approval", loan, "--input", "amount=20000", "--json")
        assert done.lines == [
            {"status": "MATCHED", "value": False, "by_otherwise": True, "matches": [], "errors": []},
        ]

    def test_a_decision_that_fails_is_a_failure(self, loan: Path) -> None:
        done = run_command("rules", "eval", "loan.approval", loan, "--input", "amount=5000")
        assert done.status == 1
        assert done.out == "the decision failed\n  round condition: division by zero\n"

    @pytest.mark.parametrize("suffix", [".json", ".yaml"])
    def test_inputs_come_from_files_and_standard_input(self, here: Path, suffix: str) -> None:
        file = here / f"inputs{suffix}"
        file.write_text(json.dumps({"region": "EEA", "years": 5, "employees": 1}))
        arguments = ("rules", "eval", "credit.limit", EXAMPLES, "--input", "employees=700")
        assert run_command(*arguments, "--inputs", file).out.startswith("250000\n")
        assert run_command(*arguments, "--inputs", "-", stdin=file.read_text()).out.startswith("250000\n")
        company = here / f"company{suffix}"
        company.write_text('{"jurisdiction": "DE", "identifiers": [{"scheme": "x-a", "value": "1"}]}')
        done = run_command("rules", "eval", "company.onboarding", EXAMPLES, "-i", f"company=@{company}")
        assert done.out.startswith('"accept"\n')

    def test_the_time_can_be_set(self) -> None:
        company = "company={jurisdiction: DE, incorporation_date: {year: 2001, month: 4, day: 1}}"
        arguments = ("rules", "eval", "company.onboarding", EXAMPLES, "-i", company, "--now")
        assert "COMPANY_YOUNG" in run_command(*arguments, "2001-12-31").out
        assert "COMPANY_YOUNG" not in run_command(*arguments, "2002-12-31").out

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("loan.approval", "loan.yaml"), "the input 'amount' of type int is missing"),
            (("loan.approval", "loan.yaml", "-i", "amount=x"), "amount: 'x' is not a value of type int"),
            (("loan.approval", "loan.yaml", "-i", "amount"), "'amount' is not NAME=VALUE"),
            (("loan.approval", "loan.yaml", "-i", "amount=[1"), "the input amount:"),
            (("loan.approval", "loan.yaml", "-i", "amount=@absent.json"), "the inputs cannot be read"),
            (("loan.approval", "loan.yaml", "--inputs", "absent.json"), "the inputs cannot be read"),
            (("loan.aproval", "loan.yaml"), "did you mean 'loan.approval'?"),
            (("loan.approval",), "name the files with the definition, or say --remote"),
        ],
    )
    def test_a_wrong_command_line_says_what_to_do(self, loan: Path, arguments: tuple[str, ...], message: str) -> None:
        done = run_command("rules", "eval", *arguments)
        assert done.status == 2
        assert message in done.err

    def test_a_definition_that_is_not_in_order_shows_its_problems(self, loan: Path) -> None:
        loan.write_text(LOAN.replace("amount <= 1000", "amount <="))
        done = run_command("rules", "eval", "loan.approval", loan, "-i", "amount=1")
        assert done.status == 1
        assert "loan.yaml:7:" in done.out


class TestExplain:
    def test_a_rule_set_shows_what_stands_in_the_way(self, loan: Path) -> None:
        done = run_command("rules", "explain", "loan.approval", loan, "-i", "amount=20000")
        assert done.out.splitlines() == [
            "false (nothing matched; this is what holds otherwise)",
            "loan.approval",
            "├── ✗ small  amount <= 1000 (came nearest)",
            "│   └── amount <= 1000 does not hold: amount = 20000",
            "└── ✗ round  100000 / (amount - 5000) > 1000 && amount < 9000",
            "    ├── 100000 / (amount - 5000) > 1000 does not hold: 100000 / (amount - 5000) = 6",
            "    └── amount < 9000 does not hold: amount = 20000",
        ]

    def test_a_graph_shows_the_steps_and_the_decisions_that_they_call(self) -> None:
        company = "company={jurisdiction: DE, identifiers: [{scheme: x-a, value: '1'}]}"
        arguments = ("rules", "explain", "credit.decision", EXAMPLES, "-i", company, "-i", "employees=700")
        out = run_command(*arguments).out
        assert '├── onboarding = "accept"\n' in out
        assert "│   └── ✓ known-at-home" in out
        assert "        ├── ✓ years: < 3\n" in out
        [found] = run_command(*arguments, "--json").lines
        assert [step["name"] for step in found["explanation"]["steps"]] == ["onboarding", "region", "founded", "limit"]
        assert found["explanation"]["steps"][3]["explanation"]["rows"][0]["row_id"] == "young"

    def test_a_failure_is_shown_where_it_is(self, loan: Path) -> None:
        done = run_command("rules", "explain", "loan.approval", loan, "-i", "amount=5000")
        assert done.status == 1
        assert "└── ! round" in done.out
        assert "    └── division by zero" in done.out


class TestConvert:
    def test_a_table_goes_to_a_spreadsheet_and_back(self, here: Path) -> None:
        done = run_command("rules", "convert", EXAMPLES / "credit_limit.yaml", "--to", "csv")
        assert done.status == 0
        assert done.out == (EXAMPLES / "credit_limit.csv").read_text()
        (here / "limit.csv").write_text(done.out)
        (here / "limit.yaml").write_text(run_command("rules", "convert", "limit.csv").out)
        before = load_library([EXAMPLES]).documents["credit.limit"].definition
        after = load_library([here / "limit.yaml"]).documents["limit"].definition
        assert after.table == before.table
        assert [(each.name, each.type) for each in after.inputs] == [(each.name, each.type) for each in before.inputs]

    def test_what_is_not_understood_is_listed_and_refused(self, here: Path) -> None:
        (here / "level.dmn").write_text(
            '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="d" name="Level">'
            '<decisionTable hitPolicy="FIRST"><input><inputExpression typeRef="number"><text>age</text>'
            '</inputExpression></input><output name="level" typeRef="string"/><rule><inputEntry><text>&lt; 18</text>'
            "</inputEntry><outputEntry><text>for x in [1] return x</text></outputEntry></rule></decisionTable>"
            "</decision></definitions>"
        )
        done = run_command("rules", "convert", "level.dmn")
        assert done.status == 1
        assert "not understood level: decision[1]/decisionTable" in done.err
        (here / "level.yaml").write_text(done.out)
        assert run_command("rules", "lint", "level.yaml").status == 1

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("absent.csv",), "No such file"),
            (("a.txt",), "is none of .csv, .dmn, .json, .xml, .yaml, .yml"),
            (("a.json",), "the file is not JSON"),
            (("a.csv",), "is no table"),
            (("loan.yaml", "--to", "csv"), "loan.approval is no table"),
            (("loan.yaml", "--to", "cvs"), "did you mean 'csv'?"),
            (("loan.yaml", "--name", "other"), "there is no table 'other'"),
        ],
    )
    def test_a_file_that_cannot_be_used_is_refused(
        self, loan: Path, here: Path, arguments: tuple[str, ...], message: str
    ) -> None:
        for name in ("a.txt", "a.json", "a.csv"):
            (here / name).write_text("nothing")
        done = run_command("rules", "convert", *arguments)
        assert done.status == 2
        assert message in done.err


def test_the_functions_are_listed() -> None:
    signatures = {line["signature"] for line in run_command("rules", "functions", "--json").lines}
    assert "lei.isValid(string) -> bool" in signatures
    assert "A legal entity identifier" in run_command("rules", "functions").out
