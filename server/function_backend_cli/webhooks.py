"""`function-backend webhooks`: where events are delivered to, and how that goes."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Annotated

import typer

from function.webhooks.v1 import delivery_pb2, endpoint_pb2, webhook_service_pb2
from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.messages import SecretFile, show, show_all, show_secret
from function_backend_cli.moments import parse_moment
from function_backend_cli.names import labels as read_labels
from function_backend_cli.names import nearest

app = application("Deliver events to other servers.")

_Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The id of the endpoint.")]
_Delivery = Annotated[str, typer.Argument(metavar="DELIVERY", help="The id of the delivery.")]
_Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")]
_Name = Annotated[str | None, typer.Option("--name", help="What it is for.")]
_Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type", "-t", help="Only events of this type, or a branch such as function.company.*; again for more."
    ),
]
_Subjects = Annotated[
    list[str] | None, typer.Option("--subject-type", help="Only events about such resources, as company.")
]
_Ids = Annotated[list[str] | None, typer.Option("--subject", help="Only events about the resource with this id.")]
_Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="Only events about resources with this label.")
]
_Mode = Annotated[str | None, typer.Option("--payload", help="What is delivered: redacted, full or thin.")]
_Rate = Annotated[int | None, typer.Option("--rate", min=0, help="Attempts per second at most; 0 for the usual limit.")]
_Ed25519 = Annotated[bool, typer.Option("--ed25519", help="Sign with a key pair rather than a shared secret.")]
_WAIT_SECONDS = 60.0
_ENDED = (delivery_pb2.DELIVERY_STATE_DELIVERED, delivery_pb2.DELIVERY_STATE_FAILED)


@app.command()
@remote
def create(
    session: Session,
    url: Annotated[str, typer.Argument(help="Where to post to.")],
    name: _Name = None,
    types: _Types = None,
    subject_types: _Subjects = None,
    subjects: _Ids = None,
    label: _Labels = None,
    payload: _Mode = None,
    ordered: Annotated[bool, typer.Option("--ordered", help="One after the other for each resource.")] = False,
    rate: _Rate = None,
    ed25519: _Ed25519 = False,
    secret_file: SecretFile = None,
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check and change nothing.")] = False,
) -> None:
    """Register an endpoint, and print its secret, this once."""
    endpoint = endpoint_pb2.Endpoint(
        display_name=name or "",
        url=url,
        filter=_filter(types, subject_types, subjects, label),
        payload_mode=_mode(payload),
        ordered=ordered,
        rate_limit_per_second=rate or 0,
    )
    made = session.client.webhooks.create(endpoint, secret_kind=_kind(ed25519), validate_only=validate_only)
    show_secret(session, made, made.secret, of=made.endpoint, what=_what(ed25519), file=secret_file)


@app.command()
@remote
def get(session: Session, endpoint: _Endpoint) -> None:
    """Print an endpoint."""
    show(session, session.client.webhooks.get(endpoint))


@app.command("list")
@remote
def list_endpoints(session: Session, limit: _Limit = 100) -> None:
    """Print the endpoints of the tenant."""
    columns = ("id", "display_name", "url", "state", "failing_since", "create_time")
    show_all(session, session.client.webhooks.list(), columns, empty="No endpoints.", limit=limit)


@app.command()
@remote
def update(
    session: Session,
    endpoint: _Endpoint,
    url: Annotated[str | None, typer.Option("--url", help="Where to post to.")] = None,
    name: _Name = None,
    types: _Types = None,
    subject_types: _Subjects = None,
    subjects: _Ids = None,
    label: _Labels = None,
    payload: _Mode = None,
    ordered: Annotated[bool | None, typer.Option("--ordered/--unordered", help="One after the other.")] = None,
    rate: _Rate = None,
    etag: Annotated[str, typer.Option("--etag", help="Refuse when the endpoint has another etag.")] = "",
) -> None:
    """Change what is given, and leave the rest. A filter is replaced as a whole. Whoever changes it owns it."""
    wanted = _filter(types, subject_types, subjects, label)
    given = {
        "display_name": name,
        "url": url,
        "filter": wanted if wanted.ByteSize() else None,
        "payload_mode": None if payload is None else _mode(payload),
        "ordered": ordered,
        "rate_limit_per_second": rate,
    }
    said = {field: value for field, value in given.items() if value is not None}
    if not said:
        raise ValueError("say what to change: --url, --name, --type, --payload, --ordered, --rate …")
    changed = endpoint_pb2.Endpoint(id=endpoint, etag=etag, **said)  # type: ignore[arg-type]  # by the names of fields
    show(session, session.client.webhooks.update(changed, fields=list(said)))


@app.command()
@remote
def delete(session: Session, endpoint: _Endpoint) -> None:
    """Delete an endpoint with its deliveries."""
    show(session, session.client.webhooks.delete(endpoint))


@app.command()
@remote
def enable(session: Session, endpoint: _Endpoint) -> None:
    """Deliver to an endpoint again. What it missed meanwhile: `replay --missed`."""
    show(session, session.client.webhooks.enable(endpoint))


@app.command()
@remote
def disable(session: Session, endpoint: _Endpoint) -> None:
    """Deliver nothing to an endpoint until `enable`."""
    show(session, session.client.webhooks.disable(endpoint))


@app.command("rotate-secret")
@remote
def rotate_secret(
    session: Session,
    endpoint: _Endpoint,
    overlap: Annotated[
        float | None, typer.Option("--overlap", min=0, help="Hours that the other secrets sign on; 24 if not said.")
    ] = None,
    ed25519: _Ed25519 = False,
    secret_file: SecretFile = None,
) -> None:
    """Give an endpoint a new secret, and print it, this once. The others sign on beside it for a while."""
    span = None if overlap is None else dt.timedelta(hours=overlap)
    made = session.client.webhooks.rotate_secret(endpoint, secret_kind=_kind(ed25519), overlap=span)
    show_secret(session, made, made.secret, of=made.endpoint, what=_what(ed25519), file=secret_file)


@app.command("revoke-secret")
@remote
def revoke_secret(
    session: Session,
    endpoint: _Endpoint,
    secret: Annotated[str, typer.Argument(metavar="SECRET", help="The id of the secret.")],
) -> None:
    """Sign with a secret no more, at once."""
    show(session, session.client.webhooks.revoke_secret(endpoint, secret))


@app.command("test")
@remote
def try_out(
    session: Session,
    endpoint: _Endpoint,
    message: Annotated[str, typer.Option("--message", help="A word to the receiver.")] = "",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the first attempt.")] = True,
) -> None:
    """Try an endpoint out, and print what came of it."""
    queued = session.client.webhooks.test(endpoint, message=message)
    _show_delivery(session, _after_attempt(session, queued.id) if wait else _delivery(session, queued.id))


@app.command()
@remote
def deliveries(
    session: Session,
    endpoint: _Endpoint,
    state: Annotated[str, typer.Option("--state", help="Only those: pending, waiting, delivered or failed.")] = "",
    event_type: Annotated[str, typer.Option("--type", "-t", help="Only those of events of this type.")] = "",
    event_id: Annotated[str, typer.Option("--event", help="Only those of the event with this id.")] = "",
    limit: _Limit = 50,
) -> None:
    """Print the deliveries of an endpoint, the newest first."""
    wanted = _number(delivery_pb2.DeliveryState, "DELIVERY_STATE_", state)
    found = session.client.webhooks.list_deliveries(endpoint, state=wanted, event_type=event_type, event_id=event_id)
    columns = ("id", "event_type", "state", "attempts", "last_status_code", "next_attempt_time", "create_time")
    show_all(session, found, columns, empty="No deliveries.", limit=limit)


@app.command()
@remote
def delivery(
    session: Session,
    delivery_id: _Delivery,
    body: Annotated[bool, typer.Option("--body", help="Print what is posted as well.")] = False,
) -> None:
    """Print a delivery and its attempts."""
    _show_delivery(session, _delivery(session, delivery_id), with_body=body)


@app.command()
@remote
def resend(session: Session, delivery_id: _Delivery) -> None:
    """Deliver once more, whatever came of it."""
    show(session, session.client.webhooks.resend_delivery(delivery_id))


@app.command()
@remote
def replay(
    session: Session,
    endpoint: _Endpoint,
    start: Annotated[
        dt.datetime | None,
        typer.Option(
            "--from",
            parser=parse_moment,
            metavar="TIME",
            help="Events since then; the oldest that is kept if not said.",
        ),
    ] = None,
    end: Annotated[
        dt.datetime | None,
        typer.Option("--until", parser=parse_moment, metavar="TIME", help="Events until then; until now if not said."),
    ] = None,
    missed: Annotated[bool, typer.Option("--missed", help="Only what was not delivered.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until all are queued.")] = True,
) -> None:
    """Deliver the events of a time once more."""
    begun = session.client.webhooks.replay_events(endpoint, start_time=start, end_time=end, missed_only=missed)
    ends_at = time.monotonic() + _WAIT_SECONDS
    while wait and begun.state == delivery_pb2.REPLAY_STATE_RUNNING and time.monotonic() < ends_at:
        time.sleep(0.2)
        begun = session.client.webhooks.get_replay(begun.id)
    show(session, begun)


def _delivery(session: Session, delivery_id: str) -> webhook_service_pb2.GetDeliveryResponse:
    return session.client.webhooks.get_delivery(delivery_id)


def _after_attempt(session: Session, delivery_id: str) -> webhook_service_pb2.GetDeliveryResponse:
    ends_at = time.monotonic() + _WAIT_SECONDS
    while True:
        found = _delivery(session, delivery_id)
        if found.delivery.attempts or found.delivery.state in _ENDED or time.monotonic() >= ends_at:
            return found
        time.sleep(0.2)


def _show_delivery(
    session: Session, found: webhook_service_pb2.GetDeliveryResponse, *, with_body: bool = False
) -> None:
    if session.output.json:
        session.output.message(found)
        return
    show(session, found.delivery)
    for attempt in found.attempts:
        session.output.say("")
        show(session, attempt, without=("request_headers", "response_headers", "response_body"))
        if attempt.response_body:
            session.output.say(f"  {attempt.response_body[:500].decode(errors='replace')}")
    if with_body:
        session.output.say("")
        session.output.say(
            json.dumps(json.loads(found.body), indent=2, ensure_ascii=False) if found.body else "(hidden)"
        )


def _filter(
    types: list[str] | None, subject_types: list[str] | None, subjects: list[str] | None, label: list[str] | None
) -> endpoint_pb2.EventFilter:
    return endpoint_pb2.EventFilter(
        types=types or (),
        subject_types=subject_types or (),
        subject_ids=subjects or (),
        labels=read_labels(label or ()),
    )


def _mode(text: str | None) -> endpoint_pb2.PayloadMode.ValueType:
    return endpoint_pb2.PayloadMode.Value(_name(endpoint_pb2.PayloadMode.keys(), "PAYLOAD_MODE_", text or ""))


def _number(kind: type[delivery_pb2.DeliveryState], prefix: str, text: str) -> delivery_pb2.DeliveryState.ValueType:
    return kind.Value(_name(kind.keys(), prefix, text))


def _name(known: list[str], prefix: str, text: str) -> str:
    name = prefix + (text.upper() or "UNSPECIFIED")
    if name not in known:
        words = [each.removeprefix(prefix).lower() for each in known[1:]]
        raise ValueError(f"there is no {text!r}{nearest(text, words)}")
    return name


def _kind(ed25519: bool) -> endpoint_pb2.SecretKind.ValueType:
    return endpoint_pb2.SECRET_KIND_ED25519 if ed25519 else endpoint_pb2.SECRET_KIND_HMAC_SHA256


def _what(ed25519: bool) -> str:
    return "The public key to verify with" if ed25519 else "The secret"
