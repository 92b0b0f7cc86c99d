"""What is loaded before what: a start is mostly loading, and what comes first must not bring the rest along."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "alembic",
    "cryptography",
    "email_validator",
    "google",
    "grpc",
    "lark",
    "opentelemetry",
    "phonenumbers",
    "prometheus_client",
    "protovalidate",
    "pydantic",
    "sqlalchemy",
    "typer",
}
READ_SETTINGS = "from function_backend.settings.tree import read_settings; read_settings({})"
READ_MASTER_KEYS = (
    "from function_backend.settings.tree import read_settings; "
    f"read_settings({{'FUNCTION_BACKEND_AUTH_MASTER_KEYS': 'k1:{'A' * 43}='}})"
)
TAKE_UP_SERVE = "import function_backend_cli.main, function_backend_cli.serve"
LOAD_THE_REST = "import function_backend.bootstrap.operation"


def loaded_by(program: str) -> set[str]:
    told = f"{program}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout))


@pytest.mark.parametrize("program", [READ_SETTINGS, READ_MASTER_KEYS, TAKE_UP_SERVE])
def test_settings_are_read_and_a_database_is_started_without_any_slice(program: str) -> None:
    loaded = loaded_by(program)
    # gRPC also has to come later than the settings because it reads one of them when it is loaded.
    assert HEAVY & {name.partition(".")[0] for name in loaded} == set()
    assert [name for name in loaded if name.startswith("function_backend.services.") and name.endswith(".slice")] == []


def test_what_some_uses_alone_need_is_not_loaded_to_serve() -> None:
    loaded = loaded_by(LOAD_THE_REST)
    assert "function_backend.services.company.slice" in loaded
    assert {
        "aiohttp",
        "alembic",
        "email_validator",
        "opentelemetry.sdk",
        "opentelemetry.exporter",
        "protovalidate",
        "redis",
        "pydantic",
        "typer",
        "rich",
        "urllib3",
    } & loaded == set()
