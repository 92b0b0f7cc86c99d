"""Categories, and what recipients want of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from function_backend.kernel.call import current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.notifications.adapters.unsubscribe_tokens import Subscription, UnsubscribeTokens
from function_backend.services.notifications.domain.category import BUILT_IN, Category, built_in_category
from function_backend.services.notifications.domain.preference import BY_LINK, Preference
from function_backend.services.notifications.errors import (
    CategoryBuiltInError,
    CategoryInUseError,
    CategoryLimitReachedError,
    CategoryMandatoryError,
    CategoryNotFoundError,
    UnsubscribeTokenInvalidError,
)
from function_backend.services.notifications.events import CategoryDeleted, CategorySet, PreferenceSet
from function_backend.services.notifications.repository.preference import CategoryRepository, PreferenceRepository
from function_backend.services.notifications.repository.template import TemplateRepository
from function_backend.services.notifications.service.finding import caller_of, category_named, category_of_template

_MOST_CATEGORIES = 200


class Categories:
    """The use cases of categories."""

    def __init__(self, *, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    def set(self, wish: Category) -> Category:
        """The category as it is now; nothing is written when nothing differs."""
        if built_in_category(wish.name) is not None:
            raise CategoryBuiltInError(wish.name)
        with self._transactions() as work:
            categories = CategoryRepository(work)
            before = categories.find(wish.name, lock=True)
            if before is None and categories.count() >= _MOST_CATEGORIES:
                raise CategoryLimitReachedError(_MOST_CATEGORIES)
            after = replace(wish, revision=0 if before is None else before.revision)
            if after == before:
                return after
            after = replace(after, revision=after.revision + 1)
            categories.set(after)
            work.record(CategorySet.of(work.tenant_id, before, after, at=self._clock.now()))
        return after

    def list(self) -> Sequence[Category]:
        """All of them, the built-in ones first."""
        with self._transactions.reading() as work:
            return [*BUILT_IN, *CategoryRepository(work).all()]

    def delete(self, name: str) -> Category:
        """The category, which is gone."""
        if built_in_category(name) is not None:
            raise CategoryBuiltInError(name)
        with self._transactions() as work:
            categories = CategoryRepository(work)
            category = categories.find(name, lock=True)
            if category is None:
                raise CategoryNotFoundError(name)
            if TemplateRepository(work).uses_category(name):
                raise CategoryInUseError(name)
            categories.remove(name)
            work.record(CategoryDeleted.of(work.tenant_id, category, None, at=self._clock.now()))
        return category


class Preferences:
    """The use cases of preferences."""

    def __init__(self, *, transactions: Transactions, clock: Clock, tokens: UnsubscribeTokens) -> None:
        self._transactions = transactions
        self._clock = clock
        self._tokens = tokens

    def set(self, holder: bytes, category: str, channel: str, *, subscribed: bool) -> Preference:
        """The preference."""
        with self._transactions() as work:
            if category_named(work, category).mandatory and not subscribed:
                raise CategoryMandatoryError(category)
            preference = PreferenceRepository(work).set(
                Preference(
                    holder=holder,
                    category=category,
                    channel=channel,
                    subscribed=subscribed,
                    source=caller_of(work),
                    updated_at=self._clock.now(),
                )
            )
            work.record(PreferenceSet.of(work.tenant_id, preference))
        return preference

    def list(self, holder: bytes) -> Sequence[Preference]:
        """What was said about the wishes of somebody."""
        with self._transactions.reading() as work:
            return PreferenceRepository(work).of([holder])

    def unsubscribe(self, token: str) -> Subscription:
        """What was ended for whoever has the link. Once more changes nothing."""
        subscription = self._tokens.read(token)
        if subscription is None:
            raise UnsubscribeTokenInvalidError
        _work_in(subscription.tenant_id)
        _, holder, category, channel = subscription
        with self._transactions() as work:
            if category_of_template(work, category).mandatory:
                raise UnsubscribeTokenInvalidError
            preferences = PreferenceRepository(work)
            said = [each for each in preferences.of([holder], category) if each.channel == channel]
            if said and not said[0].subscribed:
                return subscription
            preference = preferences.set(
                Preference(
                    holder=holder,
                    category=category,
                    channel=channel,
                    subscribed=False,
                    source=BY_LINK,
                    updated_at=self._clock.now(),
                )
            )
            work.record(PreferenceSet.of(work.tenant_id, preference))
        return subscription


def _work_in(tenant_id: UUID) -> None:
    """From here on the current call works in the tenant of the link, as nobody in particular, with no permission."""
    call = current_call.get()
    if call is not None:
        call.principal = Principal("anonymous", tenant_id, tenant_id, PermissionSet(frozenset()))
