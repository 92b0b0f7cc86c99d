"""Storing and finding users, whose names, addresses and attributes are sealed (docs/encryption.md)."""

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
from function_backend.services.auth.repository.sealed import USERS
from function_backend.services.auth.tables.user import auth_user_table, user_totp_table

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row, Select

    from function_backend.persistence.unit_of_work import UnitOfWork

_user = auth_user_table.c
_totp = user_totp_table.c

_SCANNED_AT_ONCE = 1000
_MOST_SCANNED = 10_000
"""How many sealed names one page of a search by their beginning opens at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter:
    """Which users; every condition that is given must hold."""

    states: Collection[UserState] = ()
    email: str = ""
    user_name: str = ""
    user_name_prefix: str = ""
    now: datetime


class UserRepository:
    """The users of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, user: User) -> None:
        """Stores a new user; UserNameTakenError or UserEmailTakenError when another one has its name or address."""
        self._refuse_twin(user)
        with _named_violations(user.profile):
            self._work.connection.execute(insert(auth_user_table).values(self._new_values(user)))

    def add_unless_taken(self, user: User) -> bool:
        """Stores a new user; whether it did, which it does not when another one has its name or address."""
        if self._unsealed_twin(user) is not None:
            return False
        stored = self._work.connection.execute(
            postgresql.insert(auth_user_table)
            .values(self._new_values(user))
            .on_conflict_do_nothing()
            .returning(_user.id)
        )
        return stored.one_or_none() is not None

    def save(self, user: User) -> None:
        """Stores the user as it is now."""
        self._refuse_twin(user)
        with _named_violations(user.profile):
            self._work.connection.execute(
                update(auth_user_table)
                .where(_user.tenant_id == self._work.tenant_id, _user.id == user.id)
                .values(self._values(user))
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
        key = "email_key" if is_email(login) else "user_name_key"
        return self._one(self._select().where(self._equals(key, login.strip())).order_by(_user.id).limit(1))

    def find_by_profile(self, profile: Profile) -> User | None:
        """A user that has the name or the e-mail address of the profile."""
        same = self._equals("user_name_key", profile.user_name)
        if profile.email:
            same = or_(same, self._equals("email_key", profile.email))
        return self._one(self._select().where(same).order_by(_user.id).limit(1))

    def find_many(self, user_ids: Sequence[UUID]) -> dict[UUID, User]:
        """Those of the users that exist."""
        query = self._select().where(_user.id.in_(set(user_ids)))
        return {row.id: self._read(row) for row in self._work.connection.execute(query)}

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
        """The users that follow the id, in order of id; with a prefix perhaps fewer than there are, and then more."""
        query = self._select()
        if only.states:
            query = query.where(_state_at(only.now).in_([state.value for state in only.states]))
        if only.email:
            query = query.where(self._equals("email_key", only.email.strip()))
        if only.user_name:
            query = query.where(self._equals("user_name_key", only.user_name.strip()))
        if only.user_name_prefix:
            return self._scan(query, after, limit=limit, prefix=fold(only.user_name_prefix))
        return page_by_id(
            self._work, query, _user.id, after=after, limit=limit, read=self._read, id_of=lambda user: user.id
        )

    def _scan(self, query: Select[Any], after: UUID | None, *, limit: int, prefix: str) -> Page[User]:
        """Opens names one by one, since no index knows how a sealed name begins; a bounded number for each page."""
        # A name that is not sealed yet is in its key as it is.
        query = query.where(
            or_(_user.sealed_user_name.is_not(None), _user.user_name_key.startswith(prefix, autoescape=True))
        )
        found: list[User] = []
        for _ in range(_MOST_SCANNED // _SCANNED_AT_ONCE):
            chunk = query if after is None else query.where(_user.id > after)
            rows = self._work.connection.execute(chunk.order_by(_user.id).limit(_SCANNED_AT_ONCE)).all()
            for row in rows:
                if len(found) == limit:
                    return Page(found, (str(after),))
                after = row.id
                if fold(self._opened(row, "user_name")).startswith(prefix):
                    found.append(self._read(row))
            if len(rows) < _SCANNED_AT_ONCE:
                return Page(found, None)
        return Page(found, (str(after),))

    def _select(self) -> Select[Any]:
        second_factor = exists().where(
            _totp.tenant_id == _user.tenant_id, _totp.user_id == _user.id, _totp.confirmed_at.is_not(None)
        )
        return select(auth_user_table, second_factor.label("second_factor")).where(
            _user.tenant_id == self._work.tenant_id
        )

    def _one(self, query: Select[Any]) -> User | None:
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else self._read(row)

    def _equals(self, key: str, value: str) -> ColumnElement[bool]:
        return USERS.equals(self._work.fields, key, value)

    def _refuse_twin(self, user: User) -> None:
        taken = self._unsealed_twin(user)
        if taken == "user_name":
            raise UserNameTakenError(user.profile.user_name)
        if taken == "email":
            raise UserEmailTakenError(user.profile.email)

    def _unsealed_twin(self, user: User) -> str | None:
        """Which value another user has in a row that is not sealed yet, with whose key no blind index collides."""
        name, email = fold(user.profile.user_name), fold(user.profile.email)
        same = _user.user_name_key == name
        if email:
            same = or_(same, _user.email_key == email)
        query = (
            select(_user.user_name_key)
            .where(_user.tenant_id == self._work.tenant_id, same, _user.id != user.id)
            .order_by(_user.id)
            .limit(1)
        )
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else "user_name" if row.user_name_key == name else "email"

    def _new_values(self, user: User) -> dict[str, Any]:
        born = {"tenant_id": self._work.tenant_id, "id": user.id, "created_at": user.created_at}
        return born | self._values(user)

    def _values(self, user: User) -> dict[str, Any]:
        profile = user.profile
        sealed = {
            "user_name": profile.user_name,
            "email": profile.email,
            "display_name": profile.display_name,
            "attributes": dict(profile.attributes),
        }
        return USERS.stored(self._work.fields, user.id, sealed) | {
            "version": user.version,
            "state": user.state.value,
            "state_before": None if user.state_before is None else user.state_before.value,
            "locked_until": user.locked_until,
            "labels": dict(profile.labels),
            "updated_at": user.updated_at,
        }

    def _opened(self, row: Row[Any], plain: str) -> Any:  # noqa: ANN401 - a text, or the attributes
        return USERS.opened(self._work.fields, row.id, row, plain)

    def _read(self, row: Row[Any]) -> User:
        return User(
            id=row.id,
            version=row.version,
            profile=Profile(
                user_name=self._opened(row, "user_name"),
                email=self._opened(row, "email"),
                display_name=self._opened(row, "display_name"),
                attributes=self._opened(row, "attributes"),
                labels=row.labels,
            ),
            state=UserState(row.state),
            created_at=row.created_at,
            updated_at=row.updated_at,
            state_before=None if row.state_before is None else UserState(row.state_before),
            locked_until=row.locked_until,
            second_factor=row.second_factor,
        )


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
