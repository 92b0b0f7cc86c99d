"""Callers that register endpoints and look at deliveries."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import grpc

from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function.webhooks.v1 import delivery_pb2, endpoint_pb2, webhook_service_pb2, webhook_service_pb2_grpc
from tests.fixtures.database_faults import eventually
from tests.fixtures.server import RunningServer

SECONDS = 30
LOCAL: Mapping[str, object] = {
    "webhooks.allow_http": True,
    "webhooks.allowed_networks": ["127.0.0.0/8"],
    "webhooks.attempt_timeout": "2s",
}
"""Settings with which receivers of the test process are reached."""


class WebhookCaller:
    """Calls `WebhookService` with a key, by default the administrator's."""

    def __init__(self, server: RunningServer, key: str | None = None) -> None:
        self.server = server
        self.metadata = server.metadata(key)
        self._stub = webhook_service_pb2_grpc.WebhookServiceStub(server.channel)
        self._companies = company_service_pb2_grpc.CompanyServiceStub(server.channel)

    def send(self, method: str, **fields: Any) -> Any:  # noqa: ANN401  the response of any method
        """The response of the method, by its fields."""
        request = getattr(webhook_service_pb2, f"{method}Request")(**fields)
        return getattr(self._stub, method)(request, metadata=self.metadata, timeout=SECONDS)

    def endpoint(self, url: str, *, kind: int = 0, **fields: Any) -> tuple[endpoint_pb2.Endpoint, str]:  # noqa: ANN401
        """A new endpoint for events of companies, unless another filter is given, and its secret."""
        fields.setdefault("filter", endpoint_pb2.EventFilter(types=["function.company.*"]))
        made = self.send("CreateEndpoint", endpoint=endpoint_pb2.Endpoint(url=url, **fields), secret_kind=kind)
        return made.endpoint, made.secret

    def company(self, legal_name: str = "Example GmbH", **fields: Any) -> company_pb2.Company:  # noqa: ANN401
        """A new company."""
        request = company_service_pb2.CreateCompanyRequest(company=company_pb2.Company(legal_name=legal_name, **fields))
        return self._companies.CreateCompany(request, metadata=self.metadata, timeout=SECONDS).company

    def rename(self, company: company_pb2.Company, legal_name: str | None = None) -> company_pb2.Company:
        """The company with another name."""
        name = legal_name or f"Renamed {secrets.token_hex(4)}"
        request = company_service_pb2.UpdateCompanyRequest(company=company_pb2.Company(id=company.id, legal_name=name))
        request.update_mask.paths.append("legal_name")
        return self._companies.UpdateCompany(request, metadata=self.metadata, timeout=SECONDS).company

    def deliveries(self, endpoint_id: str, **fields: Any) -> list[delivery_pb2.Delivery]:  # noqa: ANN401
        """The deliveries of the endpoint, the newest first."""
        return list(self.send("ListDeliveries", endpoint_id=endpoint_id, **fields).deliveries)

    def ended(self, endpoint_id: str, state: int, count: int = 1) -> list[delivery_pb2.Delivery]:
        """The deliveries in the state, as soon as there are so many."""

        def look() -> list[delivery_pb2.Delivery] | None:
            found = self.deliveries(endpoint_id, state=state, page_size=1000)
            return found if len(found) >= count else None

        return eventually(look)

    def attempted(self, endpoint_id: str, attempts: int = 1) -> delivery_pb2.Delivery:
        """The newest delivery, as soon as it was attempted so often."""

        def look() -> delivery_pb2.Delivery | None:
            found = self.deliveries(endpoint_id)
            return found[0] if found and found[0].attempts >= attempts else None

        return eventually(look)

    def finished(self, replay_id: str) -> delivery_pb2.Replay:
        """The replay when everything is queued."""

        def look() -> delivery_pb2.Replay | None:
            found: delivery_pb2.Replay = self.send("GetReplay", id=replay_id).replay
            return found if found.state == delivery_pb2.REPLAY_STATE_DONE else None

        return eventually(look)

    @staticmethod
    def moment_of(company: company_pb2.Company) -> datetime:
        """When the company was created."""
        return company.create_time.ToDatetime(UTC)


def reason_of(error: grpc.RpcError) -> str:
    """The reason of a refusal."""
    from tests.services.rules.test_authoring_rpc import refused  # noqa: PLC0415  a test module, loaded when needed

    return refused(error)[0]
