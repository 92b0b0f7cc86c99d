"""`function-backend keys`: API keys of the caller's tenant."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import SecretFile, show, show_secret
from function_backend_cli.moments import Moment, shown
from function_backend_cli.names import owner
from function_backend_client import ApiKey

app = application("Create, list, re-roll and revoke API keys.")

_Id = Annotated[str, typer.Argument(metavar="ID", help="The key's id.")]


@app.command()
@remote
def create(
    session: Session,
    display_name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    permission: Annotated[
        list[str],
        typer.Option("--permission", "-p", help="Such as company.read, company.* or *. Give it again for more."),
    ],
    rate_limit: Annotated[int, typer.Option(min=0, help="Calls per second; 0 means the server's default.")] = 0,
    per_day: Annotated[int, typer.Option(min=0, help="Calls on one day of UTC; 0 means any number.")] = 0,
    belongs_to: Annotated[
        str, typer.Option("--owner", metavar="SUBJECT", help="Such as ann or service_account:billing.")
    ] = "",
    expires: Moment = None,
    secret_file: SecretFile = None,
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check and change nothing.")] = False,
) -> None:
    """Create a key and print its secret, this once."""
    created = session.client.api_keys.create(
        display_name,
        permission,
        rate_limit_per_second=rate_limit,
        max_calls_per_day=per_day,
        owner=owner(session, belongs_to) if belongs_to else "",
        expire_time=expires,
        validate_only=validate_only,
    )
    if secret_file is not None:
        show_secret(session, created, created.secret, of=created.api_key, file=secret_file)
        return
    if session.output.json:
        session.output.message(created)
        return
    session.output.fields(_details(created.api_key))
    if created.secret:
        session.output.say("\nThe secret, shown now and never again:\n")
        session.output.say(f"  {created.secret}")


@app.command("list")
@remote
def list_keys(
    session: Session,
    show_revoked: Annotated[bool, typer.Option("--show-revoked", help="Include revoked and expired keys.")] = False,
    belongs_to: Annotated[str, typer.Option("--owner", metavar="SUBJECT", help="Only the keys of this owner.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 100,
) -> None:
    """Print the keys of the tenant, without their secrets."""
    of = owner(session, belongs_to) if belongs_to else ""
    keys = itertools.islice(session.client.api_keys.list(show_revoked=show_revoked, owner=of), limit)
    if session.output.json:
        for key in keys:
            session.output.message(key)
        return
    session.output.table(
        ("Id", "Name", "Permissions", "Created", "State"),
        ((key.id, key.display_name, " ".join(key.permissions), shown(key.create_time), _state(key)) for key in keys),
        empty="No keys.",
    )


@app.command()
@remote
def get(session: Session, api_key_id: _Id) -> None:
    """Print a key without its secret."""
    _print(session, session.client.api_keys.get(api_key_id))


@app.command()
@remote
def revoke(session: Session, api_key_id: _Id) -> None:
    """Revoke a key: within a second it is refused everywhere."""
    _print(session, session.client.api_keys.revoke(api_key_id))


@app.command()
@remote
def reroll(
    session: Session,
    api_key_id: _Id,
    overlap: Annotated[
        float, typer.Option("--overlap", metavar="HOURS", min=0, help="How long the old secret stays good.")
    ] = 24.0,
    secret_file: SecretFile = None,
) -> None:
    """Give a key another secret and print it, this once; the old one stays good for a while."""
    made = session.client.api_keys.reroll(api_key_id, overlap=dt.timedelta(hours=overlap))
    show_secret(session, made, made.secret, of=made.api_key, file=secret_file)


@app.command("revoke-owner")
@remote
def revoke_owner(
    session: Session,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="Such as ann or service_account:billing.")],
) -> None:
    """Revoke all keys of a user or a service account."""
    show(session, session.client.api_keys.revoke_api_keys_of_owner(owner(session, subject)))


def _print(session: Session, key: ApiKey) -> None:
    if session.output.json:
        session.output.message(key)
    else:
        session.output.fields(_details(key))


def _details(key: ApiKey) -> Iterable[tuple[str, str]]:
    yield "Id", key.id
    yield "Name", key.display_name
    yield "Permissions", " ".join(key.permissions)
    yield "Rate limit", f"{key.rate_limit_per_second} calls per second" if key.rate_limit_per_second else ""
    yield "Created", shown(key.create_time)
    yield "By", key.creator
    yield "Owner", key.owner
    yield "Last use", shown(key.last_use_time)
    yield "Calls", f"{key.call_count}, {key.calls_today} today" if key.call_count else ""
    yield "State", _state(key)


def _state(key: ApiKey) -> str:
    if key.HasField("revoke_time"):
        return f"revoked {shown(key.revoke_time)}"
    if key.HasField("expire_time"):
        return f"expires {shown(key.expire_time)}"
    return "active"
