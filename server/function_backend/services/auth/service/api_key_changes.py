"""Changing keys, and giving them new secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.api_key import ApiKey
from function_backend.services.auth.domain.api_key_change import KeyChange, KeyValues, UnknownFieldError, read_change
from function_backend.services.auth.domain.key_text import mint
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.errors.api_key import (
    ApiKeyEtagMismatchError,
    ApiKeyNotFoundError,
    ApiKeyRevokedError,
    no_value,
    unknown_field,
)
from function_backend.services.auth.events.api_key import ApiKeyRerolled, ApiKeyUpdated
from function_backend.services.auth.ports import AdministratorGuard
from function_backend.services.auth.repository.api_key import ApiKeyRepository
from function_backend.services.auth.service.api_keys import NewKey
from function_backend.services.auth.service.granting import KeyOwners, require_future, require_known
from function_backend.services.auth.service.guards import refuse_escalation
from function_backend.services.auth.service.revocation import Revoked, revoke

_NO_TIME = timedelta()


class ApiKeyChanges:
    """The use cases that make another key of a key."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        catalogue: PermissionCatalogue,
        administrators: AdministratorGuard,
        owners: KeyOwners,
    ) -> None:
        self._administrators = administrators
        self._owners = owners
        self._transactions = transactions
        self._clock = clock
        self._catalogue = catalogue

    def update(self, api_key_id: UUID, values: KeyValues, *, mask: Sequence[str], etag: str) -> ApiKey:
        """The changed key. Nothing is written when nothing differs."""
        now = self._clock.now()
        change = self._read(mask, values)
        require_future(change.expires_at, now)
        with self._transactions() as work:
            keys = ApiKeyRepository(work)
            before = _lock(keys, api_key_id, etag=etag)
            after = change.applied_to(before, at=now)
            if after is before:
                return before
            refuse_escalation(work.call.principal, after.permissions - before.permissions)
            keys.save(after)
            self._administrators.refuse_if_nobody_is_left(work)
            work.record(ApiKeyUpdated.of(before, after, at=now))
            revoke(work, Revoked.API_KEY, api_key_id)
        return after

    def reroll(self, api_key_id: UUID, *, overlap: timedelta, etag: str) -> NewKey:
        """The key with a new secret; the one before works for the overlap."""
        now = self._clock.now()
        with self._transactions() as work:
            keys = ApiKeyRepository(work)
            before = _lock(keys, api_key_id, etag=etag)
            # Whoever gets the secret can do what the key can.
            refuse_escalation(work.call.principal, before.permissions)
            self._owners.require_over(work, before.owner)
            after = before.reroll(at=now, previous_expires_at=now + overlap if overlap > _NO_TIME else None)
            text = mint(api_key_id)
            keys.save_rerolled(before, after, digest=text.digest)
            work.record(ApiKeyRerolled.of(before, after, at=now))
            revoke(work, Revoked.API_KEY, api_key_id)
        return NewKey(api_key=after, secret=text.text)

    def _read(self, mask: Sequence[str], values: KeyValues) -> KeyChange:
        try:
            change = read_change(mask, values)
        except UnknownFieldError as error:
            raise unknown_field(error.path) from error
        for name in ("display_name", "permissions"):
            if name in change.fields and not getattr(values, name):
                raise no_value(name)
        require_known(change.permissions or (), self._catalogue)
        return change


def _lock(keys: ApiKeyRepository, api_key_id: UUID, *, etag: str) -> ApiKey:
    """The key, which still works; nobody else changes it until the transaction ends."""
    found = keys.find_for_update(api_key_id)
    if found is None:
        raise ApiKeyNotFoundError(api_key_id)
    if etag and etag != found.etag:
        raise ApiKeyEtagMismatchError(api_key_id, found.etag)
    if found.revoked_at is not None:
        raise ApiKeyRevokedError(api_key_id)
    return found
