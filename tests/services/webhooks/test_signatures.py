from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from function_backend.services.webhooks.domain.secret import SecretKind, Signer, make_secret, signature_header
from function_backend_client import webhooks
from function_backend_client.webhooks import MissingHeaderError, PayloadError, SignatureError, TimestampError

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())
# The example of the specification, whose signature others compute as well.
EXAMPLE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def headers_of(signers: list[Signer], body: bytes, *, at: int = STAMP, id: str = "evt-1") -> dict[str, str]:
    signature = signature_header(signers, message_id=id, timestamp=at, body=body)
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": signature}


class TestSigning:
    @settings(deadline=None)
    @given(body=st.text(max_size=200), id=st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True))
    def test_hmac_is_signed_as_the_independent_library_signs(self, body: str, id: str) -> None:
        made = make_secret(SecretKind.HMAC_SHA256)
        expected = Webhook(made.shown).sign(id, NOW, body)
        raw = body.encode()
        assert headers_of([Signer(made.text)], raw, id=id)["webhook-signature"] == expected

    def test_a_secret_of_another_sender_signs_the_same(self) -> None:
        expected = Webhook(EXAMPLE_SECRET).sign("msg_1", NOW, '{"a":1}')
        assert headers_of([Signer(EXAMPLE_SECRET)], b'{"a":1}', id="msg_1")["webhook-signature"] == expected

    def test_an_hmac_secret_has_as_many_bytes_as_the_specification_asks_for(self) -> None:
        assert 24 <= len(base64.b64decode(make_secret(SecretKind.HMAC_SHA256).shown.removeprefix("whsec_"))) <= 64

    def test_of_a_key_pair_the_receiver_gets_the_public_half_alone(self) -> None:
        made = make_secret(SecretKind.ED25519)
        assert made.text.startswith("whsk_")
        assert made.shown == made.public_key
        assert made.shown.startswith("whpk_")
        assert len(base64.b64decode(made.shown.removeprefix("whpk_"))) == 32

    def test_what_is_no_secret_is_refused(self) -> None:
        with pytest.raises(ValueError, match="whsec_"):
            Signer("secret")


@pytest.mark.parametrize("kind", list(SecretKind))
class TestVerifying:
    def test_what_was_signed_is_verified(self, kind: SecretKind) -> None:
        made = make_secret(kind)
        found = webhooks.verify(b"{}", headers_of([Signer(made.text)], b"{}"), secrets=made.shown, now=NOW)
        assert found == "evt-1"

    def test_while_a_secret_is_replaced_either_verifies(self, kind: SecretKind) -> None:
        old, new = make_secret(SecretKind.HMAC_SHA256), make_secret(kind)
        headers = headers_of([Signer(new.text), Signer(old.text)], b"{}")
        for secret in (old, new):
            webhooks.verify(b"{}", headers, secrets=[secret.shown], now=NOW)
        webhooks.verify(b"{}", headers, secrets=[make_secret(kind).shown, new.shown], now=NOW)

    def test_anything_altered_is_refused(self, kind: SecretKind) -> None:
        made = make_secret(kind)
        headers = headers_of([Signer(made.text)], b"{}")
        altered: list[tuple[bytes, dict[str, str]]] = [
            (b"{ }", headers),
            (b"{}", {**headers, "webhook-id": "evt-2"}),
            (b"{}", {**headers, "webhook-timestamp": str(STAMP + 1)}),
            (b"{}", {**headers, "webhook-signature": "v1,AAAA v1a,AAAA v2,AAAA nonsense"}),
            (b"{}", headers_of([Signer(make_secret(kind).text)], b"{}")),
        ]
        for body, given_headers in altered:
            with pytest.raises(SignatureError):
                webhooks.verify(body, given_headers, secrets=made.shown, now=NOW)

    def test_an_old_or_a_future_delivery_is_refused(self, kind: SecretKind) -> None:
        made = make_secret(kind)
        for away in (timedelta(minutes=6), timedelta(minutes=-6)):
            headers = headers_of([Signer(made.text)], b"{}", at=int((NOW + away).timestamp()))
            with pytest.raises(TimestampError):
                webhooks.verify(b"{}", headers, secrets=made.shown, now=NOW)
            webhooks.verify(b"{}", headers, secrets=made.shown, now=NOW, tolerance=timedelta(minutes=7))


class TestWhatIsHandedOver:
    @pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    def test_a_missing_header_is_named(self, missing: str) -> None:
        made = make_secret(SecretKind.HMAC_SHA256)
        headers = headers_of([Signer(made.text)], b"{}")
        del headers[missing]
        with pytest.raises(MissingHeaderError, match=missing):
            webhooks.verify(b"{}", headers, secrets=made.shown, now=NOW)

    def test_headers_are_found_however_they_are_written(self) -> None:
        made = make_secret(SecretKind.HMAC_SHA256)
        headers = {name.title(): value for name, value in headers_of([Signer(made.text)], b"{}").items()}
        webhooks.verify(b"{}", headers, secrets=made.shown, now=NOW)

    def test_a_timestamp_that_is_no_number_is_refused(self) -> None:
        made = make_secret(SecretKind.HMAC_SHA256)
        for text in ("soon", "1e9", "-5", "9" * 40, "٣"):
            headers = {**headers_of([Signer(made.text)], b"{}"), "webhook-timestamp": text}
            with pytest.raises(MissingHeaderError):
                webhooks.verify(b"{}", headers, secrets=made.shown, now=NOW)

    @pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "whpk_AAAA", "whsk_AAAA", "secret", "whsec_ä"])
    def test_a_secret_that_is_none_is_said_to_be_none(self, secret: str) -> None:
        with pytest.raises(ValueError, match=r"wh|secret"):
            webhooks.verify(b"{}", headers_of([Signer(EXAMPLE_SECRET)], b"{}"), secrets=secret, now=NOW)

    def test_without_any_secret_nothing_is_genuine(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            webhooks.verify(b"{}", headers_of([Signer(EXAMPLE_SECRET)], b"{}"), secrets=[], now=NOW)

    def test_a_body_that_is_no_event_is_told_from_a_forged_one(self) -> None:
        for body in (b"", b"[]", b"{}", b'{"type": "function.nowhere.v1.Nothing", "data": {}}', b"\xff"):
            with pytest.raises(PayloadError):
                webhooks.parse(body)

    def test_data_that_a_newer_service_sends_is_read_as_far_as_it_is_known(self) -> None:
        body = b'{"type": "function.webhooks.v1.EndpointTested", "id": "1", "data": {"message": "hi", "later": 1}}'
        from function.webhooks.v1 import webhook_events_pb2  # noqa: PLC0415  what a receiver imports

        event = webhooks.parse(body)
        assert isinstance(event.data, webhook_events_pb2.EndpointTested)
        assert event.data.message == "hi"
