"""`function-backend rules`: decisions in files, offline; and those of the service."""

from __future__ import annotations

from function_backend_cli.application import application
from function_backend_cli.rules.browsing import diff, export, list_definitions, list_versions
from function_backend_cli.rules.converting import convert
from function_backend_cli.rules.deciding import evaluate, explain
from function_backend_cli.rules.decision_export import export_decisions
from function_backend_cli.rules.decision_log import decision, decisions
from function_backend_cli.rules.functions_display import functions
from function_backend_cli.rules.hooking import bind, hooks, set_hook, unbind
from function_backend_cli.rules.linting import lint
from function_backend_cli.rules.publishing import approve, publish, reject, retire, rollback, submit
from function_backend_cli.rules.rolling_out import end_rollout, roll_out, rollout
from function_backend_cli.rules.simulating import simulate, simulation, simulations
from function_backend_cli.rules.testing import run_tests

app = application("Check, test, take and explain decisions in files; publish them, and those of the service.")

# Offline, from files.
app.command()(lint)
app.command("test")(run_tests)
app.command("eval")(evaluate)
app.command()(explain)
app.command()(functions)
app.command()(convert)
# By the service.
app.command()(publish)
app.command()(submit)
app.command()(approve)
app.command()(reject)
app.command()(rollback)
app.command()(retire)
app.command()(diff)
app.command("list")(list_definitions)
app.command("versions")(list_versions)
app.command()(export)
app.command()(simulate)
app.command()(simulation)
app.command()(simulations)
app.command()(bind)
app.command()(unbind)
app.command()(hooks)
app.command("set-hook")(set_hook)
app.command("roll-out")(roll_out)
app.command()(rollout)
app.command("end-rollout")(end_rollout)
app.command()(decisions)
app.command()(decision)
app.command("export-decisions")(export_decisions)
