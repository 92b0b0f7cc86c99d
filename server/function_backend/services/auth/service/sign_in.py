"""Signing people in with a password: slowly for those who guess, and telling nobody whether a user exists.

One attempt is two short transactions with one hash between them, whoever it is about: the first counts the attempt as
failed before anything is checked, so that many at once gain nothing; the second takes it back when it succeeded. Both
are apart from the call's own transaction, for a refusal must leave its trace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.adapters.password_hashing import PasswordHashing
from function_backend.services.auth.domain.names import fold
from function_backend.services.auth.domain.policies import SignInRules
from function_backend.services.auth.domain.throttle import (
    Throttle,
    key_of_address,
    key_of_login,
    key_of_user,
)
from function_backend.services.auth.domain.user import User, UserState
from function_backend.services.auth.errors.sign_in import (
    PasswordChangeRequiredError,
    SecondFactorRequiredError,
    SignInDelayedError,
    SignInError,
    SignInFailedError,
)
from function_backend.services.auth.events.sign_in import UnknownSignInRefused, UserSignedIn, UserSignInRefused
from function_backend.services.auth.events.user import UserLockedOut
from function_backend.services.auth.ports import PasswordAttempt, SignedIn
from function_backend.services.auth.repository.sign_in_throttle import SignInThrottleRepository
from function_backend.services.auth.repository.user import UserRepository
from function_backend.services.auth.repository.user_password import StoredPassword, UserPasswordRepository
from function_backend.services.auth.service.second_factor_check import FactorOutcome, SecondFactorCheck

_PASSWORD = "pwd"  # noqa: S105 - a name of RFC 8176
_DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was found before the password was checked."""

    user: User | None
    password: StoredPassword | None = field(repr=False)
    user_key: bytes
    address_key: bytes | None
    failures: int
    """In a row, this attempt counted."""

    @property
    def hash(self) -> str | None:
        """The hash to check, if there is one."""
        return None if self.password is None else self.password.hash


