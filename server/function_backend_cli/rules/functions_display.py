"""`function-backend rules functions`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from function_backend_cli.output import Output
from function_backend_cli.rules.sources import AsJson
from function_backend_rules.cel.functions import Function
from function_backend_rules.functions import load_plugins


def functions(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a table in Markdown, for a page.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the functions that expressions may call besides those of CEL, those of plugins included."""
    output = Output(json=as_json)
    found = sorted(load_plugins().functions, key=lambda each: each.signature)
    if output.json:
        for each in found:
            output.line({"signature": each.signature, "description": each.description, "cost": each.cost})
        return
    if markdown:
        output.say(markdown_table(found))
        return
    rows = [(each.signature, each.description, str(each.cost)) for each in found]
    output.table(("Signature", "What it gives", "Cost"), rows, empty="No functions.")


def markdown_table(found: Iterable[Function]) -> str:
    """The functions as a table of `docs/rules.md`."""
    rows = [f"| `{each.signature}` | {each.description} | {each.cost} |" for each in found]
    return "\n".join(["| function | gives | steps |", "|---|---|---:|", *rows])
