"""How an evaluation ends without a value."""

from __future__ import annotations

from function_backend_rules.cel.source import Span


class EvaluationError(Exception):
    """An expression has no value for these inputs: a division by zero, a missing key, a number out of range."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        """The part of the source that has no value; None until the program has looked it up."""


class BudgetExceededError(EvaluationError):
    """An evaluation was stopped because it did more than it may. Never retried."""

    def __init__(self, kind: str, message: str, span: Span | None = None) -> None:
        super().__init__(message, span)
        self.kind = kind
        """`steps`, `bytes` or `deadline`."""


def no_overload(function: str, *arguments: object) -> EvaluationError:
    """The error of a function that is not defined for the types of these values."""
    types = ", ".join(type(argument).__name__ for argument in arguments)
    return EvaluationError(f"no such overload: {function}({types})")
