"""Checks of identifier values: python-stdnum's, and the few it lacks."""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType

from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidLength, ValidationError

from function_backend.services.company.domain.schemes.scheme import InvalidNumberError

Normalise = Callable[[str], str]

_SEPARATORS = str.maketrans("", "", " -./")


def stdnum_number(module: str, title: str, *, shape: str = "", separators: str = "") -> Normalise:
    """The check of a module of python-stdnum; `shape` is what it fails to check of the compact form.

    `separators` are dropped beforehand where the module does not accept them.
    """
    compact_form = re.compile(shape or r"[0-9A-Z][0-9A-Z/-]*")
    dropped = str.maketrans("", "", separators)

    def normalise(value: str) -> str:
        text = plain(value).translate(dropped)
        try:
            number: str = _module(module).validate(text)
        except InvalidChecksum:
            raise InvalidNumberError(f"is not {title}: the check digits do not fit") from None
        except InvalidLength:
            raise InvalidNumberError(f"is not {title}: it has the wrong length") from None
        except InvalidComponent:
            raise InvalidNumberError(f"is not {title}: a part of it is not in use") from None
        except (ValidationError, ValueError, LookupError):
            # Some modules meet a character they did not expect with an error of the language.
            raise InvalidNumberError(f"is not {title}: it does not have the form of one") from None
        if compact_form.fullmatch(number) is None:
            raise InvalidNumberError(f"is not {title}: it does not have the form of one")
        return number

    return normalise


def pattern_number(title: str, shape: str, *, width: int = 0, separators: str = " -./") -> Normalise:
    """The check of a scheme without check digits: a form, and leading zeros up to the width."""
    form = re.compile(shape)
    dropped = str.maketrans("", "", separators)

    def normalise(value: str) -> str:
        number = plain(value).translate(dropped)
        if width and number.isdigit():
            number = number.zfill(width)
        if form.fullmatch(number) is None:
            raise InvalidNumberError(f"is not {title}: it does not have the form of one")
        return number

    return normalise


def plain(value: str) -> str:
    """The value in upper case, with full-width and other compatibility forms of characters made plain."""
    if value.isascii():
        return value.strip().upper()
    return unicodedata.normalize("NFKC", value).strip().upper()


def compact(value: str) -> str:
    """The value without separators, in upper case."""
    return plain(value).translate(_SEPARATORS)


@lru_cache(maxsize=256)
def _module(name: str) -> ModuleType:
    """The module, imported when its first number comes: there are a hundred, and a tenant uses five."""
    return importlib.import_module(f"stdnum.{name}")
