"""Storing the passwords of users, and the tokens by which they set one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql

from function_backend.services.auth.domain.user_token import TokenPurpose, UserToken
from function_backend.services.auth.tables.user import (
    user_password_history_table,
    user_password_table,
    user_token_table,
)

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_password = user_password_table.c
_former = user_password_history_table.c
_token = user_token_table.c


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassword:
    """The password of a user as it is stored."""

    hash: str = field(repr=False)
    changed_at: datetime
    must_change: bool


class UserPasswordRepository:
    """The passwords and tokens of the users of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find(self, user_id: UUID) -> StoredPassword | None:
        """The password of the user."""
        query = select(_password.hash, _password.changed_at, _password.must_change).where(
            _password.tenant_id == self._work.tenant_id, _password.user_id == user_id
        )
        row = self._work.connection.execute(query).one_or_none()
        if row is None:
            return None
        return StoredPassword(hash=row.hash, changed_at=row.changed_at, must_change=row.must_change)

    def set(self, user_id: UUID, password: StoredPassword, *, remembered: int = 0) -> None:
        """Stores the password instead of the one before, of which the history keeps so many."""
        if remembered > 0:
            self._remember(user_id, remembered)
        values = {"hash": password.hash, "changed_at": password.changed_at, "must_change": password.must_change}
        self._work.connection.execute(
            postgresql.insert(user_password_table)
            .values(tenant_id=self._work.tenant_id, user_id=user_id, **values)
            .on_conflict_do_update(index_elements=["tenant_id", "user_id"], set_=values)
        )

    def upgrade(self, user_id: UUID, *, before: str, after: str) -> None:
        """Stores another hash of the same password, if nobody has changed the password in between."""
        self._work.connection.execute(
            update(user_password_table)
            .where(_password.tenant_id == self._work.tenant_id, _password.user_id == user_id, _password.hash == before)
            .values(hash=after)
        )

    def former_hashes(self, user_id: UUID, *, count: int) -> list[str]:
        """The hashes of the current password and of at most `count` former ones, latest first."""
        current = self.find(user_id)
        query = (
            select(_former.hash)
            .where(_former.tenant_id == self._work.tenant_id, _former.user_id == user_id)
            .order_by(_former.changed_at.desc())
            .limit(count)
        )
        former = [row.hash for row in self._work.connection.execute(query)]
        return former if current is None else [current.hash, *former]

    def add_token(self, token: UserToken) -> None:
        """Stores a token; an earlier one of the user for the same purpose works no more."""
        values = {
            "id": token.id,
            "digest": token.digest,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        self._work.connection.execute(
            postgresql.insert(user_token_table)
            .values(tenant_id=self._work.tenant_id, user_id=token.user_id, purpose=token.purpose.value, **values)
            .on_conflict_do_update(constraint="user_token_user_key", set_=values)
        )

    def find_token(self, token_id: UUID) -> UserToken | None:
        """The token."""
        query = select(user_token_table).where(_token.tenant_id == self._work.tenant_id, _token.id == token_id)
        row = self._work.connection.execute(query).one_or_none()
        if row is None:
            return None
        return UserToken(
            id=row.id,
            user_id=row.user_id,
            purpose=TokenPurpose(row.purpose),
            digest=row.digest,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    def use_up(self, token_id: UUID) -> bool:
        """Deletes the token; whether it was still there, so that of two who present it one succeeds."""
        gone = self._work.connection.execute(
            delete(user_token_table).where(_token.tenant_id == self._work.tenant_id, _token.id == token_id)
        )
        return gone.rowcount == 1

    def drop_tokens(self, user_id: UUID) -> None:
        """Deletes every token of the user."""
        self._work.connection.execute(
            delete(user_token_table).where(_token.tenant_id == self._work.tenant_id, _token.user_id == user_id)
        )

    def _remember(self, user_id: UUID, count: int) -> None:
        mine = (_former.tenant_id == self._work.tenant_id, _former.user_id == user_id)
        replaced = select(_password.tenant_id, _password.user_id, _password.changed_at, _password.hash).where(
            _password.tenant_id == self._work.tenant_id, _password.user_id == user_id
        )
        self._work.connection.execute(
            insert(user_password_history_table).from_select(["tenant_id", "user_id", "changed_at", "hash"], replaced)
        )
        kept = select(_former.changed_at).where(*mine).order_by(_former.changed_at.desc()).limit(count)
        self._work.connection.execute(delete(user_password_history_table).where(*mine, _former.changed_at.not_in(kept)))
