from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    api_key_pb2,
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    credential_service_pb2,
    credential_service_pb2_grpc,
)
from tests.fixtures.accounts import grant, make_account, set_state, take_back
from tests.fixtures.clock import SetClock
from tests.fixtures.database_faults import eventually
from tests.fixtures.principals import make_key
from tests.fixtures.server import RunningServer, StartServer, running_server

_SECONDS = 60


def _keys(server: RunningServer) -> api_key_service_pb2_grpc.ApiKeyServiceStub:
    return api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)


def _made(
    server: RunningServer, *permissions: str, by: str | None = None, **fields: object
) -> api_key_service_pb2.CreateApiKeyResponse:
    wish = api_key_service_pb2.CreateApiKeyRequest(
        display_name="made",
        permissions=permissions,
        **fields,  # type: ignore[arg-type]
    )
    return _keys(server).CreateApiKey(wish, metadata=server.metadata(by), timeout=_SECONDS)


def _verify(server: RunningServer, bearer: str, *permissions: str) -> credential_service_pb2.VerifyCredentialResponse:
    request = credential_service_pb2.VerifyCredentialRequest(bearer=bearer, permissions=permissions)
    stub = credential_service_pb2_grpc.CredentialServiceStub(server.channel)
    return stub.VerifyCredential(request, metadata=server.metadata(), timeout=_SECONDS)


def _reason(error: grpc.RpcError) -> str:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason


def _refused(call: Callable[[], object]) -> str:
    with pytest.raises(grpc.RpcError) as refused:
        call()
    return _reason(refused.value)


class TestOwner:
    def test_a_key_acts_for_its_owner_with_what_both_may_do(self, server: RunningServer) -> None:
        account = make_account(server)
        made = _made(server, "company.*", "auth.api_key.read", owner=account, rate_limit_per_second=3)
        assert made.api_key.owner == account
        grant(server, account, "company.read", "auth.*")
        answer = eventually(lambda: _verified_with(server, made.secret, "company.read"))
        identity = answer.identity
        assert identity.subject == account
        assert list(identity.actors) == [f"api_key:{made.api_key.id}"]
        assert identity.credential_id == made.api_key.id
        assert list(identity.permissions) == ["auth.api_key.read", "auth.self.read", "company.read"]
        assert len(identity.roles) == 1
        assert identity.limits.rate_limit_per_second == 3

    def test_what_the_owner_loses_the_key_loses(self, server: RunningServer) -> None:
        account = make_account(server, "user")
        binding = grant(server, account, "company.read")
        made = _made(server, "*", owner=account)
        assert _verify(server, made.secret, "company.read").permissions["company.read"]
        take_back(server, binding)
        eventually(lambda: not _verify(server, made.secret, "company.read").permissions["company.read"] or None)

    @pytest.mark.parametrize(("kind", "state"), [("user", "suspended"), ("service_account", "suspended")])
    def test_a_key_falls_with_its_owner_and_comes_back_with_it(
        self, server: RunningServer, kind: str, state: str
    ) -> None:
        account = make_account(server, kind)
        made = _made(server, "company.read", owner=account)
        assert _verify(server, made.secret).valid
        set_state(server, account, state)
        eventually(lambda: _verify(server, made.secret).reason == "SUBJECT_DISABLED" or None)
        set_state(server, account, "active")
        eventually(lambda: _verify(server, made.secret).valid or None)

    @pytest.mark.parametrize("kind", ["user", "service_account"])
    def test_an_account_that_is_not_there_owns_nothing(self, server: RunningServer, kind: str) -> None:
        assert _refused(lambda: _made(server, "company.read", owner=f"{kind}:{uuid4()}")) == "API_KEY_OWNER_NOT_FOUND"

    def test_another_tenants_account_is_not_there(self, server: RunningServer, other_tenant_key: str) -> None:
        theirs = make_account(server, by=other_tenant_key)
        assert _refused(lambda: _made(server, "company.read", owner=theirs)) == "API_KEY_OWNER_NOT_FOUND"

    def test_the_keys_of_an_owner_are_listed_and_revoked_together(self, server: RunningServer) -> None:
        account, other = make_account(server), make_account(server)
        made = [_made(server, "company.read", owner=account) for _ in range(3)]
        kept = _made(server, "company.read", owner=other)
        listed = _keys(server).ListApiKeys(
            api_key_service_pb2.ListApiKeysRequest(owner=account), metadata=server.metadata(), timeout=_SECONDS
        )
        assert [key.id for key in listed.api_keys] == [each.api_key.id for each in made]
        request = api_key_service_pb2.RevokeApiKeysOfOwnerRequest(owner=account)
        for expected in (3, 0):
            answer = _keys(server).RevokeApiKeysOfOwner(request, metadata=server.metadata(), timeout=_SECONDS)
            assert answer.revoked_count == expected
        for each in made:
            assert eventually(partial(_why_not, server, each.secret)) == "CREDENTIAL_REVOKED"
        assert _verify(server, kept.secret).valid

    @pytest.mark.parametrize("kind", ["user", "service_account"])
    def test_nobody_makes_a_key_of_somebody_who_may_do_more(self, server: RunningServer, kind: str) -> None:
        stronger, equal = make_account(server, kind), make_account(server, kind)
        grant(server, stronger, "company.*")
        grant(server, equal, "company.read")
        theirs = _made(server, "company.read", owner=stronger).api_key
        manager = make_key(server, "auth.api_key.*", "company.read")
        assert _verify(server, _made(server, "company.read", by=manager, owner=equal).secret).valid
        refused = _refused(lambda: _made(server, "company.read", by=manager, owner=stronger))
        assert refused == "PERMISSION_ESCALATION"
        assert _refused(lambda: _reroll(server, theirs.id, by=manager)) == "PERMISSION_ESCALATION"
        row = _foreign(f"sk_live_{secrets.token_hex(24)}", "company.read", owner=stronger)
        assert _import(server, row, by=manager).results[0].reason == "PERMISSION_ESCALATION"

    @pytest.mark.parametrize("owner", ["x", "user:", "user:x", "api_key:01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11", "\n"])
    def test_what_names_no_owner_is_no_request(self, server: RunningServer, owner: str) -> None:
        assert _refused(lambda: _made(server, "company.read", owner=owner)) == "INVALID_REQUEST"


