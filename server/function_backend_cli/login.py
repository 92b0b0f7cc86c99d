"""`function-backend login`: signs a person in, and keeps the tokens for the commands that follow."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from function.auth.v1 import oauth_service_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, anonymous
from function_backend_cli.users import read_password
from function_backend_client.grants import Password
from function_backend_client.logins import DeviceLogin, LoginFile, LoginFileError, saved
from function_backend_client.reasons.people import SecondFactorRequiredError
from function_backend_client.tokens import Tokens

app = application()

CLIENT_ID = "function-backend-cli"


@app.command()
@anonymous
def login(
    session: Session,
    tenant: Annotated[str, typer.Option("--tenant", envvar="FUNCTION_BACKEND_TENANT", help="The tenant's name.")],
    password: Annotated[
        str, typer.Option("--password", metavar="USER", help="Sign in here as this user, with a password.")
    ] = "",
    otp: Annotated[str, typer.Option("--otp", help="A code of the second factor; asked for where one is needed.")] = "",
    client_id: Annotated[str, typer.Option("--client-id", help="The name that this program goes by.")] = CLIENT_ID,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="Narrow the login to a permission. Give it again for more.")
    ] = None,
) -> None:
    """Sign in. A code is shown, which you confirm elsewhere; with --password it happens here.

    The tokens are kept in a file that only you can read, and renewed by the commands that use them.
    """
    file = LoginFile(session.address)
    if password:
        tokens = _with_password(session, Password(password, read_password(), tenant, otp, client_id, scope or ()))
    else:
        flow = DeviceLogin(client_id, tenant, scope or ())
        tokens = flow.run(session.client.tokens, lambda begun: _show(session, begun))
    try:
        with file.locked():
            file.write(saved(session.address, tokens, client_id=client_id, tenant=tenant))
    except (LoginFileError, OSError) as error:
        raise ValueError(f"the login cannot be kept: {error}") from error
    if session.output.json:
        session.output.line({"address": session.address, "tenant": tenant, "expires_in": tokens.expires_in})
    else:
        session.output.say(f"Logged in at {session.address}.")


def _with_password(session: Session, grant: Password) -> Tokens:
    try:
        return grant.fetch(session.client.tokens, None)
    except SecondFactorRequiredError:
        if grant.otp or not sys.stdin.isatty():
            raise
    return replace(grant, otp=str(typer.prompt("Code of the second factor"))).fetch(session.client.tokens, None)


def _show(session: Session, begun: oauth_service_pb2.AuthorizeDeviceResponse) -> None:
    # On standard error: the result of the command is something else.
    session.output.warn(f"Open {begun.verification_uri_complete or begun.verification_uri}")
    session.output.warn(f"and confirm the code {begun.user_code}")
