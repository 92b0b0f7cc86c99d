"""Phone numbers as E.164."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

_NORTH_AMERICA = 1
_NORTH_AMERICAN_REGIONS = frozenset(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[_NORTH_AMERICA])
_NORTH_AMERICAN_DIGITS = re.compile(r"(?:1?([2-9][0-9]{9})|\+1([2-9][0-9]{9}))")
_PUNCTUATION = str.maketrans("", "", " ().-")


class InvalidPhoneNumberError(ValueError):
    """The text is no phone number; the message says why, to be read after the name of the field."""


def normalise_phone(text: str, region: str) -> str:
    """The number as E.164; one without `+` is read as a number of the region, an ISO 3166-1 code or nothing."""
    number = _north_american(text, region) or _parsed(text, region)
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhoneNumberError(f"is not a valid phone number of the calling code +{number.country_code}")
    if number.extension:
        raise InvalidPhoneNumberError(
            f"has the extension {number.extension}, which E.164 cannot say; put it into the description"
        )
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _north_american(text: str, region: str) -> PhoneNumber | None:
    """The number when it is a plain one of the North American plan; None when it takes the library to tell.

    The library's parser tries every way in which numbers are written, in 20 µs. Most phone numbers of the registers
    we import are of this plan, where ten digits that begin with 2 to 9 can be read in one way only.
    """
    if region not in _NORTH_AMERICAN_REGIONS and not text.startswith("+1"):
        return None
    match = _NORTH_AMERICAN_DIGITS.fullmatch(text.translate(_PUNCTUATION))
    if match is None:
        return None
    return PhoneNumber(country_code=_NORTH_AMERICA, national_number=int(match[1] or match[2]))


def _parsed(text: str, region: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(text, region or None)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE and not text.lstrip().startswith("+"):
            raise InvalidPhoneNumberError(
                "does not say its country: begin with '+' and the calling code, or set the company's jurisdiction"
            ) from error
        raise InvalidPhoneNumberError("is not a phone number") from error
