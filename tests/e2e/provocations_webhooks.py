"""How a caller meets the reasons of webhooks."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
from google.protobuf.message_factory import GetMessageClass

from function.webhooks.v1 import endpoint_pb2
from function.webhooks.v1 import webhook_service_pb2 as wire
from tests.e2e.provocations import provokes
from tests.e2e.scene import Scene
from tests.fixtures.methods import Answer, every_method
from tests.fixtures.principals import make_tenant

_URL = "https://hooks.example.com/here"
_METHODS = {method.descriptor.name: method for method in every_method()}


def _create(url: str = _URL) -> wire.CreateEndpointRequest:
    return wire.CreateEndpointRequest(endpoint=endpoint_pb2.Endpoint(url=url))


def _made(scene: Scene, name: str, request: Any) -> Any:  # noqa: ANN401  the response of any method
    answer = scene.send(name, request)
    return GetMessageClass(_METHODS[name].descriptor.output_type).FromString(answer.responses[0])


def _endpoint(scene: Scene) -> endpoint_pb2.Endpoint:
    made: endpoint_pb2.Endpoint = _made(scene, "CreateEndpoint", _create()).endpoint
    return made


@provokes("ENDPOINT_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetEndpoint", wire.GetEndpointRequest(id=str(uuid4())))


@provokes("ENDPOINT_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    return scene.send("DisableEndpoint", wire.DisableEndpointRequest(id=_endpoint(scene).id, etag="old"))


@provokes("ENDPOINT_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    key = make_tenant(scene.narrow)
    scene.send("CreateEndpoint", _create(), on=scene.narrow, key=key)
    return scene.send("CreateEndpoint", _create(), on=scene.narrow, key=key)


@provokes("WEBHOOK_URL_REFUSED")
def _(scene: Scene) -> Answer:
    return scene.send("CreateEndpoint", _create("https://169.254.169.254/latest/meta-data"))


@provokes("ENDPOINT_DISABLED")
def _(scene: Scene) -> Answer:
    endpoint = _endpoint(scene)
    scene.send("DisableEndpoint", wire.DisableEndpointRequest(id=endpoint.id))
    return scene.send("TestEndpoint", wire.TestEndpointRequest(id=endpoint.id))


@provokes("SECRET_NOT_FOUND")
def _(scene: Scene) -> Answer:
    request = wire.RevokeSecretRequest(id=_endpoint(scene).id, secret_id=str(uuid4()))
    return scene.send("RevokeSecret", request)


@provokes("LAST_SECRET")
def _(scene: Scene) -> Answer:
    endpoint = _endpoint(scene)
    request = wire.RevokeSecretRequest(id=endpoint.id, secret_id=endpoint.secrets[0].id)
    return scene.send("RevokeSecret", request)


@provokes("SECRET_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    request = wire.RotateSecretRequest(id=_endpoint(scene).id)
    for _ in range(4):
        scene.send("RotateSecret", request)
    return scene.send("RotateSecret", request)


@provokes("DELIVERY_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetDelivery", wire.GetDeliveryRequest(id=str(uuid4())))


@provokes("REPLAY_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetReplay", wire.GetReplayRequest(id=str(uuid4())))


@provokes("REPLAY_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    request = wire.ReplayEventsRequest(endpoint_id=_endpoint(scene).id)
    replay = _made(scene, "ReplayEvents", request).replay
    with psycopg.connect(scene.usual.database.superuser_url) as connection:
        # As if it had far to go. The row is locked, so that nobody goes on with it meanwhile; who was at it before it
        # was locked has ended it again.
        going_on = None
        while going_on is None:
            connection.execute("update webhook_replay set ended_at = null where id = %s", (replay.id,))
            connection.commit()
            query = "select from webhook_replay where id = %s and ended_at is null for update"
            going_on = connection.execute(query, (replay.id,)).fetchone()
        return scene.send("ReplayEvents", request)
