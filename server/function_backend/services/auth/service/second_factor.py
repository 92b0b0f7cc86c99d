"""Turning second factors on and off."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.recovery_code import code_digest, new_codes
from function_backend.services.auth.domain.totp import enrolment_uri, matching_step, new_secret, totp_purpose
from function_backend.services.auth.domain.user import User
from function_backend.services.auth.errors.second_factor import (
    SecondFactorEnrolledError,
    SecondFactorInvalidError,
    SecondFactorMissingError,
)
from function_backend.services.auth.events.credential import (
    RecoveryCodesRegenerated,
    TotpConfirmed,
    TotpEnrolled,
    TotpRemoved,
)
from function_backend.services.auth.ports import SecretBox
from function_backend.services.auth.repository.second_factor import SecondFactorRepository, StoredTotp
from function_backend.services.auth.repository.user import UserRepository
from function_backend.services.auth.service.locking_user import lock_user
from function_backend.services.auth.service.passwords import calling_user
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.session_end import SessionEnd
from function_backend.services.auth.service.standing import Standing
from function_backend.services.auth.service.user_notices import UserNotices


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What an authenticator app needs; it is nowhere else."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorStatus:
    """What a user has set up."""

    confirmed_at: datetime | None
    recovery_codes_left: int


class SecondFactors:
    """The use cases of second factors."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        secret_box: SecretBox,
        standing: Standing,
        sessions: SessionEnd,
        issuer: str,
        notices: UserNotices,
    ) -> None:
        """`issuer` is what an authenticator app shows beside the user name."""
        self._transactions = transactions
        self._clock = clock
        self._secret_box = secret_box
        self._standing = standing
        self._sessions = sessions
        self._issuer = issuer
        self._notices = notices

    def status(self) -> SecondFactorStatus:
        """What the calling user has set up."""
        user_id = calling_user().id
        with self._transactions.reading() as work:
            factors = SecondFactorRepository(work)
            confirmed_at = factors.find_confirmed_at(user_id)
            left = 0 if confirmed_at is None else factors.count_codes(user_id)
        return SecondFactorStatus(confirmed_at=confirmed_at, recovery_codes_left=left)

    def enrol(self) -> Enrolment:
        """A secret for the app of the calling user, which does not count yet."""
        secret = new_secret()
        with self._transactions() as work:
            user, stored = self._own(work)
            if stored is not None and stored.confirmed_at is not None:
                raise SecondFactorEnrolledError
            now = self._clock.now()
            sealed = self._secret_box.seal(work, secret.encode(), purpose=totp_purpose(user.id))
            SecondFactorRepository(work).enrol(user.id, sealed, at=now)
            work.record(TotpEnrolled.of(self._saved(work, user, now)))
        uri = enrolment_uri(secret, user_name=user.profile.user_name, issuer=self._issuer)
        return Enrolment(secret=secret, uri=uri)

    def confirm(self, code: str) -> list[str]:
        """The recovery codes of the calling user, whose second factor is on now."""
        with self._transactions() as work:
            user, stored = self._own(work)
            if stored is None:
                raise SecondFactorInvalidError
            if stored.confirmed_at is not None:
                raise SecondFactorEnrolledError
            now = self._clock.now()
            secret = self._secret_box.open(work, stored.sealed_secret, purpose=totp_purpose(user.id)).decode()
            step = matching_step(secret, code, at=now, after=stored.last_step)
            if step is None:
                raise SecondFactorInvalidError
            factors = SecondFactorRepository(work)
            factors.use_step(user.id, step)
            factors.confirm(user.id, at=now)
            codes = _renew_codes(factors, user.id)
            confirmed = self._saved(work, user, now)
            work.record(TotpConfirmed.of(confirmed))
            self._notices.tell(work, "auth.second_factor_added", confirmed, at=now)
        return codes

    def remove(self) -> None:
        """Turns the second factor of the calling user off."""
        with self._transactions() as work:
            user, stored = self._own(work)
            self._remove(work, user, stored)

    def remove_of(self, user_id: UUID) -> User:
        """The user whose second factor an administrator has turned off; its sessions end."""
        with self._transactions() as work:
            user = lock_user(work, user_id)
            self._standing.require_over(work, SubjectKind.USER, user_id)
            changed = self._remove(work, user, SecondFactorRepository(work).find_for_update(user_id))
            self._sessions.end_all(work, user_id)
            return changed

    def regenerate_codes(self) -> list[str]:
        """New recovery codes of the calling user; the earlier ones work no more."""
        with self._transactions() as work:
            user, stored = self._own(work)
            _require_confirmed(stored)
            codes = _renew_codes(SecondFactorRepository(work), user.id)
            work.record(RecoveryCodesRegenerated.of(self._saved(work, user, self._clock.now())))
        return codes

    def _own(self, work: UnitOfWork) -> tuple[User, StoredTotp | None]:
        user = lock_user(work, calling_user().id)
        return user, SecondFactorRepository(work).find_for_update(user.id)

    def _remove(self, work: UnitOfWork, user: User, stored: StoredTotp | None) -> User:
        _require_confirmed(stored)
        SecondFactorRepository(work).remove(user.id)
        changed = replace(self._saved(work, user, self._clock.now()), second_factor=False)
        work.record(TotpRemoved.of(changed))
        self._notices.tell(work, "auth.second_factor_removed", changed, at=changed.updated_at)
        revoke(work, Revoked.SUBJECT, user.id)
        return changed

    def _saved(self, work: UnitOfWork, user: User, now: datetime) -> User:
        changed = user.changed(at=now)
        UserRepository(work).save(changed)
        return changed


def _require_confirmed(stored: StoredTotp | None) -> None:
    if stored is None or stored.confirmed_at is None:
        raise SecondFactorMissingError


def _renew_codes(factors: SecondFactorRepository, user_id: UUID) -> list[str]:
    codes = new_codes()
    factors.replace_codes(user_id, [digest for code in codes if (digest := code_digest(user_id, code))])
    return codes
