"""The orders in which companies can be listed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from function_backend.kernel.errors import FieldViolation, invalid_fields

ORDER_FIELDS = ("id", "legal_name", "create_time", "update_time")

_DIRECTIONS = ("asc", "desc")
_MOST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Ordering:
    """A field, and whether its greatest value comes first; the id breaks ties in the same direction."""

    field: str = "id"
    descending: bool = False


def read_ordering(text: str) -> Ordering:
    """The order that the text asks for, by id when it asks for none. Raises INVALID_ARGUMENT."""
    words = text.split()
    if not words:
        return Ordering()
    if "," in text:
        raise _refused("names more than one field; the id breaks ties by itself")
    if words[0] not in ORDER_FIELDS:
        nearest = difflib.get_close_matches(words[0], ORDER_FIELDS, n=1, cutoff=0.4)
        advice = f"did you mean '{nearest[0]}'?" if nearest else f"there are {', '.join(ORDER_FIELDS)}"
        raise _refused(f"{words[0]!a} is not a field to order by; {advice}")
    if len(words) > _MOST_WORDS or words[-1] not in (words[0], *_DIRECTIONS):
        raise _refused("must be a field and 'asc' or 'desc', such as 'legal_name desc'")
    return Ordering(words[0], words[-1] == "desc")


def _refused(description: str) -> Exception:
    return invalid_fields(FieldViolation("order_by", description))
