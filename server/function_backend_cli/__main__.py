"""`python -m function_backend_cli` is `function-backend`."""

from function_backend_cli.main import main

main()
