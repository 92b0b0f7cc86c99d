"""The same hundred rules as a definition, as one function of Python, and for two other engines."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from typing import Any

from function.company.v1 import company_pb2
from function.rules.v1 import definition_pb2

_COUNTRIES = ("FR", "NL", "GB", "IT", "ES", "PL", "SE", "US")
# Rule 40 of a hundred is the first that holds for the company of the scene; every tenth holds after it.
FIRST = 40


# A loop is faster than any().
_IN = """\
def _in(addresses, country, city):
    for a in addresses:
        if a.country == country and a.city != city:
            return True
    return False

"""


def _holds(number: int) -> bool:
    return number >= FIRST and number % 10 == 0


def condition(number: int) -> tuple[str, str, str]:
    """One rule in CEL, in Python and for zen-engine."""
    country = "DE" if _holds(number) else _COUNTRIES[number % len(_COUNTRIES)]
    match number % 4:
        case 0:
            return (
                f"c.jurisdiction == '{country}' && c.revision > {number % 5}",
                f"c.jurisdiction == '{country}' and c.revision > {number % 5}",
                f"jurisdiction == '{country}' and revision > {number % 5}",
            )
        case 1:
            return (
                f"c.addresses.exists(a, a.country == '{country}' && a.city != 'X{number}')",
                f"_in(c.addresses, '{country}', 'X{number}')",
                f"some(addresses, #.country == '{country}' and #.city != 'X{number}')",
            )
        case 2:
            return (
                f"c.jurisdiction in ['{country}', 'X{number}'] && c.status == 1",
                f"c.jurisdiction in ('{country}', 'X{number}') and c.status == 1",
                f"jurisdiction in ['{country}', 'X{number}'] and status == 1",
            )
        case _:
            return (
                f"c.legal_name.startsWith('N{number}') || (c.revision > 90 && c.jurisdiction == '{country}')",
                f"c.legal_name.startswith('N{number}') or (c.revision > 90 and c.jurisdiction == '{country}')",
                f"startsWith(legal_name, 'N{number}') or (revision > 90 and jurisdiction == '{country}')",
            )


def definition(count: int, policy: definition_pb2.RulePolicy.ValueType) -> definition_pb2.Definition:
    """The rules as a definition; the outcome of each is its number."""
    made = definition_pb2.Definition(name="bench.rules", result_type="int")
    made.inputs.add(name="c", type="function.company.v1.Company")
    made.rule_set.policy = policy
    for number in range(count):
        made.rule_set.rules.add(id=f"r{number}", condition=condition(number)[0], outcome=str(number))
    return made


def by_hand(count: int, *, collect: bool) -> Callable[[company_pb2.Company], Any]:
    """All the rules in one function, as somebody would write them who has nothing else to do."""
    lines = ["found = []"] if collect else []
    for number in range(count):
        lines.append(f"if {condition(number)[1]}:")
        lines.append(f"    found.append({number})" if collect else f"    return {number}")
    lines.append("return found" if collect else "return None")
    source = _IN + "def decide(c):\n" + textwrap.indent("\n".join(lines), "    ")
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - written above, of constants
    decide: Callable[[company_pb2.Company], Any] = names["decide"]
    return decide


def cel_list(count: int) -> str:
    """All conditions as one list, which is the cheapest way to evaluate them with cel-expr-python."""
    return "[" + ", ".join(condition(number)[0] for number in range(count)) + "]"


def zen_table(count: int, *, collect: bool) -> str:
    """The rules as a decision table of zen-engine, each in a cell of its own."""
    rules = [{"_id": f"r{n}", "in": condition(n)[2], "out": str(n)} for n in range(count)]
    table = {
        "hitPolicy": "collect" if collect else "first",
        "inputs": [{"id": "in", "name": "condition", "type": "expression", "field": ""}],
        "outputs": [{"id": "out", "name": "rule", "type": "expression", "field": "rule"}],
        "rules": rules,
    }
    nodes = [
        {"id": "a", "name": "request", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {"id": "b", "name": "table", "type": "decisionTableNode", "content": table, "position": {"x": 0, "y": 0}},
        {"id": "c", "name": "response", "type": "outputNode", "position": {"x": 0, "y": 0}},
    ]
    edges = [
        {"id": "e", "type": "edge", "sourceId": "a", "targetId": "b"},
        {"id": "f", "type": "edge", "sourceId": "b", "targetId": "c"},
    ]
    return json.dumps({"nodes": nodes, "edges": edges})
