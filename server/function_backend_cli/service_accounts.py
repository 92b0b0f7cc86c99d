"""`function-backend service-accounts`: the programs of the caller's tenant, and what they sign in with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from function.auth.v1 import service_account_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import SecretFile, show, show_all, show_secret
from function_backend_cli.moments import Moment
from function_backend_cli.names import labels, service_account_id

app = application("Create service accounts and give them secrets and keys.")

_Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Id or name.")]
_Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")]
_For = Annotated[str, typer.Option("--for", help="What it is for.")]


@app.command()
@remote
def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="A short unique name.")],
    display_name: Annotated[str, typer.Option("--display-name", help="The name as people read it.")] = "",
    description: Annotated[str, typer.Option("--description", help="What it does.")] = "",
    label: Annotated[list[str] | None, typer.Option("--label", metavar="KEY=VALUE")] = None,
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check and change nothing.")] = False,
) -> None:
    """Create a service account. It needs a secret or a key to sign in, and a role to do anything."""
    account = service_account_pb2.ServiceAccount(
        name=name, display_name=display_name, description=description, labels=labels(label or ())
    )
    show(session, session.client.service_accounts.create(account, validate_only=validate_only))


@app.command()
@remote
def get(session: Session, account: _Account) -> None:
    """Print a service account."""
    show(session, session.client.service_accounts.get(service_account_id(session, account)))


@app.command("list")
@remote
def list_accounts(session: Session, limit: _Limit = 100) -> None:
    """Print the service accounts of the tenant."""
    accounts = session.client.service_accounts.list()
    columns = ("id", "name", "display_name", "state", "create_time")
    show_all(session, accounts, columns, empty="No service accounts.", limit=limit)


@app.command()
@remote
def disable(session: Session, account: _Account) -> None:
    """Refuse everything of a service account within a second, until `enable`."""
    show(session, session.client.service_accounts.disable(service_account_id(session, account)))


@app.command()
@remote
def enable(session: Session, account: _Account) -> None:
    """Let a disabled service account in again."""
    show(session, session.client.service_accounts.enable(service_account_id(session, account)))


@app.command()
@remote
def delete(session: Session, account: _Account) -> None:
    """Delete a service account with all credentials."""
    show(session, session.client.service_accounts.delete(service_account_id(session, account)))


@app.command("create-secret")
@remote
def create_secret(
    session: Session, account: _Account, purpose: _For = "", expires: Moment = None, secret_file: SecretFile = None
) -> None:
    """Make a client secret and print it, this once. A file has the id of the client before it, for --client-file."""
    made = session.client.client_credentials.create_client_secret(
        service_account_id(session, account), display_name=purpose, expire_time=expires
    )
    secret = f"{made.credential.client_id}:{made.secret}" if secret_file and made.secret else made.secret
    show_secret(session, made, secret, of=made.credential, file=secret_file)


@app.command("add-key")
@remote
def add_key(
    session: Session,
    account: _Account,
    file: Annotated[Path, typer.Argument(help="The public half as a JWK.")],
    purpose: _For = "",
    expires: Moment = None,
) -> None:
    """Register a public key, whose private half then signs for the account."""
    try:
        jwk = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: cannot be read: {error}") from error
    show(
        session,
        session.client.client_credentials.add_public_key(
            service_account_id(session, account), jwk, display_name=purpose, expire_time=expires
        ),
    )


@app.command()
@remote
def credentials(
    session: Session,
    account: _Account,
    show_revoked: Annotated[bool, typer.Option("--show-revoked", help="Include revoked and expired ones.")] = False,
    limit: _Limit = 100,
) -> None:
    """Print the secrets and keys of a service account, without the secrets themselves."""
    found = session.client.client_credentials.list(service_account_id(session, account), show_revoked=show_revoked)
    columns = ("id", "kind", "display_name", "create_time", "expire_time", "revoke_time", "last_use_time")
    show_all(session, found, columns, empty="No credentials.", limit=limit)


@app.command("revoke-credential")
@remote
def revoke_credential(
    session: Session, credential_id: Annotated[str, typer.Argument(metavar="ID", help="The credential's id.")]
) -> None:
    """Revoke a secret or a key."""
    show(session, session.client.client_credentials.revoke(credential_id))
