"""What the use cases of auth need of each other, so that each can be read and tested alone.

The slice hands in what implements them: `vault.vault`, `adapters.tokens`, `service.sign_in` and
`repository.entitlement`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.persistence.wire import Driver
from function_backend.services.auth.domain.access_claims import AccessClaims, SubjectKind
from function_backend.services.auth.domain.entitlement import Entitlement


class SecretBox(Protocol):
    """Encrypts small secrets of a tenant, so that they are unreadable at rest and gone with the tenant's key."""

    def seal(self, work: UnitOfWork, secret: bytes, *, purpose: str) -> bytes:
        """The secret, encrypted for the tenant of the unit of work.

        `purpose` names place and row, such as `totp:<user id>`; what is sealed for one purpose opens for no other.
        """

    def open(self, work: UnitOfWork, sealed: bytes, *, purpose: str) -> bytes:
        """The secret again. Raises SecretLostError when the tenant's key is gone or the text is not what was sealed."""


class TokenIssuer(Protocol):
    """Signs access tokens."""

    def issue(self, claims: AccessClaims) -> str:
        """The token as a compact JWT (RFC 9068), signed with the current key.

        Raises UnavailableError while no signing key can be had.
        """


class TokenReader(Protocol):
    """Checks access tokens."""

    def read(self, token: str, *, audience: str | None = None) -> AccessClaims:
        """The claims of a token that this installation signed, that has not expired and is for the audience.

        Without `audience` it must be for this service itself. Whether the session, the subject and the tenant behind it
        still stand is not its concern. Raises CredentialInvalidError or CredentialExpiredError.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordAttempt:
    """What somebody presents to sign in."""

    login: str
    """User name or e-mail address, as typed."""
    password: str = field(repr=False)
    otp: str = field(default="", repr=False)
    """A code of the second factor, or a recovery code; empty when none was given."""
    client_address: str = ""
    """Where the attempt comes from, for the progressive delay; empty when unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person who has just proved who they are."""

    user_id: UUID
    methods: frozenset[str]
    """By the names of RFC 8176: `pwd`, and `otp` with `mfa` where a second factor was used."""
    at: datetime


class PasswordSignIn(Protocol):
    """Signs people in with a password."""

    def sign_in(self, attempt: PasswordAttempt) -> SignedIn:
        """The user of the current call's tenant behind the attempt.

        It must run outside a transaction: hashing takes tens of milliseconds in a pool of its own. Raises SignInError
        with the reason SIGN_IN_FAILED (one answer and one timing for unknown users and wrong passwords),
        SECOND_FACTOR_REQUIRED, SIGN_IN_DELAYED (with retry_after) or PASSWORD_CHANGE_REQUIRED, and
        LimitExceededError when the hashing pool is full.
        """


class Entitlements(Protocol):
    """Knows what a subject may do."""

    def find(self, driver: Driver, tenant_id: UUID, kind: SubjectKind, subject_id: UUID) -> Entitlement:
        """The permissions of a user or a service account, its groups' included, at this moment.

        Asked before a tenant is set, through a function of the definer; an unknown subject may do nothing.
        """


class SubjectStates(Protocol):
    """Knows whether accounts are active."""

    def is_active(self, driver: Driver, tenant_id: UUID, kind: SubjectKind, subject_id: UUID) -> bool:
        """Whether the user or service account is there and active: not locked, suspended or deleted.

        Asked before a tenant is set, through a function of the definer.
        """


class SessionStates(Protocol):
    """Knows whether sessions stand."""

    def is_open(self, driver: Driver, tenant_id: UUID, session_id: UUID) -> bool:
        """Whether the session is there, not revoked and not expired; through a function of the definer."""

    def is_token_revoked(self, driver: Driver, tenant_id: UUID, token_id: UUID) -> bool:
        """Whether this one access token was revoked, its session standing or not."""


class TenantStates(Protocol):
    """Knows what tenants say about all credentials of theirs."""

    def is_active(self, driver: Driver, tenant_id: UUID) -> bool:
        """Whether the tenant and those above it are active; through a function of the definer."""

    def requires_second_factor(self, driver: Driver, tenant_id: UUID) -> bool:
        """Whether people of the tenant must sign in with a second factor; through a function of the definer."""


class GrantGuard(Protocol):
    """Keeps everybody from handing on what they do not hold."""

    def refuse_unless_held(self, work: UnitOfWork, group_id: UUID) -> None:
        """Raises PermissionEscalationError unless the caller holds all that the members of the group are granted.

        Asked before somebody becomes a member. Everything counts that is bound to the group and to the groups around
        it, whatever its conditions are; what the caller holds for a time or under a condition does not.
        """


class AdministratorGuard(Protocol):
    """Keeps a tenant from losing everybody who may administer it."""

    def refuse_if_nobody_is_left(self, work: UnitOfWork) -> None:
        """Raises LastAdministratorError when nobody administers the tenant any more, and somebody did before.

        Called in the transaction that takes something away, after that: a key revoked, a user suspended or deleted, a
        member taken out of a group. Two such transactions wait for each other.
        """
