"""`function-backend groups`: groups of the caller's tenant."""

from __future__ import annotations

from typing import Annotated

import typer

from function.auth.v1 import group_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show, show_all
from function_backend_cli.names import group_id, labels, member

app = application("Create groups, and say who is in them.")

_Group = Annotated[str, typer.Argument(metavar="GROUP", help="Id or name.")]
_Members = Annotated[
    list[str], typer.Argument(metavar="MEMBER...", help="Such as ann, service_account:billing or group:eng.")
]
_Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")]


@app.command()
@remote
def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="A short unique name.")],
    display_name: Annotated[str, typer.Option("--display-name", help="The name as people read it.")] = "",
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    label: Annotated[list[str] | None, typer.Option("--label", metavar="KEY=VALUE")] = None,
) -> None:
    """Create a group."""
    group = group_pb2.Group(name=name, display_name=display_name, description=description, labels=labels(label or ()))
    show(session, session.client.groups.create(group))


@app.command()
@remote
def get(session: Session, group: _Group) -> None:
    """Print a group."""
    show(session, session.client.groups.get(group_id(session, group)))


@app.command("list")
@remote
def list_groups(session: Session, limit: _Limit = 100) -> None:
    """Print the groups of the tenant."""
    columns = ("id", "name", "display_name", "create_time")
    show_all(session, session.client.groups.list(), columns, empty="No groups.", limit=limit)


@app.command()
@remote
def delete(session: Session, group: _Group) -> None:
    """Delete a group; its members stay."""
    show(session, session.client.groups.delete(group_id(session, group)))


@app.command()
@remote
def members(session: Session, group: _Group, limit: _Limit = 100) -> None:
    """Print who is in a group."""
    found = session.client.groups.list_members(group_id(session, group))
    show_all(session, found, ("kind", "id"), empty="No members.", limit=limit)


@app.command()
@remote
def add(session: Session, group: _Group, who: _Members) -> None:
    """Add members."""
    found = [member(session, each) for each in who]
    show(session, session.client.groups.add_members(group_id(session, group), found))


@app.command()
@remote
def remove(session: Session, group: _Group, who: _Members) -> None:
    """Take members out."""
    found = [member(session, each) for each in who]
    show(session, session.client.groups.remove_members(group_id(session, group), found))
