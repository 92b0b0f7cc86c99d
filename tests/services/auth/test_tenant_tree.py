"""Tenants below tenants, over a real channel: who reaches which, and what ends one."""

from __future__ import annotations

import importlib
import json
import pkgutil
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from sqlalchemy import Table

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    certificate_identity_pb2,
    certificate_identity_service_pb2,
    certificate_identity_service_pb2_grpc,
    group_pb2,
    group_service_pb2,
    group_service_pb2_grpc,
    tenant_pb2,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
)
from function_backend import vault
from function_backend.services.auth import tables
from function_backend.services.auth.repository.tenant_content import TENANT_EXPORTERS
from tests.fixtures.grants import PASSWORD, Account, Person, make_account, make_person, refresh, sign_in
from tests.fixtures.principals import NewTenant, make_child_tenant, make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer

_SECONDS = 60
_PATIENCE = 60
NOBODY = "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11"


class _Tenants:
    """The service as one caller sees it."""

    def __init__(self, server: RunningServer, key: str | None = None) -> None:
        self._stub = tenant_service_pb2_grpc.TenantServiceStub(server.channel)
        self._metadata = server.metadata(key)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        request = getattr(tenant_service_pb2, f"{name}Request")
        method = getattr(self._stub, name)
        return lambda **fields: method(request(**fields), metadata=self._metadata, timeout=_SECONDS)

    def update(self, *paths: str, **fields: object) -> tenant_pb2.Tenant:
        changed: tenant_pb2.Tenant = self.UpdateTenant(
            tenant=tenant_pb2.Tenant(**fields),  # type: ignore[arg-type]
            update_mask=FieldMask(paths=paths),
        ).tenant
        return changed

    def refused(self, method: str, /, **fields: object) -> str:
        """The reason why the call fails."""
        with pytest.raises(grpc.RpcError) as refused:
            answer = getattr(self, method)(**fields)
            if method == "ExportTenant":
                list(answer)
        return _reason(refused.value)


def _reason(error: grpc.RpcError) -> str:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason


def _let_in(server: RunningServer, key: str) -> str:
    """OK, or the reason why the key is refused."""
    try:
        _Tenants(server, key).GetTenant()
    except grpc.RpcError as error:
        return _reason(error)
    return "OK"


def _await(server: RunningServer, key: str, outcome: str) -> None:
    ends_at = time.monotonic() + _PATIENCE
    while (found := _let_in(server, key)) != outcome:
        assert time.monotonic() < ends_at, found
        time.sleep(0.01)


@pytest.fixture
def organisation(server: RunningServer) -> NewTenant:
    key = make_tenant(server)
    return NewTenant(_Tenants(server, key).GetTenant().tenant, key)


