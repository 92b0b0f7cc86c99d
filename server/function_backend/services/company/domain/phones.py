"""Phone numbers as E.164."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat

_NORTH_AMERICA = 1
_NORTH_AMERICAN_REGIONS = frozenset(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[_NORTH_AMERICA])
_NORTH_AMERICAN_DIGITS = re.compile(r"(?:1?([2-9][0-9]{9})|\+1([2-9][0-9]{9}))")
_PUNCTUATION = str.maketrans("", "", " ().-")
_TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)


class InvalidPhoneNumberError(ValueError):
    """The text is no phone number; the message says why, to be read after the name of the field."""


def normalise_phone(text: str, region: str) -> str:
    """The number as E.164; one without `+` is read as a number of the region, an ISO 3166-1 code or nothing."""
    plain = _plain_north_american(text, region)
    if plain is not None:
        return plain
    number = _parsed(text, region)
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhoneNumberError(f"is not a valid phone number of the calling code +{number.country_code}")
    if number.extension:
        raise InvalidPhoneNumberError(
            f"has the extension {number.extension}, which E.164 cannot say; put it into the description"
        )
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _plain_north_american(text: str, region: str) -> str | None:
    """The number when it is a plain valid one of the United States; None when it takes the library to tell.

    The library tries every way in which numbers are written and every region that shares a calling code, in 30 µs. Most
    phone numbers of the registers we import are of the North American plan, where ten digits that begin with 2 to 9 can
    be read in one way only, and the United States are the first region that the library tries.
    """
    if region not in _NORTH_AMERICAN_REGIONS and not text.startswith("+1"):
        return None
    match = _NORTH_AMERICAN_DIGITS.fullmatch(text.translate(_PUNCTUATION))
    if match is None:
        return None
    digits = match[1] or match[2]
    return f"+1{digits}" if _united_states().fullmatch(digits) is not None else None


@lru_cache(maxsize=1)
def _united_states() -> re.Pattern[str]:
    """What the library's metadata says of valid numbers of the United States, in one pattern."""
    metadata = PhoneMetadata.metadata_for_region("US")
    kinds = [getattr(metadata, name) for name in _TYPES]
    patterns = [kind.national_number_pattern for kind in kinds if kind is not None and kind.national_number_pattern]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _parsed(text: str, region: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(text, region or None)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE and not text.lstrip().startswith("+"):
            raise InvalidPhoneNumberError(
                "does not say its country: begin with '+' and the calling code, or set the company's jurisdiction"
            ) from error
        raise InvalidPhoneNumberError("is not a phone number") from error
