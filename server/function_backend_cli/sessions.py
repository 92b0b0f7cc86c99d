"""`function-backend sessions`: where somebody is signed in."""

from __future__ import annotations

from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show, show_all
from function_backend_cli.names import user_id

app = application("List and end sessions: your own, or those of a user.")

_User = Annotated[str, typer.Option("--user", help="Of this user; your own without.")]
_COLUMNS = ("id", "user_id", "client_id", "device", "address", "last_use_time", "expire_time", "revoke_time", "current")


@app.command("list")
@remote
def list_sessions(
    session: Session,
    user: _User = "",
    show_ended: Annotated[bool, typer.Option("--show-ended", help="Include those that are over.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 100,
) -> None:
    """Print sessions: device, address, last use."""
    sessions = session.client.sessions
    if user:
        found = sessions.list_user(user_id(session, user), show_ended=show_ended)
    else:
        found = sessions.list(show_ended=show_ended)
    show_all(session, found, _COLUMNS, empty="No sessions.", limit=limit)


@app.command()
@remote
def revoke(
    session: Session,
    session_id: Annotated[str | None, typer.Argument(metavar="ID", help="One session.")] = None,
    user: _User = "",
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    others: Annotated[bool, typer.Option("--others", help="All of yours but this one.")] = False,
) -> None:
    """End a session, or all: their tokens are refused within a second."""
    sessions = session.client.sessions
    if session_id is not None:
        show(session, sessions.revoke(session_id))
    elif user:
        show(session, sessions.revoke_user(user_id(session, user)))
    elif every or others:
        show(session, sessions.revoke_all(except_current=others))
    else:
        raise ValueError("say which: an id, --user, --all or --others")
