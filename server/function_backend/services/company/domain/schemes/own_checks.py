"""Schemes whose check is ours: python-stdnum lacks it, or is too slow for the number of them in an import."""

from __future__ import annotations

import re
from functools import lru_cache

from stdnum import ean
from stdnum.de import handelsregisternummer
from stdnum.exceptions import InvalidComponent, ValidationError
from stdnum.us import ein

from function_backend.services.company.domain.schemes.numbers import Normalise, compact, plain
from function_backend.services.company.domain.schemes.scheme import InvalidIssuerError, InvalidNumberError

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_LETTERS_AS_NUMBERS = {ord("A") + index: str(10 + index) for index in range(26)}
_EIN = re.compile(r"[0-9]{9}")
_CRN = re.compile(r"[0-9]{8}|[A-Z]{2}[0-9]{6}|R[0-9]{7}|[A-Z]{2}[0-9]{5}R")
_FIRMENBUCH = re.compile(r"[1-9][0-9]{0,5}[A-Z]")
_REGISTER_NUMBER = re.compile(r"([1-9][0-9]{0,5})\s*([A-ZÖ]{1,3})?")
_COURT_PREFIX = re.compile(r"(amtsgericht|ag)\s+", re.IGNORECASE)
_ICO_WEIGHTS = (8, 7, 6, 5, 4, 3, 2)
_ICO_MODULUS = 11


def lei(value: str) -> str:
    """An ISO 17442 number. python-stdnum has the same rule and takes ten times as long; LEIs come by the million."""
    number = compact(value)
    if _LEI.fullmatch(number) is None:
        raise InvalidNumberError("is not an LEI: it must have 18 letters or digits and two check digits")
    if int(number.translate(_LETTERS_AS_NUMBERS)) % 97 != 1:
        raise InvalidNumberError("is not an LEI: the check digits do not fit")
    return number


def us_ein(value: str) -> str:
    """A US employer number, with a prefix that python-stdnum knows; its own check takes 25 µs, this one 1 µs."""
    number = compact(value)
    if _EIN.fullmatch(number) is None:
        raise InvalidNumberError("is not a US EIN: it must have nine digits, such as '94-2404110'")
    if number[:2] not in _ein_prefixes():
        raise InvalidNumberError(f"is not a US EIN: the prefix {number[:2]} is not in use")
    return number


def gb_crn(value: str) -> str:
    """A number of Companies House: eight characters, leading zeros restored."""
    number = compact(value)
    if number.isdigit():
        number = number.zfill(8)
    if _CRN.fullmatch(number) is None:
        raise InvalidNumberError("is not a Companies House number: it must have eight digits or two letters and six")
    return number


def at_fn(value: str) -> str:
    """A number of the Austrian company register: up to six digits and a check letter."""
    number = compact(value).removeprefix("FN")
    if _FIRMENBUCH.fullmatch(number) is None:
        raise InvalidNumberError("is not a Firmenbuchnummer: it must have up to six digits and a letter")
    return number


def ico(value: str) -> str:
    """A Czech or Slovak organisation number: eight digits, the last a check digit."""
    number = compact(value)
    if not (number.isascii() and number.isdigit()) or len(number) > 8:  # noqa: PLR2004 - The length.
        raise InvalidNumberError("is not an IČO: it must have eight digits")
    number = number.zfill(8)
    total = sum(weight * int(digit) for weight, digit in zip(_ICO_WEIGHTS, number, strict=False))
    if (_ICO_MODULUS - total % _ICO_MODULUS) % 10 != int(number[7]):
        raise InvalidNumberError("is not an IČO: the check digit does not fit")
    return number


def gln(value: str) -> str:
    """A GS1 global location number: 13 digits, the last a check digit."""
    number = compact(value)
    if not (number.isascii() and number.isdigit()) or len(number) != 13:  # noqa: PLR2004 - The length.
        raise InvalidNumberError("is not a GLN: it must have 13 digits")
    if not ean.is_valid(number):
        raise InvalidNumberError("is not a GLN: the check digit does not fit")
    return number


def nz_nzbn(value: str) -> str:
    """A New Zealand business number: a GLN that begins with 94."""
    number = gln(value)
    if not number.startswith("94"):
        raise InvalidNumberError("is not an NZBN: it must begin with 94")
    return number


def german_register(kind: str) -> Normalise:
    """The check of numbers of one part of the German register, such as `HRB`; the court is the issuer."""

    def normalise(value: str) -> str:
        number = plain(value).removeprefix(kind.upper()).strip()
        match = _REGISTER_NUMBER.fullmatch(number)
        if match is None:
            raise InvalidNumberError(f"is not an {kind} number: it must have up to six digits, such as '12345'")
        # Some courts add letters, which are part of the number: 12345 B.
        return f"{match[1]} {match[2]}" if match[2] else match[1]

    return normalise


def german_court(issuer: str) -> str:
    """The court under the one name python-stdnum has for it: `München` for `Amtsgericht München`."""
    court = _COURT_PREFIX.sub("", issuer.strip(), count=1)
    try:
        return handelsregisternummer.validate(f"{court} HRB 1").removesuffix(" HRB 1")
    except InvalidComponent:
        raise InvalidIssuerError("is not a German register court, such as 'Amtsgericht München'") from None
    except ValidationError:
        raise InvalidIssuerError("must name the register court, such as 'Amtsgericht München'") from None


@lru_cache(maxsize=1)
def _ein_prefixes() -> frozenset[str]:
    return frozenset(
        prefix for prefix in (f"{number:02d}" for number in range(100)) if ein.is_valid(f"{prefix}0000000")
    )
