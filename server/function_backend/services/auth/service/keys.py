"""Keys and tokens, put together: what the rest of the slice encrypts, signs and verifies with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from function_backend.resources import Resources
from function_backend.services.auth.adapters.key_forge import KeyForge
from function_backend.services.auth.adapters.key_ring import KeyRing
from function_backend.services.auth.adapters.tokens import JwtIssuer, JwtReader
from function_backend.services.auth.domain.policies import KeyPolicy
from function_backend.services.auth.domain.signing_key import SigningSchedule
from function_backend.services.auth.domain.tenant_settings import LONGEST_ACCESS_TOKEN
from function_backend.services.auth.service.master_keys import MasterKeyService
from function_backend.services.auth.service.revocation import Revoked
from function_backend.services.auth.service.signing_keys import SigningKeyService
from function_backend.vault.vault import Vault

_MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Everything around keys and tokens of one worker."""

    vault: Vault
    """Is the `SecretBox` of `ports`."""
    ring: KeyRing
    issuer: JwtIssuer
    """Is the `TokenIssuer`."""
    reader: JwtReader
    """Is the `TokenReader`."""
    signing_keys: SigningKeyService
    master_keys: MasterKeyService

    def forget(self, _: str = "") -> None:
        """Something may have changed: ask for all of it again."""
        self.ring.forget()
        self.vault.forget()

    def revoked(self, text: str) -> None:
        """Something was revoked; of a tenant, its data key may be gone with it."""
        if text.startswith(f"{Revoked.TENANT.value}/"):
            self.vault.forget()


def open_keys(resources: Resources, policy: KeyPolicy) -> Keys:
    """The keys of the installation as one worker uses them; nothing is read or made before it is needed."""
    master_keys = resources.master_keys
    forge = KeyForge(master_keys)
    signing_keys = SigningKeyService(
        transactions=resources.transactions,
        clock=resources.clock,
        page_tokens=resources.page_tokens,
        forge=forge,
        schedule=SigningSchedule(
            algorithm=policy.algorithm,
            lifetime=policy.lifetime,
            lead=policy.lead,
            kept_for=LONGEST_ACCESS_TOKEN + policy.leeway + _MARGIN,
        ),
    )
    ring = KeyRing(
        resources.transactions,
        resources.clock,
        forge,
        epoch_age=resources.epoch_age,
        make_first=signing_keys.ensure,
    )
    return Keys(
        vault=resources.vault,
        ring=ring,
        issuer=JwtIssuer(ring, issuer=policy.issuer),
        reader=JwtReader(ring, resources.clock, issuer=policy.issuer, audience=policy.audience, leeway=policy.leeway),
        signing_keys=signing_keys,
        master_keys=MasterKeyService(
            transactions=resources.transactions,
            clock=resources.clock,
            master_keys=master_keys,
            wrapped_keys=resources.wrapped_keys,
        ),
    )
