"""`function-backend rules roll-out`, `rollout` and `end-rollout`: a candidate beside the version in force."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer
from rich.markup import escape

from function.rules.v1 import rollout_pb2, rollout_service_pb2_grpc
from function.rules.v1 import rollout_service_pb2 as wire
from function_backend_cli.connection import Session, remote
from function_backend_cli.moments import shown

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The decision.")]
_Comment = Annotated[str, typer.Option("--comment", "-m", help="Why, for the record.")]
_ValidateOnly = Annotated[bool, typer.Option("--validate-only", help="Check everything and change nothing.")]
_PARTED = {
    rollout_pb2.ROLLOUT_AGREEMENT_DIFFERED: "[yellow]differed[/]",
    rollout_pb2.ROLLOUT_AGREEMENT_FAILED: "[red]failed[/]",
}


@remote
def roll_out(
    session: Session,
    name: _Name,
    candidate: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The candidate.")],
    percent: Annotated[
        float | None, typer.Option("--percent", min=0, max=100, help="Let it answer for so many of a hundred keys.")
    ] = None,
    key: Annotated[
        str, typer.Option("--key", help="CEL over the inputs, such as company.id; needed with --percent.")
    ] = "",
    comment: _Comment = "",
    validate_only: _ValidateOnly = False,
) -> None:
    """Try a version out beside the one in force: in the shadow, or for a share of the keys.

    Without --percent it decides in the shadow: what it comes to is recorded, and nobody acts upon it.
    """
    if (percent is None) != (not key):
        raise ValueError("--percent and --key belong together: the key says which calls are answered alike")
    request = wire.SetRolloutRequest(
        name=name,
        candidate_version=candidate,
        mode=rollout_pb2.ROLLOUT_MODE_SHADOW if percent is None else rollout_pb2.ROLLOUT_MODE_PERCENTAGE,
        percent=percent or 0,
        key=key,
        comment=comment,
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
    )
    made = _rollouts(session).SetRollout(request).rollout
    if session.output.json:
        session.output.message(made)
    else:
        session.output.say(f"{name}: {_sentence(made)}")


@remote
def rollout(
    session: Session,
    name: _Name,
    examples: Annotated[int, typer.Option("--examples", min=0, max=100, help="How many decisions to show.")] = 10,
) -> None:
    """Show the rollout of a decision, and how the candidate compares with the version in force."""
    stub = _rollouts(session)
    found = stub.GetRollout(wire.GetRolloutRequest(name=name)).rollout
    compared = stub.GetRolloutComparison(wire.GetRolloutComparisonRequest(name=name, max_examples=examples))
    output = session.output
    if output.json:
        output.message(found)
        output.message(compared)
        return
    output.fields(
        [
            ("Decision", name),
            ("Candidate", _sentence(found)),
            ("Since", shown(found.start_time)),
            ("By", found.author),
            ("Comment", found.comment),
            ("Agreed", f"{compared.agreed:,}"),
            ("Differed", f"{compared.differed:,}"),
            ("Failed", f"{compared.failed:,}"),
            ("Not compared", f"{compared.not_compared:,}"),
            ("Answered", f"{compared.answered_by_candidate:,}"),
        ]
    )
    for example in compared.examples[:examples]:
        parted = _PARTED.get(example.agreement, "?")
        output.console.print(f"{parted} {escape(example.decision_id)}", soft_wrap=True)


@remote
def end_rollout(
    session: Session,
    name: _Name,
    promote: Annotated[
        bool, typer.Option("--promote/--drop", help="Publish the candidate, or let the other answer alone again.")
    ],
    comment: _Comment = "",
    validate_only: _ValidateOnly = False,
) -> None:
    """End a rollout: publish the candidate, or drop it."""
    request = wire.EndRolloutRequest(
        name=name,
        end=rollout_pb2.ROLLOUT_END_PROMOTE if promote else rollout_pb2.ROLLOUT_END_DROP,
        comment=comment,
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
    )
    done = _rollouts(session).EndRollout(request)
    if session.output.json:
        session.output.message(done)
        return
    number = done.rollout.candidate_version
    session.output.say(f"{name}: version {number} {'is in force' if promote else 'is dropped'}")


def _rollouts(session: Session) -> Any:  # noqa: ANN401 - a stub, whose generated type has no calls that wait
    return session.client.stub(rollout_service_pb2_grpc.RolloutServiceStub)


def _sentence(found: rollout_pb2.Rollout) -> str:
    if found.mode == rollout_pb2.ROLLOUT_MODE_SHADOW:
        doing = "decides in the shadow"
    else:
        doing = f"answers for {found.percent:g} % of the values of {found.key}"
    rests = "" if found.active else "; it rests, since the version has changed"
    return f"version {found.candidate_version} {doing}{rests}"
