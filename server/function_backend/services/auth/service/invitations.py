"""Inviting users, who then set their first password themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.user import Profile, User, UserState
from function_backend.services.auth.domain.user_token import (
    PresentedToken,
    TokenPurpose,
    UserToken,
    mint_token,
    read_token,
    token_digest,
)
from function_backend.services.auth.errors.password import InvitationInvalidError
from function_backend.services.auth.errors.user import UserStateError
from function_backend.services.auth.events.user import InvitationAccepted, UserInvited
from function_backend.services.auth.repository.user import UserRepository
from function_backend.services.auth.repository.user_password import StoredPassword, UserPasswordRepository
from function_backend.services.auth.service.anonymous import work_as_user, work_in
from function_backend.services.auth.service.locking_user import lock_user
from function_backend.services.auth.service.new_password import NewPasswords
from function_backend.services.auth.service.standing import Standing
from function_backend.services.auth.service.user_notices import UserNotices

_USUAL_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A user with a token; the token is nowhere else."""

    user: User
    token: str = field(repr=False)
    """Empty when it was sent to the user."""
    expires_at: datetime


class Invitations:
    """The use cases of invitations."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        new_passwords: NewPasswords,
        standing: Standing,
        notices: UserNotices,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._new_passwords = new_passwords
        self._standing = standing
        self._notices = notices

    def invite(self, profile: Profile, checks: Checks, *, lifetime: timedelta | None) -> IssuedToken:
        """A new user in the state invited, with a token to accept the invitation."""
        checked = profile.checked(checks, "user")
        checks.complete()
        now = self._clock.now()
        user = User(id=new_id(), version=1, profile=checked, state=UserState.INVITED, created_at=now, updated_at=now)
        with self._transactions() as work:
            UserRepository(work).add(user)
            issued = self._issue(work, user, lifetime)
            work.record(UserInvited.of(None, user))
        return issued

    def renew(self, user_id: UUID, *, lifetime: timedelta | None) -> IssuedToken:
        """Another token for an invited user; the earlier one works no more."""
        with self._transactions() as work:
            user = lock_user(work, user_id)
            self._standing.require_over(work, SubjectKind.USER, user_id)
            if user.state is not UserState.INVITED:
                raise UserStateError(user_id, user.state_at(self._clock.now()).value)
            changed = user.changed(at=self._clock.now())
            UserRepository(work).save(changed)
            issued = self._issue(work, changed, lifetime)
            work.record(UserInvited.of(user, changed))
        return issued

    def accept(self, token: str, password: str) -> User:
        """The user, who is active and has the password; InvitationInvalidError unless the token is good."""
        presented = read_token(TokenPurpose.INVITATION, token)
        if presented is None:
            raise InvitationInvalidError
        work_in(presented.tenant_id)
        with self._transactions() as work:
            user = self._invited(work, presented)
            expected = self._new_passwords.expected(work, user.profile)
        hashed = self._new_passwords.hashed(password, expected, named="password")
        now = self._clock.now()
        with self._transactions() as work:
            user = self._invited(work, presented)
            UserPasswordRepository(work).drop_tokens(user.id)
            UserPasswordRepository(work).set(user.id, StoredPassword(hash=hashed, changed_at=now, must_change=False))
            accepted = user.in_state(UserState.ACTIVE, at=now)
            UserRepository(work).save(accepted)
            work_as_user(presented.tenant_id, user.id)
            work.record(InvitationAccepted.of(user, accepted))
        return accepted

    def _issue(self, work: UnitOfWork, user: User, lifetime: timedelta | None) -> IssuedToken:
        return issue_token(work, TokenPurpose.INVITATION, user, lifetime or _USUAL_LIFETIME, notices=self._notices)

    def _invited(self, work: UnitOfWork, presented: PresentedToken) -> User:
        stored = UserPasswordRepository(work).find_token(presented.id)
        if stored is None or stored.purpose is not TokenPurpose.INVITATION:
            raise InvitationInvalidError
        # Locked before it is looked at again: of two who present the token at once the second finds it used up.
        user = UserRepository(work).find_for_update(stored.user_id)
        current = UserPasswordRepository(work).find_token(presented.id)
        if user is None or user.state is not UserState.INVITED or current is None:
            raise InvitationInvalidError
        if not current.accepts(presented, at=self._clock.now()):
            raise InvitationInvalidError
        return user


def issue_token(
    work: UnitOfWork, purpose: TokenPurpose, user: User, lifetime: timedelta, *, notices: UserNotices
) -> IssuedToken:
    """A new token of the user, instead of an earlier one for the same purpose; sent to the user where that can be."""
    token_id = new_id()
    text = mint_token(purpose, tenant_id=work.tenant_id, token_id=token_id)
    expires_at = user.updated_at + lifetime
    UserPasswordRepository(work).add_token(
        UserToken(
            id=token_id,
            user_id=user.id,
            purpose=purpose,
            digest=token_digest(text),
            created_at=user.updated_at,
            expires_at=expires_at,
        )
    )
    told = notices.send_token(work, f"auth.{purpose.value}", user, text, token_id=token_id, expires_at=expires_at)
    return IssuedToken(user=user, token="" if told else text, expires_at=expires_at)
