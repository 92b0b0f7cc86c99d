"""Typed business decisions in CEL over protobuf: checked when written, compiled to Python, able to say why."""

from __future__ import annotations

from function_backend_rules.cel.parser import Limits as ExpressionLimits
from function_backend_rules.decisions import (
    Compiled,
    DefinitionRefusedError,
    Inputs,
    Limits,
    compile_definition,
    content_hash,
)
from function_backend_rules.input_values import InputRefusedError
from function_backend_rules.problems import Problem
from function_backend_rules.results import Match, Result, RuleFailure, Status

__all__ = [
    "Compiled",
    "DefinitionRefusedError",
    "ExpressionLimits",
    "InputRefusedError",
    "Inputs",
    "Limits",
    "Match",
    "Problem",
    "Result",
    "RuleFailure",
    "Status",
    "compile_definition",
    "content_hash",
]
