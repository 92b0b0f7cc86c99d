"""Decisions of the service on the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from google.protobuf import json_format, struct_pb2
from rich.markup import escape

from function.rules.v1 import decision_pb2, evaluation_service_pb2, evaluation_service_pb2_grpc
from function_backend_cli.connection import Session
from function_backend_cli.output import REFUSED
from function_backend_cli.rules.remote_explanation import remote_tree
from function_backend_cli.rules.report_display import text_of


def decide(
    session: Session,
    name: str,
    inputs: Mapping[str, Any],
    companies: Sequence[str],
    *,
    now: dt.datetime | None,
    version: int,
    explained: bool,
) -> decision_pb2.Decision:
    """What the service decides.

    Raises:
        ValueError: a company is not given as NAME=ID.
    """
    values = struct_pb2.Struct()
    json_format.ParseDict(dict(inputs), values)
    level = decision_pb2.EXPLAIN_LEVEL_FULL if explained else decision_pb2.EXPLAIN_LEVEL_NONE
    request = evaluation_service_pb2.EvaluateRequest(
        name=name, version=version, inputs=decision_pb2.DecisionInputs(json=values), explain=level
    )
    for text in companies:
        key, sign, company = text.partition("=")
        if not sign:
            raise ValueError(f"{text!r} is not NAME=ID")
        request.inputs.company_ids[key] = company
    if now is not None:
        request.effective_time.FromDatetime(now)
    stub: Any = session.client.stub(evaluation_service_pb2_grpc.EvaluationServiceStub)
    decision: decision_pb2.Decision = stub.Evaluate(request).decision
    return decision


def show_decision(session: Session, decision: decision_pb2.Decision) -> None:
    """Prints a decision; the command ends with 1 where it failed."""
    output = session.output
    if output.json:
        output.message(decision)
    else:
        print_decision(session, decision)
    if decision.status == decision_pb2.DECISION_STATUS_FAILED:
        raise typer.Exit(REFUSED)


def print_decision(session: Session, decision: decision_pb2.Decision) -> None:
    """Prints a decision for people, with its explanation where it has one."""
    console = session.output.console
    if decision.status == decision_pb2.DECISION_STATUS_MATCHED:
        value = text_of(json_format.MessageToDict(decision.value))
        by = " [dim](nothing matched; this is what holds otherwise)[/]" if decision.by_otherwise else ""
        console.print(f"[bold green]{escape(value)}[/]{by}", soft_wrap=True)
    elif decision.status == decision_pb2.DECISION_STATUS_NO_MATCH:
        console.print("[yellow]nothing matched[/]")
    else:
        console.print("[bold red]the decision failed[/]")
    for match in decision.matches:
        parts = [f"[bold]{escape(match.rule_id)}[/]", escape(match.reason_code), escape(match.reason)]
        console.print("  " + "  ".join(part for part in parts if part), soft_wrap=True)
    for failure in decision.failures:
        where = f"{failure.rule_id} {failure.field}".strip()
        console.print(f"  [red]{escape(where)}: {escape(failure.message)}[/]", soft_wrap=True)
    console.print(f"[dim]version {decision.version}, decision {decision.id}[/]", soft_wrap=True)
    if decision.HasField("explanation"):
        console.print(remote_tree(decision.name, decision.explanation))
