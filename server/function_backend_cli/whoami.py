"""`function-backend whoami`: who the service takes the caller for."""

from __future__ import annotations

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show

app = application()


@app.command()
@remote
def whoami(session: Session) -> None:
    """Print who you are to the service, with roles and permissions."""
    show(session, session.client.credentials.who_am_i())
