"""Phone numbers as they stand in registers, made international where it is plain how."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import phonenumbers

_NORTH_AMERICA: Final = 1
_PLAIN: Final = re.compile(r"1?[2-9][0-9]{9}")
_PUNCTUATION: Final = str.maketrans("", "", " ().-")
_DIALLED_OUT: Final = ("00", "011")
"""What people dial before the calling code, and what some write down."""


def international(text: str, country: str) -> str:
    """The number with `+` and its calling code, read as one of the country; as it was when that is not plain.

    The service reads a number without `+` by the company's jurisdiction, and many companies are registered elsewhere
    than they can be called. What stays unreadable is left to the service to refuse, and is reported.
    """
    if text.startswith("+"):
        return text
    region = country.upper()
    digits = text.translate(_PUNCTUATION)
    calling_code = _calling_code(region)
    if calling_code == _NORTH_AMERICA and _PLAIN.fullmatch(digits):
        return f"+1{digits[-10:]}"
    if not digits.isdigit():
        # Letters are extensions, and E.164 has no place for them.
        return text
    candidates = [text]
    candidates += [f"+{digits.removeprefix(start)}" for start in _DIALLED_OUT if digits.startswith(start)]
    if calling_code and digits.startswith(str(calling_code)):
        candidates.append(f"+{digits}")
    for candidate in candidates:
        try:
            number = phonenumbers.parse(candidate, region or None)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return text


@lru_cache(maxsize=512)
def _calling_code(region: str) -> int:
    return int(phonenumbers.country_code_for_region(region))
