"""Messages of the contract as people read them: one below each other's fields, or as the rows of a table."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf import duration_pb2, timestamp_pb2
from google.protobuf.message import Message

from function_backend_cli.connection import Session
from function_backend_cli.moments import shown
from function_backend_client import describe
from function_backend_client.display import enum_text


def show(session: Session, message: Message, *, without: Sequence[str] = ()) -> None:
    """Prints one message."""
    if session.output.json:
        session.output.message(message)
    else:
        session.output.fields(pairs(message, without=without))


def show_all(
    session: Session, messages: Iterable[Message], columns: Sequence[str], *, empty: str, limit: int | None = None
) -> None:
    """Prints messages: each as a line of JSON, or the columns named, which are fields, as a table."""
    chosen = messages if limit is None else itertools.islice(messages, limit)
    if session.output.json:
        for message in chosen:
            session.output.message(message)
        return
    rows = ([cell(message, column) for column in columns] for message in chosen)
    session.output.table([title(column) for column in columns], rows, empty=empty)


SecretFile = Annotated[
    Path | None,
    typer.Option(
        "--secret-file",
        help="Write the secret to this new file, for you alone, instead of printing it.",
        show_default=False,
    ),
]


def show_secret(
    session: Session,
    message: Message,
    secret: str,
    *,
    of: Message,
    what: str = "The secret",
    file: Path | None = None,
) -> None:
    """Prints a message with a secret in it, which is seen this once; or keeps the secret in a file."""
    if file is not None:
        if secret:
            write_secret(file, secret)
        show(session, of)
        if secret:
            session.output.say(f"\n{what} is in {file}.")
        return
    if session.output.json:
        session.output.message(message)
        return
    session.output.fields(pairs(of))
    if secret:
        session.output.say(f"\n{what}, shown now and never again:\n")
        session.output.say(f"  {secret}")


def write_secret(file: Path, secret: str) -> None:
    """Makes a file that only its owner may read. Raises ValueError when there is one already."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as content:
            content.write(f"{secret}\n")
    except OSError as error:
        # It cannot be read again from anywhere, so it is better on the terminal than lost.
        raise ValueError(f"{file}: {error.strerror}; the secret is {secret}") from error


def pairs(message: Message, *, without: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """The fields that have a value, by their titles. Secrets are not among them."""
    for field in message.DESCRIPTOR.fields:
        if field.name not in without and not field.GetOptions().debug_redact:
            yield title(field.name), cell(message, field.name)


def title(name: str) -> str:
    """The name of a field for people."""
    return name.removesuffix("_time").replace("_", " ").capitalize()


def cell(message: Message, name: str) -> str:
    """One field for people; empty when it is not set."""
    field = message.DESCRIPTOR.fields_by_name[name]
    value: Any = getattr(message, name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return " ".join(f"{key}={item}" for key, item in sorted(value.items()))
    if field.is_repeated:
        return " ".join(_text(field, item) for item in value)
    if field.has_presence and not message.HasField(name):
        return ""
    return _text(field, value)


def _text(field: Any, value: Any) -> str:  # noqa: ANN401  Whatever a field can hold.
    if isinstance(value, timestamp_pb2.Timestamp):
        return shown(value)
    if isinstance(value, duration_pb2.Duration):
        return str(value.ToTimedelta())
    if isinstance(value, Message):
        text = describe(value)
        return text.removeprefix(f"{value.DESCRIPTOR.name}(").removesuffix(")")
    if field.enum_type is not None:
        return enum_text(field, value).lower() if value else ""
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value) if value else ""
