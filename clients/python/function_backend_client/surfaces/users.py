"""Users of the caller's tenant.

Written by make generate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterable, Iterable

from google.protobuf.duration_pb2 import Duration

from function.auth.v1 import user_pb2, user_service_pb2, user_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Users:
    """Users of the caller's tenant.

    Whoever acts on a user must hold every permission that the user holds. Every method raises FunctionBackendError
    where the service refuses.
    """

    def __init__(self, stub: user_service_pb2_grpc.UserServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        user: user_pb2.User,
        *,
        password: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Creates a user who is active at once. Without a password it cannot sign in until one is set."""
        request = user_service_pb2.CreateUserRequest(
            user=user, password=password, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.CreateUser(request, timeout=timeout).user

    def get(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Returns a user."""
        request = user_service_pb2.GetUserRequest(id=user_id)
        return self._stub.GetUser(request, timeout=timeout).user

    def batch_get(
        self,
        ids: Iterable[str],
        *,
        allow_missing: bool = False,
        timeout: float | None = None,
    ) -> user_service_pb2.BatchGetUsersResponse:
        """Returns up to 1,000 users in the order asked for."""
        request = user_service_pb2.BatchGetUsersRequest(ids=ids, allow_missing=allow_missing)
        return self._stub.BatchGetUsers(request, timeout=timeout)

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        states: Iterable[user_pb2.UserState.ValueType] = (),
        email: str = "",
        user_name_prefix: str = "",
        user_name: str = "",
        timeout: float | None = None,
    ) -> Pager[user_pb2.User]:
        """Returns the users that fit all of the conditions, in order of id, page by page."""
        request = user_service_pb2.ListUsersRequest(
            page_size=page_size,
            page_token=page_token,
            states=states,
            email=email,
            user_name_prefix=user_name_prefix,
            user_name=user_name,
        )

        def fetch(token: str) -> Page[user_pb2.User]:
            response = self._stub.ListUsers(requests.at_page(request, token), timeout=timeout)
            return Page(response.users, response.next_page_token)

        return Pager(fetch, page_token)

    def update(
        self,
        user: user_pb2.User,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Changes the fields that `update_mask` names and leaves the others.

        Nothing is written when nothing differs.
        """
        request = user_service_pb2.UpdateUserRequest(
            user=user,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.UpdateUser(request, timeout=timeout).user

    def delete(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Deletes a user with its password, second factor and memberships.

        Every credential of the user is refused within a second.
        """
        request = user_service_pb2.DeleteUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.DeleteUser(request, timeout=timeout).user

    def lock(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Locks an active user: it cannot sign in, and its credentials are refused within a second.

        Locking a locked user makes a lock that ends by itself one that does not.
        """
        request = user_service_pb2.LockUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.LockUser(request, timeout=timeout).user

    def unlock(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Unlocks a locked user and forgets its failed sign-ins."""
        request = user_service_pb2.UnlockUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.UnlockUser(request, timeout=timeout).user

    def suspend(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Suspends a user in any other state. Every credential of the user is refused within a second."""
        request = user_service_pb2.SuspendUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.SuspendUser(request, timeout=timeout).user

    def activate(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Brings a suspended user back to the state it was suspended from."""
        request = user_service_pb2.ActivateUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.ActivateUser(request, timeout=timeout).user

    def invite(
        self,
        user: user_pb2.User,
        *,
        lifetime: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_service_pb2.InviteUserResponse:
        """Creates a user in the state invited, with a token by which the person sets the first password."""
        request = user_service_pb2.InviteUserRequest(
            user=user,
            lifetime=requests.duration(lifetime),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.InviteUser(request, timeout=timeout)

    def renew_invitation(
        self,
        user_id: str,
        *,
        lifetime: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_service_pb2.RenewInvitationResponse:
        """Makes a new token for an invited user; the earlier ones stop working."""
        request = user_service_pb2.RenewInvitationRequest(
            id=user_id,
            lifetime=requests.duration(lifetime),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.RenewInvitation(request, timeout=timeout)

    def accept_invitation(
        self,
        token: str,
        password: str,
        *,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Sets the first password of an invited user, who is active from then on.

        The token works once: a second call fails with INVITATION_INVALID and changes nothing.
        """
        request = user_service_pb2.AcceptInvitationRequest(token=token, password=password)
        return self._stub.AcceptInvitation(request, timeout=timeout).user

    def set_password(
        self,
        user_id: str,
        password: str,
        *,
        must_change: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Sets the password of a user. Its sessions end."""
        request = user_service_pb2.SetPasswordRequest(
            id=user_id,
            password=password,
            must_change=must_change,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.SetPassword(request, timeout=timeout).user

    def change_password(
        self,
        old_password: str,
        new_password: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Sets the password of the calling user, who gives the old one.

        Its other sessions end. Failures count as failed sign-ins.
        """
        request = user_service_pb2.ChangePasswordRequest(
            old_password=old_password,
            new_password=new_password,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.ChangePassword(request, timeout=timeout).user

    def replace_password(
        self,
        tenant_id: str,
        login: str,
        *,
        old_password: str,
        new_password: str,
        code: str = "",
        timeout: float | None = None,
    ) -> None:
        """Replaces a password that has to be replaced before its user can sign in (PASSWORD_CHANGE_REQUIRED), or any ….

        … other, by proving the old one. It counts as a sign-in in every other respect.
        """
        request = user_service_pb2.ReplacePasswordRequest(
            tenant_id=tenant_id, login=login, old_password=old_password, code=code, new_password=new_password
        )
        self._stub.ReplacePassword(request, timeout=timeout)

    def start_password_reset(
        self,
        user_id: str,
        *,
        lifetime: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_service_pb2.StartPasswordResetResponse:
        """Makes a token by which a user sets a new password; the earlier ones stop working.

        The caller sees to it that it reaches the user.
        """
        request = user_service_pb2.StartPasswordResetRequest(
            id=user_id,
            lifetime=requests.duration(lifetime),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.StartPasswordReset(request, timeout=timeout)

    def finish_password_reset(
        self,
        token: str,
        password: str,
        *,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Sets a new password with a token of StartPasswordReset.

        Its sessions end, and a lock after failed sign-ins with them. The token works once: a second call fails with
        PASSWORD_RESET_INVALID and changes nothing.
        """
        request = user_service_pb2.FinishPasswordResetRequest(token=token, password=password)
        return self._stub.FinishPasswordReset(request, timeout=timeout).user

    def import_(
        self, messages: Iterable[user_service_pb2.ImportUsersRequest], *, timeout: float | None = None
    ) -> user_service_pb2.ImportUsersResponse:
        """Creates many users, with the hashes of their passwords from another system.

        The first message is the configuration, each further one a batch, which is committed by itself. A user whose
        name or e-mail address exists already is left alone. A row that is refused is reported and stops nothing. A
        foreign hash is replaced by one of ours when its user signs in.
        """
        return self._stub.ImportUsers(iter(messages), timeout=timeout)


class AsyncUsers:
    """As `Users`, with `await`."""

    def __init__(self, stub: user_service_pb2_grpc.UserServiceAsyncStub) -> None:
        self._stub = stub

    async def create(
        self,
        user: user_pb2.User,
        *,
        password: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Creates a user who is active at once. Without a password it cannot sign in until one is set."""
        request = user_service_pb2.CreateUserRequest(
            user=user, password=password, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.CreateUser(request, timeout=timeout)).user

    async def get(
        self,
        user_id: str,
        *,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Returns a user."""
        request = user_service_pb2.GetUserRequest(id=user_id)
        return (await self._stub.GetUser(request, timeout=timeout)).user

    async def batch_get(
        self,
        ids: Iterable[str],
        *,
        allow_missing: bool = False,
        timeout: float | None = None,
    ) -> user_service_pb2.BatchGetUsersResponse:
        """Returns up to 1,000 users in the order asked for."""
        request = user_service_pb2.BatchGetUsersRequest(ids=ids, allow_missing=allow_missing)
        return await self._stub.BatchGetUsers(request, timeout=timeout)

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        states: Iterable[user_pb2.UserState.ValueType] = (),
        email: str = "",
        user_name_prefix: str = "",
        user_name: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[user_pb2.User]:
        """Returns the users that fit all of the conditions, in order of id, page by page."""
        request = user_service_pb2.ListUsersRequest(
            page_size=page_size,
            page_token=page_token,
            states=states,
            email=email,
            user_name_prefix=user_name_prefix,
            user_name=user_name,
        )

        async def fetch(token: str) -> Page[user_pb2.User]:
            response = await self._stub.ListUsers(requests.at_page(request, token), timeout=timeout)
            return Page(response.users, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def update(
        self,
        user: user_pb2.User,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Changes the fields that `update_mask` names and leaves the others.

        Nothing is written when nothing differs.
        """
        request = user_service_pb2.UpdateUserRequest(
            user=user,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.UpdateUser(request, timeout=timeout)).user

    async def delete(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Deletes a user with its password, second factor and memberships.

        Every credential of the user is refused within a second.
        """
        request = user_service_pb2.DeleteUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.DeleteUser(request, timeout=timeout)).user

    async def lock(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Locks an active user: it cannot sign in, and its credentials are refused within a second.

        Locking a locked user makes a lock that ends by itself one that does not.
        """
        request = user_service_pb2.LockUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.LockUser(request, timeout=timeout)).user

    async def unlock(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Unlocks a locked user and forgets its failed sign-ins."""
        request = user_service_pb2.UnlockUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.UnlockUser(request, timeout=timeout)).user

    async def suspend(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Suspends a user in any other state. Every credential of the user is refused within a second."""
        request = user_service_pb2.SuspendUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.SuspendUser(request, timeout=timeout)).user

    async def activate(
        self,
        user_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Brings a suspended user back to the state it was suspended from."""
        request = user_service_pb2.ActivateUserRequest(
            id=user_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.ActivateUser(request, timeout=timeout)).user

    async def invite(
        self,
        user: user_pb2.User,
        *,
        lifetime: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_service_pb2.InviteUserResponse:
        """Creates a user in the state invited, with a token by which the person sets the first password."""
        request = user_service_pb2.InviteUserRequest(
            user=user,
            lifetime=requests.duration(lifetime),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.InviteUser(request, timeout=timeout)

    async def renew_invitation(
        self,
        user_id: str,
        *,
        lifetime: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_service_pb2.RenewInvitationResponse:
        """Makes a new token for an invited user; the earlier ones stop working."""
        request = user_service_pb2.RenewInvitationRequest(
            id=user_id,
            lifetime=requests.duration(lifetime),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.RenewInvitation(request, timeout=timeout)

    async def accept_invitation(
        self,
        token: str,
        password: str,
        *,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Sets the first password of an invited user, who is active from then on.

        The token works once: a second call fails with INVITATION_INVALID and changes nothing.
        """
        request = user_service_pb2.AcceptInvitationRequest(token=token, password=password)
        return (await self._stub.AcceptInvitation(request, timeout=timeout)).user

    async def set_password(
        self,
        user_id: str,
        password: str,
        *,
        must_change: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Sets the password of a user. Its sessions end."""
        request = user_service_pb2.SetPasswordRequest(
            id=user_id,
            password=password,
            must_change=must_change,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.SetPassword(request, timeout=timeout)).user

    async def change_password(
        self,
        old_password: str,
        new_password: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Sets the password of the calling user, who gives the old one.

        Its other sessions end. Failures count as failed sign-ins.
        """
        request = user_service_pb2.ChangePasswordRequest(
            old_password=old_password,
            new_password=new_password,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.ChangePassword(request, timeout=timeout)).user

    async def replace_password(
        self,
        tenant_id: str,
        login: str,
        *,
        old_password: str,
        new_password: str,
        code: str = "",
        timeout: float | None = None,
    ) -> None:
        """Replaces a password that has to be replaced before its user can sign in (PASSWORD_CHANGE_REQUIRED), or any ….

        … other, by proving the old one. It counts as a sign-in in every other respect.
        """
        request = user_service_pb2.ReplacePasswordRequest(
            tenant_id=tenant_id, login=login, old_password=old_password, code=code, new_password=new_password
        )
        await self._stub.ReplacePassword(request, timeout=timeout)

    async def start_password_reset(
        self,
        user_id: str,
        *,
        lifetime: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> user_service_pb2.StartPasswordResetResponse:
        """Makes a token by which a user sets a new password; the earlier ones stop working.

        The caller sees to it that it reaches the user.
        """
        request = user_service_pb2.StartPasswordResetRequest(
            id=user_id,
            lifetime=requests.duration(lifetime),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.StartPasswordReset(request, timeout=timeout)

    async def finish_password_reset(
        self,
        token: str,
        password: str,
        *,
        timeout: float | None = None,
    ) -> user_pb2.User:
        """Sets a new password with a token of StartPasswordReset.

        Its sessions end, and a lock after failed sign-ins with them. The token works once: a second call fails with
        PASSWORD_RESET_INVALID and changes nothing.
        """
        request = user_service_pb2.FinishPasswordResetRequest(token=token, password=password)
        return (await self._stub.FinishPasswordReset(request, timeout=timeout)).user

    async def import_(
        self,
        messages: Iterable[user_service_pb2.ImportUsersRequest] | AsyncIterable[user_service_pb2.ImportUsersRequest],
        *,
        timeout: float | None = None,
    ) -> user_service_pb2.ImportUsersResponse:
        """Creates many users, with the hashes of their passwords from another system.

        The first message is the configuration, each further one a batch, which is committed by itself. A user whose
        name or e-mail address exists already is left alone. A row that is refused is reported and stops nothing. A
        foreign hash is replaced by one of ours when its user signs in.
        """
        return await self._stub.ImportUsers(requests.iterator(messages), timeout=timeout)
