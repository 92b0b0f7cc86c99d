"""What users are told about their accounts: tokens that are theirs alone, and what they should know of."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.kernel.notices import Notice, Notices
from function_backend.services.auth.domain.session import Session
from function_backend.services.auth.domain.user import User
from function_backend.services.auth.repository.session import SessionRepository
from function_backend.services.auth.repository.user import UserRepository

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_LANGUAGE_ATTRIBUTES = ("locale", "language")
_LONGEST_LANGUAGE = 35


class UserNotices:
    """Tells users, in the transaction in which it happens, where the installation has a way to reach them."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def send_token(
        self, work: UnitOfWork, template: str, user: User, token: str, *, token_id: UUID, expires_at: datetime
    ) -> bool:
        """Whether the token will be sent to the user. It is for nobody else to see then."""
        variables = {"token": token, "expires": expires_at.isoformat()}
        return self._notices.send(
            work, _notice(template, user, key=f"{template}:{token_id}", variables=variables, expires_at=expires_at)
        )

    def tell(self, work: UnitOfWork, template: str, user: User, *, at: datetime, **details: str) -> None:
        """Tells a user what happened to the account. `user` is as it is after that."""
        variables = {"when": at.isoformat(), **details}
        self._notices.send(
            work, _notice(template, user, key=f"{template}:{user.id}:{user.version}", variables=variables)
        )

    def tell_of_key(self, work: UnitOfWork, user_id: UUID, *, key_id: UUID, name: str, at: datetime) -> None:
        """Tells a user that there is an API key with which one acts as the user."""
        if not self._notices.is_set_up:
            return
        user = UserRepository(work).find(user_id)
        if user is not None:
            variables = {"when": at.isoformat(), "name": name}
            template = "auth.api_key_created"
            self._notices.send(work, _notice(template, user, key=f"{template}:{key_id}", variables=variables))

    def tell_of_session(self, work: UnitOfWork, session: Session) -> None:
        """Tells a user of a session with a device that no session of theirs had; not of the very first one."""
        if not self._notices.is_set_up:
            return
        earlier = SessionRepository(work).devices_before(session)
        if not earlier or session.device in earlier:
            return
        user = UserRepository(work).find(session.user_id)
        if user is not None:
            variables = {"when": session.created_at.isoformat(), "device": session.device, "address": session.address}
            template = "auth.new_sign_in"
            self._notices.send(work, _notice(template, user, key=f"{template}:{session.id}", variables=variables))


def _notice(
    template: str, user: User, *, key: str, variables: dict[str, str], expires_at: datetime | None = None
) -> Notice:
    return Notice(
        template=template,
        key=key,
        user_id=user.id,
        email=user.profile.email,
        display_name=user.profile.display_name or user.profile.user_name,
        variables=variables,
        language=_language(user),
        expires_at=expires_at,
    )


def _language(user: User) -> str:
    """The language that the user's attributes name, as OpenID Connect has it (`locale`), if it may be one."""
    for name in _LANGUAGE_ATTRIBUTES:
        value = user.profile.attributes.get(name)
        if isinstance(value, str) and len(value) <= _LONGEST_LANGUAGE:
            return value.replace("_", "-")
    return ""
