"""The webhooks of the caller's tenant, by Standard Webhooks 1.0.

Written by make generate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from function.webhooks.v1 import delivery_pb2, endpoint_pb2, webhook_service_pb2, webhook_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Webhooks:
    """The webhooks of the caller's tenant, by Standard Webhooks 1.0.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: webhook_service_pb2_grpc.WebhookServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        endpoint: endpoint_pb2.Endpoint,
        *,
        secret_kind: endpoint_pb2.SecretKind.ValueType = endpoint_pb2.SECRET_KIND_UNSPECIFIED,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> webhook_service_pb2.CreateEndpointResponse:
        """Creates an endpoint, which is enabled, with one secret.

        Events that happen from then on are delivered to it.
        """
        request = webhook_service_pb2.CreateEndpointRequest(
            endpoint=endpoint,
            secret_kind=secret_kind,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.CreateEndpoint(request, timeout=timeout)

    def get(
        self,
        webhook_id: str,
        *,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Returns an endpoint, without its secrets."""
        request = webhook_service_pb2.GetEndpointRequest(id=webhook_id)
        return self._stub.GetEndpoint(request, timeout=timeout).endpoint

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[endpoint_pb2.Endpoint]:
        """Returns the endpoints in the order in which they were created, page by page."""
        request = webhook_service_pb2.ListEndpointsRequest(page_size=page_size, page_token=page_token)

        def fetch(token: str) -> Page[endpoint_pb2.Endpoint]:
            response = self._stub.ListEndpoints(requests.at_page(request, token), timeout=timeout)
            return Page(response.endpoints, response.next_page_token)

        return Pager(fetch, page_token)

    def update(
        self,
        endpoint: endpoint_pb2.Endpoint,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Changes the fields that `update_mask` names and leaves the others.

        Nothing is written when nothing differs. Whoever changes the address, the filter or the payload mode is the
        owner from then on: their rights decide what is delivered.
        """
        request = webhook_service_pb2.UpdateEndpointRequest(
            endpoint=endpoint,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.UpdateEndpoint(request, timeout=timeout).endpoint

    def delete(
        self,
        webhook_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Deletes an endpoint with its secrets, its deliveries and their log."""
        request = webhook_service_pb2.DeleteEndpointRequest(
            id=webhook_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.DeleteEndpoint(request, timeout=timeout).endpoint

    def enable(
        self,
        webhook_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Delivers events to an endpoint again: what waited goes on at once.

        What happened meanwhile is delivered by `ReplayEvents` when asked for. Enabling an enabled endpoint changes
        nothing.
        """
        request = webhook_service_pb2.EnableEndpointRequest(
            id=webhook_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.EnableEndpoint(request, timeout=timeout).endpoint

    def disable(
        self,
        webhook_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Delivers nothing to an endpoint until it is enabled again.

        An attempt that is under way ends by itself. Disabling a disabled endpoint changes nothing.
        """
        request = webhook_service_pb2.DisableEndpointRequest(
            id=webhook_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.DisableEndpoint(request, timeout=timeout).endpoint

    def rotate_secret(
        self,
        webhook_id: str,
        *,
        secret_kind: endpoint_pb2.SecretKind.ValueType = endpoint_pb2.SECRET_KIND_UNSPECIFIED,
        overlap: dt.timedelta | Duration | None = None,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> webhook_service_pb2.RotateSecretResponse:
        """Gives an endpoint a new secret.

        Those there are sign on beside it for the overlap, so that the receiver can change over without missing
        anything.
        """
        request = webhook_service_pb2.RotateSecretRequest(
            id=webhook_id,
            secret_kind=secret_kind,
            overlap=requests.duration(overlap),
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.RotateSecret(request, timeout=timeout)

    def revoke_secret(
        self,
        webhook_id: str,
        secret_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Signs with a secret no more, at once. One secret must be left."""
        request = webhook_service_pb2.RevokeSecretRequest(
            id=webhook_id,
            secret_id=secret_id,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.RevokeSecret(request, timeout=timeout).endpoint

    def test(
        self,
        webhook_id: str,
        *,
        message: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> delivery_pb2.Delivery:
        """Queues a delivery that tries an endpoint out: an event of the type `function.webhooks.v1.EndpointTested` ….

        … signed as any other. `GetDelivery` says what came of it.
        """
        request = webhook_service_pb2.TestEndpointRequest(
            id=webhook_id, message=message, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.TestEndpoint(request, timeout=timeout).delivery

    def list_deliveries(
        self,
        endpoint_id: str,
        *,
        state: delivery_pb2.DeliveryState.ValueType = delivery_pb2.DELIVERY_STATE_UNSPECIFIED,
        event_type: str = "",
        event_id: str = "",
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[delivery_pb2.Delivery]:
        """Returns the deliveries of an endpoint, the newest first, page by page."""
        request = webhook_service_pb2.ListDeliveriesRequest(
            endpoint_id=endpoint_id,
            state=state,
            event_type=event_type,
            event_id=event_id,
            page_size=page_size,
            page_token=page_token,
        )

        def fetch(token: str) -> Page[delivery_pb2.Delivery]:
            response = self._stub.ListDeliveries(requests.at_page(request, token), timeout=timeout)
            return Page(response.deliveries, response.next_page_token)

        return Pager(fetch, page_token)

    def get_delivery(
        self,
        webhook_id: str,
        *,
        timeout: float | None = None,
    ) -> webhook_service_pb2.GetDeliveryResponse:
        """Returns a delivery with its attempts.

        What was sent, and what the receiver answered, is shown to callers who hold webhooks.sensitive.read for the
        whole tenant; what was sent only when they may see the event as well.
        """
        request = webhook_service_pb2.GetDeliveryRequest(id=webhook_id)
        return self._stub.GetDelivery(request, timeout=timeout)

    def resend_delivery(
        self,
        webhook_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> delivery_pb2.Delivery:
        """Queues a delivery once more, whatever came of it, with the same `webhook-id`.

        It does not wait for others, and others do not wait for it.
        """
        request = webhook_service_pb2.ResendDeliveryRequest(
            id=webhook_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.ResendDelivery(request, timeout=timeout).delivery

    def replay_events(
        self,
        endpoint_id: str,
        *,
        start_time: dt.datetime | Timestamp | None = None,
        end_time: dt.datetime | Timestamp | None = None,
        missed_only: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> delivery_pb2.Replay:
        """Queues the events of a time once more that the endpoint is for, as far back as events are kept; with ….

        … `missed_only` those alone that were not delivered to it and are not on their way. It goes on in the
        background; `GetReplay` says how far it has come.
        """
        request = webhook_service_pb2.ReplayEventsRequest(
            endpoint_id=endpoint_id,
            start_time=requests.timestamp(start_time),
            end_time=requests.timestamp(end_time),
            missed_only=missed_only,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.ReplayEvents(request, timeout=timeout).replay

    def get_replay(
        self,
        webhook_id: str,
        *,
        timeout: float | None = None,
    ) -> delivery_pb2.Replay:
        """Returns how far a replay has come."""
        request = webhook_service_pb2.GetReplayRequest(id=webhook_id)
        return self._stub.GetReplay(request, timeout=timeout).replay


class AsyncWebhooks:
    """As `Webhooks`, with `await`."""

    def __init__(self, stub: webhook_service_pb2_grpc.WebhookServiceAsyncStub) -> None:
        self._stub = stub

    async def create(
        self,
        endpoint: endpoint_pb2.Endpoint,
        *,
        secret_kind: endpoint_pb2.SecretKind.ValueType = endpoint_pb2.SECRET_KIND_UNSPECIFIED,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> webhook_service_pb2.CreateEndpointResponse:
        """Creates an endpoint, which is enabled, with one secret.

        Events that happen from then on are delivered to it.
        """
        request = webhook_service_pb2.CreateEndpointRequest(
            endpoint=endpoint,
            secret_kind=secret_kind,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.CreateEndpoint(request, timeout=timeout)

    async def get(
        self,
        webhook_id: str,
        *,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Returns an endpoint, without its secrets."""
        request = webhook_service_pb2.GetEndpointRequest(id=webhook_id)
        return (await self._stub.GetEndpoint(request, timeout=timeout)).endpoint

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[endpoint_pb2.Endpoint]:
        """Returns the endpoints in the order in which they were created, page by page."""
        request = webhook_service_pb2.ListEndpointsRequest(page_size=page_size, page_token=page_token)

        async def fetch(token: str) -> Page[endpoint_pb2.Endpoint]:
            response = await self._stub.ListEndpoints(requests.at_page(request, token), timeout=timeout)
            return Page(response.endpoints, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def update(
        self,
        endpoint: endpoint_pb2.Endpoint,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Changes the fields that `update_mask` names and leaves the others.

        Nothing is written when nothing differs. Whoever changes the address, the filter or the payload mode is the
        owner from then on: their rights decide what is delivered.
        """
        request = webhook_service_pb2.UpdateEndpointRequest(
            endpoint=endpoint,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.UpdateEndpoint(request, timeout=timeout)).endpoint

    async def delete(
        self,
        webhook_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Deletes an endpoint with its secrets, its deliveries and their log."""
        request = webhook_service_pb2.DeleteEndpointRequest(
            id=webhook_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.DeleteEndpoint(request, timeout=timeout)).endpoint

    async def enable(
        self,
        webhook_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Delivers events to an endpoint again: what waited goes on at once.

        What happened meanwhile is delivered by `ReplayEvents` when asked for. Enabling an enabled endpoint changes
        nothing.
        """
        request = webhook_service_pb2.EnableEndpointRequest(
            id=webhook_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.EnableEndpoint(request, timeout=timeout)).endpoint

    async def disable(
        self,
        webhook_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Delivers nothing to an endpoint until it is enabled again.

        An attempt that is under way ends by itself. Disabling a disabled endpoint changes nothing.
        """
        request = webhook_service_pb2.DisableEndpointRequest(
            id=webhook_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.DisableEndpoint(request, timeout=timeout)).endpoint

    async def rotate_secret(
        self,
        webhook_id: str,
        *,
        secret_kind: endpoint_pb2.SecretKind.ValueType = endpoint_pb2.SECRET_KIND_UNSPECIFIED,
        overlap: dt.timedelta | Duration | None = None,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> webhook_service_pb2.RotateSecretResponse:
        """Gives an endpoint a new secret.

        Those there are sign on beside it for the overlap, so that the receiver can change over without missing
        anything.
        """
        request = webhook_service_pb2.RotateSecretRequest(
            id=webhook_id,
            secret_kind=secret_kind,
            overlap=requests.duration(overlap),
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.RotateSecret(request, timeout=timeout)

    async def revoke_secret(
        self,
        webhook_id: str,
        secret_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> endpoint_pb2.Endpoint:
        """Signs with a secret no more, at once. One secret must be left."""
        request = webhook_service_pb2.RevokeSecretRequest(
            id=webhook_id,
            secret_id=secret_id,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.RevokeSecret(request, timeout=timeout)).endpoint

    async def test(
        self,
        webhook_id: str,
        *,
        message: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> delivery_pb2.Delivery:
        """Queues a delivery that tries an endpoint out: an event of the type `function.webhooks.v1.EndpointTested` ….

        … signed as any other. `GetDelivery` says what came of it.
        """
        request = webhook_service_pb2.TestEndpointRequest(
            id=webhook_id, message=message, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.TestEndpoint(request, timeout=timeout)).delivery

    def list_deliveries(
        self,
        endpoint_id: str,
        *,
        state: delivery_pb2.DeliveryState.ValueType = delivery_pb2.DELIVERY_STATE_UNSPECIFIED,
        event_type: str = "",
        event_id: str = "",
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[delivery_pb2.Delivery]:
        """Returns the deliveries of an endpoint, the newest first, page by page."""
        request = webhook_service_pb2.ListDeliveriesRequest(
            endpoint_id=endpoint_id,
            state=state,
            event_type=event_type,
            event_id=event_id,
            page_size=page_size,
            page_token=page_token,
        )

        async def fetch(token: str) -> Page[delivery_pb2.Delivery]:
            response = await self._stub.ListDeliveries(requests.at_page(request, token), timeout=timeout)
            return Page(response.deliveries, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def get_delivery(
        self,
        webhook_id: str,
        *,
        timeout: float | None = None,
    ) -> webhook_service_pb2.GetDeliveryResponse:
        """Returns a delivery with its attempts.

        What was sent, and what the receiver answered, is shown to callers who hold webhooks.sensitive.read for the
        whole tenant; what was sent only when they may see the event as well.
        """
        request = webhook_service_pb2.GetDeliveryRequest(id=webhook_id)
        return await self._stub.GetDelivery(request, timeout=timeout)

    async def resend_delivery(
        self,
        webhook_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> delivery_pb2.Delivery:
        """Queues a delivery once more, whatever came of it, with the same `webhook-id`.

        It does not wait for others, and others do not wait for it.
        """
        request = webhook_service_pb2.ResendDeliveryRequest(
            id=webhook_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.ResendDelivery(request, timeout=timeout)).delivery

    async def replay_events(
        self,
        endpoint_id: str,
        *,
        start_time: dt.datetime | Timestamp | None = None,
        end_time: dt.datetime | Timestamp | None = None,
        missed_only: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> delivery_pb2.Replay:
        """Queues the events of a time once more that the endpoint is for, as far back as events are kept; with ….

        … `missed_only` those alone that were not delivered to it and are not on their way. It goes on in the
        background; `GetReplay` says how far it has come.
        """
        request = webhook_service_pb2.ReplayEventsRequest(
            endpoint_id=endpoint_id,
            start_time=requests.timestamp(start_time),
            end_time=requests.timestamp(end_time),
            missed_only=missed_only,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.ReplayEvents(request, timeout=timeout)).replay

    async def get_replay(
        self,
        webhook_id: str,
        *,
        timeout: float | None = None,
    ) -> delivery_pb2.Replay:
        """Returns how far a replay has come."""
        request = webhook_service_pb2.GetReplayRequest(id=webhook_id)
        return (await self._stub.GetReplay(request, timeout=timeout)).replay
