"""Storing and finding notifications, and which sender is at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql

from function_backend.kernel.pagination import Page
from function_backend.services.notifications.domain.notification import Addressee, Notification, NotificationState
from function_backend.services.notifications.repository.sealed import NOTIFICATIONS
from function_backend.services.notifications.tables import notification_table
from function_backend.vault.errors import SecretLostError

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_notification = notification_table.c
_LISTED = [column for column in notification_table.columns if column.name != "sealed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """Which notifications are listed; what is empty does not matter."""

    states: frozenset[str] = frozenset()
    template: str = ""
    category: str = ""
    channel: str = ""
    key: str = ""
    user_id: UUID | None = None
    addressed: tuple[str, str] | None = None
    """A channel, empty for those of the operator, and an address."""


class Waiting(NamedTuple):
    """How much of a channel is due."""

    channel: str
    due: int
    longest_seconds: float


class NotificationRepository:
    """The notifications of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, notification: Notification) -> Notification:
        """Stores a new one; the one there is when its key is taken."""
        statement = postgresql.insert(notification_table).values(_row(self._work, notification))
        # Two may ask for the same at once: the second waits here for the first to commit.
        statement = statement.on_conflict_do_nothing(constraint="notification_key_key")
        stored = statement.returning(_notification.id)
        if self._work.connection.execute(stored).scalar_one_or_none() is not None:
            return notification
        found = self.find_by_key(notification.key)
        if found is None:
            raise RuntimeError("a notification went away while it was looked at")
        return found

    def find(self, notification_id: UUID, *, lock: bool = False) -> Notification | None:
        """The one with the id; locked until the transaction ends when it is to be changed."""
        query = select(notification_table).where(
            _notification.tenant_id == self._work.tenant_id, _notification.id == notification_id
        )
        return self._one(query.with_for_update() if lock else query)

    def find_by_key(self, key: str, *, lock: bool = False) -> Notification | None:
        """The one with the key."""
        query = select(notification_table).where(
            _notification.tenant_id == self._work.tenant_id, _notification.key == key
        )
        return self._one(query.with_for_update() if lock else query)

    def find_by_provider_id(self, channel: str, provider_id: str) -> Notification | None:
        """The one that the provider calls so, locked."""
        query = select(notification_table).where(
            _notification.tenant_id == self._work.tenant_id,
            _notification.channel == channel,
            _notification.provider_id == provider_id,
            _notification.digest_id.is_(None),
        )
        return self._one(query.order_by(_notification.id.desc()).limit(1).with_for_update())

    def held(self, notification_id: UUID, holder: UUID) -> Notification | None:
        """The one with the id, when the holder has it still; locked."""
        query = select(notification_table).where(
            _notification.tenant_id == self._work.tenant_id,
            _notification.id == notification_id,
            _notification.holder == holder,
            _notification.state == NotificationState.SENDING.value,
        )
        return self._one(query.with_for_update())

    def save(self, notification: Notification) -> None:
        """Stores how far it has come; no sender has it any more."""
        statement = update(notification_table).where(
            _notification.tenant_id == self._work.tenant_id, _notification.id == notification.id
        )
        self._work.connection.execute(statement.values(**_changing(notification), holder=None))

    def waiting_in(self, digest_id: UUID) -> list[Notification]:
        """Those that wait for the digest, in the order in which they were taken on; locked."""
        return self._parts(digest_id, NotificationState.ACCEPTED)

    def sent_with(self, digest_id: UUID) -> list[Notification]:
        """Those that were sent with the digest, in the same order; locked."""
        return self._parts(digest_id, NotificationState.SENT)

    def _parts(self, digest_id: UUID, state: NotificationState) -> list[Notification]:
        query = select(notification_table).where(
            _notification.tenant_id == self._work.tenant_id,
            _notification.digest_id == digest_id,
            _notification.state == state.value,
        )
        rows = self._work.connection.execute(query.order_by(_notification.id).with_for_update())
        return [_read(self._work, row) for row in rows]

    def list_before(self, before: UUID | None, wanted: NotificationFilter, *, limit: int) -> Page[Notification]:
        """Those taken on before the given one, the latest first."""
        query = select(*_LISTED).where(_notification.tenant_id == self._work.tenant_id)
        for name in ("template", "category", "channel", "key"):
            if value := getattr(wanted, name):
                query = query.where(_notification[name] == value)
        if wanted.states:
            query = query.where(_notification.state.in_(sorted(wanted.states)))
        if wanted.user_id is not None:
            query = query.where(_notification.user_id == wanted.user_id)
        if wanted.addressed is not None:
            channel, address = wanted.addressed
            # Rows of the release before have no index until they are sealed.
            sealed = NOTIFICATIONS.equals(self._work.fields, "address_key", address)
            query = query.where(or_(sealed, _notification.address == address))
            if channel:
                query = query.where(_notification.channel == channel)
        if before is not None:
            query = query.where(_notification.id < before)
        rows = self._work.connection.execute(query.order_by(_notification.id.desc()).limit(limit + 1))
        found = [_read(self._work, row) for row in rows]
        more, found = len(found) > limit, found[:limit]
        return Page(found, (str(found[-1].id),) if more else None)

    def _one(self, query: Any) -> Notification | None:  # noqa: ANN401  a select
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(self._work, row)


