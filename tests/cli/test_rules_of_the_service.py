"""Decisions of the service on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from function_backend_rules.definitions import load_library
from tests.cli.loan import LOAN
from tests.fixtures.command_line import RunCommand
from tests.fixtures.database_faults import eventually

EXAMPLES = Path(__file__).parents[2] / "examples" / "rules"


@pytest.fixture
def loan(here: Path) -> Path:
    file = here / "loan.yaml"
    file.write_text(LOAN)
    return file


class TestOfTheService:
    def test_files_are_published_changed_compared_and_rolled_back(self, command: RunCommand, loan: Path) -> None:
        done = command("rules", "publish", loan, "--comment", "first")
        assert done.status == 0, done.err
        assert done.out.startswith("loan.approval: version 1 is in force from ")
        assert command("rules", "publish", loan).out == "loan.approval: version 1 is in force already\n"
        done = command("rules", "diff", loan)
        assert (done.status, done.out) == (0, "loan.approval: nothing differs between version 1 and the file\n")
        loan.write_text(LOAN.replace("amount <= 1000", "amount <= 2000"))
        done = command("rules", "diff", loan)
        assert done.status == 1
        assert done.out.splitlines() == [
            "loan.approval: from version 1 to the file",
            "~ rule_set.rules[small].condition",
            '    - "amount <= 1000"',
            '    + "amount <= 2000"',
        ]
        assert command("rules", "publish", loan).out.startswith("loan.approval: version 2 is in force from ")
        assert command("rules", "diff", "loan.approval", "--from", "1", "--to", "2").status == 1
        # Workers hear of versions by announcements.
        evaluate = ("rules", "eval", "loan.approval", "--remote", "-i", "amount=1500")
        eventually(lambda: "nothing matched" not in command(*evaluate).out)
        done = command("rules", "rollback", "loan.approval", "--comment", "too much")
        assert done.out == "loan.approval: version 1 is in force in place of 2\n"
        otherwise = "false (nothing matched; this is what holds otherwise)\nversion 1, decision "
        eventually(lambda: command(*evaluate).out.startswith(otherwise))
        out = command("rules", "explain", "loan.approval", "--remote", "-i", "amount=1500").out
        assert "│   └── amount <= 1000 does not hold: amount = 1500\n" in out
        listed = command("rules", "list", "--json").lines
        assert [(each["name"], each["latest_version"], each["version_in_force"]) for each in listed] == [
            ("loan.approval", "2", "1")
        ]
        assert [each["version"] for each in command("rules", "versions", "loan.approval", "--json").lines] == ["2", "1"]
        done = command("rules", "retire", "loan.approval", "--comment", "over")
        assert done.out == "loan.approval: retired 1, 2; none is in force now\n"

    def test_what_is_exported_is_what_was_published(self, command: RunCommand, here: Path) -> None:
        assert command("rules", "publish", EXAMPLES).status == 0
        assert command("rules", "export", "--output", "out").status == 0
        assert command("rules", "export", "--output", "out").status == 2
        assert command("rules", "export", "--output", "out", "--format", "json").status == 0
        for files in ([*(here / "out").glob("*.yaml")], [*(here / "out").glob("*.json")]):
            library = load_library(files)
            assert library.problems == ()
            assert {name: each.definition for name, each in library.documents.items()} == {
                name: each.definition for name, each in load_library([EXAMPLES]).documents.items()
            }
        assert command("rules", "publish", here / "out" / "credit.decision.yaml").out.endswith("is in force already\n")

    def test_nothing_is_sent_when_a_case_fails(self, command: RunCommand, loan: Path) -> None:
        loan.write_text(LOAN.replace("expect: {value: false}", "expect: {value: true}"))
        done = command("rules", "publish", loan)
        assert done.status == 1
        assert done.err == "nothing is sent: 0 problems, 1 definition with failed cases\n"
        assert command("rules", "list").out == "No decisions.\n"

    def test_a_version_can_wait_for_somebody_else(self, command: RunCommand, loan: Path) -> None:
        permissions = [f"--permission=rules.{each}" for each in ("read", "write", "publish")]
        [made] = command("keys", "create", "author", *permissions, "--json").lines
        as_author = {"FUNCTION_BACKEND_API_KEY": made["secret"]}
        done = command("rules", "publish", loan, environment_more=as_author)
        assert done.status == 1
        assert "version 1 waits for somebody else: function-backend rules approve loan.approval 1" in done.err
        assert command("rules", "reject", "loan.approval", "1", "-m", "why round").out.endswith("is a draft again\n")
        assert command("rules", "publish", loan, environment_more=as_author).status == 1
        assert command("rules", "approve", "loan.approval", "1").out == "loan.approval: version 1 is approved\n"
        done = command("rules", "publish", loan, environment_more=as_author)
        assert (done.status, done.out.partition(" from ")[0]) == (0, "loan.approval: version 1 is in force")

    def test_a_graph_may_call_what_only_the_service_has(self, command: RunCommand, here: Path) -> None:
        assert command("rules", "publish", EXAMPLES / "onboarding.yaml", EXAMPLES / "credit_limit.yaml").status == 0
        graph = EXAMPLES / "credit_decision.yaml"
        assert command("rules", "lint", graph).status == 1
        done = command("rules", "publish", graph)
        assert (done.status, done.out.partition(" from ")[0]) == (0, "credit.decision: version 1 is in force")
        lost = "name: lost\ngraph: {steps: [{name: s, call: {decision: no.such}}], result: s}\n"
        (here / "lost.yaml").write_text(lost)
        done = command("rules", "publish", "lost.yaml")
        assert done.status == 1
        assert "there is no decision 'no.such'" in done.err

    def test_a_decision_of_the_log_is_explained(self, command: RunCommand, loan: Path) -> None:
        assert command("rules", "publish", loan).status == 0
        [made] = command("rules", "eval", "loan.approval", "--remote", "-i", "amount=1500", "--json").lines
        # It is written behind the call.
        eventually(lambda: made["id"] in command("rules", "decisions", "--name", "loan.approval").out)
        assert command("rules", "decisions", "--status", "failed").out == "No decisions.\n"
        assert command("rules", "decisions", "--status", "fialed").err.endswith("did you mean 'failed'?\n")
        out = command("rules", "decision", made["id"]).out
        assert "│   └── amount <= 1000 does not hold: amount = 1500\n" in out
        assert out.endswith("deciding again comes to the same\n")

    def test_the_log_becomes_a_file_for_other_programs(self, command: RunCommand, loan: Path, here: Path) -> None:
        assert command("rules", "publish", loan).status == 0
        [made] = command("rules", "eval", "loan.approval", "--remote", "-i", "amount=10", "--json").lines
        # It is written behind the call.
        eventually(lambda: made["id"] in command("rules", "decisions", "--name", "loan.approval").out)
        assert command("rules", "export-decisions", "log.jsonl", "--status", "matched").status == 0
        rows = [json.loads(line) for line in (here / "log.jsonl").read_text("utf-8").splitlines()]
        [row] = [row for row in rows if row["id"] == made["id"]]
        assert (row["value"], row["rule_ids"], row["reason_codes"]) == ("true", ["small"], ["SMALL"])
        assert json.loads(row["inputs"]) == {"json": {"amount": 10}}
        assert row["decide_time"].endswith("Z")
        assert row["candidate_version"] is None

        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        from pyarrow import parquet  # noqa: PLC0415 - see above

        assert command("rules", "export-decisions", "log.parquet").status == 0
        columns = parquet.read_table(here / "log.parquet")
        [written] = [each for each in columns.to_pylist() if each["id"] == made["id"]]
        assert (written["value"], written["rule_ids"], written["version"]) == ("true", ["small"], 1)
        assert written["decide_time"].tzinfo is not None
        assert {file.name for file in here.iterdir()} >= {"log.jsonl", "log.parquet"}
        assert not list(here.glob(".*.part"))

    def test_an_export_of_the_log_says_what_it_cannot_write(self, command: RunCommand, here: Path) -> None:
        done = command("rules", "export-decisions", "log.csv")
        assert done.status != 0
        assert "write *.parquet or *.jsonl" in done.err
        assert "did you mean 'failed'" in command("rules", "export-decisions", "log.jsonl", "--status", "fialed").err
        assert (
            command("rules", "export-decisions", "log.jsonl", "--name", "no.such").out == "0 decisions in log.jsonl\n"
        )
        assert (here / "log.jsonl").read_text() == ""

    def test_a_file_is_tried_out_before_it_is_published(self, command: RunCommand, loan: Path, here: Path) -> None:
        assert command("rules", "publish", loan).status == 0
        inputs = here / "inputs.yaml"
        inputs.write_text("[{amount: 10}, {amount: 1500}, {amount: x}]")
        done = command("rules", "simulate", loan, "--inputs", inputs)
        assert done.status == 0
        loan.write_text(LOAN.replace("amount <= 1000", "amount <= 2000"))
        done = command("rules", "simulate", loan, "--inputs", inputs)
        assert done.status == 1
        lines = [" ".join(line.split()) for line in done.out.splitlines()]
        assert lines[:4] == [
            "loan.approval: the file against version 1: succeeded, 3 of 3",
            "1 same",
            "1 flipped",
            "inputs 2: false → true by small",
        ]
        assert lines[4].startswith("1 not tried out, inputs refused: inputs.amount: 'x' is not a value of type int")
        simulation = lines[-1].removeprefix("simulation ")
        assert command("rules", "simulation", simulation).out == done.out
        assert command("rules", "simulations", "--json").lines[0]["id"] == simulation
        done = command("rules", "simulate", "loan.approval", "--limit", "10")
        assert (done.status, done.out.splitlines()[0]) == (
            0,
            "loan.approval: version 1 against what was decided: succeeded, 0 of ?",
        )
        done = command("rules", "simulate", "loan.approval", "--no-wait", "--json")
        assert done.status == 0
        assert command("rules", "simulation", done.lines[0]["id"], "--wait").status == 0

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--inputs", "a.yaml", "--companies"), "exclude each other"),
            (("-i", "a=1"), "say --companies"),
            (("--companies", "--since", "2020-01-01"), "are about stored decisions"),
            (("--version", "1"), "this is a file"),
            (("--inputs", "bad.yaml"), "bad.yaml:2: inputs: a mapping is expected here, and this is '5'"),
        ],
    )
    def test_what_does_not_go_together_is_refused(
        self, command: RunCommand, loan: Path, here: Path, arguments: tuple[str, ...], message: str
    ) -> None:
        (here / "bad.yaml").write_text("- {a: 1}\n- 5\n")
        done = command("rules", "simulate", loan, *arguments)
        assert done.status == 2
        assert message in done.err

    def test_a_version_is_tried_out_on_the_companies(self, command: RunCommand, here: Path) -> None:
        made = command("company", "create", "--name", "Example GmbH", "--jurisdiction", "DE")
        assert made.status == 0
        assert command("rules", "publish", EXAMPLES / "onboarding.yaml").status == 0
        strict = (
            (EXAMPLES / "onboarding.yaml").read_text().replace("otherwise: '\"review\"'", "otherwise: '\"refuse\"'")
        )
        (here / "strict.yaml").write_text(strict)
        done = command("rules", "simulate", "strict.yaml", "--companies")
        assert done.status == 1
        assert '"review" → "refuse"' in done.out

    def test_a_decision_is_bound_to_changes_and_let_go(self, command: RunCommand, here: Path) -> None:
        file = here / "names.yaml"
        file.write_text(
            "name: cli.names\ninputs: [{name: company, type: function.company.v1.Company}]\n"
            "rule_set:\n  policy: first_match\n"
            "  rules: [{id: no-x, condition: company.legal_name == 'Xyzzy', outcome: false}]\n"
            "  otherwise: true\n"
        )
        assert command("rules", "publish", file).status == 0
        done = command("rules", "bind", "cli.names", "--to", "company.create", "--hook", "cli.naming")
        assert done.out == "cli.naming: cli.names decides from now on before company.create\n"
        # Workers hear of it, and of the shadow, by announcements.
        eventually(lambda: "CHANGE_DENIED" in command("company", "create", "--name", "Xyzzy").err)
        assert command("rules", "set-hook", "cli.naming", "--shadow").status == 0
        eventually(lambda: command("company", "create", "--name", "Xyzzy").status == 0)
        (listed,) = command("rules", "hooks", "--of", "cli.names", "--json").lines
        assert (listed["name"], listed["mode"]) == ("cli.naming", "HOOK_MODE_SHADOW")
        assert command("rules", "set-hook", "cli.naming").err.startswith("nothing to change; say --enable")
        assert command("rules", "unbind", "cli.naming").status == 0
        assert command("rules", "hooks", "--of", "cli.names").out == "No hooks.\n"

    def test_a_candidate_is_rolled_out_compared_and_promoted(self, command: RunCommand, loan: Path) -> None:
        loan.write_text(LOAN.replace("loan.approval", "loan.rolled_out"))
        assert command("rules", "publish", loan).status == 0
        loan.write_text(LOAN.replace("loan.approval", "loan.rolled_out").replace("1000, outcome", "1001, outcome"))
        assert command("rules", "publish", "--draft", loan).status == 0
        assert command("rules", "submit", "loan.rolled_out").out == "loan.rolled_out: version 2 is in review\n"
        assert command("rules", "approve", "loan.rolled_out", "2").status == 0
        wrong = command("rules", "roll-out", "loan.rolled_out", "2", "--percent", "5")
        assert (wrong.status, wrong.err.partition(":")[0]) == (2, "--percent and --key belong together")
        done = command("rules", "roll-out", "loan.rolled_out", "2", "--percent", "100", "--key", "amount")
        assert done.out == "loan.rolled_out: version 2 answers for 100 % of the values of amount\n", done.err

        def shown_after_a_decision() -> str:
            # The candidate answers once the worker has heard of it, and is compared beside the answer.
            for amount in (5, 1001):
                assert command("rules", "eval", "loan.rolled_out", "--remote", "-i", f"amount={amount}").status == 0
            shown = command("rules", "rollout", "loan.rolled_out").out
            return shown if re.search(r"Answered +[1-9]", shown) and "differed" in shown else ""

        assert eventually(shown_after_a_decision)
        ended = command("rules", "end-rollout", "loan.rolled_out", "--promote", "-m", "as good")
        assert ended.out == "loan.rolled_out: version 2 is in force\n"

    def test_a_time_can_be_planned(self, command: RunCommand, loan: Path) -> None:
        plan = ("--valid-from", "2090-01-01", "--valid-until", "2090-02-01")
        out = command("rules", "publish", loan, *plan).out
        assert out == "loan.approval: version 1 is in force from 2090-01-01 00:00:00Z until 2090-02-01 00:00:00Z\n"
        assert command("rules", "eval", "loan.approval", "--remote", "-i", "amount=1").err.startswith("NOT_IN_FORCE")
        now = ("--now", "2090-01-05")
        assert command("rules", "eval", "loan.approval", "--remote", "-i", "amount=1", *now).out.startswith("true\n")

    def test_a_draft_is_written_without_being_published(self, command: RunCommand, loan: Path) -> None:
        assert command("rules", "publish", "--draft", loan).out == "loan.approval: version 1 is the latest version\n"
        [listed] = command("rules", "list", "--json").lines
        assert "version_in_force" not in listed

    def test_a_decision_that_is_not_there_is_named(self, command: RunCommand) -> None:
        done = command("rules", "eval", "nobody", "--remote")
        assert done.status == 1
        assert done.err.startswith("DEFINITION_NOT_FOUND")
