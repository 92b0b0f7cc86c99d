"""`function-backend rules functions`."""

from __future__ import annotations

from function_backend_cli.output import Output
from function_backend_cli.rules.sources import AsJson
from function_backend_rules.functions import load_plugins


def functions(as_json: AsJson = False) -> None:
    """Print the functions that expressions may call besides those of CEL, those of plugins included."""
    output = Output(json=as_json)
    found = sorted(load_plugins().functions, key=lambda each: each.signature)
    if output.json:
        for each in found:
            output.line({"signature": each.signature, "description": each.description, "cost": each.cost})
        return
    rows = [(each.signature, each.description, str(each.cost)) for each in found]
    output.table(("Signature", "What it gives", "Cost"), rows, empty="No functions.")
