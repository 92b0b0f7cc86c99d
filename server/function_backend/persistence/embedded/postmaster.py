"""The server process: starting it, recognising it again, and stopping it."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from function_backend.persistence.embedded.account import ServerAccount
from function_backend.persistence.embedded.errors import PostgresStartError
from function_backend.persistence.embedded.folder import DataFolder, data_directory_for
from function_backend.persistence.embedded.processes import find_process, list_processes
from function_backend.persistence.embedded.sockets import PORT

_POLL_SECONDS = 0.005
_FAST_STOP_SECONDS = 60.0
_IMMEDIATE_STOP_SECONDS = 10.0
_LEFTOVER_PATIENCE_SECONDS = 1.0
_LARGEST_LOG = 16 * 1024 * 1024
_LOG_TAIL = 4096
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "NSS_WRAPPER_PASSWD", "NSS_WRAPPER_GROUP")


@dataclass(frozen=True, slots=True)
class PidFile:
    """What a running server says about itself in postmaster.pid."""

    pid: int
    socket_folder: Path | None
    status: str

    @classmethod
    def read(cls, cluster: Path) -> Self | None:
        """Return what the file says, or None if there is none that can be understood."""
        try:
            text = (cluster / "postmaster.pid").read_text(errors="surrogateescape")
            # Written line by line while the server starts: what is still missing is empty.
            pid, _directory, _began, _port, folder, _address, _memory, status, *_ = [*text.splitlines(), *[""] * 8]
            return cls(int(pid), Path(folder) if folder else None, status.strip())
        except (OSError, ValueError):
            return None


def cluster_mark(cluster: Path) -> str:
    """Return the name that our server of this cluster carries in its command line and those of its children.

    It is made of the directory's inode: it stays when the folder is renamed, and a copy gets another.
    """
    status = cluster.stat()
    return f"function-backend-{status.st_dev:x}-{status.st_ino:016x}"


class ServerProcess:
    """A server process, our own child or one that was running before us."""

    def __init__(self, pid: int, mark: str, child: "subprocess.Popen[bytes] | None" = None) -> None:
        """Watch a process that is known to be the server."""
        self.pid = pid
        self._mark = mark
        self._child = child

    def alive(self) -> bool:
        """Tell whether it runs; a number that went to another process meanwhile counts as dead."""
        if self._child is not None:
            return self._child.poll() is None
        process = find_process(self.pid)
        return process is not None and self._mark in process.command

    def stop(self) -> None:
        """Stop it: transactions are rolled back, data is written, and the process is gone afterwards."""
        steps = (
            (signal.SIGINT, _FAST_STOP_SECONDS),
            (signal.SIGQUIT, _IMMEDIATE_STOP_SECONDS),
            (signal.SIGKILL, _IMMEDIATE_STOP_SECONDS),
        )
        for number, patience in steps:
            if self.alive():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)
            if self.wait(patience):
                return
        raise PostgresStartError(f"The server process {self.pid} does not end.")

    def wait(self, seconds: float) -> bool:
        """Return True as soon as it has ended, False if it still runs after this time."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def server_environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: only what finds programs, libraries and user names."""
    # Not ours as it is: it may hold secrets, which the server's account could read, and PG* variables steer PostgreSQL.
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # TZ spares initdb a search through all time zones; macOS needs LC_ALL to keep the postmaster on one thread.
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def launch(
    postgres: Path,
    data: DataFolder,
    account: ServerAccount,
    *,
    socket_folder: Path,
    deadline: float,
    inherited: Sequence[int] = (),
    meanwhile: Callable[[], None] = lambda: None,
) -> ServerProcess:
    """Start the server and return it when it accepts connections; it is gone again if that fails.

    `meanwhile` is called once the program runs.
    """
    _rotate(data.log)
    patience = time.monotonic() + _LEFTOVER_PATIENCE_SECONDS
    while True:
        said_before = data.log.stat().st_size if data.log.exists() else 0
        server = _spawn(postgres, data, account, socket_folder=socket_folder, inherited=inherited)
        try:
            meanwhile()
            if _await_ready(server, data.cluster, deadline=deadline):
                return server
        except BaseException:
            server.stop()
            raise
        said = _log_since(data.log, said_before)
        # Children of a killed server end when they notice; one that computes does not look up, and holds the memory.
        if "shared memory block" not in said or time.monotonic() > deadline:
            raise PostgresStartError(f"PostgreSQL did not start. It said (all of it is in {data.log}):\n{said}")
        if time.monotonic() > patience:
            _end_leftovers(cluster_mark(data.cluster))
        time.sleep(_POLL_SECONDS * 10)


def _spawn(
    postgres: Path, data: DataFolder, account: ServerAccount, *, socket_folder: Path, inherited: Sequence[int]
) -> ServerProcess:
    mark = cluster_mark(data.cluster)
    quoted = str(socket_folder).replace('"', '""')
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
        "cluster_name": mark,
    }
    command = [os.fspath(postgres), "-D", os.fspath(data_directory_for(account, data.cluster))]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with open(data.log, "ab", opener=_private) as log:
        child = subprocess.Popen(
            command,
            cwd=data.cluster,
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A session of its own: the terminal's Ctrl-C and hang-up are for us, and we stop the server in order.
            start_new_session=True,
            pass_fds=inherited,
            umask=0o077,
            user=account.uid if account.switches else None,
            group=account.gid if account.switches else None,
            extra_groups=() if account.switches else None,
        )
    return ServerProcess(child.pid, mark, child)


def _await_ready(server: ServerProcess, cluster: Path, *, deadline: float) -> bool:
    while server.alive():
        told = PidFile.read(cluster)
        if told is not None and told.pid == server.pid and told.status == "ready":
            return True
        if time.monotonic() > deadline:
            raise PostgresStartError(f"PostgreSQL (process {server.pid}) did not become ready in time; it was stopped.")
        time.sleep(_POLL_SECONDS)
    return False


def _end_leftovers(mark: str) -> None:
    """End the children that a killed server left behind: those with our mark whose parent is no server of ours."""
    ours = {process.pid: process for process in list_processes() if mark in process.command}
    for process in ours.values():
        if process.parent not in ours and process.command.startswith("postgres: "):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGQUIT)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_name(log.name + ".1"))


def _log_since(log: Path, position: int) -> str:
    with log.open("rb") as file:
        file.seek(position)
        return file.read().decode(errors="replace")[-_LOG_TAIL:].strip()
