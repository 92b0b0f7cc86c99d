"""What a filter says, before its names are looked up."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeAlias


class Text(NamedTuple):
    """A word or a quoted string, and the column where it begins."""

    parts: tuple[str, ...]
    """The text around its wildcards: `("Acme", "")` for `Acme*`."""
    position: int

    @property
    def plain(self) -> str:
        """The text, wildcards written as `*`."""
        return "*".join(self.parts)


class Restriction(NamedTuple):
    """A member compared to a value; without operator and value when the text has none."""

    member: tuple[Text, ...]
    operator: str = ""
    value: Text | None = None


class FunctionCall(NamedTuple):
    """A function with its arguments."""

    name: str
    arguments: tuple[Text, ...]
    position: int


class Connective(Enum):
    """How the parts of a junction are joined."""

    AND = "AND"
    OR = "OR"


class Junction(NamedTuple):
    """Expressions joined by one connective."""

    connective: Connective
    parts: tuple[Expression, ...]
    depth: int


class Negation(NamedTuple):
    """The opposite of an expression."""

    part: Expression
    depth: int


Expression: TypeAlias = Restriction | FunctionCall | Junction | Negation


def depth_of(expression: Expression) -> int:
    """How many junctions and negations stand around the deepest restriction."""
    return expression.depth if isinstance(expression, Junction | Negation) else 0
