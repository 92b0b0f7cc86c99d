"""Where `serve` stands in the list of commands; what it does is in `serve`, which needs none of this."""

from __future__ import annotations

import typer

from function_backend_cli.serve import serve as serve_until_told

app = typer.Typer()


@app.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def serve(context: typer.Context) -> None:
    """Starts the service, with its own PostgreSQL unless a database URL is set. Ctrl-C ends it."""
    raise typer.Exit(serve_until_told(context.args))
