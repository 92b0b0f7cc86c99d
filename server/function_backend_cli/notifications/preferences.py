"""Categories, and what recipients want of them, on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from function.notifications.v1 import preference_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show, show_all
from function_backend_cli.notifications.recipients import Holder, holder_of

categories = application("See to categories: what recipients may not want, and what is collected.")
preferences = application("See what a recipient wants, and change that.")

_Name = Annotated[str, typer.Argument(metavar="CATEGORY", help="Such as invoices.")]
_Channel = Annotated[str, typer.Option("--channel", help="For this channel, such as email; for all when empty.")]
_WEEKDAYS = preference_pb2.Weekday


@categories.command("list")
@remote
def list_categories(session: Session) -> None:
    """Print the categories, the built-in ones first."""
    found = session.client.notifications.list_categories().categories
    show_all(session, found, ("name", "description", "mandatory", "digest", "built_in"), empty="No categories.")


@categories.command("set")
@remote
def set_category(
    session: Session,
    name: _Name,
    description: Annotated[str, typer.Option("--description", help="What it is about, as recipients read it.")] = "",
    mandatory: Annotated[bool, typer.Option("--mandatory", help="Nobody can unsubscribe from it.")] = False,
    digest_at: Annotated[
        list[str] | None,
        typer.Option("--digest-at", metavar="HH:MM", help="Collect, and send as one at this time; again for more."),
    ] = None,
    weekday: Annotated[
        list[str] | None, typer.Option("--weekday", help="Only on this day, such as monday; again for more.")
    ] = None,
    time_zone: Annotated[str, typer.Option("--time-zone", help="Of the times; UTC when empty.")] = "",
) -> None:
    """Create a category or change it as a whole."""
    category = preference_pb2.Category(name=name, description=description, mandatory=mandatory)
    if digest_at:
        days = [_weekday(each) for each in weekday or ()]
        category.digest.MergeFrom(preference_pb2.DigestSchedule(times=digest_at, weekdays=days, time_zone=time_zone))
    elif weekday or time_zone:
        raise ValueError("--weekday and --time-zone go with --digest-at")
    show(session, session.client.notifications.set_category(category))


@categories.command("delete")
@remote
def delete_category(session: Session, name: _Name) -> None:
    """Delete a category that no template is in."""
    session.client.notifications.delete_category(name)
    session.output.say("Deleted.")


@preferences.command("list")
@remote
def list_preferences(session: Session, recipient: Holder, channel: _Channel = "") -> None:
    """Print what was said about the wishes of a recipient."""
    found = session.client.notifications.list_preferences(holder_of(recipient), channel=channel).preferences
    columns = ("category", "channel", "subscribed", "source", "update_time")
    show_all(session, found, columns, empty="Nothing was said: everything is sent.")


@preferences.command()
@remote
def unsubscribe(session: Session, recipient: Holder, category: _Name, channel: _Channel = "") -> None:
    """Send a recipient nothing of a category any more."""
    holder = holder_of(recipient)
    show(session, session.client.notifications.set_preference(holder, category, channel=channel, subscribed=False))


@preferences.command()
@remote
def subscribe(session: Session, recipient: Holder, category: _Name, channel: _Channel = "") -> None:
    """Send a recipient what is in a category again."""
    holder = holder_of(recipient)
    show(session, session.client.notifications.set_preference(holder, category, channel=channel, subscribed=True))


def _weekday(text: str) -> preference_pb2.Weekday.ValueType:
    try:
        return _WEEKDAYS.Value(f"WEEKDAY_{text.upper()}")
    except ValueError:
        known = ", ".join(name.removeprefix("WEEKDAY_").lower() for name in _WEEKDAYS.keys()[1:])
        raise ValueError(f"--weekday {text}: there are {known}") from None
