"""What the settings decide, in the words of the use cases. Nothing heavy is loaded here: the settings come first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from function_backend.services.auth.domain.password_hash import HashRefusedError, read_hash
from function_backend.services.auth.domain.throttle import ThrottleRules


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPolicy:
    """What the settings say about keys and tokens."""

    issuer: str
    audience: str
    leeway: timedelta
    algorithm: str
    lifetime: timedelta
    """Of signing keys; 0 for until somebody rotates them."""
    lead: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2Cost:
    """What one hash of ours costs."""

    memory_kib: int
    passes: int
    lanes: int

    def __post_init__(self) -> None:
        # What is too costly to be imported must not be made either: it could not be read again.
        salt, digest = "A" * 22, "A" * 43
        try:
            read_hash(f"$argon2id$v=19$m={self.memory_kib},t={self.passes},p={self.lanes}${salt}${digest}")
        except HashRefusedError as refused:
            raise ValueError(f"argon2_memory_kib and the like: a hash of this cost {refused}") from refused


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRules:
    """How guessing is slowed down and stopped."""

    user: ThrottleRules
    address: ThrottleRules
    lockout_after: int
    """So many failures in a row lock the user out."""
    lockout_for: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPolicy:
    """What the settings say about passwords and sign-ins."""

    cost: Argon2Cost
    hashing_threads: int
    hashing_queue: int
    hashing_niceness: int
    delay_after: int
    address_delay_after: int
    first_delay: timedelta
    longest_delay: timedelta
    forget_after: timedelta
    lockout_after: int
    lockout_for: timedelta
    issuer: str
    """What an authenticator app shows beside the user name."""

    @property
    def rules(self) -> SignInRules:
        """How guessing is slowed down and stopped."""
        return SignInRules(
            user=self._throttle(self.delay_after),
            address=self._throttle(self.address_delay_after),
            lockout_after=self.lockout_after,
            lockout_for=self.lockout_for,
        )

    def _throttle(self, delay_after: int) -> ThrottleRules:
        return ThrottleRules(
            delay_after=delay_after,
            first_delay=self.first_delay,
            longest_delay=self.longest_delay,
            forget_after=self.forget_after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRules:
    """What the installation says about grants, whatever the tenant."""

    issuer: str
    audience: str
    """This service."""
    further_audiences: frozenset[str] = frozenset()
    """Other services that tokens may be for."""
    first_party_clients: frozenset[str] = frozenset()
    """Clients that people sign in with and that hold no secret, by name."""
    retry_window: timedelta = timedelta(seconds=10)
    """How long a refresh token that was just used may be presented once more because its answer was lost."""
    device_lifetime: timedelta = timedelta(minutes=10)
    device_interval: timedelta = timedelta(seconds=5)
    device_page: str = ""
    """Where people type the code of a device."""

    @property
    def audiences(self) -> frozenset[str]:
        """Everybody that tokens may be for."""
        return self.further_audiences | {self.audience}

    @property
    def assertion_audiences(self) -> frozenset[str]:
        """By what names clients may call this service in their assertions."""
        return frozenset({self.issuer, f"{self.issuer}/oauth2/token", self.audience})


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationPolicy:
    """What the settings say about relationships."""

    remembered_schemas: int
    decision_sample_rate: float
    decisions_kept_for: timedelta
