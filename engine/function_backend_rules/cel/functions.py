"""The registry of further functions: pure, typed, with a declared cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.declarations import FunctionDeclaration, Overload, parse_signature
from function_backend_rules.cel.failures import EvaluationError, no_overload
from function_backend_rules.cel.runtime.kinds import LISTS, MAPS
from function_backend_rules.cel.standard import EXTREMES, STANDARD
from function_backend_rules.cel.types import Type
from function_backend_rules.cel.values import Duration, OptionalValue, Timestamp, TypeValue, UInt


@dataclass(frozen=True, slots=True)
class Function:
    """One function for one set of types."""

    signature: str
    """Such as `lei.isValid(string) -> bool`, or for a method `(string).isLei() -> bool`."""
    implementation: Callable[..., Any]
    """Called with run-time values; what it raises becomes an error of the rule. Pure: the same arguments give the same
    value, and nothing else happens."""
    description: str = ""
    cost: int = 1
    """Steps that one call is charged, about 50 ns each."""


_CLASSES: dict[str, type] = {
    "bool": bool,
    "int": int,
    "uint": UInt,
    "double": float,
    "string": str,
    "bytes": bytes,
    "null": type(None),
    "timestamp": Timestamp,
    "duration": Duration,
    "type": TypeValue,
    "optional": OptionalValue,
}


def is_of(value: object, kind: Type) -> bool:
    """Whether a run-time value is of a type, without looking into lists and maps."""
    if kind.kind in {"dyn", "any", "param"}:
        return True
    if kind.kind == "wrapper":
        return value is None or is_of(value, kind.parameters[0])
    if kind.kind == "list":
        return type(value) in LISTS
    if kind.kind == "map":
        return type(value) in MAPS
    if kind.kind == "message":
        return isinstance(value, Message) and value.DESCRIPTOR.full_name == kind.name
    return type(value) is _CLASSES[kind.kind]


class FunctionRegistry:
    """Functions by name, besides those of the language. Immutable."""

    def __init__(self, functions: Iterable[Function] = ()) -> None:
        """Takes the functions.

        Raises:
            ValueError: a signature cannot be read, or takes the name of a function of the language.
        """
        self.functions = tuple(functions)
        overloads: dict[str, list[tuple[Overload, Function]]] = {}
        for function in self.functions:
            name, overload = parse_signature(function.signature)
            if name in STANDARD or name in EXTREMES:
                raise ValueError(f"{name!r} is a function of the language")
            overloads.setdefault(name, []).append((overload, function))
        self.declarations: Mapping[str, FunctionDeclaration] = {
            **STANDARD,
            **{
                name: FunctionDeclaration(
                    name, tuple(overload for overload, _ in found), max(function.cost for _, function in found)
                )
                for name, found in overloads.items()
            },
        }
        self.implementations: Mapping[str, object] = {
            name: _dispatcher(name, found) for name, found in overloads.items()
        }

    def extended(self, functions: Iterable[Function]) -> FunctionRegistry:
        """The registry with further functions."""
        return FunctionRegistry((*self.functions, *functions))


def _dispatcher(name: str, overloads: list[tuple[Overload, Function]]) -> Callable[..., Any]:
    def call(budget: Budget, *arguments: Any) -> Any:
        for overload, function in overloads:
            if len(overload.arguments) == len(arguments) and all(map(is_of, arguments, overload.arguments)):
                budget.take_elements(function.cost)
                return _called(name, function, arguments)
        raise no_overload(name, *arguments)

    return call


def _called(name: str, function: Function, arguments: tuple[Any, ...]) -> Any:
    try:
        return function.implementation(*arguments)
    except EvaluationError:
        raise
    except Exception as error:
        raise EvaluationError(f"{name} failed: {error}") from error
