"""Checking and hashing a new password."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.adapters.password_hashing import PasswordHashing
from function_backend.services.auth.domain.password_rules import BrokenRule, broken_rules
from function_backend.services.auth.domain.user import Profile
from function_backend.services.auth.errors.password import PasswordRefusedError
from function_backend.services.auth.repository.user_password import UserPasswordRepository


class PasswordRules(Protocol):
    """What a tenant wants of passwords."""

    @property
    def password_min_length(self) -> int:
        """How many characters at least."""

    @property
    def password_history(self) -> int:
        """How many former passwords may not be used again."""


class PasswordPolicies(Protocol):
    """Knows what the tenants want."""

    def of(self, work: UnitOfWork) -> PasswordRules:
        """The rules of the unit of work's tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualRules:
    """What holds where a tenant has decided nothing."""

    password_min_length: int = 8
    password_history: int = 0


class UsualPolicies:
    """The same rules for every tenant."""

    def of(self, work: UnitOfWork) -> PasswordRules:
        """The usual rules."""
        del work
        return UsualRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a new password of a user is checked against; read beforehand, since hashing keeps no connection."""

    rules: PasswordRules
    names: Sequence[str]
    former: Sequence[str] = field(default=(), repr=False)
    """The hashes of passwords that may not be used again."""


class NewPasswords:
    """Makes hashes of passwords that are good enough."""

    def __init__(self, hashing: PasswordHashing, policies: PasswordPolicies, common: AbstractSet[str]) -> None:
        self._hashing = hashing
        self._policies = policies
        self._common = common

    def expected(self, work: UnitOfWork, profile: Profile, user_id: UUID | None = None) -> Expected:
        """What a password of the user is checked against."""
        rules = self._policies.of(work)
        former: Sequence[str] = ()
        if user_id is not None and rules.password_history > 0:
            former = UserPasswordRepository(work).former_hashes(user_id, count=rules.password_history)
        names = (profile.user_name, profile.email, profile.display_name, *profile.display_name.split())
        return Expected(rules=rules, names=[name for name in names if name], former=former)

    def hashed(self, password: str, expected: Expected, *, named: str) -> str:
        """The hash of the password; PasswordRefusedError for the field when it breaks a rule."""
        broken = broken_rules(
            password, min_length=expected.rules.password_min_length, common=self._common, names=expected.names
        )
        if broken:
            raise PasswordRefusedError(named, broken)
        if expected.former and self._hashing.matches_any(password, expected.former):
            raise PasswordRefusedError(named, [BrokenRule("REUSED", "was used before")])
        return self._hashing.hash(password)

    def remembered(self, work: UnitOfWork) -> int:
        """How many former passwords of a user are kept."""
        return self._policies.of(work).password_history
