"""Storing and finding users."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import and_, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.pagination import Page
from function_backend.persistence.failures import violated_constraint
from function_backend.services.auth.domain.names import fold, is_email
from function_backend.services.auth.domain.user import Profile, User, UserState
from function_backend.services.auth.errors.user import UserEmailTakenError, UserNameTakenError
from function_backend.services.auth.repository.rows import page_by_id
from function_backend.services.auth.tables.user import auth_user_table, user_totp_table

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row, Select

    from function_backend.persistence.unit_of_work import UnitOfWork

_user = auth_user_table.c
_totp = user_totp_table.c


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter:
    """Which users; every condition that is given must hold."""

    states: Collection[UserState] = ()
    email: str = ""
    user_name_prefix: str = ""
    now: datetime


class UserRepository:
    """The users of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, user: User) -> None:
        """Stores a new user; UserNameTakenError or UserEmailTakenError when another one has its name or address."""
        values = {"tenant_id": self._work.tenant_id, "id": user.id, "created_at": user.created_at, **_values(user)}
        with _named_violations(user.profile):
            self._work.connection.execute(insert(auth_user_table).values(values))

    def add_unless_taken(self, user: User) -> bool:
        """Stores a new user; whether it did, which it does not when another one has its name or address."""
        values = {"tenant_id": self._work.tenant_id, "id": user.id, "created_at": user.created_at, **_values(user)}
        stored = self._work.connection.execute(
            postgresql.insert(auth_user_table).values(values).on_conflict_do_nothing()
        )
        return stored.rowcount == 1

    def save(self, user: User) -> None:
        """Stores the user as it is now."""
        with _named_violations(user.profile):
            self._work.connection.execute(
                update(auth_user_table)
                .where(_user.tenant_id == self._work.tenant_id, _user.id == user.id)
                .values(_values(user))
            )

    def delete(self, user_id: UUID) -> None:
        """Deletes the user with everything it signs in with."""
        self._work.connection.execute(
            delete(auth_user_table).where(_user.tenant_id == self._work.tenant_id, _user.id == user_id)
        )

    def find(self, user_id: UUID) -> User | None:
        """The user."""
        return self._one(self._select().where(_user.id == user_id))

    def find_for_update(self, user_id: UUID) -> User | None:
        """The user, which nobody else changes until the transaction ends."""
        return self._one(self._select().where(_user.id == user_id).with_for_update(of=auth_user_table))

    def find_by_login(self, login: str) -> User | None:
        """The user of the name or e-mail address, without regard to case."""
        column = _user.email_key if is_email(login) else _user.user_name_key
        return self._one(self._select().where(column == fold(login.strip())))

    def find_by_profile(self, profile: Profile) -> User | None:
        """A user that has the name or the e-mail address of the profile."""
        same = _user.user_name_key == fold(profile.user_name)
        if profile.email:
            same = or_(same, _user.email_key == fold(profile.email))
        return self._one(self._select().where(same).order_by(_user.id).limit(1))

    def find_many(self, user_ids: Sequence[UUID]) -> dict[UUID, User]:
        """Those of the users that exist."""
        query = self._select().where(_user.id.in_(set(user_ids)))
        return {row.id: _read(row) for row in self._work.connection.execute(query)}

    def existing(self, user_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the ids that exist, which nobody deletes until the transaction ends."""
        query = (
            select(_user.id)
            .where(_user.tenant_id == self._work.tenant_id, _user.id.in_(set(user_ids)))
            .order_by(_user.id)
            .with_for_update(read=True, key_share=True)
        )
        return {row.id for row in self._work.connection.execute(query)}

    def list_after(self, after: UUID | None, *, limit: int, only: UserFilter) -> Page[User]:
        """The users that follow the id, in order of id."""
        query = self._select()
        if only.states:
            query = query.where(_state_at(only.now).in_([state.value for state in only.states]))
        if only.email:
            query = query.where(_user.email_key == fold(only.email.strip()))
        if only.user_name_prefix:
            query = query.where(_user.user_name_key.startswith(fold(only.user_name_prefix), autoescape=True))
        return page_by_id(self._work, query, _user.id, after=after, limit=limit, read=_read, id_of=lambda user: user.id)

    def _select(self) -> Select[Any]:
        second_factor = exists().where(
            _totp.tenant_id == _user.tenant_id, _totp.user_id == _user.id, _totp.confirmed_at.is_not(None)
        )
        return select(auth_user_table, second_factor.label("second_factor")).where(
            _user.tenant_id == self._work.tenant_id
        )

    def _one(self, query: Select[Any]) -> User | None:
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(row)


class _named_violations:  # noqa: N801 - used like a function
    """Says whose name or address is taken instead of which constraint was violated."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if not isinstance(error, IntegrityError):
            return
        match violated_constraint(error):
            case "auth_user_user_name_key":
                raise UserNameTakenError(self._profile.user_name) from error
            case "auth_user_email_key":
                raise UserEmailTakenError(self._profile.email) from error


def _state_at(now: datetime) -> ColumnElement[str]:
    locked_out = and_(_user.state == UserState.ACTIVE.value, func.coalesce(_user.locked_until > now, False))
    return case((locked_out, UserState.LOCKED.value), else_=_user.state)


def _values(user: User) -> dict[str, Any]:
    profile = user.profile
    return {
        "version": user.version,
        "user_name": profile.user_name,
        "user_name_key": fold(profile.user_name),
        "email": profile.email,
        "email_key": fold(profile.email) or None,
        "display_name": profile.display_name,
        "state": user.state.value,
        "state_before": None if user.state_before is None else user.state_before.value,
        "locked_until": user.locked_until,
        "attributes": dict(profile.attributes),
        "labels": dict(profile.labels),
        "updated_at": user.updated_at,
    }


def _read(row: Row[Any]) -> User:
    return User(
        id=row.id,
        version=row.version,
        profile=Profile(
            user_name=row.user_name,
            email=row.email,
            display_name=row.display_name,
            attributes=row.attributes,
            labels=row.labels,
        ),
        state=UserState(row.state),
        created_at=row.created_at,
        updated_at=row.updated_at,
        state_before=None if row.state_before is None else UserState(row.state_before),
        locked_until=row.locked_until,
        second_factor=row.second_factor,
    )
