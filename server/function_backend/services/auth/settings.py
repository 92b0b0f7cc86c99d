"""What can be set about the folder."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from function_backend.kernel.secret import Secret
from function_backend.services.auth.domain.discovery import check_issuer
from function_backend.services.auth.domain.policies import (
    Argon2Cost,
    GrantRules,
    KeyPolicy,
    RelationPolicy,
    SignInPolicy,
)
from function_backend.services.auth.domain.tenant_settings import LONGEST_ACCESS_TOKEN, SHORTEST_ACCESS_TOKEN
from function_backend.vault.master_key_text import read_master_keys

_MOST_NICE = 19

FURTHER_PERMISSION = re.compile(r"[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)+")
"""How a permission of another service is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """What can be set about credentials, tokens, passwords and sign-ins."""

    remembered_keys: int = 10_000
    """Verified keys that one worker remembers."""
    remembered_for: timedelta = timedelta(minutes=1)
    """After this a key is verified again even if nothing was revoked."""
    further_permissions: tuple[str, ...] = ()
    """Permissions that other services ask for, such as `note.read`; roles and keys may carry them as well."""

    master_keys: tuple[Secret, ...] = field(default=(), repr=False)
    """Keys that wrap all other keys, each as `<id>:<32 bytes in base64>`; the first wraps, the others still unwrap. The
    same on every server. With the embedded PostgreSQL one is made at the first start and kept in the data folder."""
    issuer: str = "http://127.0.0.1:9464"
    """Who issues tokens (`iss`): the URL below which callers find the discovery document."""
    audience: str = "function-backend"
    """Whom tokens are for when nothing else is asked for (`aud`), and what tokens for this service must name."""
    access_token_lifetime: timedelta = timedelta(minutes=10)
    """How long a token is good where its tenant has decided nothing; an hour at most."""
    token_leeway: timedelta = timedelta(seconds=30)
    """By how much clocks may differ: so long a token is accepted after its end and before its beginning."""
    signing_algorithm: Literal["ES256", "EdDSA"] = "ES256"
    """What new signing keys sign with."""
    signing_key_lifetime: timedelta = timedelta(days=30)
    """After so long a signing key is replaced by itself; 0 for by command only."""
    signing_key_lead: timedelta = timedelta(minutes=15)
    """How long a new signing key is published before it signs: longer than anybody keeps the JWKS document."""

    first_party_clients: tuple[str, ...] = ("function-backend-cli",)
    """Clients that people sign in with (`password`, device authorisation) and that hold no secret, by `client_id`."""
    further_audiences: tuple[str, ...] = ()
    """Other services that tokens may be asked for, by the names under which they check `aud`."""
    refresh_retry_window: timedelta = timedelta(seconds=10)
    """How long a refresh token that was just used is answered once more, for a client that lost the answer, as long as
    what it was answered with was not used; 0 for never. Any other second use ends the session."""
    device_code_lifetime: timedelta = timedelta(minutes=10)
    """How long a device waits for a person to let it in."""
    device_poll_interval: timedelta = timedelta(seconds=5)
    """How long a device waits between two questions."""
    device_page: str = ""
    """URL of the page on which people type the code of a device; `<issuer>/device` when empty."""
    argon2_memory_kib: int = 19_456
    """Memory of one password hash in KiB. Passwords hashed at another cost are hashed again at the next sign-in."""
    argon2_passes: int = 2
    """Passes over that memory."""
    argon2_lanes: int = 1
    """Lanes of it that can be computed side by side."""
    hashing_threads: int = 1
    """Threads of a worker for hashing passwords."""
    hashing_queue: int = 3
    """Sign-ins of a worker that may wait for one of them; further ones are refused with HASHING_OVERLOADED. Together
    with the threads less than `server.threads`, so that other calls keep some."""
    hashing_niceness: int = 10
    """How far these threads give way to others on Linux: 0 for not at all, 19 at most."""
    sign_in_delay_after: int = 5
    """Failed sign-ins of one user before further ones are delayed."""
    sign_in_address_delay_after: int = 50
    """Failed sign-ins from one address before further ones are delayed."""
    sign_in_first_delay: timedelta = timedelta(seconds=1)
    """The first such delay; every further failure doubles it."""
    sign_in_longest_delay: timedelta = timedelta(minutes=5)
    """The longest such delay."""
    sign_in_forget_after: timedelta = timedelta(hours=1)
    """After so long without a failure the earlier ones are forgotten."""
    lockout_after: int = 10
    """Failed sign-ins in a row that lock a user out."""
    lockout_for: timedelta = timedelta(minutes=15)
    """For how long."""
    remembered_relation_schemas: int = 200
    """Versions of relation schemas that one worker keeps ready for checks."""
    decision_sample_rate: float = 0.0
    """Share of permission checks, from 0 to 1, that are recorded although nobody asked for it."""
    decisions_kept_for: timedelta = timedelta(days=30)
    """After this a recorded decision is removed."""

    def __post_init__(self) -> None:
        self._check_sign_in()
        if self.remembered_keys < 1:
            raise ValueError("remembered_keys must be at least 1")
        if self.remembered_for <= timedelta():
            raise ValueError("remembered_for must be more than 0")
        for permission in self.further_permissions:
            if not FURTHER_PERMISSION.fullmatch(permission):
                raise ValueError(f"further_permissions: {permission!r} is no permission such as note.read")
        read_master_keys(self.master_keys)
        check_issuer(self.issuer)
        if not self.audience:
            raise ValueError("audience must not be empty")
        if not SHORTEST_ACCESS_TOKEN <= self.access_token_lifetime <= LONGEST_ACCESS_TOKEN:
            raise ValueError("access_token_lifetime must lie between 1m and 1h")
        if not timedelta() <= self.token_leeway <= timedelta(minutes=5):
            raise ValueError("token_leeway must lie between 0 and 5m")
        if self.signing_key_lifetime and self.signing_key_lifetime < timedelta(hours=1):
            raise ValueError("signing_key_lifetime must be at least 1h, or 0 for by command only")
        if not timedelta() <= self.signing_key_lead <= timedelta(days=7):
            raise ValueError("signing_key_lead must lie between 0 and 7d")
        self._check_grants()
        self._check_relations()

    def _check_relations(self) -> None:
        if self.remembered_relation_schemas < 1:
            raise ValueError("remembered_relation_schemas must be at least 1")
        if not 0 <= self.decision_sample_rate <= 1:
            raise ValueError("decision_sample_rate must be from 0 to 1")
        if self.decisions_kept_for <= timedelta():
            raise ValueError("decisions_kept_for must be more than 0")

    @property
    def relation_policy(self) -> RelationPolicy:
        """What they say about relationships."""
        return RelationPolicy(
            remembered_schemas=self.remembered_relation_schemas,
            decision_sample_rate=self.decision_sample_rate,
            decisions_kept_for=self.decisions_kept_for,
        )

    def _check_grants(self) -> None:
        if not timedelta() <= self.refresh_retry_window <= timedelta(minutes=1):
            raise ValueError("refresh_retry_window must lie between 0 and 1m")
        if not timedelta(minutes=1) <= self.device_code_lifetime <= timedelta(hours=1):
            raise ValueError("device_code_lifetime must lie between 1m and 1h")
        if not timedelta(seconds=1) <= self.device_poll_interval <= timedelta(minutes=1):
            raise ValueError("device_poll_interval must lie between 1s and 1m")

    @property
    def grant_rules(self) -> GrantRules:
        """What they say about grants."""
        return GrantRules(
            issuer=self.issuer,
            audience=self.audience,
            further_audiences=frozenset(self.further_audiences),
            first_party_clients=frozenset(self.first_party_clients),
            retry_window=self.refresh_retry_window,
            device_lifetime=self.device_code_lifetime,
            device_interval=self.device_poll_interval,
            device_page=self.device_page or f"{self.issuer}/device",
        )

    def _check_sign_in(self) -> None:
        for name in (
            "hashing_threads",
            "sign_in_delay_after",
            "sign_in_address_delay_after",
            "lockout_after",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.hashing_queue < 0:
            raise ValueError("hashing_queue must not be negative")
        if not 0 <= self.hashing_niceness <= _MOST_NICE:
            raise ValueError(f"hashing_niceness must lie between 0 and {_MOST_NICE}")
        for name in ("sign_in_first_delay", "sign_in_longest_delay", "sign_in_forget_after", "lockout_for"):
            if getattr(self, name) <= timedelta():
                raise ValueError(f"{name} must be more than 0")
        _ = self.sign_in_policy

    @property
    def sign_in_policy(self) -> SignInPolicy:
        """What they say about passwords and sign-ins."""
        return SignInPolicy(
            cost=Argon2Cost(memory_kib=self.argon2_memory_kib, passes=self.argon2_passes, lanes=self.argon2_lanes),
            hashing_threads=self.hashing_threads,
            hashing_queue=self.hashing_queue,
            hashing_niceness=self.hashing_niceness,
            delay_after=self.sign_in_delay_after,
            address_delay_after=self.sign_in_address_delay_after,
            first_delay=self.sign_in_first_delay,
            longest_delay=self.sign_in_longest_delay,
            forget_after=self.sign_in_forget_after,
            lockout_after=self.lockout_after,
            lockout_for=self.lockout_for,
            issuer=self.audience,
        )

    @property
    def key_policy(self) -> KeyPolicy:
        """What they say about keys and tokens."""
        return KeyPolicy(
            issuer=self.issuer,
            audience=self.audience,
            leeway=self.token_leeway,
            algorithm=self.signing_algorithm,
            lifetime=self.signing_key_lifetime,
            lead=self.signing_key_lead,
        )
