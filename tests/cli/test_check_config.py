import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from function_backend_cli.commands import app

URL = "postgresql://app:hunter2@db.internal/companies"
SECRET = "x" * 40
MASTER_KEY = "k1:" + "A" * 43 + "="


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "TOKEN_SECRET", "AUTH_MASTER_KEYS", "CONFIG", "DATA_DIR", "SERVER_LISTEN"):
        monkeypatch.delenv(f"FUNCTION_BACKEND_{name}", raising=False)


def test_prints_every_setting_with_its_source_and_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FUNCTION_BACKEND_DATABASE_URL", URL)
    monkeypatch.setenv("FUNCTION_BACKEND_TOKEN_SECRET", SECRET)
    monkeypatch.setenv("FUNCTION_BACKEND_AUTH_MASTER_KEYS", MASTER_KEY)
    file = tmp_path / "settings.toml"
    file.write_text("[server]\nthreads = 3")
    result = CliRunner().invoke(app, ["check-config", "--json", "--config", str(file), "--set", "log.level=debug"])
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    assert shown["server.threads"] == {"value": "3", "source": f"file {file}"}
    assert shown["log.level"] == {"value": "debug", "source": "flag --set"}
    assert shown["process.workers"] == {"value": "0", "source": "default"}
    assert shown["database.url"]["value"] == "postgresql://app:…@db.internal/companies"
    assert shown["token.secret"]["value"] == "…"
    assert "hunter2" not in result.stdout
    assert SECRET not in result.stdout


def test_prints_a_table_of_what_was_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["check-config", "--changed", "--set", "server.threads=3"])
    assert result.exit_code == 0
    assert "server.threads" in result.stdout
    assert "FUNCTION_BACKEND_SERVER_THREADS" in result.stdout
    assert "server.stream_threads" not in result.stdout


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("server.thread=3", "the nearest one is server.threads"),
        ("server.threads", "expected SECTION.NAME=VALUE"),
        ("server.threads=0", "must be at least 1"),
    ],
)
def test_fails_and_says_what_is_wrong(argument: str, message: str) -> None:
    result = CliRunner().invoke(app, ["check-config", "--set", argument])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
