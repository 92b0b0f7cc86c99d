"""Times on the command line."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date


def parse_moment(text: str) -> dt.datetime:
    """A moment such as `2024-05-31` (its beginning in UTC), `2024-05-31T12:00:00Z` or `…+02:00`; UTC without a zone."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a time such as 2024-05-31 or 2024-05-31T12:00:00Z") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


Moment = Annotated[dt.datetime | None, typer.Option(parser=parse_moment, metavar="TIME", show_default=False)]


def shown(stamp: Timestamp) -> str:
    """A moment for people, in UTC and to the second; empty for an absent one."""
    if not stamp.seconds:
        return ""
    return stamp.ToDatetime(tzinfo=dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def shown_date(date: Date) -> str:
    """A day, a month or a year, as far as it is known."""
    parts = [f"{date.year:04}"] if date.year else []
    parts += [f"{part:02}" for part in (date.month, date.day) if part]
    return "-".join(parts)
