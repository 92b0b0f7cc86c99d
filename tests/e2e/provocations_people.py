"""How a caller meets the reasons of users, service accounts, groups and sign-ins."""

from __future__ import annotations

import itertools
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pyotp

from function.auth.v1 import (
    group_pb2,
    group_service_pb2,
    oauth_service_pb2,
    second_factor_service_pb2,
    service_account_pb2,
    service_account_service_pb2,
    user_pb2,
    user_service_pb2,
)
from tests.e2e.provocations import NOBODY, provokes
from tests.e2e.scene import Scene
from tests.fixtures.database_faults import as_owner
from tests.fixtures.grants import CLIENT
from tests.fixtures.methods import Answer

_PASSWORD = "violet-harbour-92"
_OTHER = "orange-lantern-41"


def a_name() -> str:
    return f"p{secrets.token_hex(6)}"


def a_user(scene: Scene, *, password: str = "", **fields: str) -> user_pb2.User:
    user = user_pb2.User(**{"user_name": a_name(), **fields})  # type: ignore[arg-type]  # by their names
    answer = scene.send("CreateUser", user_service_pb2.CreateUserRequest(user=user, password=password))
    return user_service_pb2.CreateUserResponse.FromString(answer.responses[0]).user


def a_group(scene: Scene) -> group_pb2.Group:
    request = group_service_pb2.CreateGroupRequest(group=group_pb2.Group(name=a_name()))
    answer = scene.send("CreateGroup", request)
    return group_service_pb2.CreateGroupResponse.FromString(answer.responses[0]).group


def an_account(scene: Scene) -> service_account_pb2.ServiceAccount:
    account = service_account_pb2.ServiceAccount(name=a_name())
    request = service_account_service_pb2.CreateServiceAccountRequest(service_account=account)
    answer = scene.send("CreateServiceAccount", request)
    return service_account_service_pb2.CreateServiceAccountResponse.FromString(answer.responses[0]).service_account


def _create(scene: Scene, **fields: str) -> Answer:
    user = user_pb2.User(**{"user_name": a_name(), **fields})  # type: ignore[arg-type]  # by their names
    return scene.send("CreateUser", user_service_pb2.CreateUserRequest(user=user))


def _nest(scene: Scene, outer: str, inner: str) -> Answer:
    member = group_pb2.Member(kind=group_pb2.MEMBER_KIND_GROUP, id=inner)
    return scene.send("AddMembers", group_service_pb2.AddMembersRequest(id=outer, members=[member]))


def _replace(scene: Scene, user: user_pb2.User, password: str = _PASSWORD) -> Answer:
    with as_owner(scene.usual.database) as connection:
        row = connection.execute("select tenant_id from tenant where name = 'default'").fetchone()
    assert row is not None
    request = user_service_pb2.ReplacePasswordRequest(
        tenant_id=str(row[0]), login=user.user_name, old_password=password, new_password=_OTHER
    )
    return scene.send("ReplacePassword", request)


@provokes("USER_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetUser", user_service_pb2.GetUserRequest(id=NOBODY))


@provokes("USER_NAME_TAKEN")
def _(scene: Scene) -> Answer:
    return _create(scene, user_name=a_user(scene).user_name)


@provokes("USER_EMAIL_TAKEN")
def _(scene: Scene) -> Answer:
    return _create(scene, email=a_user(scene, email=f"{a_name()}@example.com").email)