class TestUpdating:
    def test_named_fields_change_and_others_stay(self, server: RunningServer) -> None:
        made = _made(server, "company.read", rate_limit_per_second=5).api_key
        changed = _update(server, made.id, "display_name", "max_calls_per_day", display_name="New", max_calls_per_day=9)
        assert (changed.display_name, changed.max_calls_per_day, changed.rate_limit_per_second) == ("New", 9, 5)
        assert list(changed.permissions) == ["company.read"]
        assert changed.etag != made.etag

    def test_without_a_mask_what_is_filled_in_changes(self, server: RunningServer) -> None:
        made = _made(server, "company.read").api_key
        assert _update(server, made.id, permissions=["company.read", "company.update"]).permissions == [
            "company.read",
            "company.update",
        ]

    def test_changed_permissions_count_at_once(self, server: RunningServer) -> None:
        made = _made(server, "company.*")
        assert _verify(server, made.secret, "company.create").permissions["company.create"]
        _update(server, made.api_key.id, permissions=["company.read"])
        eventually(lambda: not _verify(server, made.secret, "company.create").permissions["company.create"] or None)

    def test_an_expiry_can_be_set_and_taken_away(self, server: RunningServer) -> None:
        soon = Timestamp()
        soon.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
        made = _made(server, "company.read").api_key
        assert _update(server, made.id, expire_time=soon).expire_time.seconds == soon.seconds
        assert not _update(server, made.id, "expire_time").HasField("expire_time")

    def test_nobody_gives_a_key_more_than_they_hold(self, server: RunningServer) -> None:
        made = _made(server, "company.create").api_key
        weak = make_key(server, "auth.api_key.update", "company.read")

        def update(*permissions: str) -> api_key_pb2.ApiKey:
            return _update(server, made.id, permissions=permissions, by=weak)

        assert _refused(lambda: update("company.create", "company.delete")) == "PERMISSION_ESCALATION"
        # What it has already may stay, and what the caller holds may come.
        assert list(update("company.create", "company.read").permissions) == ["company.create", "company.read"]

    def test_a_stale_etag_is_refused_and_the_current_one_is_not(self, server: RunningServer) -> None:
        made = _made(server, "company.read").api_key
        changed = _update(server, made.id, display_name="First", etag=made.etag)
        stale = lambda: _update(server, made.id, display_name="Second", etag=made.etag)  # noqa: E731
        assert _refused(stale) == "API_KEY_ETAG_MISMATCH"
        assert _update(server, made.id, display_name="Second", etag=changed.etag).display_name == "Second"

    def test_the_same_values_change_nothing(self, server: RunningServer) -> None:
        made = _made(server, "company.read").api_key
        assert _update(server, made.id, "*", display_name="made", permissions=["company.read"]) == made

    @pytest.mark.parametrize(
        ("mask", "fields"),
        [
            (["owner"], {}),
            (["*", "display_name"], {}),
            (["display_name"], {}),
            (["permissions"], {}),
            ([], {"expire_time": Timestamp(seconds=1)}),
            ([], {"permissions": ["company.reed"]}),
        ],
    )
    def test_a_senseless_change_is_refused(
        self, server: RunningServer, mask: list[str], fields: dict[str, Any]
    ) -> None:
        made = _made(server, "company.read").api_key
        assert _refused(lambda: _update(server, made.id, *mask, **fields)) == "INVALID_REQUEST"

    def test_a_revoked_key_stays_as_it_is(self, server: RunningServer) -> None:
        made = _made(server, "company.read").api_key
        _revoke(server, made.id)
        assert _refused(lambda: _update(server, made.id, display_name="Alive")) == "API_KEY_REVOKED"
        assert _refused(lambda: _reroll(server, made.id)) == "API_KEY_REVOKED"

    def test_another_tenants_key_is_not_there(self, server: RunningServer, other_tenant_key: str) -> None:
        made = _made(server, "company.read").api_key
        assert _refused(lambda: _update(server, made.id, display_name="Mine", by=other_tenant_key)) == (
            "API_KEY_NOT_FOUND"
        )
        assert _refused(lambda: _reroll(server, made.id, by=other_tenant_key)) == "API_KEY_NOT_FOUND"


