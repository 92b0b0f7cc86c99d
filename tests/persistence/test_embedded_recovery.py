"""What was committed survives, and what was left lying about does not stop the next start."""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from function_backend.persistence.embedded import processes
from function_backend.persistence.embedded.errors import EmbeddedPostgresError
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from function_backend.persistence.embedded.processes import find_process
from tests.fixtures.embedded import Launch, server_processes


@pytest.fixture
def bystander() -> Iterator[int]:
    """The number of a process that has nothing to do with PostgreSQL."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process.pid
        process.terminate()


class TestKilledServer:
    def test_its_owner_starts_it_again_with_all_that_was_committed(self, launch: Launch) -> None:
        owner = launch.start(durable=True)
        with psycopg.connect(owner.told["url"], autocommit=True) as connection:
            connection.execute("CREATE TABLE thing AS SELECT generate_series(1, 1000) AS id")
        pid, url = owner.told["pid"], owner.told["url"]
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)

        assert owner.ask_for_running_server() != pid
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM thing").fetchone() == (1000,)
        owner.end()
        assert server_processes(launch.data_dir) == []

    def test_the_next_start_recovers_when_both_were_killed(self, launch: Launch) -> None:
        first = launch.start(durable=True)
        with psycopg.connect(first.told["url"], autocommit=True) as connection:
            connection.execute("CREATE TABLE thing AS SELECT generate_series(1, 1000) AS id")
        first.end_by(signal.SIGKILL)
        os.kill(first.told["pid"], signal.SIGKILL)

        second = launch.start(durable=True)
        with psycopg.connect(second.told["url"]) as connection:
            assert connection.execute("SELECT count(*) FROM thing").fetchone() == (1000,)
        second.end()

    @pytest.mark.parametrize("owner_too", [None, "and its owner"])
    def test_a_child_of_it_that_goes_on_computing_is_ended(self, launch: Launch, owner_too: str | None) -> None:
        owner = launch.start()
        pid, url = owner.told["pid"], owner.told["url"]
        busy = threading.Thread(target=compute_forever, args=[url])
        busy.start()
        while not any(process.command.endswith("DO") for process in server_processes(launch.data_dir)):
            assert busy.is_alive()
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
        if owner_too:
            owner.end_by(signal.SIGKILL)
            owner = launch.start()
        else:
            owner.ask_for_running_server()
        busy.join()
        with psycopg.connect(url):
            pass
        owner.end()


class TestWithoutProc:
    def test_an_orphan_is_found_and_adopted(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if not Path("/bin/ps").exists():
            pytest.skip("this system has no ps")
        first = Launch(data_dir.parent).start()
        first.end_by(signal.SIGKILL)
        monkeypatch.setattr(processes, "_PROC", Path("/no/proc"))
        monkeypatch.setenv("COLUMNS", "80")
        with EmbeddedPostgres(data_dir, durable=False) as cluster:
            assert cluster.adopted
            assert cluster.pid == first.told["pid"]
        assert server_processes(data_dir) == []


class TestLeftovers:
    def test_the_note_of_a_dead_server_is_ignored(self, data_dir: Path) -> None:
        with EmbeddedPostgres(data_dir, durable=False) as cluster:
            note = copy_of_note(cluster.data_dir)
        with subprocess.Popen(["true"]) as gone:
            pass
        write_note(data_dir, note, pid=gone.pid)
        with EmbeddedPostgres(data_dir, durable=False) as cluster, psycopg.connect(cluster.app_url):
            assert not cluster.adopted

    def test_the_note_of_a_server_whose_number_went_to_another_program_is_ignored(
        self, data_dir: Path, bystander: int
    ) -> None:
        with EmbeddedPostgres(data_dir, durable=False) as cluster:
            note = copy_of_note(cluster.data_dir)
        write_note(data_dir, note, pid=bystander)
        with EmbeddedPostgres(data_dir, durable=False) as cluster, psycopg.connect(cluster.app_url):
            assert not cluster.adopted
        os.kill(bystander, 0)

    def test_a_copy_of_a_folder_in_use_gets_a_server_of_its_own(self, scratch: Path, data_dir: Path) -> None:
        with EmbeddedPostgres(data_dir, durable=False) as original:
            with psycopg.connect(original.superuser_url, autocommit=True) as connection:
                connection.execute("CHECKPOINT")
            preserve = ["cp", "-a", str(data_dir), str(scratch / "copy")]
            subprocess.run(preserve, check=True)
            with EmbeddedPostgres(scratch / "copy", durable=False) as copy:
                assert copy.pid != original.pid
                with psycopg.connect(copy.superuser_url) as connection:
                    connection.execute("CREATE TABLE only_here (id int)")
            with psycopg.connect(original.superuser_url) as connection:
                assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)

    def test_a_server_that_was_started_by_hand_is_not_touched(self, scratch: Path, data_dir: Path) -> None:
        with EmbeddedPostgres(data_dir, durable=False) as cluster:
            note = copy_of_note(cluster.data_dir)
        program = scratch / "postgres"
        shutil.copy("/bin/sleep", program)
        with subprocess.Popen([program, "600"]) as foreign:
            write_note(data_dir, note, pid=foreign.pid)
            with pytest.raises(EmbeddedPostgresError, match=f"kill -INT {foreign.pid}"):
                EmbeddedPostgres(data_dir, durable=False).start()
            assert foreign.poll() is None
            foreign.kill()

    def test_a_living_server_whose_socket_was_removed_is_replaced(self, launch: Launch) -> None:
        first = launch.start()
        first.end_by(signal.SIGKILL)
        shutil.rmtree(first.told["socket_dir"])
        second = launch.start()
        assert second.told["pid"] != first.told["pid"]
        with psycopg.connect(second.told["url"]):
            pass
        second.end()
        assert server_processes(launch.data_dir) == []


class TestLostPasswords:
    @pytest.mark.parametrize("still_running", [None, "while it runs"])
    def test_new_ones_are_set_and_the_data_stays(self, launch: Launch, still_running: str | None) -> None:
        first = launch.start()
        with psycopg.connect(first.told["url"]) as connection:
            connection.execute("CREATE TABLE thing AS SELECT 1 AS id")
        if still_running:
            first.end_by(signal.SIGKILL)
        else:
            first.end()
        (launch.data_dir / "credentials.json").unlink()

        second = launch.start()
        assert second.told["url"] != first.told["url"]
        with psycopg.connect(second.told["url"]) as connection:
            assert connection.execute("SELECT id FROM thing").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(first.told["url"])
        second.end()

    @pytest.mark.parametrize("still_running", [None, "while it runs"])
    def test_those_of_another_folder_are_explained(self, launch: Launch, still_running: str | None) -> None:
        if still_running:
            launch.start().end_by(signal.SIGKILL)
        path = launch.data_dir / "credentials.json"
        path.write_text(json.dumps(dict.fromkeys(json.loads(path.read_text()), "wrong")))
        refused = launch.start()
        assert "remove it: new passwords are set" in refused.told["message"]
        refused.end()
        assert server_processes(launch.data_dir) == []

    def test_a_file_that_holds_none_is_explained(self, data_dir: Path) -> None:
        (data_dir / "credentials.json").write_text("{}")
        with pytest.raises(EmbeddedPostgresError, match="does not hold the passwords"):
            EmbeddedPostgres(data_dir, durable=False).start()


def compute_forever(url: str) -> None:
    with pytest.raises(psycopg.OperationalError), psycopg.connect(url) as connection:
        connection.execute("DO $$ BEGIN LOOP NULL; END LOOP; END $$")


def copy_of_note(data_dir: Path) -> list[str]:
    return (data_dir / "cluster" / "postmaster.pid").read_text().splitlines()


def write_note(data_dir: Path, note: list[str], *, pid: int) -> None:
    cluster = data_dir / "cluster"
    path = cluster / "postmaster.pid"
    path.write_text("\n".join([str(pid), *note[1:]]) + "\n")
    os.chown(path, cluster.stat().st_uid, cluster.stat().st_gid)
    path.chmod(0o600)


def wait_until_gone(pid: int) -> None:
    while find_process(pid) is not None:
        pass
