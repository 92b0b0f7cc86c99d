"""Every setting there is, read off the dataclasses that the packages declare beside the thing they configure."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_type_hints

from function_backend.kernel.secret import Secret

PREFIX = "FUNCTION_BACKEND_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting: `section.name` in a file, `FUNCTION_BACKEND_SECTION_NAME` in the environment."""

    section: str
    name: str
    kind: Any
    default: object
    """`dataclasses.MISSING` when it must be set."""
    sensitive: bool

    @property
    def path(self) -> str:
        """The name in files and messages."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"{PREFIX}{self.section}_{self.name}".upper()

    @property
    def file_variable(self) -> str | None:
        """The environment variable with the path of a file that holds the value; for sensitive settings only."""
        return f"{self.variable}_FILE" if self.sensitive else None


def sections(tree: type) -> Mapping[str, type]:
    """The sections of a settings tree, each with its dataclass."""
    return {name: kind for name, kind in get_type_hints(tree).items() if isinstance(kind, type)}


def keys(tree: type) -> Iterator[Key]:
    """All settings of a tree, in the order of declaration."""
    for section, kind in sections(tree).items():
        hints = get_type_hints(kind)
        for field in fields(kind):
            default = field.default
            if field.default_factory is not MISSING:
                default = field.default_factory()
            hint = hints[field.name]
            yield Key(
                section=section,
                name=field.name,
                kind=hint,
                default=default,
                sensitive=not field.repr or hint is Secret or hint == Secret | None,
            )


def documentation(kind: type) -> Mapping[str, str]:
    """What the source says below each field of a dataclass, on one line each."""
    (declaration,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    if not isinstance(declaration, ast.ClassDef):
        raise TypeError(f"{kind!r} is no class")
    said: dict[str, str] = {}
    for statement, following in zip(declaration.body, declaration.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
        ):
            said[statement.target.id] = " ".join(str(following.value.value).split())
    return said
