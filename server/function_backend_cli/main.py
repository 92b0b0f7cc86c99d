"""`function-backend`: one module per command, loaded when it is asked for."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS: Mapping[str, str] = {
    "serve": "function_backend_cli.serve",
    "migrate": "function_backend_cli.migrate",
    "check-config": "function_backend_cli.check_config",
    "services": "function_backend_cli.services",
    "health": "function_backend_cli.health",
    "company": "function_backend_cli.company",
    "import": "function_backend_cli.importing.command",
    "export": "function_backend_cli.exporting.command",
    "login": "function_backend_cli.login",
    "logout": "function_backend_cli.logout",
    "whoami": "function_backend_cli.whoami",
    "devices": "function_backend_cli.devices",
    "users": "function_backend_cli.users",
    "service-accounts": "function_backend_cli.service_accounts",
    "groups": "function_backend_cli.groups",
    "roles": "function_backend_cli.roles",
    "check": "function_backend_cli.check",
    "relations": "function_backend_cli.relations",
    "sessions": "function_backend_cli.sessions",
    "keys": "function_backend_cli.keys",
    "signing-keys": "function_backend_cli.signing_keys",
    "tenants": "function_backend_cli.tenants",
    "rules": "function_backend_cli.rules.command",
}
"""Name of a command to the module whose `app` it is: a Typer with one command, or with several below the name."""


class _Commands(TyperGroup):
    """Finds commands by name. The service loads much that the client does not need, and the other way round."""

    # The types of the library are private; what it passes is not used.
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        if cmd_name == "serve":
            # Only here: the other commands need nothing of the server.
            from function_backend.runtime.settings import OLDER_EVENT_LOOP  # noqa: PLC0415

            # Now, because gRPC reads it when it is loaded, and that happens in the next line.
            os.environ.setdefault("GRPC_EXPERIMENTS", OLDER_EVENT_LOOP)
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


@app.callback()
def _function_backend() -> None:
    """Company records over gRPC: the service, and a client for it."""


def main() -> None:
    """Runs the command line."""
    app(prog_name="function-backend")
