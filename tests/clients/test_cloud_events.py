import pytest

from function_backend_client.cloud_events import UnreadableEventError, read_message

_HEADERS = {"ce_id": "1", "ce_source": "s", "ce_specversion": "1.0", "ce_type": "function.company.v1.CompanyCreated"}


class TestReadMessage:
    @pytest.mark.parametrize(
        ("headers", "body", "said"),
        [
            ({}, b"", "knows no event ''"),
            (_HEADERS | {"ce_type": "function.nothing.v1.Happened"}, b"", "install a newer one"),
            (_HEADERS, b"\xff", "is no function.company.v1.CompanyCreated"),
            (_HEADERS | {"ce_id": ""}, b"", "no attribute 'id'"),
            (_HEADERS | {"content-type": "text/plain"}, b"", "protobuf or JSON"),
            (_HEADERS | {"ce_sequence": "many"}, b"", "not as CloudEvents has it"),
            ({"content-type": "application/cloudevents+json"}, b"[", "no JSON"),
            ({"content-type": "application/cloudevents+json"}, b"[]", "no CloudEvent"),
            ({"content-type": "application/cloudevents+xml"}, b"", "JSON or protobuf"),
            ({"content-type": "application/cloudevents+protobuf"}, b"\xff", "no CloudEvent"),
        ],
    )
    def test_what_is_no_event_is_said_clearly(self, headers: dict[str, str], body: bytes, said: str) -> None:
        with pytest.raises(UnreadableEventError, match=said):
            read_message(headers, body)

    def test_headers_may_be_pairs_of_bytes_as_kafka_gives_them(self) -> None:
        pairs = [(name, value.encode()) for name, value in _HEADERS.items()]

        assert read_message(pairs, b"").id == "1"
