"""Storing and finding categories, and what recipients want of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from function_backend.services.notifications.domain.category import Category, DigestSchedule
from function_backend.services.notifications.domain.preference import Preference
from function_backend.services.notifications.tables import category_table, preference_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_category, _preference = category_table.c, preference_table.c


class CategoryRepository:
    """The categories of the unit of work's tenant, without the built-in ones."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def count(self) -> int:
        """How many there are."""
        query = select(func.count()).where(_category.tenant_id == self._work.tenant_id)
        return int(self._work.connection.execute(query).scalar_one())

    def set(self, category: Category) -> None:
        """Stores it, instead of the one of its name."""
        values = {
            "description": category.description,
            "mandatory": category.mandatory,
            "digest": None if category.digest is None else _stored(category.digest),
            "revision": category.revision,
        }
        statement = insert(category_table).values(tenant_id=self._work.tenant_id, name=category.name, **values)
        self._work.connection.execute(
            statement.on_conflict_do_update(constraint="notification_category_pkey", set_=values)
        )

    def remove(self, name: str) -> None:
        """Removes it."""
        self._work.connection.execute(
            delete(category_table).where(_category.tenant_id == self._work.tenant_id, _category.name == name)
        )

    def find(self, name: str, *, lock: bool = False) -> Category | None:
        """The one of the name; locked until the transaction ends when it is to be changed."""
        query = select(category_table).where(_category.tenant_id == self._work.tenant_id, _category.name == name)
        row = self._work.connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else _read_category(row)

    def all(self) -> list[Category]:
        """All of them, in order of name."""
        query = select(category_table).where(_category.tenant_id == self._work.tenant_id).order_by(_category.name)
        return [_read_category(row) for row in self._work.connection.execute(query)]


class PreferenceRepository:
    """What recipients want, in the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def set(self, preference: Preference) -> Preference:
        """Stores it, instead of what was said before; with its revision."""
        values = {
            "subscribed": preference.subscribed,
            "source": preference.source,
            "updated_at": preference.updated_at,
        }
        statement = insert(preference_table).values(
            tenant_id=self._work.tenant_id,
            holder=preference.holder,
            category=preference.category,
            channel=preference.channel,
            revision=1,
            **values,
        )
        row = self._work.connection.execute(
            statement.on_conflict_do_update(
                constraint="notification_preference_pkey", set_={**values, "revision": _preference.revision + 1}
            ).returning(*preference_table.columns)
        ).one()
        return _read_preference(row)

    def of(self, holders: Sequence[bytes], category: str = "") -> list[Preference]:
        """What these say, of one category or of all."""
        query = select(preference_table).where(
            _preference.tenant_id == self._work.tenant_id, _preference.holder.in_(holders)
        )
        if category:
            query = query.where(_preference.category == category)
        rows = self._work.connection.execute(query.order_by(_preference.category, _preference.channel))
        return [_read_preference(row) for row in rows]


def _stored(digest: DigestSchedule) -> dict[str, Any]:
    return {
        "times": [f"{each:%H:%M}" for each in digest.times],
        "weekdays": sorted(digest.weekdays),
        "time_zone": digest.time_zone,
    }


def _read_category(row: Row[Any]) -> Category:
    digest: Mapping[str, Any] | None = row.digest
    return Category(
        name=row.name,
        description=row.description,
        mandatory=row.mandatory,
        digest=None
        if digest is None
        else DigestSchedule(
            times=tuple(map(time.fromisoformat, digest["times"])),
            weekdays=frozenset(digest["weekdays"]),
            time_zone=digest["time_zone"],
        ),
        revision=row.revision,
    )


def _read_preference(row: Row[Any]) -> Preference:
    return Preference(
        holder=bytes(row.holder),
        category=row.category,
        channel=row.channel,
        subscribed=row.subscribed,
        source=row.source,
        updated_at=row.updated_at,
        revision=row.revision,
    )
