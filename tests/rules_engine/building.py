"""Definitions of tests, written as dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from function.company.v1 import company_pb2  # noqa: F401 - its messages in the pool
from function.rules.v1 import definition_pb2
from function_backend_rules import Compiled, DefinitionRefusedError, Problem, compile_definition

COMPANY = {"name": "company", "type": "function.company.v1.Company"}
AMOUNT = {"name": "amount", "type": "double"}


def definition(**fields: Any) -> definition_pb2.Definition:
    return json_format.ParseDict({"name": "some.decision", **fields}, definition_pb2.Definition())


def rule_set(*rules: Mapping[str, Any], policy: str = "FIRST_MATCH", **fields: Any) -> dict[str, Any]:
    named = [{"id": f"r{number}", **rule} for number, rule in enumerate(rules, 1)]
    return {"policy": f"RULE_POLICY_{policy}", "rules": named, **fields}


def compiled(called: Mapping[str, Compiled] | None = None, **fields: Any) -> Compiled:
    return compile_definition(definition(**fields), called=called)


def problems(called: Mapping[str, Compiled] | None = None, **fields: Any) -> tuple[Problem, ...]:
    try:
        compiled(called, **fields)
    except DefinitionRefusedError as error:
        return error.problems
    return ()
