from __future__ import annotations

import json
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from function.company.v1 import company_events_pb2, company_pb2
from function.webhooks.v1 import delivery_pb2, endpoint_pb2
from function_backend_client import webhooks
from tests.factories.webhooks import LOCAL, WebhookCaller
from tests.fixtures.principals import make_key
from tests.fixtures.server import RunningServer, StartServer
from tests.fixtures.webhook_receiver import Receiver, status

DELIVERED = delivery_pb2.DELIVERY_STATE_DELIVERED
TESTED = "function.webhooks.v1.EndpointTested"


@pytest.fixture
def local(start_server: StartServer) -> RunningServer:
    return start_server(settings=LOCAL)


@pytest.fixture
def caller(local: RunningServer) -> WebhookCaller:
    return WebhookCaller(local)


class TestSignedDelivery:
    def test_an_event_arrives_signed_as_an_independent_library_verifies(
        self, caller: WebhookCaller, receiver: Receiver
    ) -> None:
        _, secret = caller.endpoint(receiver.url)
        company = caller.company("Signed GmbH")
        (posted,) = receiver.wait(1)
        event = Webhook(secret).verify(posted.body, posted.headers)
        assert event["type"] == "function.company.v1.CompanyCreated"
        assert event["subject"] == f"company/{company.id}"
        assert event["id"] == posted.headers["webhook-id"]
        assert posted.headers["content-type"].startswith("application/cloudevents+json")

    def test_the_client_verifies_it_and_gives_the_typed_event(self, caller: WebhookCaller, receiver: Receiver) -> None:
        _, secret = caller.endpoint(receiver.url, payload_mode=endpoint_pb2.PAYLOAD_MODE_FULL)
        company = caller.company("Typed GmbH")
        (posted,) = receiver.wait(1)
        event = webhooks.receive(posted.body, posted.headers, secrets=secret)
        assert isinstance(event.data, company_events_pb2.CompanyCreated)
        assert event.data.company.id == company.id
        assert event.data.company.legal_name == "Typed GmbH"

    def test_a_key_pair_signs_and_its_public_half_verifies(self, caller: WebhookCaller, receiver: Receiver) -> None:
        _, public = caller.endpoint(receiver.url, kind=endpoint_pb2.SECRET_KIND_ED25519)
        caller.company()
        (posted,) = receiver.wait(1)
        assert posted.headers["webhook-signature"].startswith("v1a,")
        webhooks.verify(posted.body, posted.headers, secrets=public)

    def test_while_a_secret_is_rotated_both_sign_and_a_revoked_one_signs_no_more(
        self, caller: WebhookCaller, receiver: Receiver
    ) -> None:
        endpoint, old = caller.endpoint(receiver.url)
        rotated = caller.send("RotateSecret", id=endpoint.id, secret_kind=endpoint_pb2.SECRET_KIND_ED25519)
        caller.company()
        (first,) = receiver.wait(1)
        for secret in (old, rotated.secret):
            webhooks.verify(first.body, first.headers, secrets=secret)
        Webhook(old).verify(first.body, first.headers)
        caller.send("RevokeSecret", id=endpoint.id, secret_id=endpoint.secrets[0].id)
        caller.company()
        last = receiver.wait(2)[1]
        webhooks.verify(last.body, last.headers, secrets=rotated.secret)
        with pytest.raises(webhooks.SignatureError):
            webhooks.verify(last.body, last.headers, secrets=old)


