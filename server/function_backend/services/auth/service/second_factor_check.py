"""Checking the second factor of somebody whose password was right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.recovery_code import code_digest
from function_backend.services.auth.domain.totp import matching_step, totp_purpose
from function_backend.services.auth.domain.user import User
from function_backend.services.auth.ports import SecretBox
from function_backend.services.auth.repository.second_factor import SecondFactorRepository

_METHODS = frozenset({"otp", "mfa"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorOutcome:
    """What the check came to."""

    methods: frozenset[str] = frozenset()
    """What the second factor adds to how the user signed in, by the names of RFC 8176."""
    missing: bool = False
    wrong: bool = False
    recovery_code: bool = False


class SecondFactorCheck:
    """Checks codes of the authenticator app, and recovery codes."""

    def __init__(self, secret_box: SecretBox) -> None:
        self._secret_box = secret_box

    def check(self, work: UnitOfWork, user: User, code: str, *, at: datetime) -> FactorOutcome:
        """What the code is worth; a good one is used up in the transaction."""
        factors = SecondFactorRepository(work)
        stored = factors.find_for_update(user.id)
        if stored is None or stored.confirmed_at is None:
            return FactorOutcome()
        if not code:
            return FactorOutcome(missing=True)
        secret = self._secret_box.open(work, stored.sealed_secret, purpose=totp_purpose(user.id))
        step = matching_step(secret.decode(), code, at=at, after=stored.last_step)
        if step is not None:
            factors.use_step(user.id, step)
            return FactorOutcome(methods=_METHODS)
        digest = code_digest(user.id, code)
        if digest is not None and factors.use_code(user.id, digest):
            return FactorOutcome(methods=_METHODS, recovery_code=True)
        return FactorOutcome(wrong=True)