class TestRerolling:
    def test_the_new_secret_works_and_the_old_one_ends_at_once(self, server: RunningServer) -> None:
        made = _made(server, "company.read")
        assert _verify(server, made.secret).valid
        rerolled = _reroll(server, made.api_key.id)
        assert rerolled.api_key.id == made.api_key.id
        assert rerolled.secret != made.secret
        assert _verify(server, rerolled.secret).identity.credential_id == made.api_key.id
        eventually(lambda: _verify(server, made.secret).reason == "CREDENTIAL_INVALID" or None)

    def test_within_the_overlap_both_work_and_after_it_one(self, start_server: StartServer) -> None:
        clock = SetClock()
        server = start_server(clock=clock)
        made = _made(server, "company.read")
        rerolled = _reroll(server, made.api_key.id, overlap=timedelta(days=2))
        assert rerolled.api_key.HasField("previous_secret_expire_time")
        assert _verify(server, made.secret).valid
        assert _verify(server, rerolled.secret).valid
        clock.advance(timedelta(days=2))
        assert _verify(server, made.secret).reason == "CREDENTIAL_EXPIRED"
        assert _verify(server, rerolled.secret).valid

    def test_a_second_reroll_ends_the_secret_before_the_last(self, server: RunningServer) -> None:
        made = _made(server, "company.read")
        second = _reroll(server, made.api_key.id, overlap=timedelta(days=1))
        third = _reroll(server, made.api_key.id, overlap=timedelta(days=1))
        eventually(lambda: _verify(server, made.secret).reason == "CREDENTIAL_INVALID" or None)
        assert _verify(server, second.secret).valid
        assert _verify(server, third.secret).valid

    def test_the_secret_of_a_stronger_key_is_not_given_away(self, server: RunningServer) -> None:
        made = _made(server, "company.*")
        weak = make_key(server, "auth.api_key.reroll", "company.read")
        assert _refused(lambda: _reroll(server, made.api_key.id, by=weak)) == "PERMISSION_ESCALATION"

    @pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=7, seconds=1)])
    def test_an_overlap_has_its_bounds(self, server: RunningServer, overlap: timedelta) -> None:
        made = _made(server, "company.read").api_key
        assert _refused(lambda: _reroll(server, made.id, overlap=overlap)) == "INVALID_REQUEST"

    def test_a_repeated_request_gives_the_same_secret(self, server: RunningServer) -> None:
        made = _made(server, "company.read").api_key
        request_id = str(uuid4())
        first, second = (_reroll(server, made.id, request_id=request_id) for _ in range(2))
        assert first == second


