"""Changing a state: which fields, to what, and what differs afterwards."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from function_backend.kernel.errors import FieldViolation, InvalidArgumentError, invalid_fields
from function_backend.services.company.domain.company import FIELDS, CompanyState

_EVERYTHING = "*"
_LABEL = "labels."
_PATH = "update_mask"
_SHOWN = 64
_BLANK = CompanyState("")


@dataclass(frozen=True, slots=True)
class Change:
    """New values for some fields of a company, the others being left alone."""

    fields: frozenset[str]
    """The fields that take the value of `values`."""
    label_keys: frozenset[str]
    """The labels that take the value of `values`, or go when it has none."""
    values: CompanyState

    @property
    def touched(self) -> frozenset[str]:
        """The fields that may differ afterwards."""
        return self.fields | {"labels"} if self.label_keys else self.fields

    def applied_to(self, state: CompanyState) -> CompanyState:
        """The state with the new values, which are yet to be checked."""
        values: dict[str, Any] = {name: getattr(self.values, name) for name in self.fields}
        if self.label_keys and "labels" not in self.fields:
            labels = {key: value for key, value in state.labels.items() if key not in self.label_keys}
            labels.update((key, self.values.labels[key]) for key in self.label_keys if key in self.values.labels)
            values["labels"] = labels
        return state._replace(**values)


def read_mask(paths: Sequence[str], values: CompanyState) -> Change:
    """The change that the mask asks for: the fields named, all with `*`, the populated ones when it names none.

    Raises INVALID_ARGUMENT for a path that is not one.
    """
    if not paths:
        return Change(populated_fields(values), frozenset(), values)
    if _EVERYTHING in paths:
        if len(paths) > 1:
            raise invalid_fields(FieldViolation(_PATH, "'*' stands alone"))
        return Change(frozenset(FIELDS), frozenset(), values)
    labels = frozenset(path.removeprefix(_LABEL) for path in paths if path.startswith(_LABEL) and path != _LABEL)
    fields = frozenset(path for path in paths if not (path.startswith(_LABEL) and path != _LABEL))
    unknown = sorted(fields.difference(FIELDS))
    if unknown:
        raise _unknown_paths(unknown)
    return Change(fields, labels, values)


def populated_fields(state: CompanyState) -> frozenset[str]:
    """The fields that say something."""
    return frozenset(name for name, value, blank in zip(FIELDS, state, _BLANK, strict=True) if value != blank)


def changed_fields(before: CompanyState, after: CompanyState) -> tuple[str, ...]:
    """The fields that differ, in the order of the contract."""
    return tuple([name for name, old, new in zip(FIELDS, before, after, strict=True) if old != new])


def _unknown_paths(unknown: Sequence[str]) -> InvalidArgumentError:
    return invalid_fields(*[FieldViolation(_PATH, _about(path)) for path in unknown])


def _about(path: str) -> str:
    shown = path[:_SHOWN]
    if path in _OUTPUT_ONLY:
        return f"'{path}' is set by the service and cannot be changed"
    top = path.split(".", 1)[0]
    if top in FIELDS:
        return f"{shown!a} is too deep; name the whole field '{top}'"
    nearest = difflib.get_close_matches(shown, FIELDS, n=1, cutoff=0.5)
    advice = f"did you mean '{nearest[0]}'?" if nearest else f"there are {', '.join(FIELDS)} and labels.<key>"
    return f"{shown!a} is not a field of a company; {advice}"


_OUTPUT_ONLY = frozenset({"id", "etag", "create_time", "update_time", "delete_time", "revision"})
