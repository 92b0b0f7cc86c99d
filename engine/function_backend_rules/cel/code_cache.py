"""Keeps generated code, so that the same rule is generated once: for a check, its publication and every evaluation."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable

from function_backend_rules.cel.descriptors import Contract
from function_backend_rules.cel.modules import GeneratedModule
from function_backend_rules.cel.nodes import MessageLiteral, Node
from function_backend_rules.cel.types import Type

COMPILER_VERSION = 1
"""Raised whenever the same tree becomes other code."""
_ENTRIES = 20_000
_BYTES = 64 * 1024 * 1024


def messages_of(kind: Type) -> Iterable[str]:
    """The messages that a type is made of."""
    if kind.kind == "message":
        yield kind.name
    for inner in kind.parameters:
        yield from messages_of(inner)


def code_key(contract: Contract, roots: Iterable[Node], *parts: str) -> str:
    """What code depends on, as one word: compiler, Python, descriptors, and what `parts` say.

    Args:
        contract: where the messages come from.
        roots: the checked trees; the files of all messages in them count.
        parts: the sources, the names and types of variables, the kind of code.
    """
    names: set[str] = set()
    for root in roots:
        for node in root.walk():
            names.update(messages_of(node.type))
            if isinstance(node, MessageLiteral):
                names.add(node.name)
    digest = hashlib.sha256(f"{COMPILER_VERSION} {sys.implementation.cache_tag} {sys.version}".encode())
    for name in sorted(names):
        digest.update(f"\0{name} {contract.file_digest(name)}".encode())
    for part in parts:
        digest.update(b"\0" + part.encode())
    return digest.hexdigest()


class CodeCache:
    """Generated modules as bytes, by key; the least used go first. In this process's memory and nowhere else."""

    def __init__(self, entries: int = _ENTRIES, size: int = _BYTES) -> None:
        self._entries = entries
        self._limit = size
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, generate: Callable[[], GeneratedModule]) -> GeneratedModule:
        """The module of this key, generated when it is not there."""
        with self._lock:
            data = self._kept.get(key)
            if data is not None:
                self._kept.move_to_end(key)
        if data is not None:
            return GeneratedModule.restore(data)
        module = generate()
        self._keep(key, module.dump())
        return module

    def _keep(self, key: str, data: bytes) -> None:
        with self._lock:
            self._size += len(data) - len(self._kept.pop(key, b""))
            self._kept[key] = data
            while len(self._kept) > self._entries or self._size > self._limit:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped)

    def __len__(self) -> int:
        return len(self._kept)


CODE = CodeCache()
"""That of this process."""
