"""Where leased deliveries go, and what signs them: read once for each revision of an endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from function_backend.cache.local import LocalCache
from function_backend.kernel.background import acting_for
from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.webhooks.domain.addresses import Target, UrlProblemError, read_url
from function_backend.services.webhooks.domain.endpoint import PayloadMode
from function_backend.services.webhooks.domain.secret import Signer, secret_purpose
from function_backend.services.webhooks.repository.endpoint import EndpointRepository
from function_backend.services.webhooks.repository.sending import METHOD, STATEMENT_SECONDS
from function_backend.vault.errors import SecretLostError
from function_backend.vault.vault import Vault

_REMEMBERED = 1_000
_REMEMBERED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where something is posted to, and what signs it."""

    target: Target | None
    """None when the address is not allowed any more."""
    problem: str
    signers: Sequence[tuple[Signer, datetime | None]]
    """The newest first, with when they end; none when they are lost."""
    takes_everything: bool = False
    """Whether it takes events with what is sensitive in them."""

    def signers_at(self, moment: datetime) -> list[Signer]:
        """Those that sign then, the newest first."""
        return [signer for signer, ends_at in self.signers if ends_at is None or moment < ends_at]


class Recipients:
    """Finds the recipients of leased deliveries."""

    def __init__(self, *, transactions: Transactions, vault: Vault, clock: Clock, allow_http: bool) -> None:
        self._transactions = transactions
        self._vault = vault
        self._clock = clock
        self._allow_http = allow_http
        self._known: LocalCache[tuple[UUID, UUID, int], Recipient | None] = LocalCache(
            size=_REMEMBERED, ttl=_REMEMBERED_SECONDS
        )

    def known(self, tenant_id: UUID, endpoint_id: UUID, revision: int) -> Recipient | None:
        """The recipient when it is remembered; asks nobody."""
        return self._known.get((tenant_id, endpoint_id, revision))

    def find(self, tenant_id: UUID, endpoint_id: UUID, revision: int) -> Recipient | None:
        """The recipient as of this revision or a later one; None when the endpoint is gone or disabled."""
        key = (tenant_id, endpoint_id, revision)
        return self._known.get_or_load(key, lambda: self._load(tenant_id, endpoint_id))

    def _load(self, tenant_id: UUID, endpoint_id: UUID) -> Recipient | None:
        now = self._clock.now()
        with acting_for(tenant_id, METHOD, seconds=STATEMENT_SECONDS), self._transactions.apart() as work:
            endpoint = EndpointRepository(work).find(endpoint_id)
            if endpoint is None or not endpoint.enabled:
                return None
            signers = self._signers(work, endpoint_id, now)
        try:
            target, problem = read_url(endpoint.content.url, allow_http=self._allow_http), ""
        except UrlProblemError as error:
            target, problem = None, f"the URL {error}"
        return Recipient(target, problem, signers, endpoint.content.payload_mode is PayloadMode.FULL)

    def _signers(self, work: UnitOfWork, endpoint_id: UUID, now: datetime) -> list[tuple[Signer, datetime | None]]:
        signers = []
        for sealed, ends_at in EndpointRepository(work).sealed_secrets(endpoint_id, at=now):
            try:
                opened = self._vault.open(work, sealed, purpose=secret_purpose(endpoint_id))
            except SecretLostError:
                continue
            signers.append((Signer(opened.decode()), ends_at))
        return signers
