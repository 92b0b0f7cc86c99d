from __future__ import annotations

from google.protobuf.message import Message

from function.common.v1 import options_pb2
from function.webhooks.v1 import endpoint_pb2, webhook_events_pb2
from function_backend.cloud_events.catalogue import event_catalogue
from function_backend.cloud_events.examples import example_of
from function_backend.services.webhooks.convert.redaction import redacted


def sensitive_values(message: Message) -> list[str]:
    """The paths of sensitive fields that say something."""
    found = []
    for field, value in message.ListFields():
        if field.GetOptions().Extensions[options_pb2.sensitive]:
            found.append(field.full_name)
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for each in value if field.is_repeated else [value]:
                found += sensitive_values(each)
    return found


def test_what_the_contract_marks_is_left_out_and_the_rest_stays() -> None:
    event = webhook_events_pb2.EndpointUpdated(
        endpoint=endpoint_pb2.Endpoint(display_name="Ours", url="https://hooks.example.com/secret"),
        changed_fields=["url"],
    )
    left = webhook_events_pb2.EndpointUpdated.FromString(
        redacted(webhook_events_pb2.EndpointUpdated(), event.SerializeToString())
    )
    assert left.endpoint == endpoint_pb2.Endpoint(display_name="Ours")
    assert list(left.changed_fields) == ["url"]


def test_no_event_of_the_contract_keeps_anything_sensitive() -> None:
    some = 0
    for kind in event_catalogue():
        payload = example_of(kind).payload
        some += bool(sensitive_values(kind.message.FromString(payload)))
        assert sensitive_values(kind.message.FromString(redacted(kind.message(), payload))) == [], kind.name
    assert some
