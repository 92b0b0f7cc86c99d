"""Which parts of a company may be left out when they are refused, so that the rest of the row can be imported.

`contacts` names all elements of a list, `identifiers.us-ein` those of a scheme (addresses and names: of a kind),
`addresses.postal_code` one field of the elements, and `jurisdiction` a field of the company. What is left out is
reported with the rejects; nothing disappears silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from function.company.v1 import company_pb2, company_service_pb2
from function_backend_cli.importing.faults import MappingError, nearest
from function_backend_client.display import enum_text

_PATH: Final = re.compile(r"(?:company\.)?(?P<field>[a-z_]+)(?:\[(?P<index>\d+)\])?(?:\.(?P<rest>.+))?")
_COMPANY: Final = company_pb2.Company.DESCRIPTOR
_NEEDED: Final = frozenset({"legal_name", "id"})


class Droppable:
    """The parts that a mapping allows to drop."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises MappingError for a pattern that names nothing."""
        for pattern in patterns:
            head = pattern.split(".", 1)[0]
            if head not in _COMPANY.fields_by_name or head in _NEEDED:
                known = [field.name for field in _COMPANY.fields if field.name not in _NEEDED]
                raise MappingError(f"droppable: '{pattern}' cannot be dropped{nearest(head, known)}")
        self._patterns = frozenset(patterns)

    def clears(self, path: str) -> bool:
        """Whether a field, given without indices such as `addresses.postal_code`, may be cleared."""
        return path in self._patterns

    def removes(self, field: str, selector: str) -> bool:
        """Whether elements of a list may be removed, given the scheme or kind of the element."""
        return field in self._patterns or f"{field}.{selector.lower()}" in self._patterns

    def drop(self, company: company_pb2.Company, path: str) -> str | None:
        """Drops the part that the path of a rejection names; returns what it was, None when it may not be dropped."""
        match = _PATH.fullmatch(path)
        if match is None or match["field"] not in _COMPANY.fields_by_name:
            return None
        field, index = match["field"], match["index"]
        if index is None:
            if field not in self._patterns:
                return None
            value = getattr(company, field)
            company.ClearField(field)  # type: ignore[arg-type]  # The name was looked up above.
            return str(value).strip()
        return self._drop_in_list(getattr(company, field), field, int(index), match["rest"] or "")

    def _drop_in_list(self, items: Any, field: str, index: int, rest: str) -> str | None:  # noqa: ANN401  Any list.
        if index >= len(items):
            return None
        item = items[index]
        leaf = re.split(r"[.\[]", rest, maxsplit=1)[0]
        if leaf and f"{field}.{leaf}" in self._patterns:
            value = getattr(item, leaf)
            item.ClearField(leaf)
            return str(value)
        if not self.removes(field, _selector(item)):
            return None
        value = next((getattr(item, name) for name in ("value", "code") if hasattr(item, name)), "") or str(item)
        del items[index]
        return " ".join(str(value).split())


def _selector(item: Any) -> str:  # noqa: ANN401  An element of any list of a company.
    if hasattr(item, "scheme"):
        return str(item.scheme)
    kind = item.DESCRIPTOR.fields_by_name.get("kind")
    return "" if kind is None else enum_text(kind, item.kind)


def repaired(
    droppable: Droppable, row: company_service_pb2.ImportRow, rejection: company_service_pb2.ImportRejection
) -> str | None:
    """Drops what a rejection is about; returns what was dropped, None when the row stays refused."""
    return droppable.drop(row.company, rejection.field)
