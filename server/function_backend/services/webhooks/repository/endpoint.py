"""Storing and finding endpoints, their secrets and their queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from function_backend.events.log import EventFilter
from function_backend.kernel.identity import ResourceScope
from function_backend.kernel.pagination import Page
from function_backend.services.webhooks.domain.audience import Audience
from function_backend.services.webhooks.domain.endpoint import DisableReason, Endpoint, EndpointContent, PayloadMode
from function_backend.services.webhooks.domain.secret import SecretKind, SigningSecret
from function_backend.services.webhooks.tables import endpoint_table, queue_table, secret_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Row, Select

    from function_backend.persistence.unit_of_work import UnitOfWork

_endpoint = endpoint_table.c
_secret = secret_table.c
_queue = queue_table.c


class EndpointRepository:
    """The endpoints of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def count(self) -> int:
        """How many there are."""
        query = select(func.count()).where(_endpoint.tenant_id == self._work.tenant_id, _endpoint.deleted_at.is_(None))
        return int(self._work.connection.execute(query).scalar_one())

    def add(self, endpoint: Endpoint, *, sealed: bytes) -> None:
        """Stores a new one with its one secret, sealed, and an empty queue."""
        values = {
            "tenant_id": self._work.tenant_id,
            "id": endpoint.id,
            "created_at": endpoint.created_at,
            **_changing(endpoint),
        }
        self._work.connection.execute(insert(endpoint_table).values(values))
        self._work.connection.execute(
            insert(queue_table).values(
                tenant_id=self._work.tenant_id,
                endpoint_id=endpoint.id,
                enabled=endpoint.enabled,
                endpoint_revision=endpoint.revision,
                rate_limit=endpoint.content.rate_limit_per_second,
                tokens=1.0,
                tokens_at=endpoint.created_at,
                failures=0,
            )
        )
        self.add_secret(endpoint, endpoint.secrets[0], sealed=sealed)

    def save(self, endpoint: Endpoint) -> None:
        """Stores the changed one, with what its queue has to know of it."""
        statement = update(endpoint_table).where(*self._is(endpoint.id)).values(_changing(endpoint))
        self._work.connection.execute(statement)
        queued: dict[str, Any] = {
            "endpoint_revision": endpoint.revision,
            "rate_limit": endpoint.content.rate_limit_per_second,
        }
        self._save_queue(endpoint.id, queued)

    def save_disabled(self, endpoint: Endpoint) -> None:
        """Stores one that was disabled: nothing is taken from its queue any more."""
        self.save(endpoint)
        self._save_queue(endpoint.id, {"enabled": False, "due_at": None})

    def save_enabled(self, endpoint: Endpoint, *, at: datetime) -> None:
        """Stores one that was enabled again: its queue goes on, and its failures are forgotten."""
        self.save(endpoint)
        begun = {"enabled": True, "due_at": at, "paused_until": None, "failing_since": None, "failures": 0}
        self._save_queue(endpoint.id, begun)

    def remove(self, endpoint: Endpoint, *, at: datetime) -> None:
        """Removes it with its secrets and its queue; its deliveries are removed in the background."""
        self._work.connection.execute(update(endpoint_table).where(*self._is(endpoint.id)).values(deleted_at=at))
        for table in (secret_table, queue_table):
            statement = delete(table).where(
                table.c.tenant_id == self._work.tenant_id, table.c.endpoint_id == endpoint.id
            )
            self._work.connection.execute(statement)

    def add_secret(self, endpoint: Endpoint, secret: SigningSecret, *, sealed: bytes) -> None:
        """Stores a secret of the endpoint."""
        values = {
            "tenant_id": self._work.tenant_id,
            "endpoint_id": endpoint.id,
            "id": secret.id,
            "kind": secret.kind.value,
            "public_key": secret.public_key,
            "sealed": sealed,
            "created_at": secret.created_at,
            "expires_at": secret.expires_at,
        }
        self._work.connection.execute(insert(secret_table).values(values))

    def keep_secrets(self, endpoint: Endpoint) -> None:
        """Removes the secrets that the endpoint has no more, and stores until when the others sign."""
        of_endpoint = (_secret.tenant_id == self._work.tenant_id, _secret.endpoint_id == endpoint.id)
        kept = [each.id for each in endpoint.secrets]
        self._work.connection.execute(delete(secret_table).where(*of_endpoint, _secret.id.not_in(kept)))
        for each in endpoint.secrets:
            statement = update(secret_table).where(*of_endpoint, _secret.id == each.id)
            self._work.connection.execute(statement.values(expires_at=each.expires_at))

    def sealed_secrets(self, endpoint_id: UUID, *, at: datetime) -> list[tuple[bytes, datetime | None]]:
        """The secrets that sign then, sealed, the newest first, with when they end."""
        query = (
            select(_secret.sealed, _secret.expires_at)
            .where(
                _secret.tenant_id == self._work.tenant_id,
                _secret.endpoint_id == endpoint_id,
                _secret.expires_at.is_(None) | (_secret.expires_at > at),
            )
            .order_by(_secret.id.desc())
        )
        return [(bytes(row.sealed), row.expires_at) for row in self._work.connection.execute(query)]

    def find(self, endpoint_id: UUID, *, lock: bool = False) -> Endpoint | None:
        """The one with the id; locked until the transaction ends when it is to be changed."""
        query = self._query().where(_endpoint.id == endpoint_id)
        rows = self._work.connection.execute(query.with_for_update(of=endpoint_table) if lock else query).all()
        found = self._read_all(rows)
        return found[0] if found else None

    def enabled(self) -> list[Endpoint]:
        """Those to which events are delivered."""
        query = self._query().where(_endpoint.disable_reason.is_(None))
        return self._read_all(self._work.connection.execute(query).all())

    def list_after(self, after: UUID | None, *, limit: int) -> Page[Endpoint]:
        """Those made after the given one, in order."""
        query = self._query() if after is None else self._query().where(_endpoint.id > after)
        rows = self._work.connection.execute(query.order_by(_endpoint.id).limit(limit + 1)).all()
        more = len(rows) > limit
        found = self._read_all(rows[:limit])
        return Page(found, (str(found[-1].id),) if more else None)

    def failures(self, endpoint_id: UUID) -> int:
        """How many attempts have failed one after the other."""
        query = select(_queue.failures).where(*self._queued(endpoint_id))
        return int(self._work.connection.execute(query).scalar_one_or_none() or 0)

    def _save_queue(self, endpoint_id: UUID, values: dict[str, Any]) -> None:
        self._work.connection.execute(update(queue_table).where(*self._queued(endpoint_id)).values(values))

    def _is(self, endpoint_id: UUID) -> tuple[Any, Any]:
        return _endpoint.tenant_id == self._work.tenant_id, _endpoint.id == endpoint_id

    def _queued(self, endpoint_id: UUID) -> tuple[Any, Any]:
        return _queue.tenant_id == self._work.tenant_id, _queue.endpoint_id == endpoint_id

    def _query(self) -> Select[Any]:
        joined = endpoint_table.join(
            queue_table, (_queue.tenant_id == _endpoint.tenant_id) & (_queue.endpoint_id == _endpoint.id)
        )
        return (
            select(endpoint_table, _queue.failing_since)
            .select_from(joined)
            .where(_endpoint.tenant_id == self._work.tenant_id, _endpoint.deleted_at.is_(None))
        )

    def _read_all(self, rows: Sequence[Row[Any]]) -> list[Endpoint]:
        if not rows:
            return []
        query = (
            select(secret_table)
            .where(_secret.tenant_id == self._work.tenant_id, _secret.endpoint_id.in_([row.id for row in rows]))
            .order_by(_secret.id.desc())
        )
        secrets: dict[UUID, list[SigningSecret]] = {}
        for row in self._work.connection.execute(query):
            secrets.setdefault(row.endpoint_id, []).append(_read_secret(row))
        return [_read(row, secrets.get(row.id, ())) for row in rows]


