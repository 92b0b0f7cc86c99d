"""The grammar of the schema language.

LALR, and the tree is built while the text is read: time and stack grow with the length of the text alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from function_backend.services.auth.domain.relations.problem import Place, SchemaProblem
from function_backend.services.auth.domain.relations.schema import (
    Arrow,
    Definition,
    Expression,
    Operation,
    Operator,
    Permission,
    Reference,
    Relation,
    Schema,
    SubjectType,
    depth_of,
)

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
_SHOWN = 40

_GRAMMAR = r"""
start: definition*
definition: _DEFINITION NAME "{" (relation | permission)* "}"
relation: _RELATION NAME ":" subject ("|" subject)*
?subject: NAME            -> object
        | NAME "#" NAME   -> set
        | NAME ":" "*"    -> everybody
permission: _PERMISSION NAME "=" exclusion
?exclusion: intersection ("-" intersection)*
?intersection: union ("&" union)*
?union: atom ("+" atom)*
?atom: NAME               -> reference
     | NAME "->" NAME     -> arrow
     | "(" exclusion ")"  -> group

_DEFINITION.2: /definition\b/
_RELATION.2: /relation\b/
_PERMISSION.2: /permission\b/
NAME: /[a-z][a-z0-9_]{0,62}(?![A-Za-z0-9_])/
COMMENT: /\/\/[^\n]*|\/\*[^*]*\*+([^\/*][^*]*\*+)*\//
%ignore COMMENT
%ignore /[ \t\r\n]+/
"""

_SPOKEN = {
    "NAME": "a name",
    "_DEFINITION": "'definition'",
    "_RELATION": "'relation'",
    "_PERMISSION": "'permission'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "LPAR": "'('",
    "RPAR": "')'",
    "COLON": "':'",
    "EQUAL": "'='",
    "VBAR": "'|'",
    "HASH": "'#'",
    "STAR": "'*'",
    "PLUS": "'+'",
    "MINUS": "'-'",
    "AMPERSAND": "'&'",
    "__ANON_0": "'->'",
    "$END": "the end",
}


def parse(text: str) -> Schema:
    """What the text says, not yet checked. Raises SchemaProblem."""
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise SchemaProblem([(Place(1, 1), f"a schema has at most {MAX_BYTES // 1024} KiB")])
    try:
        schema: Schema = parser().parse(text)  # type: ignore[assignment]  # the transformer makes it
    except UnexpectedInput as error:
        raise SchemaProblem([_complaint(text, error)]) from None
    return schema


class _Builder(Transformer[Token, Schema]):
    """Makes the schema from the rules of the grammar, innermost first."""

    def start(self, parts: list[Definition]) -> Schema:
        return Schema(tuple(parts))

    def definition(self, parts: list[Any]) -> Definition:
        name, *members = parts
        return Definition(str(name), tuple(members), _place(name))

    def relation(self, parts: list[Any]) -> Relation:
        name, *subjects = parts
        return Relation(str(name), tuple(subjects), _place(name))

    def object(self, parts: list[Token]) -> SubjectType:
        return SubjectType(str(parts[0]), place=_place(parts[0]))

    def set(self, parts: list[Token]) -> SubjectType:
        return SubjectType(str(parts[0]), str(parts[1]), place=_place(parts[0]))

    def everybody(self, parts: list[Token]) -> SubjectType:
        return SubjectType(str(parts[0]), wildcard=True, place=_place(parts[0]))

    def permission(self, parts: list[Any]) -> Permission:
        name, expression = parts
        return Permission(str(name), expression, _place(name))

    def exclusion(self, parts: list[Expression]) -> Expression:
        return _operation(Operator.EXCLUSION, parts)

    def intersection(self, parts: list[Expression]) -> Expression:
        return _operation(Operator.INTERSECTION, parts)

    def union(self, parts: list[Expression]) -> Expression:
        return _operation(Operator.UNION, parts)

    def reference(self, parts: list[Token]) -> Reference:
        return Reference(str(parts[0]), _place(parts[0]))

    def arrow(self, parts: list[Token]) -> Arrow:
        return Arrow(str(parts[0]), str(parts[1]), _place(parts[0]))

    def group(self, parts: list[Expression]) -> Expression:
        return parts[0]


def _operation(operator: Operator, parts: list[Expression]) -> Expression:
    flat: list[Expression] = []
    for number, part in enumerate(parts):
        # a + (b + c) says the same as a + b + c, and (a - b) - c the same as a - b - c: one form for both.
        same = isinstance(part, Operation) and part.operator is operator
        if same and (operator is not Operator.EXCLUSION or number == 0):
            assert isinstance(part, Operation)  # noqa: S101  narrows what `same` says
            flat.extend(part.parts)
        else:
            flat.append(part)
    return Operation(operator, tuple(flat), 1 + max(map(depth_of, flat)))


def _place(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


@cache
def parser() -> Lark:
    """The parser; making it takes 20 ms, so ask for it before the first schema comes."""
    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def _complaint(text: str, error: UnexpectedInput) -> tuple[Place, str]:
    if isinstance(error, UnexpectedToken):
        wanted = _wanted(error.expected)
        if error.token.type == "$END":
            lines = text.split("\n")
            return Place(len(lines), len(lines[-1]) + 1), f"the schema ends where {wanted} is missing"
        return _place(error.token), f"unexpected {str(error.token)[:_SHOWN]!a}; expected {wanted}"
    place = Place(max(1, error.line), max(1, error.column))
    wanted = _wanted(error.allowed or ()) if isinstance(error, UnexpectedCharacters) else "something else"
    found = text[error.pos_in_stream :][:1]
    return place, (
        f"unexpected {found!a}; expected {wanted}. Names are a to z, 0 to 9 and _, begin with a letter and have at "
        "most 63 characters"
    )


def _wanted(expected: object) -> str:
    names = sorted(_SPOKEN.get(str(name), str(name)) for name in expected if name != "COMMENT")  # type: ignore[attr-defined]
    names = [name for name in names if not name.startswith("__")]
    return " or ".join(names) if names else "something else"
