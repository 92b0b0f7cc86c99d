"""Signing keys and master keys over a real channel, and what other workers hear of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import grpc
import jwt
import psycopg
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    master_key_service_pb2,
    master_key_service_pb2_grpc,
    signing_key_pb2,
    signing_key_service_pb2,
    signing_key_service_pb2_grpc,
)
from function_backend.events.recording import EventRecorder
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.slice import Slice
from function_backend.persistence.engine import Database
from function_backend.persistence.notifications import EPOCH_TOPIC, Listener
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.resources import Resources
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.service.keys import Keys
from function_backend.services.auth.service.signing_keys import SIGNING_KEY_TOPIC
from tests.factories.keys import claims, keys_with, master_key
from tests.fixtures import postgres
from tests.fixtures.principals import make_child_tenant, make_tenant
from tests.fixtures.server import RunningServer, StartServer

_SECONDS = 60
# "On every worker within 1 s"; the rest is patience for a busy machine.
_PATIENCE = 60


@pytest.fixture
def start(start_server: StartServer) -> Callable[..., RunningServer]:
    """Starts servers whose master key is `k1`, or those that are named."""

    def run(*names: str, **settings: object) -> RunningServer:
        keys = ",".join(master_key(name).reveal() for name in names or ("k1",))
        more = {f"auth.{name}": value for name, value in settings.items()}
        return start_server(settings={"auth.master_keys": keys, **more})

    return run


@pytest.fixture
def worker(fresh_database: postgres.Database, recorder: EventRecorder, resources: Resources) -> Iterator[Keys]:
    """The keys of one more worker on the database of the servers, which hears what all workers hear."""
    recorder.learn(EVENT_PAYLOADS)
    opened = Database(DatabaseSettings(url=fresh_database.app_url))
    listener = Listener(DatabaseSettings(url=fresh_database.app_url))
    around = replace(resources, transactions=Transactions(opened, recorder))
    keys = keys_with(around, "k1", epoch_age=listener.epoch_age)
    listener.start(
        [
            Slice(
                name="auth",
                servicers={},
                invalidations={SIGNING_KEY_TOPIC: keys.ring.forget, EPOCH_TOPIC: keys.forget},
                cache_resets=(keys.forget,),
            )
        ]
    )
    _eventually(listener.healthy)
    yield keys
    listener.stop()
    opened.dispose()


def _keys(server: RunningServer) -> signing_key_service_pb2_grpc.SigningKeyServiceStub:
    return signing_key_service_pb2_grpc.SigningKeyServiceStub(server.channel)


def _list(server: RunningServer) -> list[signing_key_pb2.SigningKey]:
    request = signing_key_service_pb2.ListSigningKeysRequest()
    return list(_keys(server).ListSigningKeys(request, metadata=server.metadata(), timeout=_SECONDS).signing_keys)


def _rotate(server: RunningServer, **fields: Any) -> signing_key_pb2.SigningKey:  # noqa: ANN401 - of the request
    request = signing_key_service_pb2.RotateSigningKeyRequest(**fields)
    return _keys(server).RotateSigningKey(request, metadata=server.metadata(), timeout=_SECONDS).signing_key


def _retire(server: RunningServer, key_id: str) -> signing_key_pb2.SigningKey:
    request = signing_key_service_pb2.RetireSigningKeyRequest(id=key_id)
    return _keys(server).RetireSigningKey(request, metadata=server.metadata(), timeout=_SECONDS).signing_key


def _rewrap(server: RunningServer, **fields: Any) -> master_key_service_pb2.RewrapKeysResponse:  # noqa: ANN401
    stub = master_key_service_pb2_grpc.MasterKeyServiceStub(server.channel)
    request = master_key_service_pb2.RewrapKeysRequest(**fields)
    return stub.RewrapKeys(request, metadata=server.metadata(), timeout=_SECONDS)


def _eventually(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen"
        time.sleep(0.01)


def _reads(keys: Keys, token: str) -> bool:
    try:
        keys.reader.read(token)
    except ServiceError:
        return False
    return True


def _reason(error: grpc.RpcError) -> str:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason


class TestSigningKeys:
    def test_rotating_publishes_the_next_key_and_lists_both(self, start: Callable[..., RunningServer]) -> None:
        server = start()
        first = _rotate(server)
        assert first.state == signing_key_pb2.SIGNING_KEY_STATE_ACTIVE
        second = _rotate(server)
        assert second.state == signing_key_pb2.SIGNING_KEY_STATE_PENDING
        listed = _list(server)
        assert [key.id for key in listed] == [first.id, second.id]
        assert listed[0].retire_time == second.activate_time
        assert listed[0].remove_time.seconds - second.activate_time.seconds >= 3600
        for key in listed:
            published = json.loads(key.public_jwk)
            assert published["kid"] == key.id
            assert "d" not in published
            assert jwt.PyJWK(published).algorithm_name == key.algorithm == "ES256"

    def test_the_algorithm_is_that_of_the_settings(self, start: Callable[..., RunningServer]) -> None:
        assert _rotate(start(signing_algorithm="EdDSA")).algorithm == "EdDSA"

    def test_a_repeated_rotation_gives_the_same_key(self, start: Callable[..., RunningServer]) -> None:
        server = start()
        request_id = str(uuid4())
        assert _rotate(server, request_id=request_id) == _rotate(server, request_id=request_id)
        assert len(_list(server)) == 1

    def test_a_rehearsal_makes_no_key(self, start: Callable[..., RunningServer]) -> None:
        server = start()
        _rotate(server, validate_only=True)
        assert _list(server) == []

    def test_they_are_none_of_a_tenants_business(self, start: Callable[..., RunningServer]) -> None:
        server = start()
        key = make_tenant(server)
        with pytest.raises(grpc.RpcError) as refused:
            _keys(server).ListSigningKeys(
                signing_key_service_pb2.ListSigningKeysRequest(), metadata=server.metadata(key), timeout=_SECONDS
            )
        assert _reason(refused.value) == "PERMISSION_MISSING"


class TestOtherWorkers:
    def test_they_sign_and_verify_with_a_new_key_and_refuse_a_withdrawn_one(
        self, start: Callable[..., RunningServer], worker: Keys
    ) -> None:
        server = start(signing_key_lead=0)
        first = _rotate(server)
        _eventually(lambda: str(worker.ring.signer()[0].id) == first.id)
        token = worker.issuer.issue(claims(worker.reader._clock.now()))
        second = _rotate(server)
        _eventually(lambda: str(worker.ring.signer()[0].id) == second.id)
        assert _reads(worker, token)
        _retire(server, first.id)
        _eventually(lambda: not _reads(worker, token))
        assert _reads(worker, worker.issuer.issue(claims(worker.reader._clock.now())))

    def test_no_good_token_is_refused_while_keys_are_rotated(
        self, start: Callable[..., RunningServer], worker: Keys, resources: Resources
    ) -> None:
        server = start(signing_key_lead=0)
        tokens = []
        for _ in range(5):
            _rotate(server)
            tokens.append(worker.issuer.issue(claims(worker.reader._clock.now())))
            assert all(_reads(worker, token) for token in tokens)
        assert len({jwt.get_unverified_header(token)["kid"] for token in tokens}) >= 2


def test_nothing_secret_stands_in_the_audit_trail_the_events_or_the_log(start: Callable[..., RunningServer]) -> None:
    server = start("k2", "k1")
    made = make_child_tenant(server)
    first, _ = _rotate(server), _rotate(server)
    _retire(server, first.id)
    _rewrap(server)
    secrets = [master_key("k1").reveal(), master_key("k2").reveal(), made.key, server.admin_key]
    with psycopg.connect(server.database.superuser_url) as connection:
        kept = connection.execute(
            "select coalesce(string_agg(r::text, ''), '') from audit_record r union all "
            "select coalesce(string_agg(encode(payload, 'escape'), ''), '') from event"
        ).fetchall()
    text = server.log_text() + "".join(row[0] for row in kept)
    assert first.id in text
    for secret in secrets:
        assert secret not in text
        assert secret.partition(":")[2] not in text or ":" not in secret
    assert '"d"' not in text


class TestMasterKeys:
    def test_it_is_replaced_in_batches_while_everything_goes_on(
        self, start: Callable[..., RunningServer], worker: Keys
    ) -> None:
        before = start("k1", signing_key_lead=0)
        for _ in range(3):
            _rotate(before)
        token = worker.issuer.issue(claims(worker.reader._clock.now()))
        during = start("k2", "k1", signing_key_lead=0)
        progress = [_rewrap(during, batch_size=2), _rewrap(during, batch_size=2), _rewrap(during, batch_size=2)]
        assert [(done.rewrapped, done.remaining) for done in progress] == [(2, 1), (1, 0), (0, 0)]
        assert {done.master_key_id for done in progress} == {"k2"}
        assert _reads(worker, token)
        after = start("k2", signing_key_lead=0)
        assert _rewrap(after).remaining == 0
        assert _rotate(after).state == signing_key_pb2.SIGNING_KEY_STATE_ACTIVE

    def test_a_key_that_was_taken_away_too_soon_is_named(self, start: Callable[..., RunningServer]) -> None:
        _rotate(start("k1"))
        with pytest.raises(grpc.RpcError) as refused:
            _rewrap(start("k2"))
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "'k1'" in (refused.value.details() or "")