class SignIn:
    """Signs people in with a password. It implements `service.ports.PasswordSignIn`."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        hashing: PasswordHashing,
        second_factors: SecondFactorCheck,
        rules: SignInRules,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._hashing = hashing
        self._second_factors = second_factors
        self._rules = rules

    def sign_in(self, attempt: PasswordAttempt) -> SignedIn:
        """The user of the current call's tenant behind the attempt."""
        signed_in, must_change = self._prove(attempt, only_password=False)
        if must_change:
            raise PasswordChangeRequiredError
        return signed_in

    def prove(self, attempt: PasswordAttempt) -> SignedIn:
        """As `sign_in`, also for a user whose password has to be changed: who does just that."""
        return self._prove(attempt, only_password=False)[0]

    def prove_password(self, attempt: PasswordAttempt) -> None:
        """Checks the password of somebody who is signed in already; failures count as those of signing in do."""
        self._prove(attempt, only_password=True)

    def _prove(self, attempt: PasswordAttempt, *, only_password: bool) -> tuple[SignedIn, bool]:
        with self._hashing.admission():
            known = self._begin(attempt)
            matches = self._hashing.matches_admitted(attempt.password, known.hash)
            upgraded = None
            if matches and known.hash is not None and self._hashing.is_outdated(known.hash):
                upgraded = self._hashing.hash_admitted(attempt.password)
        # Raised only now: the transaction that records the refusal has to be committed.
        outcome = self._finish(attempt, known, matches=matches, upgraded=upgraded, only_password=only_password)
        if isinstance(outcome, SignInError):
            raise outcome
        return outcome, known.password is not None and known.password.must_change

    def _begin(self, attempt: PasswordAttempt) -> _Known:
        """Finds the user and counts the attempt; SignInDelayedError when it comes too soon."""
        now = self._clock.now()
        with self._transactions.apart() as work:
            user = UserRepository(work).find_by_login(attempt.login)
            password = None if user is None else UserPasswordRepository(work).find(user.id)
            user_key = key_of_login(fold(attempt.login.strip())) if user is None else key_of_user(user.id)
            address_key = key_of_address(attempt.client_address) if attempt.client_address else None
            rules = {user_key: self._rules.user}
            if address_key is not None:
                rules[address_key] = self._rules.address
            throttles = SignInThrottleRepository(work)
            found = throttles.lock(list(rules), now=now)
            _refuse_haste(found.values(), now)
            counted = {key: throttle.counted(now, rules[key]) for key, throttle in found.items()}
            throttles.save(counted)
        return _Known(
            user=user,
            password=password,
            user_key=user_key,
            address_key=address_key,
            failures=counted[user_key].failures,
        )

    def _finish(
        self, attempt: PasswordAttempt, known: _Known, *, matches: bool, upgraded: str | None, only_password: bool
    ) -> SignedIn | SignInError:
        now = self._clock.now()
        with self._transactions.apart() as work:
            user = None if known.user is None else UserRepository(work).find_for_update(known.user.id)
            if user is None:
                work.record(_unknown(work, attempt, now))
                return SignInFailedError()
            cause = _cause(work, user, known, matches=matches, now=now)
            if cause:
                return self._refuse(work, user, attempt, known, cause, now)
            factor = FactorOutcome() if only_password else self._second_factors.check(work, user, attempt.otp, at=now)
            if factor.missing:
                self._excuse(work, (known.user_key, known.address_key), now)
                work.record(_refused(user, attempt, "second_factor_required", now))
                return SecondFactorRequiredError()
            if factor.wrong:
                return self._refuse(work, user, attempt, known, "wrong_code", now)
            if upgraded is not None and known.hash is not None:
                UserPasswordRepository(work).upgrade(user.id, before=known.hash, after=upgraded)
            SignInThrottleRepository(work).forget(known.user_key)
            self._excuse(work, (known.address_key,), now)
            methods = frozenset({_PASSWORD}) | factor.methods
            if not only_password:
                work.record(_signed_in(user, attempt, methods, factor, now))
            return SignedIn(user_id=user.id, methods=methods, at=now)

    def _refuse(
        self, work: UnitOfWork, user: User, attempt: PasswordAttempt, known: _Known, cause: str, now: datetime
    ) -> SignInError:
        """Records the failure, and locks the user out when it was one too many."""
        work.record(_refused(user, attempt, cause, now))
        if known.failures >= self._rules.lockout_after and user.state_at(now) is UserState.ACTIVE:
            locked = replace(user.changed(at=now), locked_until=now + self._rules.lockout_for)
            UserRepository(work).save(locked)
            SignInThrottleRepository(work).forget(known.user_key)
            work.record(UserLockedOut.of(user, locked))
        return SignInFailedError()

    def _excuse(self, work: UnitOfWork, keys: tuple[bytes | None, ...], now: datetime) -> None:
        """Takes back that the attempt was counted as failed."""
        throttles = SignInThrottleRepository(work)
        mine = [key for key in keys if key is not None]
        if mine:
            found = throttles.lock(mine, now=now)
            throttles.save({key: throttle.excused() for key, throttle in found.items()})


def _refuse_haste(throttles: Iterable[Throttle], now: datetime) -> None:
    longest = max(throttle.wait(now) for throttle in throttles)
    if longest > timedelta():
        raise SignInDelayedError(longest)


def _cause(work: UnitOfWork, user: User, known: _Known, *, matches: bool, now: datetime) -> str:
    """Why the user is not signed in; empty when nothing speaks against it."""
    if known.password is None:
        return "no_password"
    if not matches:
        return "wrong_password"
    current = UserPasswordRepository(work).find(user.id)
    if current is None or current.hash != known.hash:
        return "password_changed_meanwhile"
    state = user.state_at(now)
    return "" if state is UserState.ACTIVE else state.value


def _refused(user: User, attempt: PasswordAttempt, cause: str, now: datetime) -> UserSignInRefused:
    return UserSignInRefused.of(user, at=now, cause=cause, client_address=attempt.client_address)


def _signed_in(
    user: User, attempt: PasswordAttempt, methods: frozenset[str], factor: FactorOutcome, now: datetime
) -> UserSignedIn:
    return UserSignedIn.of(
        user,
        at=now,
        methods=methods,
        client_address=attempt.client_address,
        recovery_code=factor.recovery_code,
    )


def _unknown(work: UnitOfWork, attempt: PasswordAttempt, now: datetime) -> UnknownSignInRefused:
    text = f"{work.tenant_id}\x00{fold(attempt.login.strip())}"
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    return UnknownSignInRefused.of(digest, at=now, client_address=attempt.client_address)
