"""Setting, changing and resetting passwords."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from function_backend.kernel.call import current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.password_rules import BrokenRule
from function_backend.services.auth.domain.throttle import key_of_user
from function_backend.services.auth.domain.user import User, UserState
from function_backend.services.auth.domain.user_token import PresentedToken, TokenPurpose, read_token
from function_backend.services.auth.errors.password import PasswordRefusedError, PasswordResetInvalidError
from function_backend.services.auth.errors.sign_in import SignInFailedError
from function_backend.services.auth.errors.user import NotAUserError, UserNotFoundError, UserStateError
from function_backend.services.auth.events.credential import (
    PasswordChanged,
    PasswordResetFinished,
    PasswordResetStarted,
    PasswordSet,
    UserCredentialEvent,
)
from function_backend.services.auth.ports import PasswordAttempt
from function_backend.services.auth.repository.sign_in_throttle import SignInThrottleRepository
from function_backend.services.auth.repository.user import UserRepository
from function_backend.services.auth.repository.user_password import StoredPassword, UserPasswordRepository
from function_backend.services.auth.service.anonymous import work_as_user, work_in
from function_backend.services.auth.service.invitations import IssuedToken, issue_token
from function_backend.services.auth.service.locking_user import lock_user
from function_backend.services.auth.service.new_password import Expected, NewPasswords
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.session_end import SessionEnd
from function_backend.services.auth.service.sign_in import SignIn
from function_backend.services.auth.service.standing import Standing
from function_backend.services.auth.service.user_notices import UserNotices

_USUAL_LIFETIME = timedelta(hours=1)
_NO_RESET = frozenset({UserState.INVITED, UserState.SUSPENDED})


class Passwords:
    """The use cases of passwords. Hashing happens before the first statement of the transaction that stores."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        new_passwords: NewPasswords,
        sign_in: SignIn,
        standing: Standing,
        sessions: SessionEnd,
        notices: UserNotices,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._new_passwords = new_passwords
        self._sign_in = sign_in
        self._standing = standing
        self._sessions = sessions
        self._notices = notices

    def set(self, user_id: UUID, password: str, *, must_change: bool) -> User:
        """The user with the password that an administrator gave it; an invited one is active from then on."""
        user, expected = self._expected(user_id)
        hashed = self._new_passwords.hashed(password, expected, named="password")
        with self._transactions() as work:
            user = lock_user(work, user_id)
            self._standing.require_over(work, SubjectKind.USER, user_id)
            return self._store(work, user, hashed, PasswordSet, must_change=must_change)

    def change(self, old: str, new: str, *, client_address: str) -> User:
        """The calling user with the new password; SignInFailedError when the old one is not the current one."""
        principal = calling_user()
        user, expected = self._expected(principal.id)
        attempt = PasswordAttempt(login=user.profile.user_name, password=old, client_address=client_address)
        self._sign_in.prove_password(attempt)
        hashed = self._hashed_other(old, new, expected)
        with self._transactions() as work:
            user = lock_user(work, principal.id)
            return self._store(work, user, hashed, PasswordChanged, keep_session=principal.session_id)

    def replace(self, tenant_id: UUID, attempt: PasswordAttempt, new: str) -> User:
        """The user with the new password, who has proved the old one without being signed in."""
        work_in(tenant_id)
        signed_in = self._sign_in.prove(attempt)
        work_as_user(tenant_id, signed_in.user_id)
        _, expected = self._expected(signed_in.user_id)
        hashed = self._hashed_other(attempt.password, new, expected)
        with self._transactions() as work:
            user = lock_user(work, signed_in.user_id)
            return self._store(work, user, hashed, PasswordChanged)

    def start_reset(self, user_id: UUID, *, lifetime: timedelta | None) -> IssuedToken:
        """A token by which the user sets a new password; the earlier one works no more."""
        with self._transactions() as work:
            user = lock_user(work, user_id)
            self._standing.require_over(work, SubjectKind.USER, user_id)
            if user.state in _NO_RESET:
                raise UserStateError(user_id, user.state.value)
            changed = user.changed(at=self._clock.now())
            UserRepository(work).save(changed)
            issued = issue_token(
                work, TokenPurpose.PASSWORD_RESET, changed, lifetime or _USUAL_LIFETIME, notices=self._notices
            )
            work.record(PasswordResetStarted.of(changed))
        return issued

    def finish_reset(self, token: str, password: str) -> User:
        """The user with the new password; PasswordResetInvalidError unless the token is good."""
        presented = read_token(TokenPurpose.PASSWORD_RESET, token)
        if presented is None:
            raise PasswordResetInvalidError
        work_in(presented.tenant_id)
        with self._transactions() as work:
            user = self._resetting(work, presented)
            expected = self._new_passwords.expected(work, user.profile, user.id)
        hashed = self._new_passwords.hashed(password, expected, named="password")
        with self._transactions() as work:
            user = self._resetting(work, presented)
            work_as_user(presented.tenant_id, user.id)
            return self._store(work, user, hashed, PasswordResetFinished)

    def _expected(self, user_id: UUID) -> tuple[User, Expected]:
        with self._transactions.apart(read_only=True) as work:
            user = UserRepository(work).find(user_id)
            if user is None:
                raise UserNotFoundError(user_id)
            return user, self._new_passwords.expected(work, user.profile, user_id)

    def _hashed_other(self, old: str, new: str, expected: Expected) -> str:
        if old == new:
            raise PasswordRefusedError("new_password", [BrokenRule("REUSED", "is the old one")])
        return self._new_passwords.hashed(new, expected, named="new_password")

    def _resetting(self, work: UnitOfWork, presented: PresentedToken) -> User:
        passwords = UserPasswordRepository(work)
        stored = passwords.find_token(presented.id)
        if stored is None or stored.purpose is not TokenPurpose.PASSWORD_RESET:
            raise PasswordResetInvalidError
        # Locked before it is looked at again: of two who present the token at once the second finds it used up.
        user = UserRepository(work).find_for_update(stored.user_id)
        current = passwords.find_token(presented.id)
        if user is None or user.state in _NO_RESET or current is None:
            raise PasswordResetInvalidError
        if not current.accepts(presented, at=self._clock.now()):
            raise PasswordResetInvalidError
        return user

    def _store(
        self,
        work: UnitOfWork,
        user: User,
        hashed: str,
        event: type[UserCredentialEvent],
        *,
        must_change: bool = False,
        keep_session: UUID | None = None,
    ) -> User:
        now = self._clock.now()
        state = UserState.ACTIVE if user.state is UserState.INVITED else user.state
        changed = replace(user.changed(at=now), state=state, locked_until=None)
        passwords = UserPasswordRepository(work)
        passwords.set(
            user.id,
            StoredPassword(hash=hashed, changed_at=now, must_change=must_change),
            remembered=self._new_passwords.remembered(work),
        )
        passwords.drop_tokens(user.id)
        UserRepository(work).save(changed)
        SignInThrottleRepository(work).forget(key_of_user(user.id))
        self._sessions.end_all(work, user.id, except_for=keep_session)
        work.record(event.of(changed))
        self._notices.tell(work, "auth.password_changed", changed, at=now)
        revoke(work, Revoked.SUBJECT, user.id)
        return changed


def calling_user() -> Principal:
    """The user who makes the current call; NotAUserError when it is none, or somebody who acts for one.

    A key of theirs that somebody finds, or a service that was handed their token, changes nothing about how they prove
    who they are.
    """
    call = current_call.get()
    principal = None if call is None else call.principal
    if principal is None:
        raise SignInFailedError
    if principal.kind != SubjectKind.USER.value:
        raise NotAUserError(principal.kind)
    if principal.actors:
        raise NotAUserError(principal.actors[0].partition(":")[0])
    return principal
