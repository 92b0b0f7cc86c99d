"""`function-backend data-keys`: what the values of a tenant are encrypted with."""

from __future__ import annotations

from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.job_bar import wait_for
from function_backend_cli.messages import show

app = application("Show and rotate the keys that the values of tenants are encrypted with.")

_Tenant = Annotated[str, typer.Option("--tenant", metavar="ID", help="Another tenant than the caller's, by its id.")]


@app.command()
@remote
def get(session: Session, tenant: _Tenant = "") -> None:
    """Print the key, without its value, and how far everything is encrypted under it."""
    show(session, session.client.data_keys.get(tenant_id=tenant))


@app.command()
@remote
def rotate(
    session: Session,
    tenant: _Tenant = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until everything is under the new key.")] = False,
) -> None:
    """Make a new key. A job encrypts anew what is stored; `get` says how far that is."""
    made = session.client.data_keys.rotate(tenant_id=tenant)
    if not wait:
        show(session, made)
        return
    wait_for(session, made.operation)
    show(session, session.client.data_keys.get(tenant_id=tenant))
