"""How a caller meets the reasons of keys, certificates and what stands behind credentials."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path

import grpc

from function.auth.v1 import (
    api_key_service_pb2,
    certificate_identity_pb2,
    certificate_identity_service_pb2,
    credential_service_pb2,
)
from function_backend.services.auth.adapters import revocation_feed
from tests.e2e.provocations import NOBODY, provokes
from tests.e2e.scene import METHODS, Scene, send_raw
from tests.fixtures.accounts import make_account, set_state
from tests.fixtures.database_faults import eventually
from tests.fixtures.methods import Answer
from tests.fixtures.server import running_server
from tests.fixtures.tokens import sign_token
from tests.runtime.certificates import Authority


def _key(scene: Scene, **fields: object) -> api_key_service_pb2.CreateApiKeyResponse:
    wish = api_key_service_pb2.CreateApiKeyRequest(
        display_name="provoked",
        permissions=["company.read"],
        **fields,  # type: ignore[arg-type]
    )
    return api_key_service_pb2.CreateApiKeyResponse.FromString(scene.send("CreateApiKey", wish).responses[0])


def _once_refused(scene: Scene, key: str) -> Answer:
    return eventually(
        lambda: next((a for a in [scene.send("ListCompanies", b"", key=key)] if a.code is not grpc.StatusCode.OK), None)
    )


@provokes("API_KEY_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    change = api_key_service_pb2.ApiKeyChange(id=_key(scene).api_key.id, etag="stale", display_name="Changed")
    return scene.send("UpdateApiKey", api_key_service_pb2.UpdateApiKeyRequest(api_key=change))


@provokes("API_KEY_QUOTA_EXCEEDED")
def _(scene: Scene) -> Answer:
    return _once_refused(scene, _key(scene, max_calls_per_day=1).secret)


@provokes("API_KEY_REVOKED")
def _(scene: Scene) -> Answer:
    made = _key(scene).api_key
    scene.send("RevokeApiKey", api_key_service_pb2.RevokeApiKeyRequest(id=made.id))
    return scene.send("RerollApiKey", api_key_service_pb2.RerollApiKeyRequest(id=made.id))


@provokes("API_KEY_OWNER_NOT_FOUND")
def _(scene: Scene) -> Answer:
    wish = api_key_service_pb2.CreateApiKeyRequest(
        display_name="orphan", permissions=["company.read"], owner=f"user:{NOBODY}"
    )
    return scene.send("CreateApiKey", wish)


@provokes("CERTIFICATE_IDENTITY_NOT_FOUND")
def _(scene: Scene) -> Answer:
    request = certificate_identity_service_pb2.DeleteCertificateIdentityRequest(id=NOBODY)
    return scene.send("DeleteCertificateIdentity", request)


@provokes("CERTIFICATE_NAME_TAKEN")
def _(scene: Scene) -> Answer:
    account = make_account(scene.usual)
    request = certificate_identity_service_pb2.CreateCertificateIdentityRequest(
        name_kind=certificate_identity_pb2.CERTIFICATE_NAME_KIND_URI,
        name=f"spiffe://example.org/{uuid.uuid4()}",
        service_account_id=account.partition(":")[2],
    )
    return [scene.send("CreateCertificateIdentity", request) for _ in range(2)][1]


@provokes("SUBJECT_DISABLED")
def _(scene: Scene) -> Answer:
    account = make_account(scene.usual)
    key = _key(scene, owner=account).secret
    set_state(scene.usual, account, "suspended")
    return eventually(
        lambda: next(
            (a for a in [scene.send("ListCompanies", b"", key=key)] if a.code is grpc.StatusCode.UNAUTHENTICATED), None
        )
    )


@provokes("TOO_MANY_WATCHERS")
def _(scene: Scene) -> Answer:
    limit, revocation_feed._MOST_WATCHERS = revocation_feed._MOST_WATCHERS, 0
    try:
        return scene.send("WatchRevocations", credential_service_pb2.WatchRevocationsRequest())
    finally:
        revocation_feed._MOST_WATCHERS = limit


@provokes("SESSION_ENDED")
def _(scene: Scene) -> Answer:
    user = make_account(scene.usual, "user")
    return scene.send("ListCompanies", b"", key=sign_token(scene.usual, user, session_id=uuid.uuid4()))


@provokes("CERTIFICATE_UNKNOWN")
def _(scene: Scene) -> Answer:
    """A server that asks for certificates, and one that nobody is bound to."""
    authority = Authority()
    own, client = authority.issue(), authority.issue("nobody")
    files = {"certificate": own.certificate, "private_key": own.private_key, "client_ca": authority.root}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        settings = {f"tls.{file}": str(folder / file) for file in files}
        usual = scene.usual
        with running_server(usual.database, folder / "log", settings=settings, admin_key=usual.admin_key) as guarded:
            credentials = grpc.ssl_channel_credentials(authority.root, client.private_key, client.certificate)
            with grpc.secure_channel(guarded.target, credentials) as channel:
                return send_raw(replace(guarded, channel=channel), METHODS["ListCompanies"], (b"",), ())


@provokes("API_KEY_DIGEST_TAKEN")
def _(scene: Scene) -> Answer:
    """It stands in the outcome of a row, and nowhere else."""
    row = api_key_service_pb2.ForeignApiKey(
        sha256=hashlib.sha256(uuid.uuid4().bytes).digest(),
        prefix="sk_live_",
        display_name="foreign",
        permissions=["company.read"],
    )
    answer = scene.send("ImportApiKeys", api_key_service_pb2.ImportApiKeysRequest(api_keys=[row, row]))
    second = api_key_service_pb2.ImportApiKeysResponse.FromString(answer.responses[0]).results[1]
    return Answer(grpc.StatusCode.ALREADY_EXISTS, second.reason, {}, (), second.message)
