"""What the catalogue knows about one scheme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class InvalidNumberError(ValueError):
    """The value is not one of the scheme; the message says why, to be read after the name of the field."""


class InvalidIssuerError(ValueError):
    """The scheme does not know the issuer; the message says why, to be read after the name of the field."""


class Uniqueness(Enum):
    """How many companies of a tenant may carry the same value."""

    TENANT = "one company of a tenant"
    ISSUER = "one company of a tenant and issuer"
    NONE = "any number of companies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A kind of identifier."""

    name: str
    title: str
    """What it is, to be read after "a" or "an" in a message."""
    normalise: Callable[[str], str]
    """The value as it is kept; raises InvalidNumberError when it is none of the scheme."""
    example: str
    unique: Uniqueness = Uniqueness.TENANT
    country: str = ""
    """The country of all its values; empty when it is international."""
    issuer_key: Callable[[str], str] | None = None
    """The issuer as it counts for uniqueness; raises InvalidIssuerError when it is none. Set when one is required."""
    countries: frozenset[str] = frozenset()
    """The countries with which its values begin, where they do."""


def national(
    name: str,
    title: str,
    normalise: Callable[[str], str],
    example: str,
    *,
    unique: Uniqueness = Uniqueness.TENANT,
    issuer_key: Callable[[str], str] | None = None,
) -> Scheme:
    """A scheme of one country, whose code the name begins with."""
    return Scheme(
        name=name,
        title=title,
        normalise=normalise,
        example=example,
        unique=unique,
        country=name[:2].upper(),
        issuer_key=issuer_key,
    )
