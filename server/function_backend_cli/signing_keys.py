"""`function-backend signing-keys`: what access tokens are signed with."""

from __future__ import annotations

from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show, show_all

app = application("List, rotate and retire the keys that access tokens are signed with.")


@app.command("list")
@remote
def list_keys(session: Session) -> None:
    """Print the keys, without their private halves."""
    keys = session.client.signing_keys.list()
    show_all(
        session,
        keys,
        ("id", "algorithm", "state", "create_time", "activate_time", "retire_time", "remove_time"),
        empty="No keys.",
    )


@app.command()
@remote
def rotate(session: Session) -> None:
    """Make a new key. Tokens signed with the old one stay good until they end."""
    show(session, session.client.signing_keys.rotate())


@app.command()
@remote
def retire(session: Session, key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id.")]) -> None:
    """Take a key out of use at once: tokens signed with it are refused."""
    show(session, session.client.signing_keys.retire(key_id))