class TestWhatIsDelivered:
    def test_only_events_that_the_filter_names_are(self, caller: WebhookCaller, receiver: Receiver) -> None:
        company = caller.company()
        filters = (
            endpoint_pb2.EventFilter(types=["function.company.v1.CompanyUpdated"]),
            endpoint_pb2.EventFilter(subject_types=["company"], subject_ids=[company.id]),
            endpoint_pb2.EventFilter(labels={"team": "north"}),
            endpoint_pb2.EventFilter(types=["function.rules.*"]),
        )
        endpoints = [caller.endpoint(receiver.url, filter=each)[0] for each in filters]
        caller.company("Labelled GmbH", labels={"team": "north", "more": "yes"})
        caller.rename(company)
        receiver.wait(3)
        for endpoint, types in zip(endpoints, (["Updated"], ["Updated"], ["Created"], []), strict=True):
            found = [each.event_type for each in caller.deliveries(endpoint.id)]
            assert found == [f"function.company.v1.Company{kind}" for kind in types]

    def test_only_events_that_the_owner_may_see_are(self, local: RunningServer, receiver: Receiver) -> None:
        blind = WebhookCaller(local, make_key(local, "webhooks.*"))
        seeing = WebhookCaller(local, make_key(local, "webhooks.*", "company.read"))
        unseen, _ = blind.endpoint(receiver.url)
        seen, _ = seeing.endpoint(receiver.url)
        WebhookCaller(local).company()
        receiver.wait(1)
        seeing.ended(seen.id, DELIVERED)
        assert seeing.deliveries(unseen.id) == []
        # Whoever changes what is delivered, or where to, owns it from then on: nobody lends out another's sight.
        taken = blind.send(
            "UpdateEndpoint", endpoint=endpoint_pb2.Endpoint(id=seen.id, url=f"{receiver.url}/taken")
        ).endpoint
        assert taken.owner != seen.owner
        WebhookCaller(local).company()
        marker, _ = seeing.endpoint(receiver.url)
        WebhookCaller(local).company()
        seeing.ended(marker.id, DELIVERED)
        assert len(seeing.deliveries(seen.id)) == 1

    def test_sensitive_fields_are_left_out_unless_the_endpoint_wants_everything(
        self, caller: WebhookCaller, receiver: Receiver
    ) -> None:
        modes = endpoint_pb2.PayloadMode.values()[1:]
        types = endpoint_pb2.EventFilter(types=["function.webhooks.v1.EndpointCreated"])
        endpoints = [caller.endpoint(f"{receiver.url}/{mode}", payload_mode=mode, filter=types)[0] for mode in modes]
        caller.endpoint("https://hooks.example.com/with-a-secret-in-it")
        for endpoint in endpoints:
            caller.ended(endpoint.id, DELIVERED)
        bodies = {}
        for mode, endpoint in zip(modes, endpoints, strict=True):
            newest = caller.deliveries(endpoint.id)[0]
            bodies[mode] = json.loads(caller.send("GetDelivery", id=newest.id).body)
        posted = [each.body.decode() for each in receiver.posted if f"/{endpoint_pb2.PAYLOAD_MODE_FULL}" in each.path]
        assert any("with-a-secret-in-it" in body for body in posted)
        # What is stored of a delivery has nothing that the database is to hold encrypted alone.
        assert "with-a-secret-in-it" not in str(bodies)
        redacted = bodies[endpoint_pb2.PAYLOAD_MODE_REDACTED]
        assert "url" not in redacted["data"]["endpoint"]
        assert redacted["data"]["endpoint"]["id"]
        assert "data" not in bodies[endpoint_pb2.PAYLOAD_MODE_THIN]
        assert bodies[endpoint_pb2.PAYLOAD_MODE_THIN]["subject"].startswith("webhook_endpoint/")

    def test_a_disabled_endpoint_gets_nothing_and_what_it_missed_when_it_is_asked_for(
        self, caller: WebhookCaller, receiver: Receiver
    ) -> None:
        endpoint, _ = caller.endpoint(receiver.url)
        caller.company("Before GmbH")
        receiver.wait(1)
        caller.ended(endpoint.id, DELIVERED)
        disabled = caller.send("DisableEndpoint", id=endpoint.id).endpoint
        assert disabled.disable_reason == endpoint_pb2.DISABLE_REASON_ASKED
        missed = [caller.company(f"Missed {number} GmbH").id for number in range(3)]
        caller.send("EnableEndpoint", id=endpoint.id)
        last = caller.company("After GmbH").id
        receiver.wait(2)
        assert caller.ended(endpoint.id, DELIVERED, 2)[0].subject_id == last
        caller.send("ReplayEvents", endpoint_id=endpoint.id, missed_only=True)
        receiver.wait(5)
        replayed = caller.ended(endpoint.id, DELIVERED, 5)
        found = [each.subject_id for each in replayed if each.cause == delivery_pb2.DELIVERY_CAUSE_REPLAY]
        assert set(found) >= set(missed)
        assert last not in found

    def test_the_trace_of_the_call_goes_along(self, start_server: StartServer, receiver: Receiver) -> None:
        server = start_server(settings={**LOCAL, "tracing.endpoint": "http://127.0.0.1:1", "tracing.ratio": 1})
        caller = WebhookCaller(server)
        endpoint, _ = caller.endpoint(receiver.url)
        caller.company()
        assert receiver.wait(1)[0].headers["traceparent"].startswith("00-")
        caller.send("TestEndpoint", id=endpoint.id)
        assert receiver.wait(2)[1].headers["traceparent"].startswith("00-")


