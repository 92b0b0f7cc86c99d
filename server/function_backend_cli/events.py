"""`function-backend events`: what happened, watched as it happens or listed."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.markup import escape

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import pairs
from function_backend_cli.moments import parse_moment
from function_backend_client.events import Event

app = application("Watch and list what happened to the tenant's resources.")

_Types = Annotated[
    list[str] | None,
    typer.Option("--type", "-t", help="Only this type, or a prefix that ends with *; again for more."),
]
_Subjects = Annotated[
    list[str] | None, typer.Option("--subject-type", help="Only of such resources, as company; again for more.")
]
_Ids = Annotated[list[str] | None, typer.Option("--subject", help="Only of the resource with this id.")]
_Labels = Annotated[list[str] | None, typer.Option("--label", help="Only of resources with this label, as team=north.")]
_Since = Annotated[str, typer.Option("--since", help="A cursor, a time such as 2026-11-26T10:00Z, or: oldest.")]


@app.command()
@remote
def watch(
    session: Session,
    types: _Types = None,
    subject_types: _Subjects = None,
    subjects: _Ids = None,
    labels: _Labels = None,
    since: _Since = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="End after so many; 0 for never.")] = 0,
) -> None:
    """Print events as they happen, until Ctrl-C; a stream that breaks is taken up where it was."""
    events = session.client.events.watch(
        types=types or (),
        subject_types=subject_types or (),
        subject_ids=subjects or (),
        labels=_labels(labels),
        since=_start(since),
    )
    _show(session, itertools.islice(events, limit) if limit else events)


@app.command("list")
@remote
def list_events(
    session: Session,
    types: _Types = None,
    subject_types: _Subjects = None,
    subjects: _Ids = None,
    labels: _Labels = None,
    since: _Since = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 100,
) -> None:
    """Print events that are kept, the oldest first."""
    events = session.client.events.list(
        types=types or (),
        subject_types=subject_types or (),
        subject_ids=subjects or (),
        labels=_labels(labels),
        since=_start(since),
    )
    if not _show(session, itertools.islice(events, limit)):
        session.output.say("No events.")


@app.command()
@remote
def get(session: Session, event_id: Annotated[str, typer.Argument(metavar="ID", help="The id of the event.")]) -> None:
    """Print one event with what it says."""
    event = session.client.events.get(event_id)
    if session.output.json:
        session.output.message(event.envelope)
        return
    said = () if event.data is None else pairs(event.data)
    session.output.fields(
        [
            ("Id", event.id),
            ("Type", event.type),
            ("Subject", f"{event.subject_type}/{event.subject_id}"),
            ("Time", _moment(event)),
            ("Position", str(event.position)),
            ("Sequence", str(event.sequence)),
            ("Cursor", event.cursor),
            *said,
        ]
    )


@app.command("types")
@remote
def list_types(
    session: Session,
    prefix: Annotated[str, typer.Argument(metavar="[PREFIX]", help="Only types that begin so.")] = "",
) -> None:
    """Print the types of events, and who may see them."""
    found = session.client.events.types(prefix)
    if session.output.json:
        for each in found:
            session.output.message(each)
        return
    rows = [[each.name, each.subject_type, each.permission] for each in found]
    session.output.table(["Type", "Subject", "Permission"], rows, empty="No types.")


def _show(session: Session, events: Iterable[Event]) -> int:
    shown = 0
    for event in events:
        shown += 1
        if session.output.json:
            session.output.message(event.envelope)
            continue
        subject = f"{event.subject_type}/{event.subject_id}"
        session.output.console.print(
            f"[dim]{_moment(event)}[/]  [bold]{escape(event.type)}[/]  {escape(subject)}  [dim]{event.id}[/]",
            soft_wrap=True,
        )
    return shown


def _moment(event: Event) -> str:
    return event.time.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _start(since: str) -> str | dt.datetime | None:
    """What the client takes: a time where it looks like one, else a cursor."""
    if not since:
        return None
    if since[:4].isdigit() and since[4:5] == "-":
        return parse_moment(since)
    return since


def _labels(given: list[str] | None) -> dict[str, str]:
    found = {}
    for each in given or ():
        name, sign, value = each.partition("=")
        if not sign or not name:
            raise ValueError(f"{each!r} is no label; write it as team=north")
        found[name] = value
    return found
