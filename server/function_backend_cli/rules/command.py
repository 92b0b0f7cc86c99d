"""`function-backend rules`: decisions in files, offline; and those of the service."""

from __future__ import annotations

from function_backend_cli.application import application
from function_backend_cli.rules.deciding import evaluate, explain
from function_backend_cli.rules.functions_display import functions
from function_backend_cli.rules.linting import lint
from function_backend_cli.rules.testing import run_tests

app = application("Check, test, take and explain decisions in files; publish them, and those of the service.")

app.command()(lint)
app.command("test")(run_tests)
app.command("eval")(evaluate)
app.command()(explain)
app.command()(functions)
