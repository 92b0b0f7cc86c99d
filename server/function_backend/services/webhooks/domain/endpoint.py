"""Where events are delivered to."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from function_backend.events.log import EventFilter
from function_backend.services.webhooks.domain.audience import Audience
from function_backend.services.webhooks.domain.secret import SigningSecret

WRITABLE = ("display_name", "url", "filter", "payload_mode", "ordered", "rate_limit_per_second")
"""The fields that a caller sets."""
# Whoever decides where something goes, or what, must be allowed to see it.
_DECIDING = frozenset({"url", "filter", "payload_mode"})
_NEVER = timedelta()


class PayloadMode(Enum):
    """What of an event is delivered."""

    REDACTED = "redacted"
    FULL = "full"
    THIN = "thin"


class DisableReason(Enum):
    """Why nothing is delivered."""

    ASKED = "asked"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointContent:
    """What a caller says about an endpoint."""

    display_name: str = ""
    url: str
    filter: EventFilter
    payload_mode: PayloadMode = PayloadMode.REDACTED
    ordered: bool = False
    rate_limit_per_second: int = 0
    """Attempts per second at most; 0 for the limit of the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where events are delivered to, which, and how."""

    id: UUID
    content: EndpointContent
    secrets: tuple[SigningSecret, ...]
    """The newest first."""
    owner: str
    """Whose rights decide which events are delivered."""
    audience: Audience
    """These rights."""
    disable_reason: DisableReason | None
    """None while it is enabled."""
    disabled_at: datetime | None
    since_position: int
    """Events behind this place in the log of the tenant are delivered: what came before was before it was enabled."""
    failing_since: datetime | None = None
    """Since when every attempt has failed. Kept beside the deliveries, and not a part of the revision."""
    revision: int
    """How many changes there were to it."""
    created_at: datetime
    updated_at: datetime

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return hashlib.blake2b(b"%b %d" % (self.id.bytes, self.revision), digest_size=8).hexdigest()

    @property
    def enabled(self) -> bool:
        """Whether events are delivered."""
        return self.disable_reason is None

    def changed(
        self, content: EndpointContent, fields: Collection[str], *, owner: str, audience: Audience, at: datetime
    ) -> tuple[Endpoint, tuple[str, ...]]:
        """The endpoint with these fields of the content, and which of them differ; itself when none does."""
        differing = tuple(
            name for name in WRITABLE if name in fields and getattr(content, name) != getattr(self.content, name)
        )
        if not differing:
            return self, ()
        merged = replace(self.content, **{name: getattr(content, name) for name in differing})
        after = replace(self, content=merged, revision=self.revision + 1, updated_at=at)
        if not _DECIDING.isdisjoint(differing):
            after = replace(after, owner=owner, audience=audience)
        return after, differing

    def disabled(self, reason: DisableReason, *, at: datetime) -> Endpoint:
        """The endpoint, disabled; itself when it is already."""
        if not self.enabled:
            return self
        return replace(self, disable_reason=reason, disabled_at=at, revision=self.revision + 1, updated_at=at)

    def enabled_again(self, *, since_position: int, at: datetime) -> Endpoint:
        """The endpoint, enabled; itself when it is already."""
        if self.enabled:
            return self
        return replace(
            self,
            disable_reason=None,
            disabled_at=None,
            since_position=since_position,
            failing_since=None,
            revision=self.revision + 1,
            updated_at=at,
        )

    def with_secret(self, secret: SigningSecret, *, overlap: timedelta, at: datetime) -> Endpoint:
        """The endpoint with a new secret; those before it sign on for the overlap, or as long as they had left."""
        kept = () if overlap == _NEVER else tuple(_until(each, at + overlap) for each in self.signing(at))
        return replace(self, secrets=(secret, *kept), revision=self.revision + 1, updated_at=at)

    def without_secret(self, secret_id: UUID, *, at: datetime) -> Endpoint:
        """The endpoint without the secret."""
        kept = tuple(each for each in self.signing(at) if each.id != secret_id)
        return replace(self, secrets=kept, revision=self.revision + 1, updated_at=at)

    def signing(self, moment: datetime) -> tuple[SigningSecret, ...]:
        """The secrets that sign then, the newest first."""
        return tuple(each for each in self.secrets if each.signs_at(moment))


def _until(secret: SigningSecret, end: datetime) -> SigningSecret:
    return replace(secret, expires_at=end if secret.expires_at is None else min(secret.expires_at, end))
