"""The versions that were fetched: their hashes looked at, compiled once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from function.rules.v1 import definition_pb2, distribution_service_pb2
from function_backend_client.rules.errors import VersionRefusedError
from function_backend_rules import Compiled, DefinitionRefusedError, compile_definition


class VersionKey(NamedTuple):
    """A version of a decision."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class UsableVersion:
    """A version that decides here."""

    name: str
    number: int
    content_hash: str
    calls: tuple[VersionKey, ...]
    compiled: Compiled


@dataclass(frozen=True, slots=True)
class RefusedVersion:
    """A version that cannot be used here."""

    name: str
    number: int
    content_hash: str
    calls: tuple[VersionKey, ...]
    why: str

    def error(self) -> VersionRefusedError:
        """What a decision by it raises."""
        return VersionRefusedError(self.name, self.number, self.why)


class Versions:
    """The versions that are held. Only one thread adds to them; what is held never changes."""

    def __init__(self) -> None:
        self._held: dict[VersionKey, UsableVersion | RefusedVersion] = {}

    def get(self, key: VersionKey) -> UsableVersion | RefusedVersion:
        """The version; one that never came is one that cannot be used."""
        return self._held.get(key) or RefusedVersion(key.name, key.number, "", (), "the service did not send it")

    def hashes(self) -> list[str]:
        """The content hashes of what is held and works: the service need not send it again."""
        return sorted({held.content_hash for held in self._held.values() if isinstance(held, UsableVersion)})

    def take(self, told: distribution_service_pb2.PublishedVersion) -> None:
        """Keeps a version; those that it calls must have come before."""
        key = VersionKey(told.name, told.version)
        held = self._held.get(key)
        calls = tuple(VersionKey(call.name, call.version) for call in told.calls)
        if isinstance(held, UsableVersion) and (held.content_hash, held.calls) == (told.content_hash, calls):
            return
        try:
            compiled = self._compiled(told, calls)
        except _UnusableError as error:
            self._held[key] = RefusedVersion(told.name, told.version, told.content_hash, calls, str(error))
        else:
            self._held[key] = UsableVersion(told.name, told.version, told.content_hash, calls, compiled)

    def keep(self, needed: Iterable[VersionKey]) -> None:
        """Lets go of all others but these and what they call."""
        waiting, kept = list(needed), dict[VersionKey, UsableVersion | RefusedVersion]()
        while waiting:
            key = waiting.pop()
            held = self._held.get(key)
            if held is not None and key not in kept:
                kept[key] = held
                waiting += held.calls
        self._held = kept

    def _compiled(self, told: distribution_service_pb2.PublishedVersion, calls: tuple[VersionKey, ...]) -> Compiled:
        called = {}
        for call in calls:
            held = self.get(call)
            if isinstance(held, RefusedVersion):
                raise _UnusableError(f"it calls version {held.number} of '{held.name}': {held.why}")
            called[call.name] = held.compiled
        content = told.content or self._known_content(told.content_hash)
        if hashlib.sha256(content).hexdigest() != told.content_hash:
            raise _UnusableError("its content does not have the hash that it is published with")
        try:
            definition = definition_pb2.Definition.FromString(content)
        except DecodeError:
            raise _UnusableError("its content is no definition") from None
        if definition.name != told.name:
            raise _UnusableError(f"its content is that of '{definition.name}'")
        if _has_unknown(definition):
            raise _UnusableError("it uses what this version of function-backend-rules does not know; upgrade that")
        try:
            return compile_definition(definition, called=called)
        except DefinitionRefusedError as error:
            raise _UnusableError(f"it does not compile here: {error}") from error

    def _known_content(self, content_hash: str) -> bytes:
        """The content of a version that has the same, which the service did not send because we said so."""
        for held in self._held.values():
            if isinstance(held, UsableVersion) and held.content_hash == content_hash:
                return held.compiled.definition.SerializeToString(deterministic=True)
        raise _UnusableError("the service did not send its content")


class _UnusableError(Exception):
    """Why a version cannot be used."""


def _has_unknown(message: Message) -> bool:
    """Whether the message, or one in it, has fields that this program does not know."""
    if len(UnknownFieldSet(message)):
        return True
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = [value[key] for key in value]
        else:
            inner = list(value) if field.is_repeated else [value]
        if any(isinstance(each, Message) and _has_unknown(each) for each in inner):
            return True
    return False
