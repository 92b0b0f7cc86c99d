"""How a protected service checks its callers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProtectionSettings:
    """The bounds within which something remembered is trusted."""

    audience: str = "function-backend"
    """Who the tokens must be for: this service's own name, or the backend's when its callers use one token for both."""
    any_tenant: bool = False
    """Whether callers of other tenants than that of this service's own credential are let in. The backend answers for
    them only to those who hold `auth.credential.verify_any`."""
    issuer: str = ""
    """Who must have signed them; the issuer that the backend names itself when empty."""
    algorithms: frozenset[str] = frozenset({"ES256", "EdDSA"})
    """The signatures that are accepted, whatever a token says of itself."""
    leeway_seconds: float = 30.0
    """How far the clocks of this machine and of the backend may be apart."""
    heartbeat_seconds: float = 0.25
    """How often the backend says that nothing was revoked."""
    trusted_silence_seconds: float = 0.9
    """How long without a heartbeat what is remembered is still used: below a second, so that a revoked credential is
    refused within one even when the news of it cannot come through."""
    unfollowed_life_seconds: float = 0.9
    """How long an answer is remembered while the revocations cannot be followed."""
    decision_life_seconds: float = 1.0
    """How long the answer about a relationship is remembered."""
    remembered_callers: int = 10_000
    remembered_decisions: int = 10_000
    ask_timeout_seconds: float = 2.0
    """How long a call waits for the backend's answer about its credential."""
    key_fetch_seconds: float = 1.0
    """How often the signing keys are fetched at most because a token names an unknown one."""
    key_life_seconds: float = 300.0
    """How old the known signing keys may become before they are fetched again."""

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_seconds < self.trusted_silence_seconds:
            raise ValueError("trusted_silence_seconds must be longer than heartbeat_seconds")
