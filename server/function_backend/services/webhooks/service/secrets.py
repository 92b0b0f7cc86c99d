"""Changing what signs the deliveries of an endpoint."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.webhooks.domain.endpoint import Endpoint
from function_backend.services.webhooks.domain.secret import SecretKind, SigningSecret, make_secret, secret_purpose
from function_backend.services.webhooks.errors import LastSecretError, SecretLimitReachedError, SecretNotFoundError
from function_backend.services.webhooks.events import EndpointSecretRevoked, EndpointSecretRotated
from function_backend.services.webhooks.repository.endpoint import EndpointRepository
from function_backend.services.webhooks.service.finding import endpoint_of
from function_backend.vault.vault import Vault

MOST_SECRETS = 5
"""Of one endpoint that sign at the same time: each is a signature in the header."""
DEFAULT_OVERLAP = timedelta(days=1)


class Secrets:
    """The use cases of secrets."""

    def __init__(self, *, transactions: Transactions, clock: Clock, vault: Vault) -> None:
        self._transactions = transactions
        self._clock = clock
        self._vault = vault

    def rotate(
        self, endpoint_id: UUID, kind: SecretKind, *, overlap: timedelta | None, etag: str
    ) -> tuple[Endpoint, str]:
        """The endpoint, and its new secret as the receiver gets it."""
        now = self._clock.now()
        made = make_secret(kind)
        with self._transactions() as work:
            before = endpoint_of(work, endpoint_id, lock=True, etag=etag)
            secret = SigningSecret(id=new_id(), kind=kind, public_key=made.public_key, created_at=now)
            after = before.with_secret(secret, overlap=DEFAULT_OVERLAP if overlap is None else overlap, at=now)
            if len(after.secrets) > MOST_SECRETS:
                raise SecretLimitReachedError(endpoint_id, MOST_SECRETS)
            endpoints = EndpointRepository(work)
            sealed = self._vault.seal(work, made.text.encode(), purpose=secret_purpose(endpoint_id))
            endpoints.add_secret(after, secret, sealed=sealed)
            endpoints.keep_secrets(after)
            endpoints.save(after)
            work.record(EndpointSecretRotated.of(after, at=now, secret_id=secret.id))
        return after, made.shown

    def revoke(self, endpoint_id: UUID, secret_id: UUID, *, etag: str) -> Endpoint:
        """The endpoint without the secret."""
        now = self._clock.now()
        with self._transactions() as work:
            before = endpoint_of(work, endpoint_id, lock=True, etag=etag)
            signing = before.signing(now)
            if all(each.id != secret_id for each in signing):
                raise SecretNotFoundError(endpoint_id, secret_id)
            # One that ends by its time is none that is left.
            if not any(each.id != secret_id and each.expires_at is None for each in signing):
                raise LastSecretError(endpoint_id, secret_id)
            after = before.without_secret(secret_id, at=now)
            endpoints = EndpointRepository(work)
            endpoints.keep_secrets(after)
            endpoints.save(after)
            work.record(EndpointSecretRevoked.of(after, at=now, secret_id=secret_id))
        return after
