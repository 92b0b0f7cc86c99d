"""The commands: one module each, loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS: Mapping[str, str] = {
    "serve": "function_backend_cli.serve_entry",
    "worker": "function_backend_cli.worker_entry",
    "migrate": "function_backend_cli.migrate",
    "check-config": "function_backend_cli.check_config",
    "services": "function_backend_cli.services",
    "health": "function_backend_cli.health",
    "company": "function_backend_cli.company",
    "import": "function_backend_cli.importing.command",
    "export": "function_backend_cli.exporting.command",
    "transfers": "function_backend_cli.transfers",
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
    "data-keys": "function_backend_cli.data_keys",
    "signing-keys": "function_backend_cli.signing_keys",
    "tenants": "function_backend_cli.tenants",
    "audit": "function_backend_cli.audit",
    "rules": "function_backend_cli.rules.command",
    "events": "function_backend_cli.events",
    "webhooks": "function_backend_cli.webhooks",
    "jobs": "function_backend_cli.jobs",
    "notifications": "function_backend_cli.notifications.command",
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
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


@app.callback()
def _function_backend() -> None:
    """Company records over gRPC: the service, and a client for it."""
