"""Keys and tokens as one worker has them, for the tests of everything that uses them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from function_backend.kernel.identifiers import new_id
from function_backend.kernel.secret import Secret
from function_backend.resources import Resources
from function_backend.services.auth.domain.access_claims import AccessClaims, SubjectKind
from function_backend.services.auth.domain.policies import KeyPolicy
from function_backend.services.auth.service.keys import Keys, open_keys
from function_backend.vault.master_keys import MasterKeys
from function_backend.vault.vault import Vault

ISSUER = "https://auth.example.com"
AUDIENCE = "function-backend"
POLICY = KeyPolicy(
    issuer=ISSUER,
    audience=AUDIENCE,
    leeway=timedelta(seconds=30),
    algorithm="ES256",
    lifetime=timedelta(days=30),
    lead=timedelta(minutes=15),
)


class SetClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.time

    def forward(self, span: timedelta) -> None:
        self.time += span


def master_key(name: str) -> Secret:
    """A master key of this name; the same each time."""
    return Secret(f"{name}:{base64.b64encode(name.encode().ljust(32, b'.')).decode()}")


def keys_with(
    resources: Resources,
    *names: str,
    clock: SetClock | None = None,
    policy: KeyPolicy = POLICY,
    epoch_age: Callable[[], float] = lambda: 0.0,
) -> Keys:
    """The keys of a worker whose settings name these master keys, the first being the current one."""
    master_keys = MasterKeys.parse([master_key(name) for name in names])
    chosen = clock or resources.clock
    around = replace(
        resources, clock=chosen, epoch_age=epoch_age, master_keys=master_keys, vault=Vault(master_keys, chosen)
    )
    return open_keys(around, policy)


def claims(now: datetime, **changes: object) -> AccessClaims:
    """The claims of a token that begins now and is good for ten minutes."""
    whole = AccessClaims(
        token_id=new_id(),
        tenant_id=UUID(int=7),
        subject_kind=SubjectKind.USER,
        subject_id=UUID(int=8),
        client_id="some-client",
        audience=(AUDIENCE,),
        scopes=frozenset({"company.read", "auth.*"}),
        issued_at=now,
        expires_at=now + timedelta(minutes=10),
        session_id=UUID(int=9),
        actors=("service_account:00000000-0000-0000-0000-00000000000a", "api_key:00000000-0000-0000-0000-00000000000b"),
        authentication_methods=frozenset({"pwd", "otp"}),
        authenticated_at=now - timedelta(minutes=1),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]
