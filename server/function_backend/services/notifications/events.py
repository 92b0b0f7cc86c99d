"""What happened to notifications, templates, categories and preferences. None of it holds an address or a text."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.notifications.domain.category import Category
from function_backend.services.notifications.domain.notification import Notification
from function_backend.services.notifications.domain.preference import Preference
from function_backend.services.notifications.domain.template import Template

_NAMES = uuid.UUID("6f1d6d5e-6c1e-5a0b-9f43-2f1f5a7f5c11")
"""What the ids of things are made from that have a name only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationEvent(DomainEvent):
    """Something about a notification."""

    subject_type: ClassVar[str] = "notification"

    notification: Notification

    @classmethod
    def of(cls, notification: Notification, *, at: datetime) -> Self:
        """The event, numbered among those of the notification."""
        details = {
            "key": notification.key,
            "template": notification.template,
            "category": notification.category,
            "channel": notification.channel,
            "state": notification.state.value,
        }
        if notification.failure:
            details["failure"] = notification.failure
        return cls(
            subject_id=notification.id,
            sequence=notification.sequence,
            occurred_at=at,
            details=details,
            notification=notification,
        )


class NotificationAccepted(NotificationEvent):
    """A notification was taken on, or suppressed at once."""

    type: ClassVar[str] = "function.notifications.v1.NotificationAccepted"


class NotificationSent(NotificationEvent):
    """The provider took a notification."""

    type: ClassVar[str] = "function.notifications.v1.NotificationSent"


class NotificationDelivered(NotificationEvent):
    """The provider reports that a notification has arrived."""

    type: ClassVar[str] = "function.notifications.v1.NotificationDelivered"


class NotificationFailed(NotificationEvent):
    """A notification will not arrive."""

    type: ClassVar[str] = "function.notifications.v1.NotificationFailed"


class NotificationCancelled(NotificationEvent):
    """A notification was cancelled, or its recipient unsubscribed before it was sent."""

    type: ClassVar[str] = "function.notifications.v1.NotificationCancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEvent(DomainEvent):
    """Something about a template."""

    subject_type: ClassVar[str] = "template"

    template: Template

    @classmethod
    def of(cls, before: Template | None, after: Template | None, *, at: datetime) -> Self:
        """The event. The digests are those of what it says."""
        template = after or before
        if template is None or template.id is None:
            raise ValueError("nothing happens to a built-in template")
        return cls(
            subject_id=template.id,
            sequence=template.version if after is not None else template.version + 1,
            occurred_at=at,
            before_digest=None if before is None else before.digest,
            after_digest=None if after is None else after.digest,
            details={
                "name": template.name,
                "language": template.language,
                "category": template.body.category,
                "version": str(template.version),
            },
            template=template,
        )


class TemplateCreated(TemplateEvent):
    """A template was created."""

    type: ClassVar[str] = "function.notifications.v1.TemplateCreated"


class TemplateUpdated(TemplateEvent):
    """A template has another version."""

    type: ClassVar[str] = "function.notifications.v1.TemplateUpdated"


class TemplateDeleted(TemplateEvent):
    """A template was deleted."""

    type: ClassVar[str] = "function.notifications.v1.TemplateDeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryEvent(DomainEvent):
    """Something about a category."""

    subject_type: ClassVar[str] = "notification_category"

    category: Category

    @classmethod
    def of(cls, tenant_id: uuid.UUID, before: Category | None, after: Category | None, *, at: datetime) -> Self:
        """The event. A category has a name and no id, so one is made of it."""
        category = after or before
        if category is None:
            raise ValueError("nothing happened")
        return cls(
            subject_id=uuid.uuid5(_NAMES, f"{tenant_id}/{category.name}"),
            sequence=category.revision if after is not None else category.revision + 1,
            occurred_at=at,
            before_digest=_digest(before),
            after_digest=_digest(after),
            details={"category": category.name, "mandatory": str(category.mandatory).lower()},
            category=category,
        )


class CategorySet(CategoryEvent):
    """A category was created or changed."""

    type: ClassVar[str] = "function.notifications.v1.CategorySet"


class CategoryDeleted(CategoryEvent):
    """A category was deleted."""

    type: ClassVar[str] = "function.notifications.v1.CategoryDeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceSet(DomainEvent):
    """A recipient wants, or does not want, notifications of a category."""

    type: ClassVar[str] = "function.notifications.v1.PreferenceSet"
    subject_type: ClassVar[str] = "notification_preference"

    preference: Preference

    @classmethod
    def of(cls, tenant_id: uuid.UUID, preference: Preference) -> Self:
        """The event. Whose preference it is, its id alone says, to whoever knows the address."""
        name = f"{tenant_id}/{preference.holder.hex()}/{preference.category}/{preference.channel}"
        return cls(
            subject_id=uuid.uuid5(_NAMES, name),
            sequence=preference.revision,
            occurred_at=preference.updated_at,
            details={
                "category": preference.category,
                "channel": preference.channel,
                "subscribed": str(preference.subscribed).lower(),
                "source": preference.source,
            },
            preference=preference,
        )


def _digest(category: Category | None) -> bytes | None:
    return None if category is None else hashlib.sha256(repr(category).encode(errors="surrogatepass")).digest()
