"""Seeing what consumers could not handle, and deciding about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from function_backend.events.log import find_event
from function_backend.kernel.clock import Clock
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.events.domain.dead_letter import DeadLetter
from function_backend.services.events.errors import DeadLetterNotFoundError, EventNotFoundError
from function_backend.services.events.events import DeadLetterDiscarded, DeadLetterResent
from function_backend.services.events.repository.dead_letter import DeadLetterRepository

_DEFAULT_PAGE_SIZE = 50


class DeadLetters:
    """The use cases of dead letters."""

    def __init__(self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens

    def get(self, letter_id: UUID) -> DeadLetter:
        """The dead letter; DeadLetterNotFoundError when there is none."""
        with self._transactions.reading() as work:
            found = DeadLetterRepository(work).find(letter_id)
        if found is None:
            raise DeadLetterNotFoundError(letter_id)
        return found

    def list_page(
        self, *, consumer: str, event_type: str, page_size: int, page_token: str
    ) -> tuple[Sequence[DeadLetter], str]:
        """A page, the latest first, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "dead letters", consumer, event_type)
            key = self._page_tokens.read(query, page_token)
            page = DeadLetterRepository(work).list_before(
                None if key is None else (datetime.fromisoformat(key[0]), UUID(key[1])),
                consumer=consumer,
                event_type=event_type,
                limit=page_size or _DEFAULT_PAGE_SIZE,
            )
        return page.items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def resend(self, letter_id: UUID) -> DeadLetter:
        """Has the consumer try the event again; EventNotFoundError when that is not kept any more."""
        now = self._clock.now()
        with self._transactions() as work:
            letters = DeadLetterRepository(work)
            found = letters.find(letter_id, lock=True)
            if found is None:
                raise DeadLetterNotFoundError(letter_id)
            if find_event(work, found.event_id) is None:
                raise EventNotFoundError(found.event_id)
            letters.ask_for(letter_id, now)
            work.record(DeadLetterResent.of(found, at=now))
        return replace(found, resend_at=now)

    def discard(self, letter_id: UUID) -> DeadLetter:
        """Gives the event up for its consumer."""
        with self._transactions() as work:
            letters = DeadLetterRepository(work)
            found = letters.find(letter_id, lock=True)
            if found is None:
                raise DeadLetterNotFoundError(letter_id)
            letters.remove(letter_id)
            work.record(DeadLetterDiscarded.of(found, at=self._clock.now()))
        return found
