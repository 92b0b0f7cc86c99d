"""`function-backend logout`: ends the login of this machine's user."""

from __future__ import annotations

import contextlib

from function.auth.v1 import oauth_service_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, anonymous
from function_backend_client import FunctionBackendError
from function_backend_client.logins import Login, LoginFile, LoginFileError

app = application()


@app.command()
@anonymous
def logout(session: Session) -> None:
    """End the session of the login, and forget its tokens."""
    file = LoginFile(session.address)
    login: Login | None = None
    with contextlib.suppress(LoginFileError):
        login = file.read()
    ended = login is not None and _revoked(session, login)
    # Even when the service cannot be asked: nobody shall find the tokens here afterwards.
    was_there = file.remove()
    if session.output.json:
        session.output.line({"address": session.address, "logged_out": was_there, "session_ended": ended})
    elif not was_there:
        session.output.say(f"Nobody was logged in at {session.address}.")
    elif ended:
        session.output.say(f"Logged out at {session.address}.")
    else:
        session.output.warn("The tokens are forgotten here, but the session could not be ended; it expires by itself.")


def _revoked(session: Session, login: Login) -> bool:
    request = oauth_service_pb2.RevokeRequest(
        token=login.refresh_token or login.access_token, client_id=login.client_id
    )
    try:
        session.client.tokens.stub.Revoke(request)
    except FunctionBackendError:
        return False
    return True