def _changing(endpoint: Endpoint) -> dict[str, Any]:
    content = endpoint.content
    return {
        "display_name": content.display_name,
        "url": content.url,
        "types": list(content.filter.types),
        "subject_types": list(content.filter.subject_types),
        "subject_ids": list(content.filter.subject_ids),
        "labels": dict(content.filter.labels),
        "payload_mode": content.payload_mode.value,
        "ordered": content.ordered,
        "rate_limit": content.rate_limit_per_second,
        "owner": endpoint.owner,
        "audience": _stored_audience(endpoint.audience),
        "disable_reason": None if endpoint.disable_reason is None else endpoint.disable_reason.value,
        "disabled_at": endpoint.disabled_at,
        "since_position": endpoint.since_position,
        "revision": endpoint.revision,
        "updated_at": endpoint.updated_at,
    }


def _stored_audience(audience: Audience) -> list[Any]:
    scoped = [
        [
            scope.resource_type,
            None if scope.resource_id is None else str(scope.resource_id),
            dict(scope.labels),
            sorted(patterns),
        ]
        for scope, patterns in audience.scoped
    ]
    return [sorted(audience.patterns), scoped]


def _read_audience(stored: list[Any]) -> Audience:
    patterns, scoped = stored
    return Audience(
        frozenset(patterns),
        tuple(
            (
                ResourceScope(kind, None if of_id is None else UUID(of_id), tuple(sorted(labels.items()))),
                frozenset(held),
            )
            for kind, of_id, labels, held in scoped
        ),
    )


def _read(row: Row[Any], secrets: Iterable[SigningSecret]) -> Endpoint:
    return Endpoint(
        id=row.id,
        content=EndpointContent(
            display_name=row.display_name,
            url=row.url,
            filter=EventFilter(
                types=tuple(row.types),
                subject_types=tuple(row.subject_types),
                subject_ids=tuple(row.subject_ids),
                labels=row.labels,
            ),
            payload_mode=PayloadMode(row.payload_mode),
            ordered=row.ordered,
            rate_limit_per_second=row.rate_limit,
        ),
        secrets=tuple(secrets),
        owner=row.owner,
        audience=_read_audience(row.audience),
        disable_reason=None if row.disable_reason is None else DisableReason(row.disable_reason),
        disabled_at=row.disabled_at,
        since_position=row.since_position,
        failing_since=row.failing_since,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _read_secret(row: Row[Any]) -> SigningSecret:
    return SigningSecret(
        id=row.id,
        kind=SecretKind(row.kind),
        public_key=row.public_key,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
