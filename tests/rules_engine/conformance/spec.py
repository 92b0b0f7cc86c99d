"""The conformance cases of the CEL specification, and the protobuf types they are written in.

The cases are read from where the shared data lies and are never copied; the types come from a Go module (see
protos.py). All of it lives in a descriptor pool of its own, so that it never meets the types of the
service.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from tests.rules_engine.conformance import protos

ROOT = Path(__file__).parents[3]
CASES = Path(os.environ.get("TEST_DATA_FOLDER", ROOT.parent / "shared" / "data")) / "cel_spec"
# What the profile of the engine covers (docs/rules-conformance.md). The other files hold what it refuses by design.
PROFILE_FILES = (
    "basic",
    "bindings_ext",
    "comparisons",
    "conversions",
    "enums",
    "fields",
    "fp_math",
    "integer_math",
    "lists",
    "logic",
    "macros",
    "macros2",
    "math_ext",
    "namespace",
    "optionals",
    "parse",
    "plumbing",
    "proto3",
    "string",
    "string_ext",
    "timestamps",
    "type_deduction",
    "wrappers",
)
# An enum is an int in the profile. These sections expect a type for each enum, which no two engines agree upon.
_QUESTION_MARK = re.compile(r"(?<!\\)((?:\\\\)*)\\\?")
LEFT_OUT = frozenset({("enums", "strong_proto2"), ("enums", "strong_proto3")})


@dataclass(frozen=True, slots=True)
class Case:
    """One case, and where it stands."""

    file: str
    section: str
    test: Any
    """A `cel.expr.conformance.test.SimpleTest`."""

    @property
    def name(self) -> str:
        """The path of the case, such as `basic/self_eval_zeroish/self_eval_int_zero`."""
        return f"{self.file}/{self.section}/{self.test.name}"


def unavailable() -> str:
    """Why the examination can not be held on this machine; empty when it can."""
    if not CASES.is_dir():
        return "needs cel_spec in the folder of TEST_DATA_FOLDER; the cases of CEL are not part of the repository"
    try:
        protos.descriptors()
    except protos.UnavailableError as error:
        return str(error)
    return ""


@functools.cache
def pool() -> DescriptorPool:
    """The types of the cases, well-known types included."""
    found = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(protos.descriptors().read_bytes()).file:
        found.Add(file)
    return found


def message_class(full_name: str) -> type[Message]:
    """The class of a type of the pool.

    Raises:
        KeyError: The pool has no such type.
    """
    return message_factory.GetMessageClass(pool().FindMessageTypeByName(full_name))


def sections(file: str) -> Iterator[list[Case]]:
    """The cases of a file, section by section, without those that the profile leaves out."""
    parsed: Any = message_class("cel.expr.conformance.test.SimpleTestFile")()
    # An escape of C that the text format has and Python's reader of it does not.
    text = _QUESTION_MARK.sub(r"\1?", (CASES / f"{file}.textproto").read_text("utf-8"))
    text_format.Parse(text, parsed, descriptor_pool=pool())
    for section in parsed.section:
        if (file, section.name) not in LEFT_OUT:
            yield [Case(file, section.name, test) for test in section.test]
