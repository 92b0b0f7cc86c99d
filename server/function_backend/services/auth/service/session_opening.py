"""Beginning a session, and the links of its chain of refresh tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.grant import Client, Origin, Wanted
from function_backend.services.auth.domain.secret_text import REFRESH_TOKEN, mint
from function_backend.services.auth.domain.session import RefreshToken, Session, clean_address, clean_device
from function_backend.services.auth.domain.tenant_settings import Grant, TenantRules
from function_backend.services.auth.events.session import SessionCreated
from function_backend.services.auth.ports import SignedIn
from function_backend.services.auth.repository.refresh_token import RefreshTokenRepository
from function_backend.services.auth.repository.session import SessionRepository
from function_backend.services.auth.service.user_notices import UserNotices


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session that has begun."""

    session: Session
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How somebody comes in."""

    signed_in: SignedIn
    client: Client
    origin: Origin
    wanted: Wanted
    grant: Grant


def open_session(work: UnitOfWork, entry: Entry, rules: TenantRules, *, at: datetime, notices: UserNotices) -> Opened:
    """A new session of the person, with the first refresh token of its chain where the tenant allows those."""
    signed_in = entry.signed_in
    session = Session(
        id=new_id(),
        tenant_id=work.tenant_id,
        user_id=signed_in.user_id,
        client_id=entry.client.id,
        device=clean_device(entry.origin.device),
        address=clean_address(entry.origin.address),
        authentication_methods=signed_in.methods,
        authenticated_at=signed_in.at,
        created_at=at,
        last_used_at=at,
        idle_lifetime=rules.session_idle_lifetime,
        idle_expires_at=at + rules.session_idle_lifetime,
        expires_at=at + rules.session_absolute_lifetime,
    )
    SessionRepository(work).add(session)
    text = ""
    if Grant.REFRESH_TOKEN in rules.allowed_grants:
        _, text = add_link(work, session, client_id=entry.client.id, wanted=entry.wanted, rules=rules, at=at)
    work.record(SessionCreated.of(session, grant_type=entry.grant.value))
    notices.tell_of_session(work, session)
    return Opened(session=session, refresh_token=text)


def add_link(
    work: UnitOfWork, session: Session, *, client_id: str, wanted: Wanted, rules: TenantRules, at: datetime
) -> tuple[UUID, str]:
    """The id and the text of a new refresh token of the session."""
    text = mint(REFRESH_TOKEN)
    token = RefreshToken(
        id=new_id(),
        session_id=session.id,
        client_id=client_id,
        scopes=wanted.scopes,
        audience=wanted.audience,
        created_at=at,
        expires_at=min(at + rules.refresh_token_lifetime, session.expires_at),
    )
    RefreshTokenRepository(work).add(token, digest=text.digest)
    return token.id, text.text