class TestImporting:
    def test_a_foreign_key_goes_on_working_by_its_hash(self, server: RunningServer) -> None:
        text = f"sk_live_{secrets.token_hex(24)}"
        answer = _import(server, _foreign(text, "company.read", display_name="Old"))
        [result] = answer.results
        assert (answer.imported_count, result.reason) == (1, "")
        assert result.api_key.prefix == "sk_live_"
        eventually(lambda: _verify(server, text).valid or None)
        assert _verify(server, text).identity.credential_id == result.api_key.id
        assert _verify(server, f"sk_live_{secrets.token_hex(24)}").reason == "CREDENTIAL_INVALID"

    def test_it_makes_calls_like_any_other(self, server: RunningServer) -> None:
        text = f"old-{secrets.token_hex(24)}"
        _import(server, _foreign(text, "auth.api_key.read", prefix="old-"))
        request = api_key_service_pb2.ListApiKeysRequest(page_size=1)

        def listed() -> bool | None:
            try:
                _keys(server).ListApiKeys(request, metadata=server.metadata(text), timeout=_SECONDS)
            except grpc.RpcError:
                return None
            return True

        assert eventually(listed)

    def test_a_reroll_makes_one_of_ours_of_it_and_overlaps(self, server: RunningServer) -> None:
        text = f"legacy.{secrets.token_hex(24)}"
        key = _import(server, _foreign(text, "company.read", prefix="legacy.")).results[0].api_key
        rerolled = _reroll(server, key.id, overlap=timedelta(days=1))
        assert rerolled.secret.startswith("fbk_")
        assert rerolled.api_key.prefix.startswith("fbk_")
        eventually(lambda: _verify(server, text).valid or None)
        assert _verify(server, rerolled.secret).valid

    def test_every_row_has_its_own_outcome(self, server: RunningServer) -> None:
        text = f"sk_live_{secrets.token_hex(24)}"
        good = _foreign(text, "company.read")
        weak = make_key(server, "auth.api_key.import", "company.read")
        answer = _import(
            server,
            good,
            good,
            _foreign("b" * 40, "company.create"),
            _foreign("c" * 40, "company.reed"),
            _foreign("d" * 40, "company.read", owner=f"user:{uuid4()}"),
            _foreign("e" * 40, "company.read", prefix="fbk_own"),
            _foreign("f" * 40, "company.read", prefix="ey"),
            _foreign("g" * 40, "company.read", expire_time=Timestamp(seconds=1)),
            _foreign("h" * 40, "company.read"),
            by=weak,
        )
        assert [result.reason for result in answer.results] == [
            "",
            "API_KEY_DIGEST_TAKEN",
            "PERMISSION_ESCALATION",
            "INVALID_REQUEST",
            "API_KEY_OWNER_NOT_FOUND",
            "INVALID_REQUEST",
            "INVALID_REQUEST",
            "INVALID_REQUEST",
            "",
        ]
        assert answer.imported_count == 2
        assert all(result.message for result in answer.results if result.reason)

    def test_another_tenants_hash_is_taken_too(self, server: RunningServer, other_tenant_key: str) -> None:
        row = _foreign(f"sk_live_{secrets.token_hex(24)}", "company.read")
        assert _import(server, row).imported_count == 1
        assert _import(server, row, by=other_tenant_key).results[0].reason == "API_KEY_DIGEST_TAKEN"

    @pytest.mark.parametrize("digest", [b"", b"x" * 31, b"x" * 33])
    def test_only_a_sha_256_is_a_hash(self, server: RunningServer, digest: bytes) -> None:
        row = _foreign("a" * 40, "company.read")
        row.sha256 = digest
        assert _refused(lambda: _import(server, row)) == "INVALID_REQUEST"

    def test_a_rehearsal_imports_nothing(self, server: RunningServer) -> None:
        row = _foreign(f"sk_live_{secrets.token_hex(24)}", "company.read")
        assert _import(server, row, validate_only=True).imported_count == 1
        assert _import(server, row).imported_count == 1


