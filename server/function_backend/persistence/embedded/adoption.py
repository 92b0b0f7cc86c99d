"""Finds the server that already runs on a data folder, and proves that it is the one."""

import contextlib
import secrets
import time
from pathlib import Path

import psycopg

from function_backend.persistence.embedded.account import ServerAccount
from function_backend.persistence.embedded.credentials import Credentials, Role
from function_backend.persistence.embedded.errors import EmbeddedPostgresError
from function_backend.persistence.embedded.folder import DataFolder, write_private
from function_backend.persistence.embedded.postmaster import PidFile, ServerProcess, cluster_mark
from function_backend.persistence.embedded.processes import Process, find_process
from function_backend.persistence.embedded.sockets import socket_path

_POLL_SECONDS = 0.02
_CONNECT_PATIENCE_SECONDS = 2.0


def find_running(
    data: DataFolder, account: ServerAccount, credentials: Credentials | None, *, deadline: float
) -> tuple[ServerProcess, Path] | None:
    """Return the server that runs on this folder and its socket's folder, or None if a new one may be started.

    The caller is the owner. A server of ours that cannot be used any more (its socket was removed,
    the passwords were lost) is stopped. The note of a dead or foreign process is removed.
    """
    told = PidFile.read(data.cluster)
    if told is None:
        return None
    process = find_process(told.pid)
    mark = cluster_mark(data.cluster)
    if process is not None and mark in process.command:
        return _adopt(data, account, credentials, ServerProcess(told.pid, mark), deadline=deadline)
    if process is None or not _may_be_a_server(process) or _serves_another_folder(data, account, credentials, told):
        # The server is dead, though perhaps a zombie that nobody waits for; or its number went to another program;
        # or the folder is a copy of one in use. PostgreSQL sees only that the number is taken and would refuse to
        # start. Children that survived their server are still found: PostgreSQL knows them by shared memory.
        (data.cluster / "postmaster.pid").unlink()
        return None
    raise EmbeddedPostgresError(
        f"Process {process.pid} ({process.command}) seems to be a PostgreSQL server on {data.cluster} that was not "
        f"started by us.\nStop it first: kill -INT {process.pid}"
    )


def connects(data: DataFolder, account: ServerAccount, credentials: Credentials, socket_folder: Path) -> bool:
    """Tell whether a server answers at this socket and reads the files of this data folder."""
    proof = secrets.token_hex(16)
    note = data.cluster / "function_backend.proof"
    with _connect(credentials, socket_folder) as connection:
        write_private(note, proof, account)
        try:
            row = connection.execute("SELECT pg_read_file(%s, true)", [note.name]).fetchone()
        finally:
            note.unlink(missing_ok=True)
    return row is not None and row[0] == proof


def _adopt(
    data: DataFolder,
    account: ServerAccount,
    credentials: Credentials | None,
    server: ServerProcess,
    *,
    deadline: float,
) -> tuple[ServerProcess, Path] | None:
    patience = None
    while credentials is not None and server.alive():
        told = PidFile.read(data.cluster)
        if told is not None and told.status == "ready" and told.socket_folder is not None:
            if not socket_path(told.socket_folder).exists():
                break
            patience = patience or time.monotonic() + _CONNECT_PATIENCE_SECONDS
            with contextlib.suppress(psycopg.OperationalError):
                if connects(data, account, credentials, told.socket_folder):
                    return server, told.socket_folder
        if time.monotonic() > (patience or deadline):
            break
        time.sleep(_POLL_SECONDS)
    server.stop()
    return None


def _may_be_a_server(process: Process) -> bool:
    program = Path(process.command.partition(" ")[0]).name
    return program.rstrip(":") in {"postgres", "postmaster"} or not process.command


def _serves_another_folder(
    data: DataFolder, account: ServerAccount, credentials: Credentials | None, told: PidFile
) -> bool:
    if credentials is None or told.socket_folder is None:
        return False
    with contextlib.suppress(psycopg.Error):
        with _connect(credentials, told.socket_folder) as connection:
            row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
        names_itself = row is not None and row[0].partition("\n")[0].strip() == str(told.pid)
        return names_itself and not connects(data, account, credentials, told.socket_folder)
    return False


def _connect(credentials: Credentials, socket_folder: Path) -> "psycopg.Connection[tuple[str]]":
    url = credentials.url(Role.SUPERUSER, socket_folder=socket_folder, database="postgres")
    return psycopg.connect(url, autocommit=True, connect_timeout=10)
