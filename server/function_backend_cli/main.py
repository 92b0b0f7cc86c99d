"""`function-backend`."""

from __future__ import annotations

import gc
import sys

_INTERRUPTED = 130


def main() -> None:
    """Runs the command line."""
    if sys.argv[1:2] in (["serve"], ["worker"]):
        sys.exit(_serve())
    from function_backend_cli.commands import app  # noqa: PLC0415 - see `_serve`

    app(prog_name="function-backend")


def _serve() -> int:
    """Serves, past what the other commands are made with: whoever starts the service waits for what is loaded."""
    # See `function_backend.bootstrap.serve`, which says when it is enabled again.
    gc.disable()
    try:
        from function_backend_cli.serve import serve, work  # noqa: PLC0415

        return (serve if sys.argv[1] == "serve" else work)(sys.argv[2:])
    except KeyboardInterrupt:
        # Before the supervisor has taken over; what had been started is stopped by now.
        return _INTERRUPTED
