"""What service accounts and groups have in common: a short name, a name to read, and what they are for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.field_mask import masked_fields
from function_backend.services.auth.domain.labels import check_labels
from function_backend.services.auth.domain.names import check_line

CARD_FIELDS = ("name", "display_name", "description", "labels")

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_DESCRIPTION = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What callers say about a service account or a group."""

    name: str
    display_name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def checked(self, checks: Checks, parent: str, fields: frozenset[str] = frozenset(CARD_FIELDS)) -> Card:
        """The card with the named fields normalised; what is wrong with them is noted."""
        if "name" in fields and _NAME.fullmatch(self.name) is None:
            checks.refuse(f"{parent}.name", "must be up to 63 of a to z, 0 to 9 and hyphens, beginning with a letter")
        values: dict[str, object] = {}
        if "display_name" in fields:
            values["display_name"] = check_line(checks, f"{parent}.display_name", self.display_name or self.name)
        if "description" in fields:
            values["description"] = check_line(checks, f"{parent}.description", self.description, _LONGEST_DESCRIPTION)
        if "labels" in fields:
            values["labels"] = check_labels(checks, f"{parent}.labels", self.labels)
        return replace(self, **values)  # type: ignore[arg-type]  # each under the name of its own field

    def masked(self, checks: Checks, paths: Sequence[str]) -> frozenset[str]:
        """The fields that an update with this card and mask sets."""
        populated = [name for name in CARD_FIELDS if getattr(self, name)]
        return masked_fields(checks, paths, writable=CARD_FIELDS, populated=populated)

    def with_fields(self, values: Card, fields: frozenset[str]) -> Card:
        """The card with the named fields of the other one."""
        return replace(self, **{name: getattr(values, name) for name in fields})
