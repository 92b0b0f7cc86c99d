from __future__ import annotations

from collections.abc import Iterator

import pytest
from standardwebhooks.webhooks import Webhook

from function.company.v1 import company_events_pb2
from function.webhooks.v1 import delivery_pb2, endpoint_pb2
from function_backend_client import webhooks
from tests.factories.webhooks import LOCAL, WebhookCaller
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer
from tests.fixtures.webhook_receiver import Receiver

DELIVERED = delivery_pb2.DELIVERY_STATE_DELIVERED


@pytest.fixture
def local(start_server: StartServer) -> RunningServer:
    return start_server(settings=LOCAL)


@pytest.fixture
def caller(local: RunningServer) -> WebhookCaller:
    return WebhookCaller(local)


class TestDelivery:
    def test_an_event_arrives_signed_as_an_independent_library_verifies(
        self, caller: WebhookCaller, receiver: Receiver
    ) -> None:
        _, secret = caller.endpoint(receiver.url)
        company = caller.company("Signed GmbH")
        (posted,) = receiver.wait(1)
        event = Webhook(secret).verify(posted.body, posted.headers)
        assert event["type"] == "function.company.v1.CompanyCreated"
        assert event["subject"].endswith(company.id)
        assert event["id"] == posted.headers["webhook-id"]
        assert posted.headers["content-type"].startswith("application/cloudevents+json")
