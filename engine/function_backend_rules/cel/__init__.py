"""The language: parse, check against descriptors, compile and run CEL. Knows nothing of rules."""

from __future__ import annotations

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.environment import Environment, Expression
from function_backend_rules.cel.failures import BudgetExceededError, EvaluationError
from function_backend_rules.cel.functions import Function, FunctionRegistry
from function_backend_rules.cel.inputs import InputError
from function_backend_rules.cel.parser import Limits
from function_backend_rules.cel.program import Program, Trace, TracedNode, TracingBudget
from function_backend_rules.cel.source import Issue, RefusedError, Span

__all__ = [
    "Budget",
    "BudgetExceededError",
    "Environment",
    "EvaluationError",
    "Expression",
    "Function",
    "FunctionRegistry",
    "InputError",
    "Issue",
    "Limits",
    "Program",
    "RefusedError",
    "Span",
    "Trace",
    "TracedNode",
    "TracingBudget",
]
