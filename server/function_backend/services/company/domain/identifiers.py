"""The identifiers of a company: checked by their schemes, and what they are unique by."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.dates import Period, check_period
from function_backend.services.company.domain.places import check_country
from function_backend.services.company.domain.schemes.catalogue import CATALOGUE, OWN_PREFIX
from function_backend.services.company.domain.schemes.scheme import (
    InvalidIssuerError,
    InvalidNumberError,
    Scheme,
    Uniqueness,
)
from function_backend.services.company.domain.text import line

_SCHEME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_SCHEME_LENGTH = 64
_MAX_VALUE_LENGTH = 128
_MAX_ISSUER_LENGTH = 200
# A number that a caller gives itself, such as that of a customer, is how imports find a company: it names one.
_OWN_SCHEME = Scheme(name=OWN_PREFIX, title="", normalise=str, example="", unique=Uniqueness.TENANT)

# Where the prefix of a VAT number is not the ISO 3166-1 code of the country.
_COUNTRY_OF_PREFIX = {"EL": "GR", "XI": "GB"}
_PREFIX_OF_COUNTRY = {"GR": "EL", "GB": "XI"}


class Verification(StrEnum):
    """How far the value has been confirmed with its issuer."""

    UNSPECIFIED = "UNSPECIFIED"
    VERIFIED = "VERIFIED"
    CONTRADICTED = "CONTRADICTED"


class Identifier(NamedTuple):
    """A number that a register or another issuer gave to a company."""

    scheme: str
    value: str
    issuer: str = ""
    country: str = ""
    validity: Period | None = None
    verification: Verification = Verification.UNSPECIFIED


class IdentifierKey(NamedTuple):
    """What an identifier is looked up and kept apart by."""

    scheme: str
    value: str
    scope: str
    """The issuer as it counts where the scheme is unique within its issuer, otherwise empty."""
    unique: bool
    """Whether one company of a tenant may have it."""


def check_identifiers(checks: Checks, path: str, identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """The identifiers, normalised, each once."""
    checked = tuple([check_identifier(checks, f"{path}[{index}]", item) for index, item in enumerate(identifiers)])
    if len(checked) > 1:
        seen: dict[tuple[str, str, str], int] = {}
        for index, identifier in enumerate(checked):
            first = seen.setdefault((identifier.scheme, identifier.value, identifier.issuer), index)
            if first != index:
                checks.refuse(f"{path}[{index}]", f"repeats {path}[{first}]")
    return checked


def check_identifier(checks: Checks, path: str, identifier: Identifier) -> Identifier:
    """The identifier, its value in the one form that its scheme has for it."""
    scheme = find_scheme(identifier.scheme)
    if scheme is None:
        checks.refuse(f"{path}.scheme", _about_unknown(identifier.scheme))
        return identifier
    country, issuer, validity = identifier.country, identifier.issuer, identifier.validity
    if country:
        check_country(checks, path, country)
    if issuer or scheme.issuer_key is not None:
        issuer = _check_issuer(checks, path, issuer, scheme)
    if validity is not None:
        validity = check_period(checks, path, validity)
    value = _check_value(checks, path, identifier, scheme)
    return Identifier(identifier.scheme, value, issuer, country, validity, identifier.verification)


def find_scheme(name: str) -> Scheme | None:
    """The scheme of the catalogue, or the one that stands for the callers' own; None for neither."""
    scheme = CATALOGUE.get(name)
    if scheme is not None:
        return scheme
    own = name.startswith(OWN_PREFIX) and len(name) <= _MAX_SCHEME_LENGTH and _SCHEME.fullmatch(name) is not None
    return _OWN_SCHEME if own else None


def identifier_key(identifier: Identifier) -> IdentifierKey:
    """The key of a checked identifier."""
    scheme = CATALOGUE.get(identifier.scheme, _OWN_SCHEME)
    scope = ""
    if scheme.unique is Uniqueness.ISSUER and scheme.issuer_key is not None:
        scope = scheme.issuer_key(identifier.issuer)
    return IdentifierKey(identifier.scheme, identifier.value, scope, scheme.unique is not Uniqueness.NONE)


def _check_value(checks: Checks, path: str, identifier: Identifier, scheme: Scheme) -> str:
    faults = len(checks.violations)
    value = line(checks, path, "value", identifier.value, _MAX_VALUE_LENGTH, required=True)
    if len(checks.violations) > faults:
        return identifier.value
    country = identifier.country
    if scheme.countries and country:
        value = _with_prefix(value, country)
    try:
        value = scheme.normalise(value)
    except InvalidNumberError as error:
        checks.refuse(f"{path}.value", str(error))
        return value
    belongs = _COUNTRY_OF_PREFIX.get(value[:2], value[:2]) if scheme.countries else scheme.country
    if country and belongs and country != belongs:
        checks.refuse(f"{path}.country", f"is {country}, but this {identifier.scheme} is one of {belongs}")
    return value


def _check_issuer(checks: Checks, path: str, issuer: str, scheme: Scheme) -> str:
    issuer = line(checks, path, "issuer", issuer, _MAX_ISSUER_LENGTH)
    if scheme.issuer_key is not None:
        try:
            scheme.issuer_key(issuer)
        except InvalidIssuerError as error:
            checks.refuse_field(path, "issuer", str(error))
    return issuer


def _with_prefix(value: str, country: str) -> str:
    prefix = _PREFIX_OF_COUNTRY.get(country, country)
    return value if value.lstrip().upper().startswith(prefix) else f"{prefix}{value}"


def _about_unknown(name: str) -> str:
    shown = name[:_MAX_SCHEME_LENGTH]
    advice = f"see docs/identifiers.md, or begin a scheme of your own with '{OWN_PREFIX}'"
    if name.endswith("-vat") and name[:-4].upper() in CATALOGUE["eu-vat"].countries:
        return f"'{shown}' is not a known scheme; VAT numbers of the EU have the scheme 'eu-vat'"
    nearest = difflib.get_close_matches(shown, CATALOGUE, n=3, cutoff=0.6)
    if nearest:
        names = " or ".join(f"'{other}'" for other in nearest)
        return f"{shown!a} is not a known scheme; did you mean {names}? Otherwise {advice}"
    return f"{shown!a} is not a known scheme; {advice}"
