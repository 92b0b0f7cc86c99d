"""What a company does, as codes of classifications."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.text import line

_SCHEME = re.compile(r"[a-z][a-z0-9-]*")
_MAX_LENGTH = 32
_SEPARATORS = str.maketrans("", "", " .-/")


class Industry(NamedTuple):
    """A code of a classification."""

    scheme: str
    code: str
    primary: bool = False

    @property
    def term(self) -> str:
        """The code as filters and searches name it, such as `sic:3720`."""
        return f"{self.scheme}:{self.code}"


class _Classification(NamedTuple):
    pattern: re.Pattern[str]
    form: str
    width: int = 0
    """Codes are filled with leading zeros to this many digits; spreadsheets like to drop them."""


# The classifications whose codes are checked; others are taken as they are.
_CLASSIFICATIONS = {
    "sic": _Classification(re.compile(r"[0-9]{4}"), "four digits", width=4),
    "naics": _Classification(re.compile(r"[0-9]{2,6}"), "two to six digits"),
    "nace": _Classification(re.compile(r"[A-V]|[A-V]?[0-9]{2,4}"), "a section letter or two to four digits"),
    "isic": _Classification(re.compile(r"[A-V]|[A-V]?[0-9]{2,4}"), "a section letter or two to four digits"),
    "gics": _Classification(re.compile(r"([0-9]{2}){1,4}"), "two, four, six or eight digits"),
    "uk-sic": _Classification(re.compile(r"[0-9]{5}"), "five digits", width=5),
    "wz": _Classification(re.compile(r"[A-V]|[A-V]?[0-9]{2,5}"), "a section letter or two to five digits"),
    "naf": _Classification(re.compile(r"[0-9]{2,4}[A-Z]?"), "two to four digits and a letter"),
    "anzsic": _Classification(re.compile(r"[A-S]|[A-S]?[0-9]{2,4}"), "a division letter or two to four digits"),
}


def check_industries(checks: Checks, path: str, industries: Sequence[Industry]) -> tuple[Industry, ...]:
    """The industries, normalised: each once, and at most one primary of each scheme."""
    checked = tuple([check_industry(checks, f"{path}[{index}]", item) for index, item in enumerate(industries)])
    if len(checked) > 1:
        _check_together(checks, path, checked)
    return checked


def check_industry(checks: Checks, path: str, industry: Industry) -> Industry:
    """The industry, normalised: separators that carry no meaning dropped, letters raised in the known schemes."""
    scheme, code, primary = industry
    known = _CLASSIFICATIONS.get(scheme)
    if known is None and (len(scheme) > _MAX_LENGTH or _SCHEME.fullmatch(scheme) is None):
        checks.refuse(f"{path}.scheme", "must be the name of a classification in a to z, 0 to 9 and '-', such as 'sic'")
    code = line(checks, path, "code", code, _MAX_LENGTH, required=True)
    if known is None or not code:
        return Industry(scheme, code, primary)
    compact = code.translate(_SEPARATORS).upper()
    if known.width and compact.isdigit():
        compact = compact.zfill(known.width)
    if known.pattern.fullmatch(compact) is None:
        checks.refuse(f"{path}.code", f"is not a code of {scheme}, which has {known.form}")
        return industry
    return Industry(scheme, compact, primary)


def _check_together(checks: Checks, path: str, industries: tuple[Industry, ...]) -> None:
    seen: dict[tuple[str, str], int] = {}
    primary: dict[str, int] = {}
    for index, industry in enumerate(industries):
        first = seen.setdefault((industry.scheme, industry.code), index)
        if first != index:
            checks.refuse(f"{path}[{index}]", f"repeats {path}[{first}]")
        if industry.primary:
            first = primary.setdefault(industry.scheme, index)
            if first != index:
                checks.refuse(f"{path}[{index}].primary", f"{path}[{first}] is already the primary {industry.scheme}")
