"""Importing users over the wire."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

import bcrypt
import grpc
import psycopg
import pytest
from passlib.hash import django_pbkdf2_sha256, pbkdf2_sha256, pbkdf2_sha512, scrypt  # type: ignore[import-untyped]

from function.auth.v1 import user_pb2, user_service_pb2_grpc
from function.auth.v1 import user_service_pb2 as wire
from tests.fixtures.refusals import reason_of
from tests.fixtures.server import RunningServer
from tests.services.auth.test_users_rpc import a_name

_PASSWORD = "violet-harbour-92"
_CREATED = wire.IMPORT_USERS_OUTCOME_CREATED
_EXISTS = wire.IMPORT_USERS_OUTCOME_EXISTS
_REJECTED = wire.IMPORT_USERS_OUTCOME_REJECTED

# Each would cost whoever checks it minutes of a core, or gigabytes.
BOMBS = [
    "$2b$31$" + "A" * 53,
    "$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=262144,t=4000000,p=1$c29tZXNhbHQ$" + "A" * 43,
    "$argon2id$v=19$m=65536,t=3,p=255$c29tZXNhbHQ$" + "A" * 43,
    "$scrypt$ln=30,r=8,p=1$" + "A" * 22 + "$" + "A" * 43,
    "$scrypt$ln=14,r=1000000,p=1$" + "A" * 22 + "$" + "A" * 43,
    "$scrypt$ln=17,r=8,p=999999999$" + "A" * 22 + "$" + "A" * 43,
    "$pbkdf2-sha512$999999999$" + "A" * 22 + "$" + "A" * 43,
    "pbkdf2_sha256$999999999$saltsaltsalt$" + "A" * 43 + "=",
    # Others let nearly every guess in.
    "$pbkdf2-sha256$1000$" + "A" * 22 + "$AA",
    "$scrypt$ln=14,r=8,p=1$" + "A" * 22 + "$AA",
    # And these are no hashes that anybody could check.
    "d41d8cd98f00b204e9800998ecf8427e",
    "$6$rounds=5000$salt$hash",
    "$2x$10$" + "A" * 53,
    "plain text",
    "$argon2id$" + "x" * 600,
    "$2b$10$" + "A" * 52 + "\n",
]


def _stream(rows: Sequence[wire.ImportUsersRow], *, validate_only: bool = False) -> Iterator[wire.ImportUsersRequest]:
    yield wire.ImportUsersRequest(config=wire.ImportUsersConfig(source="ldap", validate_only=validate_only))
    for start in range(0, len(rows), 500):
        yield wire.ImportUsersRequest(batch=wire.ImportUsersBatch(rows=rows[start : start + 500]))


def _import(
    server: RunningServer, rows: Sequence[wire.ImportUsersRow], *, validate_only: bool = False
) -> wire.ImportUsersResponse:
    stub = user_service_pb2_grpc.UserServiceStub(server.channel)
    return stub.ImportUsers(_stream(rows, validate_only=validate_only), metadata=server.metadata(), timeout=30)


def _row(number: int, password_hash: str = "", **fields: str) -> wire.ImportUsersRow:
    user = user_pb2.User(**{"user_name": a_name(), **fields})  # type: ignore[arg-type]
    return wire.ImportUsersRow(row=number, user=user, password_hash=password_hash)


def _signs_in(server: RunningServer, user_name: str, password: str) -> bool:
    stub = user_service_pb2_grpc.UserServiceStub(server.channel)
    with psycopg.connect(server.database.superuser_url) as connection:
        row = connection.execute("select tenant_id from tenant where name = 'default'").fetchone()
    assert row is not None
    try:
        stub.ReplacePassword(
            wire.ReplacePasswordRequest(
                tenant_id=str(row[0]), login=user_name, old_password=password, new_password="orange-lantern-41"
            )
        )
    except grpc.RpcError as error:
        if reason_of(error)[0] == "SIGN_IN_FAILED":
            return False
        raise
    return True


class TestHashes:
    @pytest.mark.parametrize(
        "hashed",
        [
            lambda: bcrypt.hashpw(_PASSWORD.encode(), bcrypt.gensalt(5)).decode(),
            lambda: bcrypt.hashpw(_PASSWORD.encode(), bcrypt.gensalt(5)).decode().replace("$2b$", "$2y$"),
            lambda: scrypt.using(rounds=8).hash(_PASSWORD),
            lambda: pbkdf2_sha256.using(rounds=50).hash(_PASSWORD),
            lambda: pbkdf2_sha512.using(rounds=50).hash(_PASSWORD),
            lambda: django_pbkdf2_sha256.using(rounds=50).hash(_PASSWORD),
            lambda: "$argon2i$v=19$m=16,t=2,p=1$c29tZXNhbHQ$fttzvfJtL/TgHmBONWHU88IYJmvHJtBr4Nyyb6G9Q0E",
        ],
        ids=["bcrypt", "bcrypt of PHP", "scrypt", "PBKDF2", "PBKDF2 with SHA-512", "Django", "argon2i"],
    )
    def test_what_other_systems_wrote_is_taken(self, server: RunningServer, hashed: object) -> None:
        assert callable(hashed)
        row = _row(1, hashed())
        answer = _import(server, [row])
        assert [result.outcome for result in answer.results] == [_CREATED]
        if "argon2i$" not in row.password_hash:
            assert not _signs_in(server, row.user.user_name, "wrong")
            assert _signs_in(server, row.user.user_name, _PASSWORD)

    def test_a_password_beyond_what_bcrypt_sees_signs_in(self, server: RunningServer) -> None:
        long = "x-harbour-" * 9
        row = _row(1, bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode())
        _import(server, [row])
        assert _signs_in(server, row.user.user_name, long)

    @pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
    def test_what_would_be_a_bomb_is_refused_with_its_row_and_field(self, server: RunningServer, bomb: str) -> None:
        answer = _import(server, [_row(7, bomb), _row(8)])
        rejected, created = answer.results
        assert (rejected.row, rejected.outcome, rejected.reason) == (7, _REJECTED, "INVALID_REQUEST")
        assert rejected.field == "password_hash"
        assert rejected.description
        assert bomb not in rejected.description
        assert created.outcome == _CREATED


class TestRows:
    def test_each_row_has_its_outcome_and_a_repetition_finds_them_existing(self, server: RunningServer) -> None:
        rows = [_row(1, email=f"{a_name()}@example.com"), _row(2, user_name="a b"), _row(3, email="nonsense"), _row(4)]
        answer = _import(server, rows)
        assert [result.outcome for result in answer.results] == [_CREATED, _REJECTED, _REJECTED, _CREATED]
        assert [result.field for result in answer.results] == ["", "user.user_name", "user.email", ""]
        assert (answer.row_count, answer.created_count, answer.existing_count, answer.rejected_count) == (4, 2, 0, 2)
        again = _import(server, rows)
        assert [result.outcome for result in again.results] == [_EXISTS, _REJECTED, _REJECTED, _EXISTS]
        assert [result.user_id for result in again.results] == [result.user_id for result in answer.results]

    def test_a_row_like_another_of_its_batch_finds_it(self, server: RunningServer) -> None:
        first = _row(1)
        second = _row(2, user_name=first.user.user_name.upper())
        results = _import(server, [first, second]).results
        assert [result.outcome for result in results] == [_CREATED, _EXISTS]
        assert results[0].user_id == results[1].user_id

    def test_a_rehearsal_creates_nobody(self, server: RunningServer) -> None:
        rows = [_row(1)]
        assert _import(server, rows, validate_only=True).created_count == 1
        assert _import(server, rows).created_count == 1

    def test_attributes_that_cannot_be_stored_are_a_fault_of_their_row(self, server: RunningServer) -> None:
        deep = _row(1)
        inner = deep.user.attributes
        for _ in range(12):
            inner = inner.get_or_create_struct("down")
        with_null = _row(2)
        with_null.user.attributes["text"] = "a\x00b"
        results = _import(server, [deep, with_null, _row(3)]).results
        assert [result.outcome for result in results] == [_REJECTED, _REJECTED, _CREATED]
        assert results[0].field == results[1].field == "user.attributes"

    def test_a_stream_without_its_configuration_is_refused(self, server: RunningServer) -> None:
        stub = user_service_pb2_grpc.UserServiceStub(server.channel)
        batch = wire.ImportUsersRequest(batch=wire.ImportUsersBatch(rows=[_row(1)]))
        for stream in ([batch], [*_stream([]), *_stream([])], []):
            with pytest.raises(grpc.RpcError) as refused:
                stub.ImportUsers(iter(stream), metadata=server.metadata(), timeout=60)
            assert reason_of(refused.value)[0] == "IMPORT_OUT_OF_ORDER"

    def test_a_stream_with_too_many_rows_is_refused(self, server: RunningServer) -> None:
        suffix = secrets.token_hex(4)
        rows = [
            wire.ImportUsersRow(row=number, user=user_pb2.User(user_name="-refused" + suffix))
            for number in range(10_001)
        ]
        with pytest.raises(grpc.RpcError) as refused:
            _import(server, rows)
        assert reason_of(refused.value) == ("IMPORT_TOO_LARGE", {"limit": "10000"})
