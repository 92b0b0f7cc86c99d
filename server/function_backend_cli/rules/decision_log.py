"""`function-backend rules decisions` and `decision`: what was decided, from the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from google.protobuf import json_format

from function.rules.v1 import decision_pb2, evaluation_service_pb2_grpc
from function.rules.v1 import evaluation_service_pb2 as wire
from function_backend_cli.connection import Session, remote
from function_backend_cli.moments import Moment, shown
from function_backend_cli.names import nearest
from function_backend_cli.rules.explanation_display import short
from function_backend_cli.rules.remote_deciding import print_decision
from function_backend_cli.rules.report_display import text_of

_PAGE = 200
STATUSES = {
    "matched": decision_pb2.DECISION_STATUS_MATCHED,
    "no_match": decision_pb2.DECISION_STATUS_NO_MATCH,
    "failed": decision_pb2.DECISION_STATUS_FAILED,
}


@remote
def decisions(
    session: Session,
    name: Annotated[str, typer.Option("--name", help="Only of this decision.")] = "",
    version: Annotated[int, typer.Option("--version", min=0, help="Only of this version; with --name.")] = 0,
    status: Annotated[str, typer.Option("--status", help="matched, no_match or failed.")] = "",
    since: Moment = None,
    until: Moment = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 50,
) -> None:
    """Print what was decided, the latest first."""
    if status and status not in STATUSES:
        raise ValueError(f"{status!r} is no status{nearest(status, STATUSES)}")
    request = wire.ListDecisionsRequest(name=name, version=version)
    if status:
        request.status = STATUSES[status]
    if since is not None:
        request.decided_from.FromDatetime(since)
    if until is not None:
        request.decided_until.FromDatetime(until)
    found = (each for _, each in zip(range(limit), _decisions(session, request), strict=False))
    if session.output.json:
        for each in found:
            session.output.message(each)
        return
    columns = ("Id", "Time", "Name", "Version", "Value", "By", "Caller")
    session.output.table(columns, map(_row, found), empty="No decisions.")


@remote
def decision(
    session: Session, decision_id: Annotated[str, typer.Argument(metavar="ID", help="As `eval --remote` printed it.")]
) -> None:
    """Explain a decision from the log: its version decides again from the inputs that were kept."""
    found = _stub(session).ExplainDecision(wire.ExplainDecisionRequest(id=decision_id))
    if session.output.json:
        session.output.message(found)
        return
    print_decision(session, found.decision.decision)
    again = "the same" if found.reproduced else "NOT the same"
    caller, time = found.decision.caller, shown(found.decision.decide_time)
    session.output.say(f"decided {time} for {caller}; deciding again comes to {again}")


def _row(logged: decision_pb2.LoggedDecision) -> tuple[str, ...]:
    made = logged.decision
    return (
        made.id,
        shown(logged.decide_time),
        made.name,
        str(made.version),
        _value(made),
        ", ".join(match.rule_id for match in made.matches),
        logged.caller,
    )


def _value(made: decision_pb2.Decision) -> str:
    if made.status == decision_pb2.DECISION_STATUS_MATCHED:
        return short(text_of(json_format.MessageToDict(made.value)))
    return "nothing matched" if made.status == decision_pb2.DECISION_STATUS_NO_MATCH else "failed"


def _decisions(session: Session, request: wire.ListDecisionsRequest) -> Iterator[decision_pb2.LoggedDecision]:
    request.page_size = _PAGE
    while True:
        page = _stub(session).ListDecisions(request)
        yield from page.decisions
        request.page_token = page.next_page_token
        if not request.page_token:
            return


def _stub(session: Session) -> Any:  # noqa: ANN401 - a stub, whose generated type has no calls that wait
    return session.client.stub(evaluation_service_pb2_grpc.EvaluationServiceStub)
