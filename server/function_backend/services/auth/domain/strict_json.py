"""JSON that can be read in one way only: what two readers could understand differently is refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

_DEEPEST = 8


class StrictJsonError(ValueError):
    """The text is not one JSON object, or not unambiguous."""


def read_object(text: str | bytes) -> dict[str, Any]:
    """The object that the text says. Raises StrictJsonError, also for a name that stands twice in one object."""
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_int=_int)
    except StrictJsonError:
        raise
    except (ValueError, RecursionError):
        raise StrictJsonError("it cannot be read") from None
    if not isinstance(found, dict):
        raise StrictJsonError("it is something else")
    if _depth(found) > _DEEPEST:
        raise StrictJsonError("it is nested too deep")
    return found


def canonical_json(members: Mapping[str, object]) -> str:
    """The object with its names in order and nothing between, as thumbprints (RFC 7638) are taken of it."""
    return json.dumps(members, sort_keys=True, separators=(",", ":"))


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise StrictJsonError("a name stands twice")
        found[name] = value
    return found


def _refuse(_: str) -> NoReturn:
    raise StrictJsonError("a number is none")


def _int(text: str) -> int:
    if len(text) > len("-9007199254740991"):
        raise StrictJsonError("a number is too large")
    return int(text)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
