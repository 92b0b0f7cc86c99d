"""Looking up the names of a filter in a catalogue of fields, and typing its values."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from function_backend.filters.catalogue import Field, Keyed
from function_backend.filters.conditions import (
    Combination,
    Condition,
    Operator,
    Opposite,
    Pattern,
    Predicate,
)
from function_backend.filters.grammar import parse
from function_backend.filters.problem import FilterProblem
from function_backend.filters.tree import (
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
_REMEMBERED = 256
_FUNCTION_ARGUMENTS = 2


class Function(NamedTuple):
    """A function of two texts: the key of a field, and the value that it must be equal to."""

    field: str
    arguments: str
    """What the arguments are, in words."""
    example: str


class FilterLanguage:
    """The filters over one kind of resource."""

    def __init__(self, fields: Mapping[str, Field], functions: Mapping[str, Function] | None = None) -> None:
        """`fields` and `functions` by their names."""
        self._fields = fields
        self._functions = functions or {}
        self.read = lru_cache(maxsize=_REMEMBERED)(self._read)
        """What a filter asks for; None when it asks for nothing. Raises FilterProblem."""

    def _read(self, text: str) -> Predicate | None:
        expression = parse(text)
        if expression is None:
            return None
        if depth_of(expression) > MAX_DEPTH:
            raise FilterProblem(f"parentheses, AND, OR and NOT are nested more than {MAX_DEPTH} deep", 1)
        return _Resolver(self._fields, self._functions).resolve(expression)


class _Resolver:
    """Resolves one filter and counts what it finds."""

    def __init__(self, fields: Mapping[str, Field], functions: Mapping[str, Function]) -> None:
        self._fields = fields
        self._functions = functions
        self._conditions = 0

    def resolve(self, expression: Expression) -> Predicate:
        if isinstance(expression, Junction):
            return Combination(expression.connective, tuple([self.resolve(part) for part in expression.parts]))
        if isinstance(expression, Negation):
            return Opposite(self.resolve(expression.part))
        self._conditions += 1
        if isinstance(expression, FunctionCall):
            condition, position = self._call(expression), expression.position
        else:
            condition, position = self._restriction(expression), expression.member[0].position
        if self._conditions > MAX_CONDITIONS:
            raise FilterProblem(f"more than {MAX_CONDITIONS} conditions", position)
        return condition

    def _restriction(self, restriction: Restriction) -> Condition:
        position = restriction.member[0].position
        name, key, field = self._field(restriction.member)
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
        return _condition(field, name, key, operator, value)

    def _call(self, call: FunctionCall) -> Condition:
        function = self._functions.get(call.name)
        if function is None:
            advice = "; there is " + ", ".join(each.example for each in self._functions.values())
            raise FilterProblem(
                f"unknown function {call.name[:_SHOWN]!a}", call.position, advice=advice if self._functions else ""
            )
        if len(call.arguments) != _FUNCTION_ARGUMENTS:
            raise FilterProblem(f"{call.name} takes two arguments, {function.arguments}", call.position)
        key, value = call.arguments
        return _condition(self._fields[function.field], function.field, key.plain, Operator.EQUAL, value)

    def _field(self, member: tuple[Text, ...]) -> tuple[str, str, Field]:
        """The field that the member names, and the key after its name."""
        words = [text.plain for text in member]
        whole = ".".join(words)
        field = self._fields.get(whole)
        if field is not None:
            return whole, "", field
        field = self._fields.get(words[0])
        if field is None or field.keyed is Keyed.NO:
            raise self._unknown(whole, member[0].position)
        return words[0], ".".join(words[1:]), field

    def _unknown(self, name: str, position: int) -> FilterProblem:
        shown = name[:_SHOWN]
        nearest = difflib.get_close_matches(shown, self._fields, n=1, cutoff=0.5)
        advice = f"; did you mean '{nearest[0]}'?" if nearest else f"; there are {', '.join(self._fields)}"
        return FilterProblem(f"unknown field {shown!a}", position, shown, advice=advice)


def _condition(field: Field, name: str, key: str, operator: Operator, value: Text) -> Condition:
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
