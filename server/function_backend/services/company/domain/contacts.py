"""Ways to reach a company: phone and fax numbers, e-mail and web addresses."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.phones import InvalidPhoneNumberError, normalise_phone
from function_backend.services.company.domain.text import line
from function_backend.services.company.domain.web import InvalidWebAddressError, normalise_web

_MAX_VALUE_LENGTH = 320


class ContactKind(StrEnum):
    """What a contact value is."""

    UNSPECIFIED = "UNSPECIFIED"
    PHONE = "PHONE"
    FAX = "FAX"
    EMAIL = "EMAIL"
    WEB = "WEB"


class Contact(NamedTuple):
    """A way to reach a company."""

    kind: ContactKind
    value: str
    description: str = ""


def warm_up() -> None:
    """Loads what e-mail addresses are checked with, which takes 25 ms, before the first one comes."""
    import email_validator  # noqa: F401, PLC0415


def check_contact(checks: Checks, path: str, contact: Contact, region: str) -> Contact:
    """The contact, normalised by its kind; a phone number without `+` is one of the region."""
    kind, value, description = contact
    if description:
        description = line(checks, path, "description", description, 200)
    faults = len(checks.violations)
    value = line(checks, path, "value", value, _MAX_VALUE_LENGTH, required=True)
    if len(checks.violations) == faults:
        value = _check_value(checks, path, kind, value, region)
    return Contact(kind, value, description)


def _check_value(checks: Checks, path: str, kind: ContactKind, value: str, region: str) -> str:
    if kind is ContactKind.UNSPECIFIED:
        checks.refuse(f"{path}.kind", "must say what the value is: phone, fax, e-mail or web")
        return value
    try:
        if kind is ContactKind.EMAIL:
            return _check_email(checks, path, value)
        if kind is ContactKind.WEB:
            return normalise_web(value)
        return normalise_phone(value, region)
    except (InvalidPhoneNumberError, InvalidWebAddressError) as error:
        checks.refuse(f"{path}.value", str(error))
    return value


def _check_email(checks: Checks, path: str, value: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - see `warm_up`

    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError as error:
        checks.refuse(f"{path}.value", f"is not an e-mail address: {error}")
        return value
