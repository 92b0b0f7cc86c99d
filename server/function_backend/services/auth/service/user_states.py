"""Locking, unlocking, suspending and activating users."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.throttle import key_of_user
from function_backend.services.auth.domain.user import User, UserState
from function_backend.services.auth.errors.user import UserStateError
from function_backend.services.auth.events.user import (
    UserActivated,
    UserEvent,
    UserLocked,
    UserSuspended,
    UserUnlocked,
)
from function_backend.services.auth.repository.sign_in_throttle import SignInThrottleRepository
from function_backend.services.auth.repository.user import UserRepository
from function_backend.services.auth.service.locking_user import lock_user
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.standing import Standing


class UserStates:
    """The use cases that change what a user may do. Each takes effect on every worker within a second."""

    def __init__(self, *, transactions: Transactions, clock: Clock, standing: Standing) -> None:
        self._transactions = transactions
        self._clock = clock
        self._standing = standing

    def lock(self, user_id: UUID, *, etag: str) -> User:
        """The locked user, which stays so until it is unlocked; UserStateError when invited or suspended."""

        def locked(user: User) -> User:
            if user.state is UserState.LOCKED:
                return user
            _require(user, user.state, UserState.ACTIVE)
            return user.in_state(UserState.LOCKED, at=self._clock.now())

        return self._change(user_id, etag, locked, UserLocked)

    def unlock(self, user_id: UUID, *, etag: str) -> User:
        """The unlocked user, whose failed sign-ins are forgotten; UserStateError when it is not locked."""

        def unlocked(user: User) -> User:
            now = self._clock.now()
            _require(user, user.state_at(now), UserState.LOCKED)
            return user.in_state(UserState.ACTIVE, at=now)

        def forget(work: UnitOfWork) -> None:
            SignInThrottleRepository(work).forget(key_of_user(user_id))

        return self._change(user_id, etag, unlocked, UserUnlocked, also=forget)

    def suspend(self, user_id: UUID, *, etag: str) -> User:
        """The suspended user; UserStateError when it is suspended already."""

        def suspended(user: User) -> User:
            _require(user, user.state, UserState.INVITED, UserState.ACTIVE, UserState.LOCKED)
            return user.in_state(UserState.SUSPENDED, at=self._clock.now(), before=user.state)

        return self._change(user_id, etag, suspended, UserSuspended)

    def activate(self, user_id: UUID, *, etag: str) -> User:
        """The user in the state that it was suspended from; UserStateError when it is not suspended."""

        def activated(user: User) -> User:
            _require(user, user.state, UserState.SUSPENDED)
            return user.in_state(user.state_before or UserState.ACTIVE, at=self._clock.now())

        return self._change(user_id, etag, activated, UserActivated)

    def _change(
        self,
        user_id: UUID,
        etag: str,
        change: Callable[[User], User],
        event: type[UserEvent],
        *,
        also: Callable[[UnitOfWork], None] | None = None,
    ) -> User:
        with self._transactions() as work:
            user = lock_user(work, user_id, etag=etag)
            self._standing.require_over(work, SubjectKind.USER, user_id)
            changed = change(user)
            if changed is user:
                return user
            UserRepository(work).save(changed)
            if also is not None:
                also(work)
            work.record(event.of(user, changed))
            revoke(work, Revoked.SUBJECT, user_id)
        return changed


def _require(user: User, state: UserState, *allowed: UserState) -> None:
    if state not in allowed:
        raise UserStateError(user.id, state.value)
