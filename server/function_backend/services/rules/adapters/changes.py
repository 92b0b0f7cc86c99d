"""Changes as decisions of hooks see them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message

from function.company.v1 import company_pb2
from function.rules.v1 import decision_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.gates import ProposedChange
from function_backend.services.rules.domain.decision import GivenInputs
from function_backend_rules.cel.values import NONE, OptionalValue

_TYPE_URL = "type.googleapis.com/function.company.v1.Company"


class CompanyChangeInputs:
    """The inputs of decisions about a change of a company."""

    def __init__(self, change: ProposedChange, operation: str, call: Call) -> None:
        self._change = change
        self._operation = operation
        self._call = call

    def values(self, declared: Mapping[str, str]) -> Mapping[str, Any]:
        """Those declared, as the engine sees them; a company before that there is not is left out."""
        found: dict[str, Any] = {name: value for name, value in self._plain.items() if name in declared}
        if "company" in declared:
            found["company"] = self._company
        if declared.get("previous", "").startswith("optional"):
            found["previous"] = NONE if self._previous is None else OptionalValue(self._previous)
        elif "previous" in declared and self._previous is not None:
            found["previous"] = self._previous
        return found

    def given(self, declared: Mapping[str, str]) -> GivenInputs:
        """The same as somebody would send them."""
        packed = {"company": self._change.after, "previous": self._change.before}
        messages = {
            name: AnyMessage(type_url=_TYPE_URL, value=content)
            for name, content in packed.items()
            if name in declared and content is not None
        }
        json = {name: value for name, value in self._plain.items() if name in declared}
        source = decision_pb2.DecisionInputs(messages=messages)
        source.json.update(json)
        return GivenInputs(source=source, messages=messages, json=json)

    def shown(self, declared: Mapping[str, str]) -> Mapping[str, Any]:
        """The same as plain messages and values."""
        messages: dict[str, Message | None] = {"company": self._company, "previous": self._previous}
        found: dict[str, Any] = {name: value for name, value in self._plain.items() if name in declared}
        found.update({name: value for name, value in messages.items() if name in declared and value is not None})
        return found

    @cached_property
    def _company(self) -> Message:
        return company_pb2.Company.FromString(self._change.after)

    @cached_property
    def _previous(self) -> Message | None:
        before = self._change.before
        return None if before is None else company_pb2.Company.FromString(before)

    @cached_property
    def _plain(self) -> Mapping[str, Any]:
        principal = self._call.principal
        return {
            "changed_fields": list(self._change.changed_fields),
            "operation": self._operation,
            "actor": "" if principal is None else principal.actor,
            "roles": [] if principal is None else list(principal.roles),
            "permissions": [] if principal is None else sorted(principal.permissions.patterns),
        }
