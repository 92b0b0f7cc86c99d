"""Generated modules: from syntax tree to code object, to functions."""

from __future__ import annotations

import ast
import marshal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool

from function_backend_rules.cel.constants import Constant, Constants, make
from function_backend_rules.cel.runtime.environment import GLOBALS

FILENAME = "<rule>"
"""What tracebacks call generated code."""


@dataclass(frozen=True, slots=True)
class GeneratedModule:
    """Compiled code with the constants that it needs."""

    code: CodeType
    constants: tuple[tuple[str, Constant], ...]

    @classmethod
    def of(cls, module: ast.Module, constants: Constants) -> GeneratedModule:
        """The module of a syntax tree."""
        code = compile(module, FILENAME, "exec", dont_inherit=True, optimize=0)
        return cls(code, tuple((name, constant) for constant, name in constants.names.items()))

    def load(
        self, pool: DescriptorPool, functions: Mapping[str, object], extra: Mapping[str, object] | None = None
    ) -> Mapping[str, Callable[..., Any]]:
        """The functions of the module, by name."""
        names: dict[str, Any] = {**GLOBALS, **(extra or {})}
        for name, constant in self.constants:
            names[name] = make(constant, pool, functions)
        exec(self.code, names)  # noqa: S102 - made from a checked tree by the generator, see docs/adr/0019
        return names

    def dump(self) -> bytes:
        """The module as bytes for `restore`."""
        data = tuple((name, constant.kind, constant.value) for name, constant in self.constants)
        return marshal.dumps((self.code, data))  # type: ignore[arg-type]  # Values of constants are text and numbers.

    @classmethod
    def restore(cls, data: bytes) -> GeneratedModule:
        """The module of bytes that `dump` made in this version of Python.

        Only for bytes whose origin is certain: loading code is running it.
        """
        code, constants = marshal.loads(data)  # noqa: S302 - see above
        return cls(code, tuple((name, Constant(kind, value)) for name, kind, value in constants))
