"""Attributes of a user: further data of the caller's own, as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import orjson

from function_backend.services.auth.domain.checks import Checks

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MOST_BYTES = 16 * 1024
DEEPEST = 8

# Whole numbers up to here are written as such; PostgreSQL and JSON readers then agree on their text.
_WHOLE_NUMBER_LIMIT = 2.0**63


class _RefusedError(Exception):
    """Carries what to say; nobody else sees it."""


def check_attributes(checks: Checks, path: str, attributes: Mapping[str, Json]) -> dict[str, Json]:
    """The attributes with keys in order and whole numbers as integers: at most 16 KiB of JSON, eight levels deep."""
    try:
        canonical = {key: _canonical(attributes[key], 2) for key in sorted(attributes) if _holds(key)}
    except _RefusedError as refused:
        checks.refuse(path, str(refused))
        return {}
    size = len(orjson.dumps(canonical))
    if size > MOST_BYTES:
        checks.refuse(path, f"is {size} bytes as JSON; at most {MOST_BYTES} are allowed")
    return canonical


def _canonical(value: Json, depth: int) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        _holds(value)
        return value
    if isinstance(value, int | float):
        return _canonical_number(value)
    if depth > DEEPEST:
        raise _RefusedError(f"is nested more than {DEEPEST} levels deep")
    if isinstance(value, list):
        return [_canonical(item, depth + 1) for item in value]
    return {key: _canonical(value[key], depth + 1) for key in sorted(value) if _holds(key)}


def _canonical_number(number: float) -> int | float:
    number = float(number)
    if not math.isfinite(number):
        raise _RefusedError("has a number that is NaN or infinite, which JSON cannot say")
    return int(number) if number.is_integer() and abs(number) < _WHOLE_NUMBER_LIMIT else number


def _holds(text: str) -> bool:
    if "\x00" in text:
        raise _RefusedError("has the control character U+0000; remove it")
    return True
