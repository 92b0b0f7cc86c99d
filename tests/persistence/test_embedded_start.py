"""A data folder becomes a database, and stays one."""

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from function_backend.persistence.embedded.errors import DataFolderError, EmbeddedPostgresError
from function_backend.persistence.embedded.folder import default_data_dir
from function_backend.persistence.embedded.launcher import EmbeddedPostgres, RunningCluster
from function_backend.persistence.embedded.processes import list_processes
from tests.fixtures.embedded import Launch, UsedFolders, server_processes
from tests.fixtures.scratch import scratch_folder


def _programs_below_us() -> dict[int, str]:
    """The programs that we have started, by their process number."""
    ours = [process for process in list_processes() if process.parent == os.getpid()]
    return {process.pid: Path(process.command.partition(" ")[0]).name for process in ours}


@pytest.fixture(scope="module")
def cluster() -> Iterator[RunningCluster]:
    with scratch_folder() as folder, EmbeddedPostgres(folder / "data", durable=False) as running:
        yield running


class TestStart:
    def test_a_second_start_finds_what_the_first_one_wrote(self, first_launch: Launch) -> None:
        first = first_launch.start(durable=True)
        with psycopg.connect(first.told["url"]) as connection:
            connection.execute("CREATE TABLE thing AS SELECT 1 AS id")
        assert first.end() == 0

        second = first_launch.start(durable=True)
        with psycopg.connect(second.told["url"]) as connection:
            assert connection.execute("SELECT id FROM thing").fetchone() == (1,)
        assert not second.told["adopted"]
        assert second.end() == 0
        assert server_processes(first_launch.data_dir) == []

    def test_starting_twice_in_one_process_gives_the_same_server(self, data_dir: Path) -> None:
        embedded = EmbeddedPostgres(data_dir, durable=False)
        try:
            assert embedded.start() == embedded.start()
        finally:
            embedded.stop()

    def test_stopping_twice_or_without_a_start_does_nothing(self, data_dir: Path) -> None:
        embedded = EmbeddedPostgres(data_dir, durable=False)
        embedded.stop()
        embedded.start()
        embedded.stop()
        embedded.stop()
        assert server_processes(data_dir) == []

    def test_other_things_are_done_while_the_server_is_made_and_started(self, scratch: Path) -> None:
        embedded = EmbeddedPostgres(scratch / "data", durable=False)
        before = _programs_below_us()
        begun: list[set[str]] = []

        def look() -> None:
            begun.append({name for pid, name in _programs_below_us().items() if pid not in before})

        try:
            embedded.start(meanwhile=look)
        finally:
            embedded.stop()
        assert begun == [{"initdb"}, {"postgres"}]

    @pytest.mark.parametrize("used", [False, True])
    def test_what_fails_meanwhile_leaves_no_server_and_no_lock(
        self, scratch: Path, used_folders: UsedFolders, *, used: bool
    ) -> None:
        if used:
            used_folders.copy_for(Launch(scratch))
        before = _programs_below_us()

        def fail() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            EmbeddedPostgres(scratch / "data", durable=False).start(meanwhile=fail)
        assert set(_programs_below_us()) <= set(before)
        with EmbeddedPostgres(scratch / "data", durable=False) as cluster, psycopg.connect(cluster.app_url):
            assert cluster.owned

    def test_an_interrupted_first_start_is_begun_again(self, scratch: Path) -> None:
        unfinished = scratch / "data" / "cluster.new"
        unfinished.mkdir(parents=True)
        (unfinished / "PG_VERSION").write_text("18\n")
        with EmbeddedPostgres(scratch / "data", durable=False) as cluster, psycopg.connect(cluster.app_url):
            assert not unfinished.exists()

    def test_a_failed_start_leaves_no_process_and_says_what_postgresql_said(self, data_dir: Path) -> None:
        (data_dir / "cluster" / "postgresql.auto.conf").write_text("shared_buffers = 'nonsense'\n")
        with pytest.raises(RuntimeError, match='invalid value for parameter "shared_buffers"'):
            EmbeddedPostgres(data_dir, durable=False).start()
        assert server_processes(data_dir) == []

    def test_a_start_that_takes_too_long_leaves_no_process(self, data_dir: Path) -> None:
        with pytest.raises(EmbeddedPostgresError, match="did not become ready in time"):
            EmbeddedPostgres(data_dir, durable=False, start_timeout=timedelta(0)).start()
        assert server_processes(data_dir) == []

    def test_the_log_is_set_aside_when_it_has_grown_large(self, data_dir: Path) -> None:
        log = data_dir / "postgresql.log"
        with log.open("ab") as file:
            file.truncate(20 * 1024 * 1024)
        with EmbeddedPostgres(data_dir, durable=False):
            assert log.stat().st_size < 10_000
        assert log.with_name("postgresql.log.1").stat().st_size == 20 * 1024 * 1024


