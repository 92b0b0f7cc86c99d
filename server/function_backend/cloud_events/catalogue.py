"""Every type of events that the contract has: what it means, what it is about, and who may see it.

An event is a message of a package `function.*.v1` with the option `(function.common.v1.event)`.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.message_factory import GetMessageClass

import function
from function.common.v1 import options_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FileDescriptor
    from google.protobuf.message import Message

    from function_backend.events.log import LoggedEvent
    from function_backend.kernel.identity import Principal

_EVENTS_MODULE = "_events_pb2"
_DESCRIPTIONS = "descriptions.json"


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of events."""

    name: str
    """The full name of its message, such as `function.company.v1.CompanyCreated`."""
    subject_type: str
    """The kind of resource that it is about, such as `company`; empty where that may be any."""
    permission: str
    """What a caller must hold to see it."""
    description: str
    """What has happened."""
    message: type[Message] = field(repr=False, compare=False)

    def is_visible(self, principal: Principal) -> bool:
        """Whether the caller may see some or all events of the type."""
        scopes = principal.scopes_of(self.permission, self.subject_type)
        return scopes is None or bool(scopes)


class EventCatalogue:
    """The types by their names."""

    def __init__(self, types: Mapping[str, EventType]) -> None:
        self._types = dict(sorted(types.items()))

    def __iter__(self) -> Iterator[EventType]:
        """All types, by name."""
        return iter(self._types.values())

    def find(self, name: str) -> EventType | None:
        """The type with the name; None when there is none, or none any more."""
        return self._types.get(name)

    def may_see(self, principal: Principal, event: LoggedEvent) -> bool:
        """Whether the caller may see the event: it holds the permission for the tenant, or for the resource.

        A scope with labels counts by the labels that the resource had; an event of a type that is not known is hidden.
        """
        known = self._types.get(event.type)
        if known is None or known.subject_type not in ("", event.subject_type):
            return False
        scopes = principal.scopes_of(known.permission, event.subject_type)
        if scopes is None:
            return True
        for scope in scopes:
            if scope.resource_id is not None:
                if scope.resource_id == event.subject_id:
                    return True
            elif all(event.labels.get(key) == value for key, value in scope.labels):
                return True
        return False


@cache
def event_catalogue() -> EventCatalogue:
    """The types of the contract."""
    described = _descriptions()
    return EventCatalogue(
        {
            message.full_name: _type(message, described.get(message.full_name, ""))
            for file in _files()
            for message in file.message_types_by_name.values()
            if message.GetOptions().HasExtension(options_pb2.event)
        }
    )


def _type(message: Descriptor, description: str) -> EventType:
    policy = message.GetOptions().Extensions[options_pb2.event]
    return EventType(
        name=message.full_name,
        subject_type=policy.subject_type,
        permission=policy.permission,
        description=description,
        message=GetMessageClass(message),
    )


def _files() -> Iterator[FileDescriptor]:
    # The packages of the contract are namespaces, which `pkgutil.walk_packages` does not walk.
    for root in function.__path__:
        for file in sorted(Path(root).glob(f"*/v*/*{_EVENTS_MODULE}.py")):
            package, version, name = file.parts[-3:]
            yield importlib.import_module(f"function.{package}.{version}.{name.removesuffix('.py')}").DESCRIPTOR


def _descriptions() -> Mapping[str, str]:
    """The comments of the contract, which stubs do not carry; written by `make generate`."""
    text = resources.files(__package__).joinpath(_DESCRIPTIONS).read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found
