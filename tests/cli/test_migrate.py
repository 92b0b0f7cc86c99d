from pathlib import Path

import pytest
from typer.testing import CliRunner

from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from function_backend.persistence.migrate import current, head
from function_backend_cli.commands import app
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.scratch import scratch_folder


def test_brings_a_database_to_the_schema_of_this_release(postgres_server: PostgresServer) -> None:
    with postgres_server.create_database() as empty:
        for _ in range(2):
            result = CliRunner().invoke(app, ["migrate", "--database-url", empty.owner_url])
            assert result.exit_code == 0, result.stderr
            assert result.stdout == f"The schema is at {head()}.\n"
        assert current(empty.owner_url) == head()


def test_takes_the_url_from_the_environment(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres_server.create_database() as empty:
        monkeypatch.setenv("FUNCTION_BACKEND_DATABASE_URL", empty.owner_url)
        result = CliRunner().invoke(app, ["migrate"])
        assert result.exit_code == 0, result.stderr


def test_migrates_the_embedded_database_without_a_url() -> None:
    with scratch_folder() as folder:
        result = CliRunner().invoke(app, ["migrate", "--data-dir", str(folder / "data")])
        assert result.exit_code == 0, result.stderr
        with EmbeddedPostgres(folder / "data") as cluster:
            assert current(cluster.owner_url) == head()


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "mysql://x"])
def test_says_why_it_cannot(url: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["migrate", "--database-url", url])
    assert result.exit_code == 2
    assert result.stderr.startswith("function-backend: ")