class TestServer:
    def test_it_listens_on_no_network_address(self, cluster: RunningCluster) -> None:
        assert setting(cluster, "listen_addresses") == ""
        assert sockets_of_the_network(cluster.pid) == set()

    def test_its_socket_and_passwords_are_private(self, cluster: RunningCluster) -> None:
        credentials = cluster.data_dir / "credentials.json"
        assert stat.S_IMODE(cluster.socket_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
        assert credentials.stat().st_uid == os.geteuid()

    def test_nobody_gets_in_without_the_password(self, cluster: RunningCluster) -> None:
        wrong = cluster.superuser_url.replace(":", ":x", 2).replace(":x", ":", 1)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)

    def test_its_description_shows_no_password(self, cluster: RunningCluster) -> None:
        assert str(psycopg.conninfo.conninfo_to_dict(cluster.app_url)["password"]) not in repr(cluster)

    def test_text_is_compared_by_code_point_whatever_the_system(self, cluster: RunningCluster) -> None:
        with psycopg.connect(cluster.app_url) as connection:
            row = connection.execute("SELECT 'a' > 'Z', lower('ÄÖÜ'), current_setting('server_encoding')").fetchone()
        assert row == (True, "äöü", "UTF8")

    def test_pages_are_checked_and_commits_are_durable(self, launch: Launch) -> None:
        owner = launch.start(durable=True)
        with psycopg.connect(owner.told["url"]) as connection:
            names = ("data_checksums", "fsync", "synchronous_commit", "full_page_writes", "wal_level")
            values = [connection.info.parameter_status(name) or show(connection, name) for name in names]
        owner.end()
        assert values == ["on", "on", "on", "on", "replica"]

    def test_the_owner_owns_the_database_and_the_application_bypasses_nothing(self, cluster: RunningCluster) -> None:
        with psycopg.connect(cluster.owner_url) as connection:
            connection.execute("CREATE TABLE thing (id int)")
            connection.execute("CREATE EXTENSION pg_trgm")
            connection.execute("SET ROLE function_backend_definer")
        with psycopg.connect(cluster.app_url) as connection:
            row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = user").fetchone()
            assert row == (False, False)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE other (id int)")

    def test_what_alter_system_set_survives_a_restart(self, data_dir: Path) -> None:
        with (
            EmbeddedPostgres(data_dir, durable=False) as cluster,
            psycopg.connect(cluster.superuser_url, autocommit=True) as connection,
        ):
            connection.execute("ALTER SYSTEM SET work_mem = '3MB'")
        with EmbeddedPostgres(data_dir, durable=False) as cluster:
            assert setting(cluster, "work_mem") == "3MB"


class TestDataFolder:
    def test_a_file_is_refused(self, scratch: Path) -> None:
        (scratch / "data").write_text("")
        with pytest.raises(DataFolderError, match="is a file"):
            EmbeddedPostgres(scratch / "data").start()

    def test_the_data_directory_of_another_server_is_refused(self, scratch: Path) -> None:
        (scratch / "data").mkdir()
        (scratch / "data" / "PG_VERSION").write_text("18\n")
        with pytest.raises(DataFolderError, match="must be one of its own"):
            EmbeddedPostgres(scratch / "data").start()

    def test_passwords_that_others_can_read_are_refused(self, data_dir: Path) -> None:
        (data_dir / "credentials.json").chmod(0o644)
        with pytest.raises(DataFolderError, match="chmod 600"):
            EmbeddedPostgres(data_dir, durable=False).start()

    def test_by_default_it_is_where_the_platform_keeps_data(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        monkeypatch.setattr("sys.platform", "linux")
        monkeypatch.setattr("pathlib.Path.home", lambda: Path("/home/ada"))
        assert default_data_dir({}) == Path("/home/ada/.local/share/function-backend")
        assert default_data_dir({"XDG_DATA_HOME": "/data"}) == Path("/data/function-backend")
        assert default_data_dir({"XDG_DATA_HOME": "not/absolute"}) == Path("/home/ada/.local/share/function-backend")
        monkeypatch.setattr("sys.platform", "darwin")
        assert default_data_dir({}) == Path("/home/ada/Library/Application Support/function-backend")
        monkeypatch.setattr("os.geteuid", lambda: 0)
        assert default_data_dir({}) == Path("/var/lib/function-backend")

    def test_an_account_without_a_home_is_asked_for_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.geteuid", lambda: 54321)
        monkeypatch.setattr("os.getuid", lambda: 54321)
        monkeypatch.delenv("HOME")
        with pytest.raises(DataFolderError, match="FUNCTION_BACKEND_DATA_DIR"):
            default_data_dir({})

    def test_one_that_cannot_be_made_is_named(self) -> None:
        with pytest.raises(DataFolderError, match="/proc/data cannot be made"):
            EmbeddedPostgres(Path("/proc/data")).start()


def setting(cluster: RunningCluster, name: str) -> str:
    with psycopg.connect(cluster.app_url) as connection:
        return show(connection, name)


def show(connection: "psycopg.Connection[tuple[str]]", name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return row[0]


def sockets_of_the_network(pid: int) -> set[str]:
    """Return the network sockets of a process, by the kernel's numbers."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("only Linux tells which process has which socket")
    numbers = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        path = Path("/proc/net") / table
        if path.exists():
            numbers |= {line.split()[9] for line in path.read_text().splitlines()[1:]}
    opened = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    return {number for number in numbers if f"socket:[{number}]" in opened}
