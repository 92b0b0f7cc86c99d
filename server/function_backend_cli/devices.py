"""`function-backend devices`: lets a program in that waits with a code, or refuses it."""

from __future__ import annotations

from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show

app = application("Look at, approve or refuse a login that waits elsewhere.")

_Code = Annotated[str, typer.Argument(metavar="CODE", help="The code that the device shows, such as WDJB-MJHT.")]


@app.command()
@remote
def get(session: Session, code: _Code) -> None:
    """Print what the device asks for, and from where."""
    show(session, session.client.oauth.get_device_request(code))


@app.command()
@remote
def approve(session: Session, code: _Code) -> None:
    """Let the device in, in your name. Only when you have begun the login yourself."""
    show(session, session.client.oauth.approve_device(code))


@app.command()
@remote
def deny(session: Session, code: _Code) -> None:
    """Refuse the device."""
    show(session, session.client.oauth.deny_device(code))
