"""Binding decisions to operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.rules.domain.hook import Hook, HookChange, HookMode
from function_backend.services.rules.errors import HookEtagMismatchError, HookLimitReachedError, HookNotFoundError
from function_backend.services.rules.events import HookCreated, HookDeleted, HookUpdated
from function_backend.services.rules.repository.hook import HookRepository
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.finding import DEFAULT_PAGE_SIZE, caller_of, definition_named
from function_backend.services.rules.service.fitting import refuse_what_will_not_fit
from function_backend.services.rules.service.known_hooks import TOPIC


@dataclass(frozen=True, slots=True, kw_only=True)
class HookWish:
    """What somebody wants to bind to what."""

    name: str
    definition: str
    operations: tuple[str, ...]
    mode: HookMode
    enabled: bool
    order: int
    description: str


class Hooks:
    """The use cases of hooks."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        compilations: Compilations,
        most_hooks: int,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._compilations = compilations
        self._most = most_hooks

    def create(self, wish: HookWish) -> Hook:
        """The new hook, which every version of its decision fits that is in force or will be."""
        now = self._clock.now()
        with self._transactions() as work:
            # Locked, so that no version is published meanwhile that does not fit.
            definition = definition_named(work, wish.definition, lock=True)
            hooks = HookRepository(work)
            if hooks.count() >= self._most:
                raise HookLimitReachedError(self._most)
            hook = Hook(
                id=new_id(),
                name=wish.name,
                definition=wish.definition,
                operations=wish.operations,
                mode=wish.mode,
                enabled=wish.enabled,
                order=wish.order,
                description=wish.description,
                revision=1,
                created_at=now,
                updated_at=now,
                creator=caller_of(work),
            )
            refuse_what_will_not_fit(work, definition, hook, self._compilations, at=now)
            hooks.add(hook)
            work.record(HookCreated.of(hook, at=now))
            _tell(work)
        return hook

    def get(self, name: str) -> Hook:
        """The hook."""
        with self._transactions.reading() as work:
            return _hook_named(work, name)

    def list_page(self, definition: str, *, page_size: int, page_token: str) -> tuple[Sequence[Hook], str]:
        """A page of the hooks in order of name, and the token of the next one; of one decision where it is named."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "hooks", definition)
            key = self._page_tokens.read(query, page_token)
            page = HookRepository(work).list_after(
                None if key is None else key[0], definition=definition, limit=page_size or DEFAULT_PAGE_SIZE
            )
        return page.items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def update(self, name: str, change: HookChange, *, etag: str) -> Hook:
        """The changed hook; nothing is written when nothing differs."""
        now = self._clock.now()
        with self._transactions() as work:
            before = _hook_named(work, name, lock=True, etag=etag)
            hook = before.changed(change, at=now)
            if hook is before:
                return hook
            if hook.is_enforced and not before.is_enforced:
                definition = definition_named(work, hook.definition)
                refuse_what_will_not_fit(work, definition, hook, self._compilations, at=now)
            HookRepository(work).save(hook)
            work.record(HookUpdated.of(hook, at=now))
            _tell(work)
        return hook

    def delete(self, name: str, *, etag: str) -> Hook:
        """The hook, which is gone."""
        now = self._clock.now()
        with self._transactions() as work:
            hook = _hook_named(work, name, lock=True, etag=etag)
            HookRepository(work).remove(hook)
            work.record(HookDeleted.of(hook, at=now, sequence=hook.revision + 1))
            _tell(work)
        return hook


def _hook_named(work: UnitOfWork, name: str, *, lock: bool = False, etag: str = "") -> Hook:
    found = HookRepository(work).find(name, lock=lock)
    if found is None:
        raise HookNotFoundError(name)
    if etag and etag != found.etag:
        raise HookEtagMismatchError(found)
    return found


def _tell(work: UnitOfWork) -> None:
    work.notify(TOPIC, str(work.tenant_id))
