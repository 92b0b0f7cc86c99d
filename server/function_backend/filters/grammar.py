"""The grammar of filters: AIP-160, less values in parentheses.

LALR, and the tree is built while the text is read: time and stack grow with the length of the text alone, whatever it
says. OR binds closer than AND, and what stands side by side is joined by AND, both as AIP-160 has it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, UnexpectedToken

from function_backend.filters.problem import FilterProblem
from function_backend.filters.tree import (
    Connective,
    Expression,
    FunctionCall,
    Junction,
    Negation,
    Restriction,
    Text,
    depth_of,
)

MAX_WORDS = 500

_GRAMMAR = r"""
?start: expression
?expression: sequence (_AND sequence)*  -> conjunction
?sequence: factor+                      -> conjunction
?factor: term (_OR term)*               -> disjunction
?term: (_NOT | _MINUS) simple           -> negation
     | simple
?simple: restriction
       | function
       | "(" expression ")"
restriction: member [OPERATOR value]
function: FUNCTION [value ("," value)*] ")"
member: text ("." text)*
value: text ("." text)*
text: WORD | STRING

_AND.3: /AND(?=[\s(]|$)/
_OR.3: /OR(?=[\s(]|$)/
_NOT.3: /NOT(?=[\s(]|$)/
_MINUS: "-"
OPERATOR: "<=" | ">=" | "!=" | "<" | ">" | "=" | ":"
FUNCTION.2: /[A-Za-z_][A-Za-z0-9_]*\(/
STRING: /"(?:\\[^\r\n]|[^"\\\r\n])*"|'(?:\\[^\r\n]|[^'\\\r\n])*'/
WORD: /[^\s"'(),.<>=!:\\-][^\s"'(),.<>=!:\\]*/
%ignore /\s+/
"""

# Tokens that stand in values often, such as the colons of a time.
_IN_VALUES = frozenset({"OPERATOR", "_MINUS"})
# What is refused is shown up to this length.
_SHOWN = 40

# In a string: an escaped character, a wildcard, or what stands between them.
_PIECE = re.compile(r"\\(.)|(\*)|[^\\*]+")


def parse(text: str) -> Expression | None:
    """The expression that the text says; None when it says nothing. Raises FilterProblem."""
    if not text or text.isspace():
        return None
    interactive = parser().parse_interactive(text)
    try:
        for read, token in enumerate(interactive.iter_parse()):
            if read == MAX_WORDS:
                raise FilterProblem(f"more than {MAX_WORDS} words and signs", (token.start_pos or 0) + 1)
        expression: Expression = interactive.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        raise _problem(text, error) from None
    return expression


class _Builder(Transformer[Token, Expression]):
    """Makes the expression from the rules of the grammar, innermost first."""

    def conjunction(self, parts: list[Expression]) -> Expression:
        return _junction(Connective.AND, parts)

    def disjunction(self, parts: list[Expression]) -> Expression:
        return _junction(Connective.OR, parts)

    def negation(self, parts: list[Expression]) -> Expression:
        return Negation(parts[0], _deeper(parts))

    def restriction(self, parts: list[Any]) -> Restriction:
        member, operator, value = parts
        return Restriction(member, str(operator or ""), value)

    def function(self, parts: list[Any]) -> FunctionCall:
        name, *arguments = parts
        return FunctionCall(name[:-1], tuple(item for item in arguments if item is not None), name.start_pos + 1)

    def member(self, parts: list[Text]) -> tuple[Text, ...]:
        return tuple(parts)

    def value(self, parts: list[Text]) -> Text:
        # A word ends at a dot, and 62.01 is a value all the same.
        pieces = parts[0].parts
        for part in parts[1:]:
            pieces = (*pieces[:-1], f"{pieces[-1]}.{part.parts[0]}", *part.parts[1:])
        return Text(pieces, parts[0].position)

    def text(self, parts: list[Token]) -> Text:
        token = parts[0]
        position = (token.start_pos or 0) + 1
        if token.type == "WORD":
            return Text(tuple(token.split("*")), position)
        pieces = [""]
        for piece in _PIECE.finditer(token[1:-1]):
            if piece[2] is not None:
                pieces.append("")
            else:
                pieces[-1] += piece[1] if piece[1] is not None else piece[0]
        return Text(tuple(pieces), position)


def _junction(connective: Connective, parts: list[Expression]) -> Expression:
    return parts[0] if len(parts) == 1 else Junction(connective, tuple(parts), _deeper(parts))


def _deeper(parts: list[Expression]) -> int:
    return 1 + max(map(depth_of, parts))


@cache
def parser() -> Lark:
    """The parser; making it takes 20 ms, so ask for it before the first filter comes."""
    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=True)


def _problem(text: str, error: UnexpectedInput) -> FilterProblem:
    position = (error.pos_in_stream or 0) + 1  # type: ignore[redundant-expr] # lark declares it None
    if isinstance(error, UnexpectedToken):
        if error.token.type == "$END":
            return FilterProblem("the filter ends where something is missing", len(text) + 1)
        advice = "; put a value with such characters in quotes" if error.token.type in _IN_VALUES else ""
        return FilterProblem(f"unexpected {str(error.token)[:_SHOWN]!a}{advice}", position)
    character = text[position - 1]
    if character in "\"'":
        return FilterProblem(f"the string that begins with {character} does not end", position)
    return FilterProblem(f"unexpected {character!a}; put a value with such characters in quotes", position)
