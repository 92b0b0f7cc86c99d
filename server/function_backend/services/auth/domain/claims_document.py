"""Access tokens' claims as the JSON of RFC 9068, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from function_backend.services.auth.domain.access_claims import AccessClaims, SubjectKind
from function_backend.services.auth.domain.tenant_settings import LONGEST_ACCESS_TOKEN

LONGEST_CHAIN = 8
"""How many may act for each other."""
_LATEST = 253_402_300_799
"""The last second of the year 9999."""
_LONGEST_TEXT = 512
_MOST_TEXTS = 256


class ClaimsError(ValueError):
    """The claims are not those of a token that counts."""


class ExpiredClaimsError(ClaimsError):
    """The token was good until a moment that has passed."""

    def __init__(self, expired_at: datetime) -> None:
        super().__init__("expired")
        self.expired_at = expired_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must say to count."""

    issuer: str
    audience: str
    now: datetime
    leeway: timedelta


def write_claims(claims: AccessClaims, issuer: str) -> dict[str, Any]:
    """The claims as JSON; ClaimsError for a life or a chain of actors that is too long."""
    if claims.expires_at - claims.issued_at > LONGEST_ACCESS_TOKEN:
        raise ClaimsError("an access token lives an hour at most")
    if len(claims.actors) > LONGEST_CHAIN:
        raise ClaimsError(f"at most {LONGEST_CHAIN} act for each other")
    audience = claims.audience
    document: dict[str, Any] = {
        "iss": issuer,
        "sub": claims.subject,
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "exp": int(claims.expires_at.timestamp()),
        "iat": int(claims.issued_at.timestamp()),
        "jti": str(claims.token_id),
        "client_id": claims.client_id,
        "tenant": str(claims.tenant_id),
    }
    if claims.scopes:
        document["scope"] = " ".join(sorted(claims.scopes))
    if claims.authenticated_at is not None:
        document["auth_time"] = int(claims.authenticated_at.timestamp())
    if claims.authentication_methods:
        document["amr"] = sorted(claims.authentication_methods)
    if claims.session_id is not None:
        document["sid"] = str(claims.session_id)
    actor: dict[str, Any] | None = None
    for subject in reversed(claims.actors):
        actor = {"sub": subject} if actor is None else {"sub": subject, "act": actor}
    if actor is not None:
        document["act"] = actor
    return document


def read_claims(document: dict[str, Any], expected: Expected) -> AccessClaims:
    """The claims when they are what is expected, else ClaimsError; for a token of the past ExpiredClaimsError."""
    if document.get("iss") != expected.issuer:
        raise ClaimsError("iss")
    audience = _audience(document)
    if expected.audience not in audience:
        raise ClaimsError("aud")
    issued_at, expires_at = _moment(document, "iat"), _moment(document, "exp")
    if not timedelta() < expires_at - issued_at <= LONGEST_ACCESS_TOKEN:
        raise ClaimsError("exp")
    begins_at = max(issued_at, _moment(document, "nbf")) if "nbf" in document else issued_at
    if begins_at > expected.now + expected.leeway:
        raise ClaimsError("not yet valid")
    if expires_at + expected.leeway <= expected.now:
        raise ExpiredClaimsError(expires_at)
    kind, subject_id = _subject(_text(document, "sub"))
    return AccessClaims(
        token_id=_id(document, "jti"),
        tenant_id=_id(document, "tenant"),
        subject_kind=kind,
        subject_id=subject_id,
        client_id=_text(document, "client_id"),
        audience=audience,
        scopes=_scopes(document),
        issued_at=issued_at,
        expires_at=expires_at,
        session_id=_id(document, "sid") if "sid" in document else None,
        actors=_actors(document),
        authentication_methods=frozenset(_texts(document["amr"], "amr")) if "amr" in document else frozenset(),
        authenticated_at=_moment(document, "auth_time") if "auth_time" in document else None,
    )


def _audience(document: dict[str, Any]) -> tuple[str, ...]:
    value = document.get("aud")
    return _texts([value] if isinstance(value, str) else value, "aud")


def _scopes(document: dict[str, Any]) -> frozenset[str]:
    if "scope" not in document:
        return frozenset()
    value = document["scope"]
    scopes = value.split(" ") if isinstance(value, str) else None
    return frozenset(_texts(scopes, "scope"))


def _actors(document: dict[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    level = document
    while "act" in level:
        level = level["act"]
        if not isinstance(level, dict) or len(found) == LONGEST_CHAIN:
            raise ClaimsError("act")
        found.append(_text(level, "sub"))
    return tuple(found)


def _subject(text: str) -> tuple[SubjectKind, UUID]:
    kind, _, subject_id = text.partition(":")
    try:
        return SubjectKind(kind), _uuid(subject_id)
    except ValueError:
        raise ClaimsError("sub") from None


def _id(document: dict[str, Any], name: str) -> UUID:
    try:
        return _uuid(_text(document, name))
    except ValueError:
        raise ClaimsError(name) from None


def _uuid(text: str) -> UUID:
    value = UUID(text)
    if str(value) != text:
        raise ClaimsError("an id has one way to be written")
    return value


def _moment(document: dict[str, Any], name: str) -> datetime:
    value = document.get(name)
    # `True` is a number to Python, and 1.5 a moment to some.
    if type(value) is not int or not 0 <= value <= _LATEST - int(LONGEST_ACCESS_TOKEN.total_seconds()):
        raise ClaimsError(name)
    return datetime.fromtimestamp(value, UTC)


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if type(value) is not str or not 0 < len(value) <= _LONGEST_TEXT:
        raise ClaimsError(name)
    return value


def _texts(values: object, name: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not 0 < len(values) <= _MOST_TEXTS:
        raise ClaimsError(name)
    if not all(type(value) is str and 0 < len(value) <= _LONGEST_TEXT for value in values):
        raise ClaimsError(name)
    return tuple(values)
