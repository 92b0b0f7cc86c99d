"""Webhooks over gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from function.webhooks.v1 import webhook_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.webhooks.convert import delivery as deliveries
from function_backend.services.webhooks.convert import endpoint as endpoints
from function_backend.services.webhooks.service.deliveries import Deliveries
from function_backend.services.webhooks.service.endpoints import Endpoints
from function_backend.services.webhooks.service.replays import Replays
from function_backend.services.webhooks.service.secrets import Secrets
from function_backend.timestamps import read_optional_moment
from function_backend.vault.masking import masked


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookUseCases:
    """What the servicer calls."""

    endpoints: Endpoints
    secrets: Secrets
    deliveries: Deliveries
    replays: Replays


class WebhookServicer:
    """`function.webhooks.v1.WebhookService`."""

    def __init__(self, use_cases: WebhookUseCases) -> None:
        self._do = use_cases

    def CreateEndpoint(self, request: wire.CreateEndpointRequest, context: Call) -> wire.CreateEndpointResponse:
        kind = endpoints.secret_kind(request.secret_kind)
        made, secret = self._do.endpoints.create(endpoints.content(request.endpoint), kind)
        return wire.CreateEndpointResponse(endpoint=endpoints.endpoint(made), secret=secret)

    def GetEndpoint(self, request: wire.GetEndpointRequest, context: Call) -> wire.GetEndpointResponse:
        return wire.GetEndpointResponse(endpoint=endpoints.endpoint(self._do.endpoints.get(UUID(request.id))))

    def ListEndpoints(self, request: wire.ListEndpointsRequest, context: Call) -> wire.ListEndpointsResponse:
        found, token = self._do.endpoints.list_page(page_size=request.page_size, page_token=request.page_token)
        return wire.ListEndpointsResponse(endpoints=map(endpoints.endpoint, found), next_page_token=token)

    def UpdateEndpoint(self, request: wire.UpdateEndpointRequest, context: Call) -> wire.UpdateEndpointResponse:
        changed = self._do.endpoints.update(
            endpoints.endpoint_id(request.endpoint),
            endpoints.content(request.endpoint),
            endpoints.masked_fields(request.endpoint, request.update_mask.paths),
            etag=request.endpoint.etag,
        )
        return wire.UpdateEndpointResponse(endpoint=endpoints.endpoint(changed))

    def DeleteEndpoint(self, request: wire.DeleteEndpointRequest, context: Call) -> wire.DeleteEndpointResponse:
        gone = self._do.endpoints.delete(UUID(request.id), etag=request.etag)
        return wire.DeleteEndpointResponse(endpoint=endpoints.endpoint(gone))

    def EnableEndpoint(self, request: wire.EnableEndpointRequest, context: Call) -> wire.EnableEndpointResponse:
        enabled = self._do.endpoints.enable(UUID(request.id), etag=request.etag)
        return wire.EnableEndpointResponse(endpoint=endpoints.endpoint(enabled))

    def DisableEndpoint(self, request: wire.DisableEndpointRequest, context: Call) -> wire.DisableEndpointResponse:
        disabled = self._do.endpoints.disable(UUID(request.id), etag=request.etag)
        return wire.DisableEndpointResponse(endpoint=endpoints.endpoint(disabled))

    def RotateSecret(self, request: wire.RotateSecretRequest, context: Call) -> wire.RotateSecretResponse:
        changed, secret = self._do.secrets.rotate(
            UUID(request.id),
            endpoints.secret_kind(request.secret_kind),
            overlap=endpoints.overlap(request),
            etag=request.etag,
        )
        return wire.RotateSecretResponse(endpoint=endpoints.endpoint(changed), secret=secret)

    def RevokeSecret(self, request: wire.RevokeSecretRequest, context: Call) -> wire.RevokeSecretResponse:
        changed = self._do.secrets.revoke(UUID(request.id), UUID(request.secret_id), etag=request.etag)
        return wire.RevokeSecretResponse(endpoint=endpoints.endpoint(changed))

    def TestEndpoint(self, request: wire.TestEndpointRequest, context: Call) -> wire.TestEndpointResponse:
        queued = self._do.deliveries.test(UUID(request.id), request.message)
        return wire.TestEndpointResponse(delivery=deliveries.delivery(queued))

    def ListDeliveries(self, request: wire.ListDeliveriesRequest, context: Call) -> wire.ListDeliveriesResponse:
        found, token = self._do.deliveries.list_page(
            deliveries.delivery_query(request), page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListDeliveriesResponse(deliveries=map(deliveries.delivery, found), next_page_token=token)

    def GetDelivery(self, request: wire.GetDeliveryRequest, context: Call) -> wire.GetDeliveryResponse:
        seen = self._do.deliveries.get(UUID(request.id))
        answer = wire.GetDeliveryResponse(
            delivery=deliveries.delivery(seen.delivery),
            attempts=map(deliveries.attempt, seen.attempts),
            body=seen.delivery.event.body if seen.may_see_body else b"",
        )
        return answer if seen.may_see_sensitive else masked(answer)

    def ResendDelivery(self, request: wire.ResendDeliveryRequest, context: Call) -> wire.ResendDeliveryResponse:
        return wire.ResendDeliveryResponse(delivery=deliveries.delivery(self._do.deliveries.resend(UUID(request.id))))

    def ReplayEvents(self, request: wire.ReplayEventsRequest, context: Call) -> wire.ReplayEventsResponse:
        begun = self._do.replays.request(
            UUID(request.endpoint_id),
            start=read_optional_moment(request, "start_time"),
            end=read_optional_moment(request, "end_time"),
            missed_only=request.missed_only,
        )
        return wire.ReplayEventsResponse(replay=deliveries.replay(begun))

    def GetReplay(self, request: wire.GetReplayRequest, context: Call) -> wire.GetReplayResponse:
        return wire.GetReplayResponse(replay=deliveries.replay(self._do.replays.get(UUID(request.id))))
