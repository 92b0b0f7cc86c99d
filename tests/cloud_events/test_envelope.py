"""Events as CloudEvents 1.0."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from function.company.v1 import company_events_pb2
from function_backend.cloud_events.catalogue import event_catalogue
from function_backend.cloud_events.envelope import as_json, as_message
from function_backend.cloud_events.examples import example_of
from tests.cloud_events.examples import a_logged_event

_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_the_message_has_what_the_specification_requires_and_our_extensions() -> None:
    message = as_message(a_logged_event(trace_context=_TRACE))
    assert (message.id, message.source) == (str(UUID(int=5)), "//function-backend/company")
    assert (message.spec_version, message.type) == ("1.0", "function.company.v1.CompanyCreated")
    attributes = {name: value.ce_string for name, value in message.attributes.items() if name != "time"}
    assert attributes == {
        "subject": f"company/{UUID(int=7)}",
        "tenant": str(UUID(int=1)),
        "sequence": "3",
        "position": "9",
        "traceparent": _TRACE,
    }
    data = company_events_pb2.CompanyCreated()
    assert message.proto_data.Unpack(data)
    assert data.company.legal_name == "Acme GmbH"


def test_the_json_says_the_same_in_one_line() -> None:
    text = as_json(a_logged_event())
    assert b"\n" not in text
    assert json.loads(text) == {
        "specversion": "1.0",
        "id": str(UUID(int=5)),
        "source": "//function-backend/company",
        "type": "function.company.v1.CompanyCreated",
        "subject": f"company/{UUID(int=7)}",
        "time": "2026-11-01T12:30:15.123456Z",
        "tenant": str(UUID(int=1)),
        "sequence": "3",
        "position": "9",
        "datacontenttype": "application/json",
        "data": {"company": {"id": str(UUID(int=7)), "legalName": "Acme GmbH"}},
    }


def test_an_event_whose_type_is_gone_still_has_an_envelope() -> None:
    event = a_logged_event(type_name="function.company.v1.CompanyForgotten")
    assert "data" not in json.loads(as_json(event))
    assert as_message(event).proto_data.value == event.payload


@settings(deadline=None)
@given(moment=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_both_forms_say_the_same_time_to_the_microsecond(moment: datetime) -> None:
    event = a_logged_event(occurred_at=moment)
    told = as_message(event).attributes["time"].ce_timestamp
    assert told.ToDatetime(tzinfo=UTC) == moment
    assert datetime.fromisoformat(json.loads(as_json(event))["time"]) == moment


def test_the_example_of_every_type_can_be_told_in_both_forms() -> None:
    for each in event_catalogue():
        example = example_of(each)
        assert json.loads(as_json(example))["data"]
        assert as_message(example).type == each.name