class TestAskingForDeliveries:
    def test_trying_out_delivers_a_signed_event_with_the_word(self, caller: WebhookCaller, receiver: Receiver) -> None:
        endpoint, secret = caller.endpoint(receiver.url)
        queued = caller.send("TestEndpoint", id=endpoint.id, message="are you there?").delivery
        (posted,) = receiver.wait(1)
        event = Webhook(secret).verify(posted.body, posted.headers)
        assert (event["type"], event["data"]["message"]) == (TESTED, "are you there?")
        assert caller.ended(endpoint.id, DELIVERED)[0].id == queued.id

    def test_resending_posts_the_same_body_with_the_same_id(self, caller: WebhookCaller, receiver: Receiver) -> None:
        endpoint, _ = caller.endpoint(receiver.url)
        caller.company()
        receiver.wait(1)
        (first,) = caller.ended(endpoint.id, DELIVERED)
        again = caller.send("ResendDelivery", id=first.id).delivery
        posted = receiver.wait(2)
        assert posted[0].body == posted[1].body
        assert posted[0].headers["webhook-id"] == posted[1].headers["webhook-id"] == first.event_id
        assert again.cause == delivery_pb2.DELIVERY_CAUSE_RESEND
        assert again.id != first.id

    def test_the_events_of_a_time_are_delivered_once_more(self, caller: WebhookCaller, receiver: Receiver) -> None:
        companies = [caller.company(f"Replayed {number} GmbH") for number in range(4)]
        endpoint, _ = caller.endpoint(receiver.url)
        replay = caller.send("ReplayEvents", endpoint_id=endpoint.id).replay
        receiver.wait(4)
        done = caller.ended(endpoint.id, DELIVERED, 4)
        assert {each.subject_id for each in done} == {each.id for each in companies}
        finished = caller.finished(replay.id)
        assert (finished.queued, finished.state) == (4, delivery_pb2.REPLAY_STATE_DONE)
        # Until a moment before everything, there is nothing.
        early = caller.moment_of(companies[0]) - timedelta(hours=1)
        nothing = caller.send("ReplayEvents", endpoint_id=endpoint.id, end_time=early).replay
        assert nothing.state == delivery_pb2.REPLAY_STATE_DONE
        assert nothing.queued == 0


class TestDeliveryLog:
    def test_an_attempt_says_what_was_sent_and_what_came_back(self, caller: WebhookCaller, receiver: Receiver) -> None:
        receiver.answer = status(202, body=b"x" * 10_000, X_Answer="thanks")
        endpoint, _ = caller.endpoint(receiver.url)
        caller.company()
        (posted,) = receiver.wait(1)
        (done,) = caller.ended(endpoint.id, DELIVERED)
        seen = caller.send("GetDelivery", id=done.id)
        (attempt,) = seen.attempts
        assert seen.body == posted.body
        assert attempt.outcome == delivery_pb2.ATTEMPT_OUTCOME_DELIVERED
        assert (attempt.status_code, attempt.number, attempt.address) == (202, 1, "127.0.0.1")
        assert attempt.response_headers["x-answer"] == "thanks"
        assert (attempt.response_body, attempt.response_truncated) == (b"x" * 4096, True)
        assert attempt.HasField("duration")
        assert attempt.request_headers["webhook-id"] == posted.headers["webhook-id"]
        assert "webhook-signature" not in attempt.request_headers

    def test_who_may_not_see_the_event_does_not_see_its_body(self, local: RunningServer, receiver: Receiver) -> None:
        owner = WebhookCaller(local)
        reader = WebhookCaller(local, make_key(local, "webhooks.deliveries.read"))
        endpoint, _ = owner.endpoint(receiver.url)
        owner.company()
        (done,) = owner.ended(endpoint.id, DELIVERED)
        assert owner.send("GetDelivery", id=done.id).body
        assert reader.send("GetDelivery", id=done.id).body == b""

    def test_what_is_sensitive_in_a_delivery_is_shown_to_those_who_hold_the_permission(
        self, local: RunningServer, receiver: Receiver
    ) -> None:
        receiver.answer = status(202, body=b"thanks, Ann")
        owner = WebhookCaller(local)
        needed = ("webhooks.deliveries.read", "company.read")
        trusted = WebhookCaller(local, make_key(local, *needed, "webhooks.sensitive.read"))
        reader = WebhookCaller(local, make_key(local, *needed))
        endpoint, _ = owner.endpoint(receiver.url)
        owner.company()
        (done,) = owner.ended(endpoint.id, DELIVERED)
        whole, masked = (caller.send("GetDelivery", id=done.id) for caller in (trusted, reader))
        assert whole == owner.send("GetDelivery", id=done.id)
        assert whole.attempts[0].response_body == b"thanks, Ann"
        assert json.loads(whole.body)["type"] == "function.company.v1.CompanyCreated"
        assert (masked.body, masked.attempts[0].response_body) == (b"", b"")
        assert (masked.delivery, masked.attempts[0].status_code) == (whole.delivery, 202)

    def test_deliveries_are_listed_by_state_type_and_event(self, caller: WebhookCaller, receiver: Receiver) -> None:
        endpoint, _ = caller.endpoint(receiver.url)
        company: company_pb2.Company = caller.company()
        caller.rename(company)
        caller.ended(endpoint.id, DELIVERED, 2)
        (updated,) = caller.deliveries(endpoint.id, event_type="function.company.v1.CompanyUpdated")
        assert caller.deliveries(endpoint.id, event_id=updated.event_id) == [updated]
        assert caller.deliveries(endpoint.id, state=delivery_pb2.DELIVERY_STATE_FAILED) == []
        first = caller.send("ListDeliveries", endpoint_id=endpoint.id, page_size=1)
        second = caller.send("ListDeliveries", endpoint_id=endpoint.id, page_size=1, page_token=first.next_page_token)
        assert [first.deliveries[0].id, second.deliveries[0].id] == [each.id for each in caller.deliveries(endpoint.id)]
