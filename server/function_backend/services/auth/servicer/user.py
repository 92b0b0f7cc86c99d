"""Users over gRPC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from function.auth.v1 import user_pb2
from function.auth.v1 import user_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.user import (
    import_response,
    import_steps,
    lifetime,
    profile,
    states,
    user,
)
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.user import User
from function_backend.services.auth.ports import PasswordAttempt
from function_backend.services.auth.service.import_users import ImportUsers
from function_backend.services.auth.service.invitations import Invitations
from function_backend.services.auth.service.passwords import Passwords
from function_backend.services.auth.service.user_states import UserStates
from function_backend.services.auth.service.users import Users
from function_backend.timestamps import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUseCases:
    """What the servicer calls."""

    users: Users
    states: UserStates
    invitations: Invitations
    passwords: Passwords
    importing: ImportUsers


class UserServicer:
    """`function.auth.v1.UserService`."""

    def __init__(self, use_cases: UserUseCases, clock: Clock) -> None:
        """`clock` tells which locks have ended."""
        self._do = use_cases
        self._clock = clock

    def CreateUser(self, request: wire.CreateUserRequest, call: Call) -> wire.CreateUserResponse:
        checks = Checks()
        made = self._do.users.create(profile(request.user, checks), checks, password=request.password)
        return wire.CreateUserResponse(user=self._user(made))

    def GetUser(self, request: wire.GetUserRequest, call: Call) -> wire.GetUserResponse:
        return wire.GetUserResponse(user=self._user(self._do.users.get(parse_id(request.id))))

    def BatchGetUsers(self, request: wire.BatchGetUsersRequest, call: Call) -> wire.BatchGetUsersResponse:
        found = self._do.users.batch_get([parse_id(each) for each in request.ids], allow_missing=request.allow_missing)
        return wire.BatchGetUsersResponse(users=map(self._user, found.users), missing_ids=map(str, found.missing))

    def ListUsers(self, request: wire.ListUsersRequest, call: Call) -> wire.ListUsersResponse:
        page, token = self._do.users.list(
            request.page_size,
            request.page_token,
            states=states(request.states),
            email=request.email,
            user_name=request.user_name,
            user_name_prefix=request.user_name_prefix,
        )
        return wire.ListUsersResponse(users=map(self._user, page.items), next_page_token=token)

    def UpdateUser(self, request: wire.UpdateUserRequest, call: Call) -> wire.UpdateUserResponse:
        checks = Checks()
        changed = self._do.users.update(
            parse_id(request.user.id),
            profile(request.user, checks),
            checks,
            mask=request.update_mask.paths,
            etag=request.user.etag,
        )
        return wire.UpdateUserResponse(user=self._user(changed))

    def DeleteUser(self, request: wire.DeleteUserRequest, call: Call) -> wire.DeleteUserResponse:
        return wire.DeleteUserResponse(user=self._user(self._do.users.delete(parse_id(request.id), etag=request.etag)))

    def LockUser(self, request: wire.LockUserRequest, call: Call) -> wire.LockUserResponse:
        return wire.LockUserResponse(user=self._user(self._do.states.lock(parse_id(request.id), etag=request.etag)))

    def UnlockUser(self, request: wire.UnlockUserRequest, call: Call) -> wire.UnlockUserResponse:
        return wire.UnlockUserResponse(user=self._user(self._do.states.unlock(parse_id(request.id), etag=request.etag)))

    def SuspendUser(self, request: wire.SuspendUserRequest, call: Call) -> wire.SuspendUserResponse:
        suspended = self._do.states.suspend(parse_id(request.id), etag=request.etag)
        return wire.SuspendUserResponse(user=self._user(suspended))

    def ActivateUser(self, request: wire.ActivateUserRequest, call: Call) -> wire.ActivateUserResponse:
        activated = self._do.states.activate(parse_id(request.id), etag=request.etag)
        return wire.ActivateUserResponse(user=self._user(activated))

    def InviteUser(self, request: wire.InviteUserRequest, call: Call) -> wire.InviteUserResponse:
        checks = Checks()
        made = self._do.invitations.invite(profile(request.user, checks), checks, lifetime=lifetime(request.lifetime))
        return wire.InviteUserResponse(
            user=self._user(made.user), token=made.token, expire_time=timestamp(made.expires_at)
        )

    def RenewInvitation(self, request: wire.RenewInvitationRequest, call: Call) -> wire.RenewInvitationResponse:
        made = self._do.invitations.renew(parse_id(request.id), lifetime=lifetime(request.lifetime))
        return wire.RenewInvitationResponse(
            user=self._user(made.user), token=made.token, expire_time=timestamp(made.expires_at)
        )

    def AcceptInvitation(self, request: wire.AcceptInvitationRequest, call: Call) -> wire.AcceptInvitationResponse:
        accepted = self._do.invitations.accept(request.token, request.password)
        return wire.AcceptInvitationResponse(user=self._user(accepted))

    def SetPassword(self, request: wire.SetPasswordRequest, call: Call) -> wire.SetPasswordResponse:
        changed = self._do.passwords.set(parse_id(request.id), request.password, must_change=request.must_change)
        return wire.SetPasswordResponse(user=self._user(changed))

    def ChangePassword(self, request: wire.ChangePasswordRequest, call: Call) -> wire.ChangePasswordResponse:
        changed = self._do.passwords.change(
            request.old_password, request.new_password, client_address=call.client_address()
        )
        return wire.ChangePasswordResponse(user=self._user(changed))

    def ReplacePassword(self, request: wire.ReplacePasswordRequest, call: Call) -> wire.ReplacePasswordResponse:
        attempt = PasswordAttempt(
            login=request.login,
            password=request.old_password,
            otp=request.code,
            client_address=call.client_address(),
        )
        self._do.passwords.replace(parse_id(request.tenant_id), attempt, request.new_password)
        return wire.ReplacePasswordResponse()

    def StartPasswordReset(
        self, request: wire.StartPasswordResetRequest, call: Call
    ) -> wire.StartPasswordResetResponse:
        made = self._do.passwords.start_reset(parse_id(request.id), lifetime=lifetime(request.lifetime))
        return wire.StartPasswordResetResponse(
            user=self._user(made.user), token=made.token, expire_time=timestamp(made.expires_at)
        )

    def FinishPasswordReset(
        self, request: wire.FinishPasswordResetRequest, call: Call
    ) -> wire.FinishPasswordResetResponse:
        changed = self._do.passwords.finish_reset(request.token, request.password)
        return wire.FinishPasswordResetResponse(user=self._user(changed))

    def ImportUsers(self, stream: Iterable[wire.ImportUsersRequest], call: Call) -> wire.ImportUsersResponse:
        return import_response(self._do.importing.run(import_steps(stream)))

    def _user(self, value: User) -> user_pb2.User:
        return user(value, now=self._clock.now())
