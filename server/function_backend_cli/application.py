"""How the commands look: plain help that fits narrow terminals, and no stack traces."""

from __future__ import annotations

import typer


def application(help: str | None = None) -> typer.Typer:  # noqa: A002  As typer has it.
    """An application for one command, or, with a help text, for several below one name."""
    return typer.Typer(
        help=help,
        no_args_is_help=help is not None,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
