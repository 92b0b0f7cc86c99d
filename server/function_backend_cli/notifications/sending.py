"""Sending notifications, and seeing how far they came."""

from __future__ import annotations

import datetime as dt
import time
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from function.notifications.v1 import notification_pb2
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import show, show_all
from function_backend_cli.moments import Moment
from function_backend_cli.notifications.recipients import To, holder_of, recipient_of
from function_backend_cli.notifications.variables import Given, VariablesFile, variables_of
from function_backend_cli.output import REFUSED

_COLUMNS = ("id", "template", "channel", "state", "attempts", "create_time", "end_time", "failure")
_Id = Annotated[str, typer.Argument(metavar="ID", help="The notification's id.")]
_State = notification_pb2.NotificationState
_GOES_ON = {
    notification_pb2.NOTIFICATION_STATE_ACCEPTED,
    notification_pb2.NOTIFICATION_STATE_QUEUED,
    notification_pb2.NOTIFICATION_STATE_SENDING,
}
_ARRIVED = {notification_pb2.NOTIFICATION_STATE_SENT, notification_pb2.NOTIFICATION_STATE_DELIVERED}
_LOOK_SECONDS = 0.5


@remote
def send(
    session: Session,
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="The name of the template, as invoice.due.")],
    to: To,
    variable: Given = None,
    variables: VariablesFile = None,
    name: Annotated[str, typer.Option("--name", help="The recipient's name.")] = "",
    language: Annotated[str, typer.Option("--language", help="To write in, such as de-AT.")] = "",
    channel: Annotated[str, typer.Option("--channel", help="By which way: email, sms, chat or another.")] = "",
    key: Annotated[str, typer.Option("--key", help="Makes it unique: the same again sends nothing.")] = "",
    at: Moment = None,
    expires: Moment = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is sent, or will not be.")] = False,
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check and send nothing.")] = False,
) -> None:
    """Send a notification: --at that time, or at once, and not when it --expires before.

    With --wait the exit status is 1 when it was not sent.
    """
    wish = notification_pb2.NotificationWish(
        key=key,
        recipient=recipient_of(to, name=name, language=language),
        template=template,
        variables=variables_of(variables, variable or ()),
        channel=channel,
        send_time=_stamp(at),
        expire_time=_stamp(expires),
    )
    answer = session.client.notifications.send(wish, validate_only=validate_only)
    if wait and not validate_only:
        _show_over(session, answer.notification.id)
        return
    show(session, answer.notification)
    if answer.existed and not session.output.json:
        session.output.say("\nIt was there before, under its key.")


@remote
def list_notifications(
    session: Session,
    state: Annotated[list[str] | None, typer.Option("--state", help="Only in this state, such as failed.")] = None,
    template: Annotated[str, typer.Option("--template", help="Only of this template.")] = "",
    category: Annotated[str, typer.Option("--category", help="Only of this category.")] = "",
    channel: Annotated[str, typer.Option("--channel", help="Only by this channel.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="RECIPIENT", help="Only to this recipient.")] = "",
    key: Annotated[str, typer.Option("--key", help="Only the one with this key.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")] = 50,
) -> None:
    """Print the notifications, the latest first."""
    found = session.client.notifications.list(
        states=[_state(each) for each in state or ()],
        template=template,
        category=category,
        channel=channel,
        recipient=holder_of(to) if to else None,
        key=key,
    )
    show_all(session, found, _COLUMNS, empty="No notifications.", limit=limit)


@remote
def get(session: Session, notification: _Id) -> None:
    """Print a notification and how far it came, without what it says."""
    show(session, session.client.notifications.get(notification))


@remote
def wait(session: Session, notification: _Id) -> None:
    """Wait until a notification is sent, or will not be. The exit status is 1 when it was not sent."""
    _show_over(session, notification)


@remote
def cancel(session: Session, notification: _Id) -> None:
    """Cancel a notification that is not sent yet."""
    show(session, session.client.notifications.cancel(notification))


@remote
def report(
    session: Session,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Such as sms.")],
    provider_id: Annotated[str, typer.Argument(metavar="PROVIDER_ID", help="What the provider calls it.")],
    failure: Annotated[str, typer.Option("--failure", help="Why it has not arrived; it has when empty.")] = "",
) -> None:
    """Take down what a provider reports: that a notification has arrived, or that it will not."""
    reported = session.client.notifications.report_delivery(
        channel, provider_id, delivered=not failure, failure=failure
    )
    show(session, reported)


@remote
def channels(session: Session) -> None:
    """Print the channels that the operator has set up."""
    found = session.client.notifications.list_channels().channels
    show_all(session, found, ("name", "adapter", "idempotent"), empty="No channels are set up.")


def add_to(app: typer.Typer) -> None:
    """Adds these commands."""
    for name, command in {
        "send": send,
        "list": list_notifications,
        "get": get,
        "wait": wait,
        "cancel": cancel,
        "report": report,
        "channels": channels,
    }.items():
        app.command(name)(command)


def _show_over(session: Session, notification_id: str) -> None:
    while True:
        found = session.client.notifications.get(notification_id)
        if found.state not in _GOES_ON:
            break
        time.sleep(_LOOK_SECONDS)
    show(session, found)
    if found.state not in _ARRIVED:
        raise typer.Exit(REFUSED)


def _stamp(moment: dt.datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def _state(text: str) -> notification_pb2.NotificationState.ValueType:
    try:
        return _State.Value(f"NOTIFICATION_STATE_{text.upper()}")
    except ValueError:
        known = ", ".join(name.removeprefix("NOTIFICATION_STATE_").lower() for name in _State.keys()[1:])
        raise ValueError(f"--state {text}: there are {known}") from None