class TestTree:
    def test_a_child_stands_below_its_parent_and_is_administered_by_its_key(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        child = make_child_tenant(server, by=organisation.key)
        assert child.tenant.parent_id == organisation.tenant.id
        own = _Tenants(server, child.key).GetTenant().tenant
        assert own == child.tenant
        assert make_key(server, "company.*", by=child.key)

    def test_its_first_key_carries_no_more_than_its_maker_holds(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        narrow = make_key(server, "auth.tenant.create_child", "company.*", by=organisation.key)
        made = _Tenants(server, narrow).CreateChildTenant(name=f"c{uuid4().hex}")
        assert set(made.api_key.permissions) == {"company.*", "auth.tenant.create_child"}

    def test_the_one_above_reaches_it_and_it_reaches_nobody_above_or_beside(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        project = make_child_tenant(server, by=organisation.key)
        beside = make_child_tenant(server, by=organisation.key)
        task = make_child_tenant(server, by=project.key)
        above, below = _Tenants(server, organisation.key), _Tenants(server, project.key)
        assert above.GetTenant(id=task.tenant.id).tenant.parent_id == project.tenant.id
        for unreached in (organisation.tenant.id, beside.tenant.id, NOBODY):
            assert below.refused("GetTenant", id=unreached) == "TENANT_NOT_FOUND"
            assert below.refused("SuspendTenant", id=unreached) == "TENANT_NOT_FOUND"
            assert below.refused("ResumeTenant", id=unreached) == "TENANT_NOT_FOUND"
            assert below.refused("DeleteTenant", id=unreached, name="x") == "TENANT_NOT_FOUND"
            assert below.refused("ExportTenant", id=unreached) == "TENANT_NOT_FOUND"
            assert below.refused("ListChildTenants", parent_id=unreached) == "TENANT_NOT_FOUND"
            assert below.refused("CreateChildTenant", parent_id=unreached, name="x") == "TENANT_NOT_FOUND"
            assert below.refused("UpdateTenant", tenant=tenant_pb2.Tenant(id=unreached)) == "TENANT_NOT_FOUND"

    def test_it_sees_nothing_of_what_is_in_it(self, server: RunningServer, organisation: NewTenant) -> None:
        child = make_child_tenant(server, by=organisation.key)
        keys = api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)
        listed = keys.ListApiKeys(
            api_key_service_pb2.ListApiKeysRequest(), metadata=server.metadata(organisation.key), timeout=_SECONDS
        )
        assert [key.display_name for key in listed.api_keys] == ["Administration"]
        assert child.tenant.id not in str(listed)

    def test_there_are_five_levels_and_no_more(self, server: RunningServer, organisation: NewTenant) -> None:
        key = organisation.key
        for _ in range(4):
            key = make_child_tenant(server, by=key).key
        assert _Tenants(server, key).refused("CreateChildTenant", name="deeper") == "TENANT_TREE_TOO_DEEP"

    def test_children_are_listed_page_by_page_without_grandchildren(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        children = [make_child_tenant(server, by=organisation.key) for _ in range(5)]
        make_child_tenant(server, by=children[0].key)
        tenants = _Tenants(server, organisation.key)
        found: list[str] = []
        token = ""
        while True:
            page = tenants.ListChildTenants(page_size=2, page_token=token)
            found.extend(tenant.id for tenant in page.tenants)
            token = page.next_page_token
            if not token:
                break
        assert found == [child.tenant.id for child in children]

    def test_the_platform_reaches_all(self, server: RunningServer, organisation: NewTenant) -> None:
        child = make_child_tenant(server, by=organisation.key)
        assert _Tenants(server).GetTenant(id=child.tenant.id).tenant == child.tenant
        assert _Tenants(server).update(id=child.tenant.id, display_name="By the platform").display_name

    def test_a_path_that_is_not_the_parents_is_refused_by_the_database(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        for parent, path in ((organisation.tenant.id, []), (organisation.tenant.id, [NOBODY]), (None, [NOBODY])):
            with (
                psycopg.connect(server.database.app_url, autocommit=True) as connection,
                pytest.raises(psycopg.Error, match="path"),
            ):
                connection.execute(
                    "select add_tenant(%s, 'planted', 'x', now(), %s, %s::uuid[])", (str(uuid4()), parent, path)
                )


class TestSettings:
    def test_what_was_decided_is_shown_beside_what_holds(self, server: RunningServer, organisation: NewTenant) -> None:
        tenants = _Tenants(server, organisation.key)
        settings = tenant_pb2.TenantSettings(
            password_min_length=20,
            session_idle_lifetime=Duration(seconds=900),
            allowed_grants=[tenant_pb2.GRANT_CLIENT_CREDENTIALS],
        )
        changed = tenants.update(settings=settings)
        assert changed.settings == settings
        assert changed.effective_settings.password_min_length == 20
        assert changed.effective_settings.access_token_lifetime == Duration(seconds=600)
        assert list(changed.effective_settings.allowed_grants) == [tenant_pb2.GRANT_CLIENT_CREDENTIALS]
        assert tenants.GetTenant().tenant == changed
        given_back = tenants.update("settings.password_min_length", "settings.allowed_grants")
        assert not given_back.settings.HasField("password_min_length")
        assert given_back.effective_settings.password_min_length == 12
        assert len(given_back.effective_settings.allowed_grants) == 5

    def test_they_are_the_same_on_every_server(self, start_server: StartServer) -> None:
        first, second = start_server(), start_server()
        _Tenants(first).update(settings=tenant_pb2.TenantSettings(password_history=7))
        assert _Tenants(second).GetTenant().tenant.settings.password_history == 7

    def test_an_update_that_changes_nothing_keeps_the_etag(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        tenants = _Tenants(server, organisation.key)
        assert tenants.update(display_name=organisation.tenant.display_name).etag == organisation.tenant.etag
        assert tenants.update(display_name="Other").etag != organisation.tenant.etag

    def test_a_stale_etag_is_refused(self, server: RunningServer, organisation: NewTenant) -> None:
        tenants = _Tenants(server, organisation.key)
        tenants.update(display_name="Other", etag=organisation.tenant.etag)
        stale = tenant_pb2.Tenant(display_name="Third", etag=organisation.tenant.etag)
        assert tenants.refused("UpdateTenant", tenant=stale) == "TENANT_ETAG_MISMATCH"

    def test_a_rehearsal_changes_nothing(self, server: RunningServer, organisation: NewTenant) -> None:
        tenants = _Tenants(server, organisation.key)
        rehearsed = tenants.UpdateTenant(tenant=tenant_pb2.Tenant(display_name="Other"), validate_only=True)
        assert rehearsed.tenant.display_name == "Other"
        assert tenants.GetTenant().tenant == organisation.tenant

    @pytest.mark.parametrize(
        "request_fields",
        [
            {"tenant": tenant_pb2.Tenant(), "update_mask": FieldMask(paths=["name"])},
            {"tenant": tenant_pb2.Tenant(settings=tenant_pb2.TenantSettings(password_min_length=1))},
            {
                "tenant": tenant_pb2.Tenant(
                    settings=tenant_pb2.TenantSettings(access_token_lifetime=Duration(seconds=1))
                )
            },
            {
                "tenant": tenant_pb2.Tenant(
                    settings=tenant_pb2.TenantSettings(session_idle_lifetime=Duration(seconds=-9))
                )
            },
            {
                "tenant": tenant_pb2.Tenant(
                    settings=tenant_pb2.TenantSettings(allowed_grants=[tenant_pb2.GRANT_UNSPECIFIED])
                )
            },
            {
                "tenant": tenant_pb2.Tenant(
                    settings=tenant_pb2.TenantSettings(allowed_grants=[tenant_pb2.GRANT_PASSWORD] * 2)
                )
            },
            {"tenant": tenant_pb2.Tenant(settings=tenant_pb2.TenantSettings(allowed_grants=[99]))},  # type: ignore[list-item]
            {"tenant": tenant_pb2.Tenant(display_name="x" * 201)},
            {},
        ],
    )
    def test_what_cannot_be_decided_is_refused(
        self, server: RunningServer, organisation: NewTenant, request_fields: dict[str, object]
    ) -> None:
        assert _Tenants(server, organisation.key).refused("UpdateTenant", **request_fields) == "INVALID_REQUEST"


class TestSuspending:
    def test_its_callers_and_those_below_it_are_refused_on_every_server_until_it_is_resumed(
        self, start_server: StartServer
    ) -> None:
        first, second = start_server(), start_server()
        parent = make_child_tenant(first)
        child = make_child_tenant(first, by=parent.key)
        bystander = make_child_tenant(first)
        everywhere = [(server, key) for server in (first, second) for key in (parent.key, child.key)]
        for server, key in everywhere:
            assert _let_in(server, key) == "OK"
        suspended = _Tenants(first).SuspendTenant(id=parent.tenant.id).tenant
        assert suspended.state == tenant_pb2.TENANT_STATE_SUSPENDED
        assert suspended.HasField("suspend_time")
        for server, key in everywhere:
            _await(server, key, "TENANT_SUSPENDED")
        assert _let_in(second, bystander.key) == "OK"
        resumed = _Tenants(second).ResumeTenant(id=parent.tenant.id).tenant
        assert not resumed.HasField("suspend_time")
        for server, key in everywhere:
            _await(server, key, "OK")

    def test_suspending_and_resuming_twice_changes_nothing(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        child = make_child_tenant(server, by=organisation.key)
        tenants = _Tenants(server, organisation.key)
        assert tenants.ResumeTenant(id=child.tenant.id).tenant == child.tenant
        first = tenants.SuspendTenant(id=child.tenant.id).tenant
        assert tenants.SuspendTenant(id=child.tenant.id).tenant == first

    def test_nobody_suspends_its_own_tenant_one_above_it_or_the_first_one(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        own = _Tenants(server, organisation.key)
        assert own.refused("SuspendTenant", id=organisation.tenant.id) == "TENANT_PROTECTED"
        child = make_child_tenant(server, by=organisation.key)
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            connection.execute("update api_key set permissions = '{*}' where tenant_id = %s", (child.tenant.id,))
        reaching = _Tenants(server, child.key)
        assert reaching.refused("SuspendTenant", id=organisation.tenant.id) == "TENANT_PROTECTED"
        default = _Tenants(server).GetTenant().tenant
        assert _Tenants(server).refused("SuspendTenant", id=default.id) == "TENANT_PROTECTED"
        assert _Tenants(server).refused("DeleteTenant", id=default.id, name=default.name) == "TENANT_PROTECTED"


class TestDeleting:
    def test_its_secrets_are_destroyed_and_its_name_and_audit_trail_stay(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        child = make_child_tenant(server, by=organisation.key)
        make_key(server, "company.read", by=child.key)
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            connection.execute(
                "insert into tenant_key values (%s, %s, 'wrapped', 'k1', now())", (child.tenant.id, str(uuid4()))
            )
            audited = _count(connection, "audit_record", child)
            tenants = _Tenants(server, organisation.key)
            tenants.SuspendTenant(id=child.tenant.id)
            deleted = tenants.DeleteTenant(id=child.tenant.id, name=child.tenant.name).tenant
            assert deleted.state == tenant_pb2.TENANT_STATE_DELETED
            assert deleted.HasField("delete_time")
            assert _count(connection, "tenant_key", child) == _count(connection, "api_key", child) == 0
            assert _count(connection, "audit_record", child) == audited > 0
        _await(server, child.key, "CREDENTIAL_INVALID")
        assert tenants.GetTenant(id=child.tenant.id).tenant == deleted
        assert [each.id for each in tenants.ListChildTenants().tenants] == []
        assert [each.id for each in tenants.ListChildTenants(show_deleted=True).tenants] == [child.tenant.id]
        assert tenants.refused("CreateChildTenant", name=child.tenant.name) == "TENANT_NAME_TAKEN"
        for method in ("SuspendTenant", "ResumeTenant", "ExportTenant"):
            assert tenants.refused(method, id=child.tenant.id) == "TENANT_DELETED"
        assert tenants.refused("DeleteTenant", id=child.tenant.id, name=child.tenant.name) == "TENANT_DELETED"

    def test_it_needs_suspension_its_name_and_nobody_below(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        child = make_child_tenant(server, by=organisation.key)
        grandchild = make_child_tenant(server, by=child.key)
        tenants = _Tenants(server, organisation.key)
        named = {"id": child.tenant.id, "name": child.tenant.name}
        assert tenants.refused("DeleteTenant", **named) == "TENANT_NOT_SUSPENDED"
        tenants.SuspendTenant(id=child.tenant.id)
        assert tenants.refused("DeleteTenant", id=child.tenant.id, name="another") == "INVALID_REQUEST"
        assert tenants.refused("DeleteTenant", **named) == "TENANT_HAS_CHILDREN"
        tenants.SuspendTenant(id=grandchild.tenant.id)
        tenants.DeleteTenant(id=grandchild.tenant.id, name=grandchild.tenant.name)
        assert tenants.DeleteTenant(**named).tenant.state == tenant_pb2.TENANT_STATE_DELETED

    def test_nobody_deletes_its_own_tenant(self, server: RunningServer, organisation: NewTenant) -> None:
        tenants = _Tenants(server, organisation.key)
        named = {"id": organisation.tenant.id, "name": organisation.tenant.name}
        assert tenants.refused("DeleteTenant", **named) == "TENANT_PROTECTED"

    def test_nothing_is_left_of_what_anybody_signed_in_with(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        child = make_child_tenant(server, by=organisation.key)
        account = make_account(server, by=child.key, tenant=child.tenant.name)
        person = make_person(server, by=child.key)
        signed_in = sign_in(server, person, tenant=child.tenant.name)
        refresh(server, signed_in.refresh_token)
        _bind_certificate(server, account, child)
        _group(server, account, person, child)
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            kept = ("client_credential", "user_password", "refresh_token", "certificate_identity", "api_key")
            assert all(_count(connection, table, child) for table in kept)
            tenants = _Tenants(server, organisation.key)
            records = [r for batch in tenants.ExportTenant(id=child.tenant.id, batch_size=1) for r in batch.records]
            kinds = [r.type for r in records]
            assert set(kinds) >= {"user", "session", "client_credential", "certificate_identity", "group"}
            # Keys of several columns go on where they ended, too.
            assert kinds.count("group_member") == 2
            assert len({(r.type, r.id) for r in records}) == len(records)
            text = "".join(r.json for r in records)
            for secret in (account.secret, signed_in.refresh_token, signed_in.access_token, child.key, PASSWORD):
                assert secret not in text
            tenants.SuspendTenant(id=child.tenant.id)
            tenants.DeleteTenant(id=child.tenant.id, name=child.tenant.name)
            assert {table: _count(connection, table, child) for table in _SECRET} == dict.fromkeys(_SECRET, 0)

    @pytest.mark.parametrize("function", ["shred_tenant", "shred_user_secrets", "shred_credentials"])
    def test_the_database_shreds_no_tenant_that_is_not_deleted(
        self, server: RunningServer, organisation: NewTenant, function: str
    ) -> None:
        with (
            psycopg.connect(server.database.app_url, autocommit=True) as connection,
            pytest.raises(psycopg.Error, match="not deleted"),
        ):
            connection.execute(f"select {function}(%s)", (organisation.tenant.id,))


_SECRET = (
    "tenant_key",
    "api_key",
    "client_credential",
    "certificate_identity",
    "device_authorization",
    "refresh_token",
    "user_password",
    "user_password_history",
    "user_recovery_code",
    "user_token",
    "user_totp",
)


def _group(server: RunningServer, account: Account, person: Person, tenant: NewTenant) -> None:
    groups = group_service_pb2_grpc.GroupServiceStub(server.channel)
    metadata = server.metadata(tenant.key)
    made = groups.CreateGroup(
        group_service_pb2.CreateGroupRequest(group=group_pb2.Group(name="everybody")), metadata=metadata
    )
    members = [
        group_pb2.Member(kind=group_pb2.MEMBER_KIND_USER, id=str(person.id)),
        group_pb2.Member(kind=group_pb2.MEMBER_KIND_SERVICE_ACCOUNT, id=str(account.id)),
    ]
    groups.AddMembers(
        group_service_pb2.AddMembersRequest(id=made.group.id, members=members), metadata=metadata, timeout=_SECONDS
    )


def _bind_certificate(server: RunningServer, account: Account, tenant: NewTenant) -> None:
    certificate_identity_service_pb2_grpc.CertificateIdentityServiceStub(server.channel).CreateCertificateIdentity(
        certificate_identity_service_pb2.CreateCertificateIdentityRequest(
            name_kind=certificate_identity_pb2.CERTIFICATE_NAME_KIND_URI,
            name=f"spiffe://example.org/{uuid4()}",
            service_account_id=str(account.id),
            tenant_id=tenant.tenant.id,
        ),
        metadata=server.metadata(),
        timeout=_SECONDS,
    )


# Of these an export says nothing, for the reason beside each.
_NOT_EXPORTED = {
    "tenant_key": "a key",
    "tenant_index_key": "a key",
    "resealing": "how far encryption is, which GetDataKey shows",
    "user_password": "hashes of passwords",
    "user_password_history": "hashes of passwords",
    "user_token": "digests of tokens",
    "user_totp": "sealed secrets",
    "user_recovery_code": "digests of codes",
    "sign_in_throttle": "digests of names and addresses, kept for an hour",
    "api_key_use": "counts, which ListApiKeys shows",
    "revocation_log": "the trail has every revocation",
    "relation_decision": "answers that were given, kept for a time",
    "refresh_token": "links of sessions, which are exported",
    "used_assertion": "digests of what was used up",
    "revoked_access_token": "kept for an hour at most",
    "device_authorization": "kept for an hour at most",
}


class TestExporting:
    def test_no_table_of_a_tenant_is_forgotten(self) -> None:
        exported = {each.table.name for each in TENANT_EXPORTERS}
        known = {
            table.name
            for package in (tables, vault)
            for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
            for table in vars(importlib.import_module(module.name)).values()
            if isinstance(table, Table) and "tenant_id" in table.c
        }
        assert known - exported == set(_NOT_EXPORTED)
        assert len({each.type for each in TENANT_EXPORTERS}) == len(TENANT_EXPORTERS)

    def test_everything_is_there_without_secrets_and_can_be_resumed(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        made = [make_key(server, "company.read", by=organisation.key) for _ in range(5)]
        tenants = _Tenants(server, organisation.key)
        batches = list(tenants.ExportTenant(batch_size=2))
        records = [record for batch in batches for record in batch.records]
        kinds = [record.type for record in records]
        assert kinds == sorted(kinds, key=[each.type for each in TENANT_EXPORTERS].index)
        assert kinds.count("tenant") == 1
        assert kinds.count("api_key") == 6
        assert json.loads(records[0].json)["name"] == organisation.tenant.name
        text = "".join(record.json for record in records)
        assert all(key not in text for key in (*made, organisation.key))
        assert '"digest"' not in text
        assert all("\n" not in record.json for record in records)
        for place, batch in enumerate(batches):
            rest = list(tenants.ExportTenant(batch_size=2, resume_token=batch.resume_token))
            resumed = [record for later in rest for record in later.records if later.records]
            expected = [record for later in batches[place + 1 :] for record in later.records]
            # Beginning again is itself in the trail, behind everything that was there.
            assert resumed[: len(expected)] == expected

    def test_a_child_is_exported_by_the_one_above_and_the_trail_says_so(
        self, server: RunningServer, organisation: NewTenant
    ) -> None:
        child = make_child_tenant(server, by=organisation.key)
        other = make_child_tenant(server, by=organisation.key)
        tenants = _Tenants(server, organisation.key)
        text = "".join(r.json for batch in tenants.ExportTenant(id=child.tenant.id) for r in batch.records)
        assert child.tenant.name in text
        assert other.tenant.id not in text
        own = [r for batch in tenants.ExportTenant() for r in batch.records if "TenantExported" in r.json]
        assert child.tenant.id in own[0].json

    def test_a_token_of_another_tenants_export_is_refused(self, server: RunningServer, organisation: NewTenant) -> None:
        child = make_child_tenant(server, by=organisation.key)
        tenants = _Tenants(server, organisation.key)
        [first, *_] = tenants.ExportTenant(id=child.tenant.id)
        assert tenants.refused("ExportTenant", resume_token=first.resume_token) == "INVALID_PAGE_TOKEN"
        assert tenants.refused("ExportTenant", resume_token="made-up") == "INVALID_PAGE_TOKEN"


def _count(connection: psycopg.Connection[Any], table: str, tenant: NewTenant) -> int:
    row = connection.execute(
        f"select count(*) from {table} where tenant_id = %s".encode(), (tenant.tenant.id,)
    ).fetchone()
    assert row is not None
    count: int = row[0]
    return count
