"""Groups and service accounts over the wire."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf import field_mask_pb2

from function.auth.v1 import (
    group_pb2,
    group_service_pb2_grpc,
    service_account_pb2,
    service_account_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from function.auth.v1 import group_service_pb2 as wire
from function.auth.v1 import service_account_service_pb2 as accounts_wire
from tests.fixtures.principals import make_tenant
from tests.fixtures.refusals import reason_of, violations_of
from tests.fixtures.server import RunningServer
from tests.services.auth.test_users_rpc import make_user

_SECONDS = 60


@pytest.fixture(scope="module")
def groups(server: RunningServer) -> group_service_pb2_grpc.GroupServiceStub:
    return group_service_pb2_grpc.GroupServiceStub(server.channel)


@pytest.fixture(scope="module")
def accounts(server: RunningServer) -> service_account_service_pb2_grpc.ServiceAccountServiceStub:
    return service_account_service_pb2_grpc.ServiceAccountServiceStub(server.channel)


def a_short_name() -> str:
    return f"n{secrets.token_hex(6)}"


def make_group(server: RunningServer) -> group_pb2.Group:
    stub = group_service_pb2_grpc.GroupServiceStub(server.channel)
    request = wire.CreateGroupRequest(group=group_pb2.Group(name=a_short_name()))
    return stub.CreateGroup(request, metadata=server.metadata(), timeout=_SECONDS).group


def make_account(server: RunningServer) -> service_account_pb2.ServiceAccount:
    stub = service_account_service_pb2_grpc.ServiceAccountServiceStub(server.channel)
    request = accounts_wire.CreateServiceAccountRequest(
        service_account=service_account_pb2.ServiceAccount(name=a_short_name(), description="Nightly work")
    )
    return stub.CreateServiceAccount(request, metadata=server.metadata(), timeout=_SECONDS).service_account


def of_user(user_id: str) -> group_pb2.Member:
    return group_pb2.Member(kind=group_pb2.MEMBER_KIND_USER, id=user_id)


def of_account(account_id: str) -> group_pb2.Member:
    return group_pb2.Member(kind=group_pb2.MEMBER_KIND_SERVICE_ACCOUNT, id=account_id)


def of_group(group_id: str) -> group_pb2.Member:
    return group_pb2.Member(kind=group_pb2.MEMBER_KIND_GROUP, id=group_id)


def add(server: RunningServer, group_id: str, members: Iterable[group_pb2.Member]) -> wire.AddMembersResponse:
    stub = group_service_pb2_grpc.GroupServiceStub(server.channel)
    request = wire.AddMembersRequest(id=group_id, members=members)
    return stub.AddMembers(request, metadata=server.metadata(), timeout=_SECONDS)


class TestGroups:
    def test_it_is_created_read_changed_and_deleted(
        self, server: RunningServer, groups: group_service_pb2_grpc.GroupServiceStub
    ) -> None:
        made = make_group(server)
        assert made.display_name == made.name
        metadata = server.metadata()
        assert groups.GetGroup(wire.GetGroupRequest(id=made.id), metadata=metadata).group == made
        request = wire.UpdateGroupRequest(
            group=group_pb2.Group(id=made.id, etag=made.etag, description="Who is on call"),
            update_mask=field_mask_pb2.FieldMask(paths=["description"]),
        )
        changed = groups.UpdateGroup(request, metadata=metadata).group
        assert (changed.name, changed.description) == (made.name, "Who is on call")
        with pytest.raises(grpc.RpcError) as refused:
            groups.DeleteGroup(wire.DeleteGroupRequest(id=made.id, etag=made.etag), metadata=metadata)
        assert reason_of(refused.value)[0] == "GROUP_ETAG_MISMATCH"
        groups.DeleteGroup(wire.DeleteGroupRequest(id=made.id, etag=changed.etag), metadata=metadata)
        with pytest.raises(grpc.RpcError) as refused:
            groups.GetGroup(wire.GetGroupRequest(id=made.id), metadata=metadata)
        assert reason_of(refused.value) == ("GROUP_NOT_FOUND", {"group_id": made.id})

    @pytest.mark.parametrize("name", ["", "Upper", "1st", "a_b", "a" * 64, "trailing-"])
    def test_a_name_that_is_none_is_refused(
        self, server: RunningServer, groups: group_service_pb2_grpc.GroupServiceStub, name: str
    ) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            groups.CreateGroup(wire.CreateGroupRequest(group=group_pb2.Group(name=name)), metadata=server.metadata())
        assert "group.name" in violations_of(refused.value)

    def test_a_name_is_unique_in_its_tenant(
        self, server: RunningServer, groups: group_service_pb2_grpc.GroupServiceStub
    ) -> None:
        request = wire.CreateGroupRequest(group=group_pb2.Group(name=make_group(server).name))
        with pytest.raises(grpc.RpcError) as refused:
            groups.CreateGroup(request, metadata=server.metadata())
        assert reason_of(refused.value) == ("GROUP_NAME_TAKEN", {"name": request.group.name})
        assert groups.CreateGroup(request, metadata=server.metadata(make_tenant(server))).group.id


class TestMembers:
    def test_users_accounts_and_groups_are_added_listed_and_removed(
        self, server: RunningServer, groups: group_service_pb2_grpc.GroupServiceStub
    ) -> None:
        group = make_group(server)
        members = [
            of_user(make_user(server).id),
            of_account(make_account(server).id),
            of_group(make_group(server).id),
        ]
        answer = add(server, group.id, members)
        assert answer.added_count == 3
        assert answer.group.etag != group.etag
        again = add(server, group.id, members[:1])
        assert (again.added_count, again.group) == (0, answer.group)
        found: list[group_pb2.Member] = []
        request = wire.ListMembersRequest(id=group.id, page_size=2)
        while True:
            page = groups.ListMembers(request, metadata=server.metadata())
            found += page.members
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        assert sorted(member.id for member in found) == sorted(member.id for member in members)
        removed = groups.RemoveMembers(
            wire.RemoveMembersRequest(id=group.id, members=[members[0], of_user(str(uuid4()))]),
            metadata=server.metadata(),
        )
        assert removed.removed_count == 1

    @pytest.mark.parametrize(
        ("member", "reason"),
        [
            (of_user, "USER_NOT_FOUND"),
            (of_account, "SERVICE_ACCOUNT_NOT_FOUND"),
            (of_group, "GROUP_NOT_FOUND"),
        ],
        ids=["user", "service account", "group"],
    )
    def test_who_does_not_exist_cannot_be_a_member(
        self,
        server: RunningServer,
        groups: group_service_pb2_grpc.GroupServiceStub,
        member: object,
        reason: str,
    ) -> None:
        assert callable(member)
        group = make_group(server)
        with pytest.raises(grpc.RpcError) as refused:
            add(server, group.id, [member(str(uuid4()))])
        assert reason_of(refused.value)[0] == reason
        with pytest.raises(grpc.RpcError) as refused:
            groups.ListGroupsOf(wire.ListGroupsOfRequest(member=member(str(uuid4()))), metadata=server.metadata())
        assert reason_of(refused.value)[0] == reason

    def test_a_user_of_another_tenant_cannot_be_a_member(
        self, server: RunningServer, groups: group_service_pb2_grpc.GroupServiceStub
    ) -> None:
        user = make_user(server)
        stranger = server.metadata(make_tenant(server))
        theirs = groups.CreateGroup(
            wire.CreateGroupRequest(group=group_pb2.Group(name=a_short_name())), metadata=stranger
        ).group
        with pytest.raises(grpc.RpcError) as refused:
            groups.AddMembers(wire.AddMembersRequest(id=theirs.id, members=[of_user(user.id)]), metadata=stranger)
        assert reason_of(refused.value)[0] == "USER_NOT_FOUND"

    def test_a_deleted_user_leaves_its_groups(
        self, server: RunningServer, groups: group_service_pb2_grpc.GroupServiceStub
    ) -> None:
        group, user = make_group(server), make_user(server)
        add(server, group.id, [of_user(user.id)])
        users = user_service_pb2_grpc.UserServiceStub(server.channel)
        users.DeleteUser(user_service_pb2.DeleteUserRequest(id=user.id), metadata=server.metadata())
        assert not groups.ListMembers(wire.ListMembersRequest(id=group.id), metadata=server.metadata()).members


class TestNesting:
    def test_groups_of_somebody_include_those_around_them(
        self, server: RunningServer, groups: group_service_pb2_grpc.GroupServiceStub
    ) -> None:
        inner, middle, outer = (make_group(server) for _ in range(3))
        user = make_user(server)
        add(server, inner.id, [of_user(user.id)])
        add(server, middle.id, [of_group(inner.id)])
        add(server, outer.id, [of_group(middle.id)])
        request = wire.ListGroupsOfRequest(member=of_user(user.id))
        found = groups.ListGroupsOf(request, metadata=server.metadata()).groups
        assert [group.id for group in found] == [inner.id, middle.id, outer.id]
        request.only_direct = True
        found = groups.ListGroupsOf(request, metadata=server.metadata()).groups
        assert [group.id for group in found] == [inner.id]
        assert _groups_of(server, user.id) == {inner.id, middle.id, outer.id}

    def test_a_group_is_never_a_member_of_itself(self, server: RunningServer) -> None:
        first, second, third = (make_group(server) for _ in range(3))
        add(server, first.id, [of_group(second.id)])
        add(server, second.id, [of_group(third.id)])
        for inside in (first, second, third):
            with pytest.raises(grpc.RpcError) as refused:
                add(server, inside.id, [of_group(first.id)])
            assert reason_of(refused.value) == (
                "GROUP_CYCLE",
                {"group_id": inside.id, "member_id": first.id},
            )

    def test_a_chain_of_eight_is_the_longest(self, server: RunningServer) -> None:
        chain = [make_group(server) for _ in range(9)]
        # From both ends, so that a link in the middle joins two chains.
        for place in (0, 1, 2, 4, 5, 6):
            add(server, chain[place].id, [of_group(chain[place + 1].id)])
        add(server, chain[3].id, [of_group(chain[4].id)])
        with pytest.raises(grpc.RpcError) as refused:
            add(server, chain[7].id, [of_group(chain[8].id)])
        assert reason_of(refused.value) == ("GROUP_TOO_DEEP", {"limit": "8"})

    def test_two_who_nest_at_once_make_no_cycle(self, server: RunningServer) -> None:
        for _ in range(5):
            pair = [make_group(server), make_group(server)]

            def nest(way: int, pair: list[group_pb2.Group] = pair) -> str:
                try:
                    add(server, pair[way].id, [of_group(pair[1 - way].id)])
                except grpc.RpcError as error:
                    return reason_of(error)[0]
                return ""

            with ThreadPoolExecutor(2) as threads:
                outcomes = sorted(threads.map(nest, range(2)))
            assert outcomes == ["", "GROUP_CYCLE"]

    def test_a_cycle_in_the_database_ends_the_search_all_the_same(self, server: RunningServer) -> None:
        first, second = make_group(server), make_group(server)
        user = make_user(server)
        add(server, first.id, [of_user(user.id), of_group(second.id)])
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            connection.execute(
                "insert into group_member select tenant_id, %s, 'group', %s, now(), 'x' from auth_group where id = %s",
                (second.id, first.id, first.id),
            )
        assert _groups_of(server, user.id) == {first.id, second.id}

    def test_ten_thousand_members_are_added_and_found(self, server: RunningServer) -> None:
        group = make_group(server)
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            connection.execute(
                """
                insert into group_member
                select tenant_id, id, 'user', gen_random_uuid(), now(), 'x'
                from auth_group, generate_series(1, 10000) where id = %s
                """,
                (group.id,),
            )
        user = make_user(server)
        assert add(server, group.id, [of_user(user.id)]).added_count == 1
        assert _groups_of(server, user.id) == {group.id}

    def test_a_full_group_takes_nobody_in(self, server: RunningServer) -> None:
        group = make_group(server)
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            connection.execute(
                """
                insert into group_member
                select tenant_id, id, 'user', gen_random_uuid(), now(), 'x'
                from auth_group, generate_series(1, 100000) where id = %s
                """,
                (group.id,),
            )
        with pytest.raises(grpc.RpcError) as refused:
            add(server, group.id, [of_user(make_user(server).id)])
        assert reason_of(refused.value) == ("GROUP_FULL", {"limit": "100000"})


def _groups_of(server: RunningServer, user_id: str) -> set[str]:
    with psycopg.connect(server.database.superuser_url) as connection:
        rows = connection.execute(
            "select group_id from auth_user u, groups_of(u.tenant_id, 'user', u.id) where u.id = %s", (user_id,)
        ).fetchall()
    return {str(row[0]) for row in rows}


class TestServiceAccounts:
    def test_it_is_created_disabled_enabled_and_deleted(
        self, server: RunningServer, accounts: service_account_service_pb2_grpc.ServiceAccountServiceStub
    ) -> None:
        made = make_account(server)
        metadata = server.metadata()
        assert made.state == service_account_pb2.SERVICE_ACCOUNT_STATE_ACTIVE
        got = accounts.GetServiceAccount(accounts_wire.GetServiceAccountRequest(id=made.id), metadata=metadata)
        assert got.service_account == made
        disable = accounts_wire.DisableServiceAccountRequest(id=made.id)
        disabled = accounts.DisableServiceAccount(disable, metadata=metadata).service_account
        assert disabled.state == service_account_pb2.SERVICE_ACCOUNT_STATE_DISABLED
        assert accounts.DisableServiceAccount(disable, metadata=metadata).service_account == disabled
        assert not _account_is_active(server, made.id)
        enable = accounts_wire.EnableServiceAccountRequest(id=made.id)
        enabled = accounts.EnableServiceAccount(enable, metadata=metadata).service_account
        assert _account_is_active(server, made.id)
        with pytest.raises(grpc.RpcError) as refused:
            accounts.DeleteServiceAccount(
                accounts_wire.DeleteServiceAccountRequest(id=made.id, etag=made.etag), metadata=metadata
            )
        assert reason_of(refused.value) == (
            "SERVICE_ACCOUNT_ETAG_MISMATCH",
            {"service_account_id": made.id, "current_etag": enabled.etag},
        )
        accounts.DeleteServiceAccount(accounts_wire.DeleteServiceAccountRequest(id=made.id), metadata=metadata)
        with pytest.raises(grpc.RpcError) as refused:
            accounts.GetServiceAccount(accounts_wire.GetServiceAccountRequest(id=made.id), metadata=metadata)
        assert reason_of(refused.value) == ("SERVICE_ACCOUNT_NOT_FOUND", {"service_account_id": made.id})

    def test_it_is_renamed_unless_the_name_is_taken(
        self, server: RunningServer, accounts: service_account_service_pb2_grpc.ServiceAccountServiceStub
    ) -> None:
        first, second = make_account(server), make_account(server)
        request = accounts_wire.UpdateServiceAccountRequest(
            service_account=service_account_pb2.ServiceAccount(id=second.id, name=first.name)
        )
        with pytest.raises(grpc.RpcError) as refused:
            accounts.UpdateServiceAccount(request, metadata=server.metadata())
        assert reason_of(refused.value) == ("SERVICE_ACCOUNT_NAME_TAKEN", {"name": first.name})
        request.service_account.name = a_short_name()
        changed = accounts.UpdateServiceAccount(request, metadata=server.metadata()).service_account
        assert (changed.name, changed.description) == (request.service_account.name, second.description)

    def test_pages_select_by_state(
        self, server: RunningServer, accounts: service_account_service_pb2_grpc.ServiceAccountServiceStub
    ) -> None:
        stranger = make_tenant(server)
        metadata = server.metadata(stranger)
        made = []
        for _ in range(3):
            request = accounts_wire.CreateServiceAccountRequest(
                service_account=service_account_pb2.ServiceAccount(name=a_short_name())
            )
            made.append(accounts.CreateServiceAccount(request, metadata=metadata).service_account.id)
        accounts.DisableServiceAccount(accounts_wire.DisableServiceAccountRequest(id=made[1]), metadata=metadata)
        listing = accounts_wire.ListServiceAccountsRequest(
            page_size=1, states=[service_account_pb2.SERVICE_ACCOUNT_STATE_ACTIVE]
        )
        first = accounts.ListServiceAccounts(listing, metadata=metadata)
        listing.page_token = first.next_page_token
        second = accounts.ListServiceAccounts(listing, metadata=metadata)
        found = [account.id for page in (first, second) for account in page.service_accounts]
        assert (found, second.next_page_token) == ([made[0], made[2]], "")


def _account_is_active(server: RunningServer, account_id: str) -> bool:
    with psycopg.connect(server.database.superuser_url) as connection:
        row = connection.execute(
            "select is_subject_active(tenant_id, 'service_account', id) from service_account where id = %s",
            (account_id,),
        ).fetchone()
    assert row is not None
    return bool(row[0])
