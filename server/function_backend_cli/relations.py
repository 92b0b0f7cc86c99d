"""`function-backend relations`: the relation schema and the relationships of the caller's tenant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from function.auth.v1 import relationship_pb2
from function.auth.v1.relation_schema_service_pb2 import DiffSchemaResponse, WriteSchemaResponse
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.explanation import tree_of
from function_backend_cli.messages import show, show_all
from function_backend_cli.moments import Moment
from function_backend_cli.names import nearest

app = application("Write and read the relation schema, and the relationships under it.")

_TUPLE = re.compile(r"(?P<resource>[^\s#@]+)#(?P<relation>[^\s#@]+)@(?P<subject>\S+)")
_OPERATIONS = {
    "create": relationship_pb2.RELATIONSHIP_OPERATION_CREATE,
    "touch": relationship_pb2.RELATIONSHIP_OPERATION_TOUCH,
    "delete": relationship_pb2.RELATIONSHIP_OPERATION_DELETE,
}
_Tuples = Annotated[
    list[str], typer.Argument(metavar="TUPLE...", help="Such as document:42#viewer@user:ann or …@group:eng#member.")
]
_Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.")]
_ValidateOnly = Annotated[bool, typer.Option("--validate-only", help="Check and change nothing.")]


@app.command()
@remote
def write(
    session: Session,
    tuples: _Tuples,
    operation: Annotated[str, typer.Option("--operation", help="touch, create or delete.")] = "touch",
    expires: Moment = None,
    reason: _Reason = "",
    validate_only: _ValidateOnly = False,
) -> None:
    """Write relationships, all of them or none, and print the consistency token for later checks."""
    number = _OPERATIONS.get(operation)
    if number is None:
        raise ValueError(f"{operation!r} is no operation{nearest(operation, _OPERATIONS)}")
    updates = []
    for text in tuples:
        relationship = _relationship(text)
        if expires is not None:
            relationship.expire_time.FromDatetime(expires)
        updates.append(relationship_pb2.RelationshipUpdate(operation=number, relationship=relationship))
    show(session, session.client.relationships.write(updates, reason=reason, validate_only=validate_only))


@app.command()
@remote
def read(
    session: Session,
    resource: Annotated[str, typer.Argument(help="TYPE or TYPE:ID of the resources; - for any.")],
    relation: Annotated[str, typer.Option("--relation", help="Only this one.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="TYPE or TYPE:ID of the subjects.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 100,
) -> None:
    """Print relationships."""
    resource_type, _, resource_id = ("" if resource == "-" else resource).partition(":")
    subject_type, _, subject_id = subject.partition(":")
    wanted = relationship_pb2.RelationshipFilter(
        resource_type=resource_type,
        resource_id=resource_id,
        relation=relation,
        subject_type=subject_type,
        subject_id=subject_id,
    )
    columns = ("resource", "relation", "subject", "expire_time", "writer", "reason")
    show_all(session, session.client.relationships.read(wanted), columns, empty="No relationships.", limit=limit)


@app.command()
@remote
def schema(
    session: Session,
    file: Annotated[
        Path | None, typer.Argument(help="A file with a new schema; prints the present one without.")
    ] = None,
    version: Annotated[int, typer.Option("--version", min=0, help="Print this version.")] = 0,
    diff: Annotated[bool, typer.Option("--diff", help="Say what the file would change, and change nothing.")] = False,
    validate_only: _ValidateOnly = False,
    reason: _Reason = "",
) -> None:
    """Print the relation schema, or write a new version of it."""
    schemas = session.client.relation_schemas
    if file is None:
        found = schemas.read(version=version)
        if session.output.json:
            session.output.message(found)
        else:
            session.output.say(found.text)
        return
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: cannot be read: {error}") from error
    if diff:
        _show_changes(session, schemas.diff(text=text))
        return
    written = schemas.write(text, reason=reason, validate_only=validate_only)
    if session.output.json:
        session.output.message(written)
        return
    session.output.say(f"version {written.schema.version}, consistency token {written.consistency_token}")
    _show_changes(session, written)


@app.command()
@remote
def decision(
    session: Session, decision_id: Annotated[str, typer.Argument(help="As `check --record` printed it.")]
) -> None:
    """Explain a recorded decision, from what was known when it was made."""
    explained = session.client.checks.explain(decision_id=decision_id)
    session.output.say(
        f"{explained.subject} {'had' if explained.permitted else 'did not have'} {explained.permission} on"
        f" {explained.resource}, decided {explained.decision_time.ToJsonString()} for {explained.decision_caller}"
    )
    session.output.tree(explained, tree_of(explained))


def _show_changes(session: Session, answer: WriteSchemaResponse | DiffSchemaResponse) -> None:
    if session.output.json:
        session.output.message(answer)
        return
    for change in answer.changes:
        for sign, text in (("-", change.before), ("+", change.after)):
            for line in text.splitlines():
                session.output.say(f"{sign} {change.definition}: {line}" if change.name else f"{sign} {line}")
    if not answer.changes:
        session.output.say("Nothing differs.")


def _relationship(text: str) -> relationship_pb2.Relationship:
    found = _TUPLE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a relationship such as document:42#viewer@user:ann")
    return relationship_pb2.Relationship(
        resource=found["resource"], relation=found["relation"], subject=found["subject"]
    )
