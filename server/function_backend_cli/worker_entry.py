"""Where `worker` stands in the list of commands; what it does is in `serve`, which needs none of this."""

from __future__ import annotations

import typer

from function_backend_cli.serve import work

app = typer.Typer()


@app.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def worker(context: typer.Context) -> None:
    """Does what goes on behind the calls: jobs, schedules, events that are carried away. Ctrl-C ends it."""
    raise typer.Exit(work(context.args))