def claim_notifications(
    driver: Driver, *, now: datetime, until: datetime, holder: UUID, at_most: int
) -> Sequence[tuple[UUID, UUID]]:
    """Tenant and id of notifications of all tenants that are due, which are the holder's until then."""
    rows = driver.execute(
        "select tenant_id, id from claim_notifications(%s, %s, %s, %s)", (now, until, holder, at_most)
    ).fetchall()
    return [(tenant_id, notification_id) for tenant_id, notification_id in rows]


def waiting_notifications(driver: Driver, now: datetime) -> list[Waiting]:
    """How much is due in all tenants, by channel."""
    rows = driver.execute("select channel, waiting, longest_seconds from waiting_notifications(%s)", (now,)).fetchall()
    return [Waiting(channel, count, seconds) for channel, count, seconds in rows]


def purge_notifications(driver: Driver, over_before: datetime, *, at_most: int = 500) -> int:
    """Deletes notifications of all tenants that were over by then; how many. Safe to call from many workers."""
    row = driver.execute("select purge_notifications(%s, %s)", (over_before, at_most)).fetchone()
    return 0 if row is None else int(row[0])


def _changing(notification: Notification) -> dict[str, Any]:
    return {
        "state": notification.state.value,
        "failure": notification.failure,
        "attempts": notification.attempts,
        "provider_id": notification.provider_id,
        "digest_id": notification.digest_id,
        "sealed": notification.sealed,
        "due_at": notification.due_at,
        "sequence": notification.sequence,
        "sent_at": notification.sent_at,
        "ended_at": notification.ended_at,
    }


def _row(work: UnitOfWork, notification: Notification) -> dict[str, Any]:
    addressee = notification.addressee
    told = {"address": addressee.address, "display_name": addressee.display_name}
    return {
        **NOTIFICATIONS.stored(work.fields, notification.id, told),
        "tenant_id": work.tenant_id,
        "id": notification.id,
        "key": notification.key,
        "asked": notification.asked,
        "user_id": addressee.user_id,
        "wanted_language": addressee.language,
        "template": notification.template,
        "template_version": notification.template_version,
        "language": notification.language,
        "category": notification.category,
        "channel": notification.channel,
        "priority": 0 if notification.urgent else 1,
        "is_digest": notification.is_digest,
        "creator": notification.creator,
        "created_at": notification.created_at,
        "expires_at": notification.expires_at,
        **_changing(notification),
    }


def _read(work: UnitOfWork, row: Row[Any]) -> Notification:
    sealed = getattr(row, "sealed", None)
    return Notification(
        id=row.id,
        key=row.key,
        asked=bytes(row.asked),
        addressee=Addressee(
            address=_opened(work, row, "address"),
            display_name=_opened(work, row, "display_name"),
            user_id=row.user_id,
            language=row.wanted_language,
        ),
        template=row.template,
        template_version=row.template_version,
        language=row.language,
        category=row.category,
        channel=row.channel,
        state=NotificationState(row.state),
        urgent=row.priority == 0,
        failure=row.failure,
        attempts=row.attempts,
        provider_id=row.provider_id,
        digest_id=row.digest_id,
        is_digest=row.is_digest,
        sealed=None if sealed is None else bytes(sealed),
        due_at=row.due_at,
        sequence=row.sequence,
        creator=row.creator,
        created_at=row.created_at,
        sent_at=row.sent_at,
        ended_at=row.ended_at,
        expires_at=row.expires_at,
    )


def _opened(work: UnitOfWork, row: Row[Any], plain: str) -> str:
    """The value; empty when its key is gone, or it is not what was sealed."""
    try:
        opened: str = NOTIFICATIONS.opened(work.fields, row.id, row, plain)
    except SecretLostError:
        return ""
    return opened
