"""Decisions that are bound to operations, and what they say about a change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

OPERATIONS = ("company.create", "company.update", "company.import")
"""What a hook can be bound to."""

_COMPANY = "function.company.v1.Company"
_OPTIONAL = f"optional({_COMPANY})"
INPUTS: Mapping[str, str] = {
    "company": _COMPANY,
    "previous": _OPTIONAL,
    "changed_fields": "list(string)",
    "operation": "string",
    "actor": "string",
    "roles": "list(string)",
    "permissions": "list(string)",
}
"""The inputs that a hook has, with their types."""
RESULTS = ("bool", "string", "list(bool)", "list(string)")
"""The types of results that a hook understands: lists where all rules that match decide."""
ALLOW, DENY = "allow", "deny"

# Of these there always is a company before.
_ALWAYS_WITH_PREVIOUS = frozenset({"company.update"})


class HookMode(Enum):
    """What a hook does with what was decided."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


class Misfit(NamedTuple):
    """Something about a definition that a hook has no use for."""

    path: str
    description: str


class ChangeVerdict(NamedTuple):
    """What a decision says about a change."""

    denied: bool
    failure: str = ""
    """Why it says nothing; empty when it says something."""
    rule_id: str = ""
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A decision that is bound to operations."""

    id: UUID
    name: str
    definition: str
    """The name of the decision."""
    operations: tuple[str, ...]
    mode: HookMode
    enabled: bool
    order: int
    description: str
    revision: int
    """How many changes there were to it."""
    created_at: datetime
    updated_at: datetime
    creator: str

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return hashlib.blake2b(b"%b %d" % (self.id.bytes, self.revision), digest_size=8).hexdigest()

    @property
    def is_enforced(self) -> bool:
        """Whether it may keep changes from being made."""
        return self.enabled and self.mode is HookMode.ENFORCE

    def changed(self, change: HookChange, *, at: datetime) -> Hook:
        """The hook after the change; itself when nothing differs."""
        after = replace(
            self,
            enabled=self.enabled if change.enabled is None else change.enabled,
            order=self.order if change.order is None else change.order,
            mode=self.mode if change.mode is None else change.mode,
            description=self.description if change.description is None else change.description,
        )
        return self if after == self else replace(after, revision=self.revision + 1, updated_at=at)

    def misfits(self, inputs: Mapping[str, str], result: str) -> list[Misfit]:
        """What it has no use for in a definition with these inputs, by name and type, and this result."""
        found = [misfit for name, kind in inputs.items() if (misfit := self._misfit(name, kind)) is not None]
        if result not in RESULTS:
            wanted = "a hook takes a bool, of which false denies, or the strings 'allow' and 'deny'"
            found.append(Misfit("result_type", f"is {result}; {wanted}"))
        return found

    def _misfit(self, name: str, kind: str) -> Misfit | None:
        wanted = INPUTS.get(name)
        if wanted is None:
            return Misfit(f"inputs.{name}", f"hooks have no such input; they have {', '.join(INPUTS)}")
        if kind == wanted:
            return None
        if name == "previous" and kind == _COMPANY:
            if _ALWAYS_WITH_PREVIOUS.issuperset(self.operations):
                return None
            return Misfit("inputs.previous", f"a company that is new has none before; declare {_OPTIONAL}")
        return Misfit(f"inputs.{name}", f"is declared as {kind}; hooks have it as {wanted}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HookChange:
    """What is to be different about a hook; what is None stays."""

    enabled: bool | None = None
    order: int | None = None
    mode: HookMode | None = None
    description: str | None = None


def in_order(hooks: Sequence[Hook]) -> list[Hook]:
    """The hooks as they are asked."""
    return sorted(hooks, key=lambda hook: (hook.order, hook.name))
