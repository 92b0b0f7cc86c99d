"""What differs between two definitions, part by part."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple


class ChangeKind(Enum):
    """What a change does to a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


class Change(NamedTuple):
    """One difference. The texts are JSON; empty where there is nothing."""

    kind: ChangeKind
    path: str
    before: str
    after: str


_KEYS = ("id", "name")


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The differences between two definitions as plain JSON, in their order.

    Items of a list that all have an id or a name are told apart by it, so that a rule put in front of others is one
    addition; other items go by their place.
    """
    return list(_of_objects("", before, after))


def _of_objects(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        yield from _of_values(f"{path}.{name}" if path else name, before.get(name), after.get(name))


def _of_values(path: str, before: Any, after: Any) -> Iterator[Change]:  # noqa: ANN401  any JSON
    if _text(before) == _text(after):  # Not the values: 1 equals True.
        return
    if before is None or after is None:
        kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED
        yield Change(kind, path, _text(before), _text(after))
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _of_objects(path, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(path, before, after)
    else:
        yield Change(ChangeKind.CHANGED, path, _text(before), _text(after))


def _of_lists(path: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    old, new = _keyed(before), _keyed(after)
    if old is None or new is None:
        for place in range(max(len(before), len(after))):
            yield from _of_values(f"{path}[{place}]", _at(before, place), _at(after, place))
        return
    for key in dict.fromkeys([*old, *new]):
        yield from _of_values(f"{path}[{key}]", old.get(key), new.get(key))
    left = [key for key in old if key in new]
    moved = [key for key in new if key in old]
    for was, now in zip(left, moved, strict=True):
        if was != now:
            yield Change(ChangeKind.MOVED, path, _text(left), _text(moved))
            return


def _keyed(items: Sequence[Any]) -> dict[str, Any] | None:
    """The items by their ids or names; None when they cannot be told apart so."""
    for key in _KEYS:
        found = {item[key]: item for item in items if isinstance(item, dict) and isinstance(item.get(key), str)}
        if len(found) == len(items):
            return found
    return None


def _at(items: Sequence[Any], place: int) -> Any:  # noqa: ANN401  any JSON
    return items[place] if place < len(items) else None


def _text(value: Any) -> str:  # noqa: ANN401  any JSON
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