class TestUses:
    def test_calls_are_counted_and_written_down_at_the_end_at_the_latest(
        self, fresh_server: RunningServer, tmp_path: Path
    ) -> None:
        made = _made(fresh_server, "auth.api_key.read")
        request = api_key_service_pb2.GetApiKeyRequest(id=made.api_key.id)
        with running_server(fresh_server.database, tmp_path / "second", admin_key=fresh_server.admin_key) as second:
            for _ in range(5):
                _keys(second).GetApiKey(request, metadata=second.metadata(made.secret), timeout=_SECONDS)
        seen = _keys(fresh_server).GetApiKey(request, metadata=fresh_server.metadata(), timeout=_SECONDS).api_key
        assert (seen.call_count, seen.calls_today) == (5, 5)
        assert seen.HasField("last_use_time")
        assert seen.etag == made.api_key.etag

    def test_a_quota_is_one_for_all_workers(self, start_server: StartServer) -> None:
        first, second = start_server(), start_server()
        made = _made(first, "auth.api_key.read", max_calls_per_day=6)
        request = api_key_service_pb2.GetApiKeyRequest(id=made.api_key.id)
        for _ in range(6):
            _keys(second).GetApiKey(request, metadata=second.metadata(made.secret), timeout=_SECONDS)
        counted = "select calls_of_day from api_key_use where api_key_id = %s"
        with psycopg.connect(first.database.superuser_url, autocommit=True) as connection:
            eventually(lambda: connection.execute(counted, (made.api_key.id,)).fetchone())
        refused = lambda: _keys(first).GetApiKey(  # noqa: E731
            request, metadata=first.metadata(made.secret), timeout=_SECONDS
        )
        assert _refused(refused) == "API_KEY_QUOTA_EXCEEDED"


def _verified_with(
    server: RunningServer, bearer: str, permission: str
) -> credential_service_pb2.VerifyCredentialResponse | None:
    """The answer once the permission is held."""
    answer = _verify(server, bearer, permission)
    return answer if answer.permissions[permission] else None


def _why_not(server: RunningServer, bearer: str) -> str | None:
    """Why it is refused, once it is."""
    return _verify(server, bearer).reason or None


def _update(
    server: RunningServer,
    key_id: str,
    *mask: str,
    by: str | None = None,
    **fields: Any,  # noqa: ANN401 - fields of a key
) -> api_key_pb2.ApiKey:
    change = api_key_service_pb2.ApiKeyChange(id=key_id, **fields)
    request = api_key_service_pb2.UpdateApiKeyRequest(api_key=change, update_mask=FieldMask(paths=mask))
    return _keys(server).UpdateApiKey(request, metadata=server.metadata(by), timeout=_SECONDS).api_key


def _reroll(
    server: RunningServer, key_id: str, *, by: str | None = None, overlap: timedelta | None = None, request_id: str = ""
) -> api_key_service_pb2.RerollApiKeyResponse:
    span = None
    if overlap is not None:
        span = Duration()
        span.FromTimedelta(overlap)
    request = api_key_service_pb2.RerollApiKeyRequest(id=key_id, overlap=span, request_id=request_id)
    return _keys(server).RerollApiKey(request, metadata=server.metadata(by), timeout=_SECONDS)


def _revoke(server: RunningServer, key_id: str) -> None:
    request = api_key_service_pb2.RevokeApiKeyRequest(id=key_id)
    _keys(server).RevokeApiKey(request, metadata=server.metadata(), timeout=_SECONDS)


def _foreign(text: str, *permissions: str, **fields: object) -> api_key_service_pb2.ForeignApiKey:
    values: dict[str, object] = {"prefix": "sk_live_", "display_name": "foreign", **fields}
    digest = hashlib.sha256(text.encode()).digest()
    return api_key_service_pb2.ForeignApiKey(sha256=digest, permissions=permissions, **values)  # type: ignore[arg-type]


def _import(
    server: RunningServer,
    *rows: api_key_service_pb2.ForeignApiKey,
    by: str | None = None,
    validate_only: bool = False,
) -> api_key_service_pb2.ImportApiKeysResponse:
    request = api_key_service_pb2.ImportApiKeysRequest(api_keys=rows, validate_only=validate_only)
    return _keys(server).ImportApiKeys(request, metadata=server.metadata(by), timeout=_SECONDS)
