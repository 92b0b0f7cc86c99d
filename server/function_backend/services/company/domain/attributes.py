"""Attributes: further data of the caller's own, as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import orjson

from function_backend.services.company.domain.checks import Checks

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_BYTES = 16 * 1024
MAX_DEPTH = 8

# Whole numbers up to here are written as such; PostgreSQL and JSON readers then agree on their text.
_WHOLE_NUMBER_LIMIT = 2.0**63


class _Refused(Exception):  # noqa: N818 - Carries what to say; nobody else sees it.
    pass


def check_attributes(checks: Checks, path: str, attributes: Mapping[str, Json]) -> Mapping[str, Json]:
    """The attributes in canonical form: keys in order, whole numbers as integers.

    At most 16 KiB as JSON and eight levels deep; no NaN and no infinity, which JSON cannot say, and no U+0000, which
    PostgreSQL cannot hold.
    """
    if not attributes:
        return attributes
    try:
        canonical = canonical_attributes(attributes)
    except _Refused as refused:
        checks.refuse(path, str(refused))
        return attributes
    size = len(orjson.dumps(canonical))
    if size > MAX_BYTES:
        checks.refuse(path, f"is {size} bytes as JSON; at most {MAX_BYTES} are allowed")
    return canonical


def canonical_attributes(attributes: Mapping[str, Json]) -> Mapping[str, Json]:
    """The same attributes in canonical form."""
    return {key: _canonical(attributes[key], 2) for key in sorted(attributes) if _holds(key)}


def _canonical(value: Json, depth: int) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        _holds(value)
        return value
    if isinstance(value, int | float):
        return _canonical_number(value)
    if depth > MAX_DEPTH:
        raise _Refused(f"is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, list):
        return [_canonical(item, depth + 1) for item in value]
    return {key: _canonical(value[key], depth + 1) for key in sorted(value) if _holds(key)}


def _canonical_number(number: float) -> int | float:
    number = float(number)
    if not math.isfinite(number):
        raise _Refused("has a number that is NaN or infinite, which JSON cannot say")
    return int(number) if number.is_integer() and abs(number) < _WHOLE_NUMBER_LIMIT else number


def _holds(text: str) -> bool:
    if "\x00" in text:
        raise _Refused("has the control character U+0000; remove it")
    return True
