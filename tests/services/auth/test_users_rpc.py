"""Users over the wire."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf import field_mask_pb2, struct_pb2

from function.auth.v1 import user_pb2, user_service_pb2_grpc
from function.auth.v1 import user_service_pb2 as wire
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.refusals import reason_of, violations_of
from tests.fixtures.server import RunningServer

_SECONDS = 60
_GOOD = "violet-harbour-92"


@pytest.fixture(scope="module")
def users(server: RunningServer) -> user_service_pb2_grpc.UserServiceStub:
    return user_service_pb2_grpc.UserServiceStub(server.channel)


def a_name() -> str:
    return f"u{secrets.token_hex(6)}"


def make_user(server: RunningServer, *, password: str = "", **fields: object) -> user_pb2.User:
    given = {"user_name": a_name(), **fields}
    request = wire.CreateUserRequest(user=user_pb2.User(**given), password=password)  # type: ignore[arg-type]
    stub = user_service_pb2_grpc.UserServiceStub(server.channel)
    return stub.CreateUser(request, metadata=server.metadata(), timeout=_SECONDS).user


class TestCreating:
    def test_it_is_read_back_as_created_and_normalised(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        name = a_name()
        attributes = struct_pb2.Struct()
        attributes.update({"floor": 3, "team": {"name": "core"}})
        made = make_user(
            server,
            user_name=f" {name.upper()} ",
            email=f"{name}@Example.COM",
            display_name="Ada L.",
            attributes=attributes,
            labels={"tier": "gold"},
        )
        got = users.GetUser(wire.GetUserRequest(id=made.id), metadata=server.metadata(), timeout=_SECONDS).user
        assert got == made
        assert (got.user_name, got.email) == (name.upper(), f"{name}@example.com")
        assert got.state == user_pb2.USER_STATE_ACTIVE
        assert got.attributes["floor"] == 3
        assert not got.second_factor

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("user_name", ""),
            ("user_name", "a@b"),
            ("user_name", "ada\r\nX-Admin: yes"),
            ("user_name", "-ada"),
            ("user_name", "ada\u200blovelace"),
            ("user_name", "ada\ufe00"),
            ("email", "ada"),
            ("email", "ada@example.com\r\nBcc: all@example.com"),
            ("email", "a" * 100 + "@example.com"),
            ("display_name", "Ada\nLovelace"),
            ("display_name", "Ada\u202egnp"),
            ("labels", {"tier": "a\x01b"}),
        ],
    )
    def test_what_has_no_place_in_a_user_is_refused_by_field(
        self, server: RunningServer, field: str, value: object
    ) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            make_user(server, **{field: value})  # type: ignore[arg-type]  # what does not fit is the point
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert next(iter(violations_of(refused.value))).startswith(f"user.{field}")

    def test_a_name_is_taken_whatever_its_case_and_width(self, server: RunningServer) -> None:
        taken = make_user(server, user_name=f"ada{secrets.token_hex(4)}")
        wide = "".join(chr(ord(sign) + 0xFEE0) for sign in taken.user_name.upper())
        with pytest.raises(grpc.RpcError) as refused:
            make_user(server, user_name=wide)
        assert reason_of(refused.value) == ("USER_NAME_TAKEN", {"user_name": taken.user_name.upper()})

    def test_an_address_is_taken_whatever_its_case(self, server: RunningServer) -> None:
        name = a_name()
        make_user(server, email=f"{name}@example.com")
        with pytest.raises(grpc.RpcError) as refused:
            make_user(server, email=f"{name.upper()}@EXAMPLE.com")
        assert reason_of(refused.value)[0] == "USER_EMAIL_TAKEN"

    def test_another_tenant_may_have_the_same_name(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        taken = make_user(server)
        request = wire.CreateUserRequest(user=user_pb2.User(user_name=taken.user_name))
        made = users.CreateUser(request, metadata=server.metadata(make_tenant(server)), timeout=_SECONDS).user
        assert made.user_name == taken.user_name

    @pytest.mark.parametrize(
        ("password", "rule"),
        [
            ("short1!", "TOO_SHORT"),
            ("password123456", "COMMON"),
            ("P@ssw0rd!!!!", "COMMON"),
            ("aaaaaaaaaaaaaaaa", "COMMON"),
            ("xx-lovelace-yy-22", "CONTAINS_NAME"),
            ("é" * 200, "TOO_LONG"),
        ],
    )
    def test_a_weak_password_is_refused_with_the_rule_it_breaks(
        self, server: RunningServer, password: str, rule: str
    ) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            make_user(server, password=password, user_name=f"lovelace{secrets.token_hex(3)}", display_name="A Lovelace")
        reason, metadata = reason_of(refused.value)
        assert reason == "PASSWORD_REFUSED"
        assert rule in metadata["rules"].split(",")
        assert violations_of(refused.value)["password"].startswith(metadata["rules"].split(",")[-1])
        assert password not in (refused.value.details() or "")

    def test_a_rehearsal_makes_no_user(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        request = wire.CreateUserRequest(user=user_pb2.User(user_name=a_name()), password=_GOOD, validate_only=True)
        made = users.CreateUser(request, metadata=server.metadata(), timeout=_SECONDS).user
        with pytest.raises(grpc.RpcError) as refused:
            users.GetUser(wire.GetUserRequest(id=made.id), metadata=server.metadata(), timeout=_SECONDS)
        assert reason_of(refused.value) == ("USER_NOT_FOUND", {"user_id": made.id})

    def test_a_repeated_request_makes_one_user_and_keeps_nothing_to_guess_the_password_by(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        request = wire.CreateUserRequest(
            user=user_pb2.User(user_name=a_name()), password=_GOOD, request_id=str(uuid4())
        )
        first, second = (users.CreateUser(request, metadata=server.metadata(), timeout=_SECONDS) for _ in range(2))
        assert first == second
        request.password = "another-" + _GOOD
        with pytest.raises(grpc.RpcError) as refused:
            users.CreateUser(request, metadata=server.metadata(), timeout=_SECONDS)
        assert reason_of(refused.value)[0] == "REQUEST_ID_REUSED"

    def test_the_password_is_stored_only_as_an_argon2id_hash(self, server: RunningServer) -> None:
        made = make_user(server, password=_GOOD)
        with psycopg.connect(server.database.superuser_url) as connection:
            row = connection.execute("select hash from user_password where user_id = %s", (made.id,)).fetchone()
        assert row is not None
        assert row[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


class TestReading:
    def test_a_batch_keeps_the_order_and_names_what_is_missing(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = [make_user(server).id for _ in range(3)]
        nobody = str(uuid4())
        request = wire.BatchGetUsersRequest(ids=[made[2], nobody, made[0]], allow_missing=True)
        found = users.BatchGetUsers(request, metadata=server.metadata(), timeout=_SECONDS)
        assert [user.id for user in found.users] == [made[2], made[0]]
        assert list(found.missing_ids) == [nobody]
        request.allow_missing = False
        with pytest.raises(grpc.RpcError) as refused:
            users.BatchGetUsers(request, metadata=server.metadata(), timeout=_SECONDS)
        assert reason_of(refused.value) == ("USER_NOT_FOUND", {"user_id": nobody})

    def test_pages_hold_every_user_that_fits_once(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        prefix = f"page{secrets.token_hex(4)}"
        made = [make_user(server, user_name=f"{prefix}_{number}").id for number in range(5)]
        make_user(server, user_name=f"{prefix}X")
        request = wire.ListUsersRequest(page_size=2, user_name_prefix=f"{prefix.upper()}_")
        found: list[str] = []
        for page in _pages(server, users, request):
            assert len(page.users) <= 2
            found += [user.id for user in page.users]
        assert found == made

    def test_states_and_address_select(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        name = a_name()
        made = make_user(server, email=f"{name}@example.com")
        metadata = server.metadata()
        by_address = wire.ListUsersRequest(email=f"{name.upper()}@example.com")
        assert [user.id for user in users.ListUsers(by_address, metadata=metadata).users] == [made.id]
        by_address.states.append(user_pb2.USER_STATE_SUSPENDED)
        assert not users.ListUsers(by_address, metadata=metadata).users
        users.SuspendUser(wire.SuspendUserRequest(id=made.id), metadata=metadata)
        assert [user.id for user in users.ListUsers(by_address, metadata=metadata).users] == [made.id]

    def test_a_user_of_another_tenant_does_not_exist(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server)
        stranger = server.metadata(make_tenant(server))
        for attempt in (
            lambda: users.GetUser(wire.GetUserRequest(id=made.id), metadata=stranger),
            lambda: users.DeleteUser(wire.DeleteUserRequest(id=made.id), metadata=stranger),
            lambda: users.LockUser(wire.LockUserRequest(id=made.id), metadata=stranger),
            lambda: users.SetPassword(wire.SetPasswordRequest(id=made.id, password=_GOOD), metadata=stranger),
            lambda: users.StartPasswordReset(wire.StartPasswordResetRequest(id=made.id), metadata=stranger),
        ):
            with pytest.raises(grpc.RpcError) as refused:
                attempt()
            assert reason_of(refused.value) == ("USER_NOT_FOUND", {"user_id": made.id})


def _pages(
    server: RunningServer, users: user_service_pb2_grpc.UserServiceStub, request: wire.ListUsersRequest
) -> Iterator[wire.ListUsersResponse]:
    while True:
        page = users.ListUsers(request, metadata=server.metadata(), timeout=_SECONDS)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


class TestChanging:
    def test_only_the_fields_of_the_mask_change(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server, display_name="Before", labels={"a": "1"})
        request = wire.UpdateUserRequest(
            user=user_pb2.User(id=made.id, display_name="After", user_name="ignored"),
            update_mask=field_mask_pb2.FieldMask(paths=["display_name", "labels"]),
        )
        changed = users.UpdateUser(request, metadata=server.metadata(), timeout=_SECONDS).user
        assert (changed.user_name, changed.display_name, dict(changed.labels)) == (made.user_name, "After", {})
        assert changed.etag != made.etag

    def test_an_old_etag_is_refused_and_an_equal_state_writes_nothing(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server, display_name="One")
        same = wire.UpdateUserRequest(user=user_pb2.User(id=made.id, etag=made.etag, display_name="One"))
        assert users.UpdateUser(same, metadata=server.metadata()).user == made
        change = wire.UpdateUserRequest(user=user_pb2.User(id=made.id, etag=made.etag, display_name="Two"))
        changed = users.UpdateUser(change, metadata=server.metadata()).user
        with pytest.raises(grpc.RpcError) as refused:
            users.UpdateUser(change, metadata=server.metadata(), timeout=_SECONDS)
        assert reason_of(refused.value) == (
            "USER_ETAG_MISMATCH",
            {"user_id": made.id, "current_etag": changed.etag},
        )

    @pytest.mark.parametrize("path", ["state", "id", "labels.a", "nonsense"])
    def test_a_path_that_cannot_be_set_is_named(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub, path: str
    ) -> None:
        request = wire.UpdateUserRequest(
            user=user_pb2.User(id=str(uuid4())), update_mask=field_mask_pb2.FieldMask(paths=[path])
        )
        with pytest.raises(grpc.RpcError) as refused:
            users.UpdateUser(request, metadata=server.metadata(), timeout=_SECONDS)
        assert path in violations_of(refused.value)["update_mask"]

    def test_a_deleted_user_is_gone_with_its_password(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server, password=_GOOD)
        users.DeleteUser(wire.DeleteUserRequest(id=made.id, etag=made.etag), metadata=server.metadata())
        with pytest.raises(grpc.RpcError) as refused:
            users.GetUser(wire.GetUserRequest(id=made.id), metadata=server.metadata(), timeout=_SECONDS)
        assert reason_of(refused.value)[0] == "USER_NOT_FOUND"
        with psycopg.connect(server.database.superuser_url) as connection:
            row = connection.execute("select count(*) from user_password where user_id = %s", (made.id,)).fetchone()
        assert row == (0,)


class TestStates:
    def test_each_state_allows_only_what_follows_from_it(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server)
        metadata = server.metadata()
        with pytest.raises(grpc.RpcError) as refused:
            users.UnlockUser(wire.UnlockUserRequest(id=made.id), metadata=metadata)
        assert reason_of(refused.value) == ("USER_STATE", {"user_id": made.id, "state": "active"})
        locked = users.LockUser(wire.LockUserRequest(id=made.id), metadata=metadata).user
        assert locked.state == user_pb2.USER_STATE_LOCKED
        assert users.LockUser(wire.LockUserRequest(id=made.id), metadata=metadata).user == locked
        suspended = users.SuspendUser(wire.SuspendUserRequest(id=made.id), metadata=metadata).user
        assert suspended.state == user_pb2.USER_STATE_SUSPENDED
        with pytest.raises(grpc.RpcError) as refused:
            users.LockUser(wire.LockUserRequest(id=made.id), metadata=metadata)
        assert reason_of(refused.value)[1]["state"] == "suspended"
        back = users.ActivateUser(wire.ActivateUserRequest(id=made.id), metadata=metadata).user
        assert back.state == user_pb2.USER_STATE_LOCKED
        unlocked = users.UnlockUser(wire.UnlockUserRequest(id=made.id), metadata=metadata).user
        assert unlocked.state == user_pb2.USER_STATE_ACTIVE
        with pytest.raises(grpc.RpcError) as refused:
            users.ActivateUser(wire.ActivateUserRequest(id=made.id), metadata=metadata)
        assert reason_of(refused.value)[0] == "USER_STATE"

    def test_whether_credentials_of_a_user_work_is_known_before_its_tenant(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server)
        assert _is_active(server, made.id)
        users.SuspendUser(wire.SuspendUserRequest(id=made.id), metadata=server.metadata())
        assert not _is_active(server, made.id)


def _is_active(server: RunningServer, user_id: str) -> bool:
    with psycopg.connect(server.database.superuser_url) as connection:
        row = connection.execute(
            "select is_subject_active(tenant_id, 'user', id) from auth_user where id = %s", (user_id,)
        ).fetchone()
    assert row is not None
    return bool(row[0])


class TestInvitations:
    def test_an_invited_user_becomes_active_with_its_first_password(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        invited = users.InviteUser(
            wire.InviteUserRequest(user=user_pb2.User(user_name=a_name())), metadata=server.metadata()
        )
        assert invited.user.state == user_pb2.USER_STATE_INVITED
        accepted = users.AcceptInvitation(wire.AcceptInvitationRequest(token=invited.token, password=_GOOD)).user
        assert (accepted.id, accepted.state) == (invited.user.id, user_pb2.USER_STATE_ACTIVE)

    def test_a_token_works_once(self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub) -> None:
        invited = users.InviteUser(
            wire.InviteUserRequest(user=user_pb2.User(user_name=a_name())), metadata=server.metadata()
        )
        accept = wire.AcceptInvitationRequest(token=invited.token, password=_GOOD)
        users.AcceptInvitation(accept)
        accept.password = "someone-elses-choice-7"
        with pytest.raises(grpc.RpcError) as refused:
            users.AcceptInvitation(accept)
        assert reason_of(refused.value)[0] == "INVITATION_INVALID"

    def test_a_refused_password_leaves_the_invitation_open(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        invited = users.InviteUser(
            wire.InviteUserRequest(user=user_pb2.User(user_name=a_name())), metadata=server.metadata()
        )
        with pytest.raises(grpc.RpcError) as refused:
            users.AcceptInvitation(wire.AcceptInvitationRequest(token=invited.token, password="password"))
        assert reason_of(refused.value)[0] == "PASSWORD_REFUSED"
        assert users.AcceptInvitation(wire.AcceptInvitationRequest(token=invited.token, password=_GOOD)).user.id

    def test_renewing_ends_the_earlier_token(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        invited = users.InviteUser(
            wire.InviteUserRequest(user=user_pb2.User(user_name=a_name())), metadata=server.metadata()
        )
        renewed = users.RenewInvitation(wire.RenewInvitationRequest(id=invited.user.id), metadata=server.metadata())
        with pytest.raises(grpc.RpcError) as refused:
            users.AcceptInvitation(wire.AcceptInvitationRequest(token=invited.token, password=_GOOD))
        assert reason_of(refused.value)[0] == "INVITATION_INVALID"
        users.AcceptInvitation(wire.AcceptInvitationRequest(token=renewed.token, password=_GOOD))
        with pytest.raises(grpc.RpcError) as refused:
            users.RenewInvitation(wire.RenewInvitationRequest(id=invited.user.id), metadata=server.metadata())
        assert reason_of(refused.value) == ("USER_STATE", {"user_id": invited.user.id, "state": "active"})

    @pytest.mark.parametrize(
        "damage",
        [lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), lambda _: "x"],
        ids=["altered", "made up"],
    )
    def test_a_damaged_token_is_refused(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub, damage: object
    ) -> None:
        invited = users.InviteUser(
            wire.InviteUserRequest(user=user_pb2.User(user_name=a_name())), metadata=server.metadata()
        )
        assert callable(damage)
        with pytest.raises(grpc.RpcError) as refused:
            users.AcceptInvitation(wire.AcceptInvitationRequest(token=damage(invited.token), password=_GOOD))
        assert reason_of(refused.value)[0] == "INVITATION_INVALID"

    def test_a_token_of_a_reset_accepts_no_invitation(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server, password=_GOOD)
        reset = users.StartPasswordReset(wire.StartPasswordResetRequest(id=made.id), metadata=server.metadata())
        with pytest.raises(grpc.RpcError) as refused:
            users.AcceptInvitation(wire.AcceptInvitationRequest(token=reset.token, password=_GOOD))
        assert reason_of(refused.value)[0] == "INVITATION_INVALID"


class TestPasswords:
    def test_a_reset_sets_a_new_password_once(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server, password=_GOOD)
        reset = users.StartPasswordReset(wire.StartPasswordResetRequest(id=made.id), metadata=server.metadata())
        finish = wire.FinishPasswordResetRequest(token=reset.token, password="orange-lantern-41")
        assert users.FinishPasswordReset(finish).user.id == made.id
        with pytest.raises(grpc.RpcError) as refused:
            users.FinishPasswordReset(finish)
        assert reason_of(refused.value)[0] == "PASSWORD_RESET_INVALID"

    def test_replacing_a_password_proves_the_old_one(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server, password=_GOOD)
        request = wire.ReplacePasswordRequest(
            tenant_id=_tenant_of(server, made.id),
            login=made.user_name.upper(),
            old_password=_GOOD,
            new_password="orange-lantern-41",
        )
        users.ReplacePassword(request)
        with pytest.raises(grpc.RpcError) as refused:
            users.ReplacePassword(request)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert reason_of(refused.value)[0] == "SIGN_IN_FAILED"

    def test_unknown_tenants_and_users_get_the_same_answer_as_wrong_passwords(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server, password=_GOOD)
        tenant_id = _tenant_of(server, made.id)
        answers = set()
        for tenant, login in [(tenant_id, made.user_name), (tenant_id, a_name()), (str(uuid4()), made.user_name)]:
            with pytest.raises(grpc.RpcError) as refused:
                users.ReplacePassword(
                    wire.ReplacePasswordRequest(tenant_id=tenant, login=login, old_password="wrong", new_password=_GOOD)
                )
            answers.add((refused.value.code(), refused.value.details(), reason_of(refused.value)[0]))
        assert answers == {(grpc.StatusCode.UNAUTHENTICATED, "The sign-in failed.", "SIGN_IN_FAILED")}

    def test_only_a_user_has_an_own_password(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        request = wire.ChangePasswordRequest(old_password=_GOOD, new_password="orange-lantern-41")
        with pytest.raises(grpc.RpcError) as refused:
            users.ChangePassword(request, metadata=server.metadata())
        assert reason_of(refused.value) == ("NOT_A_USER", {"kind": "api_key"})

    def test_nobody_without_the_permission_sets_one(
        self, server: RunningServer, users: user_service_pb2_grpc.UserServiceStub
    ) -> None:
        made = make_user(server)
        key = make_key(server, "auth.user.read", "auth.user.update")
        with pytest.raises(grpc.RpcError) as refused:
            users.SetPassword(wire.SetPasswordRequest(id=made.id, password=_GOOD), metadata=server.metadata(key))
        assert reason_of(refused.value)[0] == "PERMISSION_MISSING"


def _tenant_of(server: RunningServer, user_id: str) -> str:
    with psycopg.connect(server.database.superuser_url) as connection:
        row = connection.execute("select tenant_id from auth_user where id = %s", (user_id,)).fetchone()
    assert row is not None
    return str(row[0])
