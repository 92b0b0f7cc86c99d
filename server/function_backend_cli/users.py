"""`function-backend users`: the people of the caller's tenant."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated

import typer
from google.protobuf import json_format

from function.auth.v1 import user_pb2, user_service_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.fields import enum_number
from function_backend_cli.messages import SecretFile, show, show_all, show_secret
from function_backend_cli.names import labels, user_id

app = application("Create, invite, list, lock, suspend, import and delete users.")

_BATCH = 100
_COLUMNS = ("id", "user_name", "email", "display_name", "state", "second_factor")

_User = Annotated[str, typer.Argument(metavar="USER", help="Id, user name or e-mail address.")]
_Email = Annotated[str, typer.Option("--email", help="The e-mail address.")]
_DisplayName = Annotated[str, typer.Option("--display-name", help="The name as people read it.")]
_Label = Annotated[list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="Give it again for more.")]
_ValidateOnly = Annotated[bool, typer.Option("--validate-only", help="Check and change nothing.")]
_Lifetime = Annotated[float | None, typer.Option("--hours", min=0.02, help="How long the invitation is good.")]


@app.command()
@remote
def create(
    session: Session,
    user_name: Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with.")],
    email: _Email = "",
    display_name: _DisplayName = "",
    label: _Label = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read a first password from standard input.")
    ] = False,
    validate_only: _ValidateOnly = False,
) -> None:
    """Create a user, active at once. Without a password nobody can sign in yet: see `users invite`."""
    user = _user(user_name, email, display_name, label)
    password = read_password() if password_stdin else ""
    show(session, session.client.users.create(user, password=password, validate_only=validate_only))


@app.command()
@remote
def invite(
    session: Session,
    user_name: Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with.")],
    email: _Email = "",
    display_name: _DisplayName = "",
    label: _Label = None,
    hours: _Lifetime = None,
    secret_file: SecretFile = None,
    validate_only: _ValidateOnly = False,
) -> None:
    """Create a user who sets a password with the token printed, or sent by e-mail, which works once."""
    lifetime = None if hours is None else dt.timedelta(hours=hours)
    invited = session.client.users.invite(
        _user(user_name, email, display_name, label), lifetime=lifetime, validate_only=validate_only
    )
    show_secret(session, invited, invited.token, of=invited.user, what="The token of the invitation", file=secret_file)
    if not invited.token and not validate_only:
        session.output.say(f"\nThe invitation goes to {invited.user.email} by e-mail.")


@app.command()
@remote
def get(session: Session, user: _User) -> None:
    """Print a user."""
    show(session, session.client.users.get(user_id(session, user)))


@app.command("list")
@remote
def list_users(
    session: Session,
    state: Annotated[
        list[str] | None, typer.Option("--state", help="active, locked, … Give it again for more.")
    ] = None,
    prefix: Annotated[str, typer.Option("--prefix", help="Only user names that begin so.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 100,
) -> None:
    """Print the users of the tenant."""
    field = user_pb2.User.DESCRIPTOR.fields_by_name["state"]
    states = [user_pb2.UserState.ValueType(enum_number(field, text)) for text in state or ()]
    users = session.client.users.list(states=states, user_name_prefix=prefix, page_size=min(limit, 1000))
    show_all(session, users, _COLUMNS, empty="No users.", limit=limit)


@app.command()
@remote
def lock(session: Session, user: _User) -> None:
    """Keep a user out until `unlock`: sessions and tokens are refused within a second."""
    show(session, session.client.users.lock(user_id(session, user)))


@app.command()
@remote
def unlock(session: Session, user: _User) -> None:
    """Let a locked user in again."""
    show(session, session.client.users.unlock(user_id(session, user)))


@app.command()
@remote
def suspend(session: Session, user: _User) -> None:
    """Suspend a user: everything of theirs is refused within a second."""
    show(session, session.client.users.suspend(user_id(session, user)))


@app.command()
@remote
def activate(session: Session, user: _User) -> None:
    """Let a suspended user in again."""
    show(session, session.client.users.activate(user_id(session, user)))


@app.command("set-password")
@remote
def set_password(
    session: Session,
    user: _User,
    must_change: Annotated[bool, typer.Option("--must-change", help="Only good for setting another one.")] = False,
) -> None:
    """Set a user's password, read from standard input."""
    show(session, session.client.users.set_password(user_id(session, user), read_password(), must_change=must_change))


@app.command()
@remote
def delete(session: Session, user: _User) -> None:
    """Delete a user with all credentials."""
    show(session, session.client.users.delete(user_id(session, user)))


@app.command("import")
@remote
def import_users(
    session: Session,
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON lines: the fields of a user, and password_hash. - for standard input.", allow_dash=True
        ),
    ],
    source: Annotated[str, typer.Option("--source", help="Where they come from, for the record.")] = "",
    validate_only: _ValidateOnly = False,
) -> None:
    """Import users with the password hashes of another system; each is renewed when its user signs in next."""
    config = user_service_pb2.ImportUsersConfig(source=source, validate_only=validate_only)
    # All of it is read before any is sent: a damaged line then stops everything rather than half of it.
    if str(file) == "-":
        messages = list(_messages(sys.stdin, config))
    else:
        with file.open(encoding="utf-8") as content:
            messages = list(_messages(content, config))
    done = session.client.users.import_(messages)
    if session.output.json:
        session.output.message(done)
        return
    session.output.say(
        f"{done.row_count} rows: {done.created_count} created, {done.existing_count} there already,"
        f" {done.rejected_count} refused"
    )
    refused = [result for result in done.results if result.reason]
    if refused:
        show_all(session, refused, ("row", "reason", "field", "description"), empty="")
        raise typer.Exit(1)


def read_password() -> str:
    """A password from standard input; asked for without showing it where that is a terminal."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True))
    return sys.stdin.readline().rstrip("\n")


def _user(user_name: str, email: str, display_name: str, label: list[str] | None) -> user_pb2.User:
    return user_pb2.User(user_name=user_name, email=email, display_name=display_name, labels=labels(label or ()))


def _messages(
    content: IO[str], config: user_service_pb2.ImportUsersConfig
) -> Iterator[user_service_pb2.ImportUsersRequest]:
    yield user_service_pb2.ImportUsersRequest(config=config)
    batch = user_service_pb2.ImportUsersBatch()
    for number, line in enumerate(content, start=1):
        if not line.strip():
            continue
        batch.rows.append(_row(line, number))
        if len(batch.rows) == _BATCH:
            yield user_service_pb2.ImportUsersRequest(batch=batch)
            batch = user_service_pb2.ImportUsersBatch()
    if batch.rows:
        yield user_service_pb2.ImportUsersRequest(batch=batch)


def _row(line: str, number: int) -> user_service_pb2.ImportUsersRow:
    try:
        fields = json.loads(line)
        password_hash = fields.pop("password_hash", "")
        user = json_format.ParseDict(fields, user_pb2.User())
    except (ValueError, AttributeError, json_format.ParseError) as error:
        # The line itself is not repeated: it may hold a hash.
        raise ValueError(f"line {number} is not a user as JSON: {type(error).__name__}") from None
    return user_service_pb2.ImportUsersRow(row=number, user=user, password_hash=password_hash)
