"""How a caller meets the reasons of grants, sessions and client credentials."""

from __future__ import annotations

import psycopg

from function.auth.v1 import client_credential_service_pb2, oauth_service_pb2, session_service_pb2
from tests.e2e.provocations import NOBODY, provokes
from tests.e2e.scene import Scene
from tests.fixtures.grants import CLIENT, make_account, make_person, sign_in, store_account
from tests.fixtures.methods import Answer

_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def _token(scene: Scene, **fields: object) -> Answer:
    return scene.send("Token", oauth_service_pb2.TokenRequest(**fields))  # type: ignore[arg-type]


def _for_itself(scene: Scene, **fields: object) -> Answer:
    account = make_account(scene.usual)
    return _token(scene, **{"grant_type": "client_credentials", **account.proof, **fields})


def _device(scene: Scene) -> oauth_service_pb2.AuthorizeDeviceResponse:
    request = oauth_service_pb2.AuthorizeDeviceRequest(client_id=CLIENT, tenant="default")
    return oauth_service_pb2.AuthorizeDeviceResponse.FromString(scene.send("AuthorizeDevice", request).responses[0])


def _poll(scene: Scene, device_code: str) -> Answer:
    return _token(scene, grant_type=_DEVICE, client_id=CLIENT, device_code=device_code)


@provokes("OAUTH_INVALID_REQUEST")
def _(scene: Scene) -> Answer:
    return _token(scene, grant_type="refresh_token")


@provokes("OAUTH_INVALID_CLIENT")
def _(scene: Scene) -> Answer:
    return _for_itself(scene, client_secret="fbs_guessed")


@provokes("OAUTH_INVALID_GRANT")
def _(scene: Scene) -> Answer:
    return _token(scene, grant_type="refresh_token", client_id=CLIENT, refresh_token="fbr_made_up")


@provokes("OAUTH_UNAUTHORIZED_CLIENT")
def _(scene: Scene) -> Answer:
    return _token(scene, grant_type="client_credentials", client_id=CLIENT, tenant="default")


@provokes("OAUTH_UNSUPPORTED_GRANT_TYPE")
def _(scene: Scene) -> Answer:
    return _for_itself(scene, grant_type="implicit")


@provokes("OAUTH_INVALID_SCOPE")
def _(scene: Scene) -> Answer:
    return _for_itself(scene, scope="company.reed")


@provokes("OAUTH_INVALID_TARGET")
def _(scene: Scene) -> Answer:
    return _for_itself(scene, audience=["payments"])


@provokes("OAUTH_AUTHORIZATION_PENDING")
def _(scene: Scene) -> Answer:
    return _poll(scene, _device(scene).device_code)


@provokes("OAUTH_SLOW_DOWN")
def _(scene: Scene) -> Answer:
    code = _device(scene).device_code
    _poll(scene, code)
    return _poll(scene, code)


@provokes("OAUTH_ACCESS_DENIED")
def _(scene: Scene) -> Answer:
    device = _device(scene)
    token = sign_in(scene.usual, make_person(scene.usual, "auth.device.*")).access_token
    scene.send("DenyDevice", oauth_service_pb2.DenyDeviceRequest(user_code=device.user_code), key=token)
    return _poll(scene, device.device_code)


@provokes("OAUTH_EXPIRED_TOKEN")
def _(scene: Scene) -> Answer:
    device = _device(scene)
    with psycopg.connect(scene.usual.database.superuser_url) as connection:
        connection.execute(
            "update device_authorization set expires_at = now() - interval '1 second' where user_code = %s",
            (device.user_code.replace("-", ""),),
        )
    return _poll(scene, device.device_code)


@provokes("SESSION_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetSession", session_service_pb2.GetSessionRequest(id=NOBODY))


@provokes("CLIENT_NOT_FOUND")
def _(scene: Scene) -> Answer:
    request = client_credential_service_pb2.CreateClientSecretRequest(client_id=NOBODY)
    return scene.send("CreateClientSecret", request)


@provokes("CLIENT_CREDENTIAL_NOT_FOUND")
def _(scene: Scene) -> Answer:
    request = client_credential_service_pb2.RevokeClientCredentialRequest(id=NOBODY)
    return scene.send("RevokeClientCredential", request)


@provokes("TOO_MANY_CLIENT_CREDENTIALS")
def _(scene: Scene) -> Answer:
    request = client_credential_service_pb2.CreateClientSecretRequest(client_id=str(store_account(scene.usual)))
    for _ in range(10):
        scene.send("CreateClientSecret", request)
    return scene.send("CreateClientSecret", request)


@provokes("DEVICE_REQUEST_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetDeviceRequest", oauth_service_pb2.GetDeviceRequestRequest(user_code="BCDF-GHJK"))


@provokes("NOT_A_PERSON")
def _(scene: Scene) -> Answer:
    request = oauth_service_pb2.ApproveDeviceRequest(user_code=_device(scene).user_code)
    return scene.send("ApproveDevice", request)
