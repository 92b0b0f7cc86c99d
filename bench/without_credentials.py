"""The service without authentication and authorisation, as a reference for what they cost; for benchmarks alone.

    BENCH_TENANT=<tenant id> python -m bench.without_credentials serve

Every call counts as one of an administrator of the tenant, whatever credential it carries. All else is as it is.
"""

from __future__ import annotations

import os
from uuid import UUID

from function_backend.interceptors.authentication import Authentication
from function_backend.interceptors.authorization import Authorization
from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend_cli.main import main

TENANT = "BENCH_TENANT"


def _let_everybody_in(_: Authentication, __: Method) -> Hook:
    tenant_id = UUID(os.environ[TENANT])
    principal = Principal("api_key", UUID(int=1), tenant_id, PermissionSet(frozenset({"*"})))

    def enter(exchange: Exchange) -> None:
        exchange.principal = principal

    return enter


def _ask_for_nothing(_: Authorization, __: Method) -> None:
    return None


if __name__ == "__main__":
    Authentication.entering = _let_everybody_in  # type: ignore[method-assign,assignment]  # The point of this program.
    Authorization.entering = _ask_for_nothing  # type: ignore[method-assign,assignment]
    main()
