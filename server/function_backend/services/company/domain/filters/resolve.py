"""Looking up the names of a filter and typing its values."""

from __future__ import annotations

import difflib
from functools import lru_cache

from function_backend.services.company.domain.filters.conditions import (
    Combination,
    Condition,
    Operator,
    Opposite,
    Pattern,
    Predicate,
)
from function_backend.services.company.domain.filters.fields import FILTER_FIELDS, Field, Keyed
from function_backend.services.company.domain.filters.grammar import parse
from function_backend.services.company.domain.filters.problem import FilterProblem
from function_backend.services.company.domain.filters.tree import (
    Expression,
    FunctionCall,
    Junction,
    Negation,
    Restriction,
    Text,
    depth_of,
)

MAX_DEPTH = 16
MAX_CONDITIONS = 64

_SHOWN = 64
_IDENTIFIER_ARGUMENTS = 2


@lru_cache(maxsize=256)
def read_filter(text: str) -> Predicate | None:
    """What the filter asks for; None when it asks for nothing. Raises FilterProblem."""
    expression = parse(text)
    if expression is None:
        return None
    if depth_of(expression) > MAX_DEPTH:
        raise FilterProblem(f"parentheses, AND, OR and NOT are nested more than {MAX_DEPTH} deep", 1)
    return _Resolver().resolve(expression)


class _Resolver:
    """Resolves one filter and counts what it finds."""

    def __init__(self) -> None:
        self._conditions = 0

    def resolve(self, expression: Expression) -> Predicate:
        if isinstance(expression, Junction):
            return Combination(expression.connective, tuple([self.resolve(part) for part in expression.parts]))
        if isinstance(expression, Negation):
            return Opposite(self.resolve(expression.part))
        self._conditions += 1
        if isinstance(expression, FunctionCall):
            condition, position = _call(expression), expression.position
        else:
            condition, position = _restriction(expression), expression.member[0].position
        if self._conditions > MAX_CONDITIONS:
            raise FilterProblem(f"more than {MAX_CONDITIONS} conditions", position)
        return condition


def _restriction(restriction: Restriction) -> Condition:
    position = restriction.member[0].position
    name, key, field = _field(restriction.member)
    value = restriction.value
    if value is None:
        advice = f"; write {name}:* where any value will do"
        raise FilterProblem(f"'{name}' is compared with nothing", position, name, advice=advice)
    operator = Operator(restriction.operator)
    if field.keyed is Keyed.MUST and not key:
        if operator is not Operator.HAS:
            raise FilterProblem(f"'{name}' needs a key, as in {name}.{field.example_key}", position, name)
        # As AIP-160 has it for maps: labels:tier says that there is such a label.
        key, value = value.plain, Text(("", ""), value.position)
    return _condition(name, key, operator, value)


def _call(call: FunctionCall) -> Condition:
    if call.name != "identifier":
        advice = '; there is identifier("scheme", "value")'
        raise FilterProblem(f"unknown function {call.name[:_SHOWN]!a}", call.position, advice=advice)
    if len(call.arguments) != _IDENTIFIER_ARGUMENTS:
        raise FilterProblem("identifier takes two arguments, scheme and value", call.position)
    scheme, value = call.arguments
    return _condition("identifiers", scheme.plain, Operator.EQUAL, value)


def _condition(name: str, key: str, operator: Operator, value: Text) -> Condition:
    field = FILTER_FIELDS[name]
    if operator is Operator.HAS and value.parts == ("", ""):
        operator = Operator.PRESENT
    if operator not in field.operators:
        advice = f", only by {' '.join(sorted(field.operators))}"
        raise FilterProblem(f"'{name}' cannot be compared by '{operator}'", value.position, name, advice=advice)
    try:
        if field.check_key is not None:
            field.check_key(key)
        if operator is Operator.PRESENT:
            return Condition(name, key, operator, None)
        typed = field.read(value, key)
    except ValueError as error:
        raise FilterProblem(f"{value.plain[:_SHOWN]!a} {error}", value.position, name) from None
    if operator is Operator.HAS:
        if field.is_several:
            return Condition(name, key, Operator.EQUAL, typed)
        parts = typed.parts if isinstance(typed, Pattern) else (str(typed),)
        typed = Pattern(("", *parts, ""))
    return Condition(name, key, operator, typed)


def _field(member: tuple[Text, ...]) -> tuple[str, str, Field]:
    """The field that the member names, and the key after its name."""
    words = [text.plain for text in member]
    whole = ".".join(words)
    field = FILTER_FIELDS.get(whole)
    if field is not None:
        return whole, "", field
    field = FILTER_FIELDS.get(words[0])
    if field is None or field.keyed is Keyed.NO:
        raise _unknown(whole, member[0].position)
    return words[0], ".".join(words[1:]), field


def _unknown(name: str, position: int) -> FilterProblem:
    shown = name[:_SHOWN]
    nearest = difflib.get_close_matches(shown, FILTER_FIELDS, n=1, cutoff=0.5)
    advice = f"; did you mean '{nearest[0]}'?" if nearest else f"; there are {', '.join(FILTER_FIELDS)}"
    return FilterProblem(f"unknown field {shown!a}", position, shown, advice=advice)
