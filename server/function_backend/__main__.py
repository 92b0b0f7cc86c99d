"""`python -m function_backend` is `function-backend`, for where the script is not on the path."""

from __future__ import annotations

import runpy

# By name: the command line stands above the service, which must not import it.
runpy.run_module("function_backend_cli", run_name="__main__", alter_sys=True)