@provokes("USER_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    return scene.send("LockUser", user_service_pb2.LockUserRequest(id=a_user(scene).id, etag="stale"))


@provokes("USER_STATE")
def _(scene: Scene) -> Answer:
    return scene.send("UnlockUser", user_service_pb2.UnlockUserRequest(id=a_user(scene).id))


@provokes("GROUP_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetGroup", group_service_pb2.GetGroupRequest(id=NOBODY))


@provokes("GROUP_NAME_TAKEN")
def _(scene: Scene) -> Answer:
    taken = group_pb2.Group(name=a_group(scene).name)
    return scene.send("CreateGroup", group_service_pb2.CreateGroupRequest(group=taken))


@provokes("GROUP_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    return scene.send("DeleteGroup", group_service_pb2.DeleteGroupRequest(id=a_group(scene).id, etag="stale"))


@provokes("GROUP_CYCLE")
def _(scene: Scene) -> Answer:
    outer, inner = a_group(scene).id, a_group(scene).id
    _nest(scene, outer, inner)
    return _nest(scene, inner, outer)


@provokes("GROUP_TOO_DEEP")
def _(scene: Scene) -> Answer:
    chain = [a_group(scene).id for _ in range(9)]
    return [_nest(scene, outer, inner) for outer, inner in itertools.pairwise(chain)][-1]


@provokes("GROUP_FULL")
def _(scene: Scene) -> Answer:
    group, user = a_group(scene).id, a_user(scene).id
    with psycopg.connect(scene.usual.database.superuser_url, autocommit=True) as connection:
        connection.execute(
            """
            insert into group_member
            select tenant_id, id, 'user', gen_random_uuid(), now(), 'x' from auth_group, generate_series(1, 100000)
            where id = %s
            """,
            (group,),
        )
    member = group_pb2.Member(kind=group_pb2.MEMBER_KIND_USER, id=user)
    return scene.send("AddMembers", group_service_pb2.AddMembersRequest(id=group, members=[member]))


@provokes("SERVICE_ACCOUNT_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetServiceAccount", service_account_service_pb2.GetServiceAccountRequest(id=NOBODY))


@provokes("SERVICE_ACCOUNT_NAME_TAKEN")
def _(scene: Scene) -> Answer:
    taken = service_account_pb2.ServiceAccount(name=an_account(scene).name)
    request = service_account_service_pb2.CreateServiceAccountRequest(service_account=taken)
    return scene.send("CreateServiceAccount", request)


@provokes("SERVICE_ACCOUNT_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    request = service_account_service_pb2.DisableServiceAccountRequest(id=an_account(scene).id, etag="stale")
    return scene.send("DisableServiceAccount", request)


@provokes("PASSWORD_REFUSED")
def _(scene: Scene) -> Answer:
    return scene.send("SetPassword", user_service_pb2.SetPasswordRequest(id=a_user(scene).id, password="password"))


@provokes("SIGN_IN_FAILED")
def _(scene: Scene) -> Answer:
    return _replace(scene, a_user(scene, password=_PASSWORD), "wrong")


@provokes("SIGN_IN_DELAYED")
def _(scene: Scene) -> Answer:
    user = a_user(scene, password=_PASSWORD)
    return [_replace(scene, user, "wrong") for _ in range(7)][-1]


@provokes("SECOND_FACTOR_REQUIRED")
def _(scene: Scene) -> Answer:
    user = a_user(scene, password=_PASSWORD)
    with psycopg.connect(scene.usual.database.superuser_url, autocommit=True) as connection:
        connection.execute(
            "insert into user_totp select tenant_id, id, 'sealed', now(), now(), -1 from auth_user where id = %s",
            (user.id,),
        )
    return _replace(scene, user)


@provokes("SECOND_FACTOR_MISSING")
def _(scene: Scene) -> Answer:
    request = second_factor_service_pb2.RemoveUserTotpRequest(id=a_user(scene).id)
    return scene.send("RemoveUserTotp", request)


@provokes("HASHING_OVERLOADED")
def _(scene: Scene) -> Answer:
    """More at once than may wait, again and again until it happens: a hash takes a moment, and so does a call."""
    users = [a_user(scene).id for _ in range(8)]

    def set_one(user_id: str) -> Answer:
        return scene.send("SetPassword", user_service_pb2.SetPasswordRequest(id=user_id, password=_PASSWORD))

    with ThreadPoolExecutor(len(users)) as threads:
        while True:
            refused = [answer for answer in threads.map(set_one, users) if answer.reason]
            if refused:
                return refused[0]


@provokes("INVITATION_INVALID")
def _(scene: Scene) -> Answer:
    return scene.send(
        "AcceptInvitation", user_service_pb2.AcceptInvitationRequest(token="fbi_made-up", password=_PASSWORD)
    )


@provokes("PASSWORD_RESET_INVALID")
def _(scene: Scene) -> Answer:
    return scene.send(
        "FinishPasswordReset", user_service_pb2.FinishPasswordResetRequest(token="fbp_made-up", password=_PASSWORD)
    )


@provokes("NOT_A_USER")
def _(scene: Scene) -> Answer:
    return scene.send("EnrolTotp", b"")


@provokes("PASSWORD_CHANGE_REQUIRED")
def _(scene: Scene) -> Answer:
    user = a_user(scene, password=_PASSWORD)
    request = user_service_pb2.SetPasswordRequest(id=user.id, password=_OTHER, must_change=True)
    assert not scene.send("SetPassword", request).reason
    return _sign_in(scene, user, _OTHER)


@provokes("SECOND_FACTOR_INVALID")
def _(scene: Scene) -> Answer:
    token, app = _enrolled(scene)
    return _confirm(scene, token, _wrong(app))


@provokes("SECOND_FACTOR_ENROLLED")
def _(scene: Scene) -> Answer:
    token, app = _enrolled(scene)
    assert not _confirm(scene, token, app.now()).reason
    return scene.send("EnrolTotp", second_factor_service_pb2.EnrolTotpRequest(), key=token)


def _sign_in(scene: Scene, user: user_pb2.User, password: str) -> Answer:
    request = oauth_service_pb2.TokenRequest(
        grant_type="password", client_id=CLIENT, tenant="default", username=user.user_name, password=password
    )
    return scene.send("Token", request)


def _enrolled(scene: Scene) -> tuple[str, pyotp.TOTP]:
    """The token of a user who has begun to set up a second factor, and the app."""
    answer = _sign_in(scene, a_user(scene, password=_PASSWORD), _PASSWORD)
    token = oauth_service_pb2.TokenResponse.FromString(answer.responses[0]).access_token
    begun = scene.send("EnrolTotp", second_factor_service_pb2.EnrolTotpRequest(), key=token)
    secret = second_factor_service_pb2.EnrolTotpResponse.FromString(begun.responses[0]).secret
    return token, pyotp.TOTP(secret)


def _confirm(scene: Scene, token: str, code: str) -> Answer:
    return scene.send("ConfirmTotp", second_factor_service_pb2.ConfirmTotpRequest(code=code), key=token)


def _wrong(app: pyotp.TOTP) -> str:
    """A code that is good neither now nor close to it."""
    now = datetime.now(UTC)
    good = {app.at(now, counter_offset=step) for step in range(-3, 4)}
    return next(code for code in map("{:06}".format, range(10)) if code not in good)
