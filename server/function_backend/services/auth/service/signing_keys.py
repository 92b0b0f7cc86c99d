"""Making, replacing and withdrawing signing keys."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.persistence.wire import Driver
from function_backend.services.auth.adapters.key_forge import KeyForge
from function_backend.services.auth.adapters.key_ring import newest_activation, wipe_removed
from function_backend.services.auth.domain.signing_key import (
    SigningKey,
    SigningKeyState,
    SigningSchedule,
    pending,
    signer,
)
from function_backend.services.auth.errors.signing_key import SigningKeyNotFoundError, SigningKeyRotationPendingError
from function_backend.services.auth.events.signing_key import SigningKeyCreated, SigningKeyRetired
from function_backend.services.auth.repository.epoch import count_up
from function_backend.services.auth.repository.signing_key import SigningKeyRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.system_call import as_system

_LOG = logging.getLogger(__name__)

SIGNING_KEY_TOPIC = "auth_signing_key"
"""The topic under which workers hear that a signing key was made or withdrawn; the text is its id."""

_BY_ITSELF = "signing-keys"


class SigningKeyService:
    """The use cases of signing keys."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        forge: KeyForge,
        schedule: SigningSchedule,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._forge = forge
        self._schedule = schedule

    def list(self, page_size: int, page_token: str) -> tuple[Page[SigningKey], str]:
        """A page of the keys, removed ones too, in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "signing_keys")
            key = after(self._page_tokens, query, page_token)
            page = SigningKeyRepository(work).list_after(key, limit=page_size or DEFAULT_PAGE_SIZE)
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def rotate(self) -> SigningKey:
        """A new key, which signs after the lead. SigningKeyRotationPendingError while there is such a key already."""
        with self._transactions() as work:
            keys = SigningKeyRepository(work)
            keys.lock()
            now = self._clock.now()
            published = keys.published(now)
            waiting = pending(published, now)
            if waiting is not None:
                raise SigningKeyRotationPendingError(waiting.id, waiting.activates_at)
            return self._follow(work, published, now)

    def retire(self, key_id: UUID) -> SigningKey:
        """The withdrawn key; nothing that it signed counts on any worker within a second."""
        with self._transactions() as work:
            keys = SigningKeyRepository(work)
            keys.lock()
            now = self._clock.now()
            key = keys.find(key_id)
            if key is None:
                raise SigningKeyNotFoundError(key_id)
            if key.state(now) is SigningKeyState.REMOVED:
                return key
            withdrawn = key.withdrawn(at=now)
            keys.save(withdrawn)
            work.record(SigningKeyRetired.of(withdrawn, at=now))
            left = [other for other in keys.published(now) if other.id != key_id]
            if signer(left, now) is None:
                self._succeed(work, left, now)
            work.notify(SIGNING_KEY_TOPIC, str(key_id))
            count_up(work)
        return withdrawn

    def ensure(self) -> None:
        """Sees to it that a key signs: makes the first one, once however many ask, in a transaction of its own."""
        with as_system(_BY_ITSELF), self._transactions.edge() as work:
            keys = SigningKeyRepository(work)
            keys.lock()
            now = self._clock.now()
            published = keys.published(now)
            if signer(published, now) is None:
                self._make(work, now, activates_at=now)

    def rotate_when_due(self, driver: Driver) -> None:
        """Makes the next key when the settings say so; of several workers that come at once, one does it."""
        now = self._clock.now()
        wipe_removed(driver, now)
        if not self._schedule.is_due(newest_activation(driver), now):
            return
        try:
            with as_system(_BY_ITSELF), self._transactions.edge() as work:
                keys = SigningKeyRepository(work)
                if keys.try_lock() and self._schedule.is_due(_newest(keys.published(now)), now):
                    self._follow(work, keys.published(now), now)
        except ServiceError as error:
            # The thread that calls serves all caches; it comes again.
            _LOG.warning("signing keys were not rotated: %s", error.message)

    def _follow(self, work: UnitOfWork, published: Sequence[SigningKey], now: datetime) -> SigningKey:
        """Makes the key that takes over after the lead, or at once when none signs."""
        current = signer(published, now)
        made = self._make(work, now, activates_at=now if current is None else now + self._schedule.lead)
        if current is not None:
            replaced = current.replaced(at=made.activates_at, kept_for=self._schedule.kept_for)
            SigningKeyRepository(work).save(replaced)
        count_up(work)
        return made

    def _succeed(self, work: UnitOfWork, left: Sequence[SigningKey], now: datetime) -> None:
        """Lets another key sign at once: the one that was to be next, or a new one."""
        waiting = pending(left, now)
        if waiting is None:
            self._make(work, now, activates_at=now)
        else:
            SigningKeyRepository(work).save(waiting.activated(at=now))

    def _make(self, work: UnitOfWork, now: datetime, *, activates_at: datetime) -> SigningKey:
        key_id = new_id()
        pair = self._forge.make(key_id, self._schedule.algorithm)
        key = SigningKey(
            id=key_id,
            algorithm=self._schedule.algorithm,
            public_jwk=pair.public_jwk,
            created_at=now,
            activates_at=activates_at,
        )
        SigningKeyRepository(work).add(key, sealed_key=pair.wrapped.text, master_key_id=pair.wrapped.master_key_id)
        work.record(SigningKeyCreated.of(key))
        # Not the epoch: the first key is made inside the call that needs it, which may hold that row already. Whoever
        # misses this looks again as soon as it meets the key in a token.
        work.notify(SIGNING_KEY_TOPIC, str(key_id))
        return key


def _newest(keys: Sequence[SigningKey]) -> datetime | None:
    return max((key.activates_at for key in keys), default=None)
