"""The names of a company."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.dates import Period, check_period
from function_backend.services.company.domain.text import line

MAX_NAME_LENGTH = 500

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MAX_LANGUAGE_LENGTH = 35


class NameKind(StrEnum):
    """What a further name is."""

    UNSPECIFIED = "UNSPECIFIED"
    PREVIOUS = "PREVIOUS"
    TRADING = "TRADING"
    SHORT = "SHORT"
    TRANSLATED = "TRANSLATED"
    TRANSLITERATED = "TRANSLITERATED"


class OtherName(NamedTuple):
    """A name besides the legal one."""

    value: str
    kind: NameKind = NameKind.UNSPECIFIED
    language: str = ""
    validity: Period | None = None


class LegalForm(NamedTuple):
    """A legal form: its ISO 20275 code, its text, or both."""

    code: str = ""
    text: str = ""


_FORM_CODE = re.compile(r"[A-Z0-9]{4}")
_MAX_FORM_TEXT_LENGTH = 200


def check_other_name(checks: Checks, path: str, name: OtherName) -> OtherName:
    """The name, normalised."""
    return OtherName(
        line(checks, path, "value", name.value, MAX_NAME_LENGTH, required=True),
        name.kind,
        _check_language(checks, path, name.language) if name.language else "",
        None if name.validity is None else check_period(checks, path, name.validity),
    )


def check_legal_form(checks: Checks, path: str, form: LegalForm | None) -> LegalForm | None:
    """The legal form, normalised; None for an empty one.

    The form of the code is checked, not its presence in the list: the list changes twice a year and no maintained
    library carries it, so a copy would refuse new legal forms.
    """
    if form is None:
        return None
    code, text = form
    if code and _FORM_CODE.fullmatch(code) is None:
        checks.refuse(f"{path}.code", "must be an ISO 20275 code of four characters A to Z and 0 to 9, such as '2HBR'")
    text = line(checks, path, "text", text, _MAX_FORM_TEXT_LENGTH)
    return LegalForm(code, text) if code or text else None


def _check_language(checks: Checks, path: str, tag: str) -> str:
    if len(tag) > _MAX_LANGUAGE_LENGTH or _LANGUAGE.fullmatch(tag) is None:
        checks.refuse_field(path, "language", "must be a BCP 47 language tag such as 'de' or 'zh-Hant'")
        return tag
    return _canonical_language(tag)


@lru_cache(maxsize=1024)
def _canonical_language(tag: str) -> str:
    """The tag with the letter case of RFC 5646 section 2.1.1: language lower, Script titled, REGION upper."""
    first, *rest = tag.split("-")
    parts = [first.lower()]
    for part in rest:
        after_singleton = len(parts[-1]) == 1
        if len(part) == 2 and not after_singleton:  # noqa: PLR2004 - The length of a region code.
            parts.append(part.upper())
        elif len(part) == 4 and not after_singleton:  # noqa: PLR2004 - The length of a script code.
            parts.append(part.title())
        else:
            parts.append(part.lower())
    return "-".join(parts)
