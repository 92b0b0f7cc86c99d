"""Chooses the private folder of the server's Unix socket."""

import contextlib
import hashlib
import os
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from function_backend.persistence.embedded.account import ServerAccount
from function_backend.persistence.embedded.errors import DataFolderError
from function_backend.persistence.embedded.folder import DataFolder, make_folder

# There is no TCP port: the number only names the socket, and one folder holds one server.
PORT = 5432

_PRIVATE = 0o700

# What fits into sockaddr_un.sun_path with its closing zero.
_LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107


def socket_path(folder: Path) -> Path:
    """Return the path of the server's socket in its folder."""
    return folder / f".s.PGSQL.{PORT}"


def make_socket_folder(data: DataFolder, account: ServerAccount, *, shared_folder: Path) -> Path:
    """Return a folder with mode 0700, owned by the server's account, in which a socket can be made.

    Call it only while no server runs on the data folder. The folder is below that unless it is too deep,
    out of the account's reach, or on a file system without sockets; a substitute keeps its name.
    """
    refusals: list[str] = []
    for candidate in _candidates(data, shared_folder=shared_folder):
        try:
            _claim(candidate, account)
        except (OSError, ValueError) as error:
            refusals.append(f"{candidate}: {error}")
        else:
            return candidate
    reasons = "\n  ".join(refusals)
    raise DataFolderError(f"No folder can hold the server's socket:\n  {reasons}")


def remove_socket_folder(folder: Path, data: DataFolder) -> None:
    """Remove a substitute outside the data folder, if the server left nothing in it."""
    if folder != data.sockets:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _candidates(data: DataFolder, *, shared_folder: Path) -> Iterator[Path]:
    yield data.sockets
    mark = hashlib.sha256(os.fsencode(data.path)).hexdigest()[:12]
    name = f"function-backend-{os.geteuid()}-{mark}"
    if os.geteuid() == 0:
        # Not "run": the shared folder may be a data folder too, and has a server's socket there.
        yield shared_folder / "sockets" / name
    elif os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(os.environ["XDG_RUNTIME_DIR"]) / name
    yield Path(tempfile.gettempdir()) / name
    yield Path("/tmp") / name  # noqa: S108 - TMPDIR may be too long for a socket; _claim refuses what others made


def _claim(folder: Path, account: ServerAccount) -> None:
    path = os.fspath(socket_path(folder))
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise ValueError(f"longer than the {_LONGEST_SOCKET_PATH} bytes of a socket's path")
    if "," in path or not path.isprintable():
        # libpq reads a comma as the start of another host, postmaster.pid has one name on a line.
        raise ValueError("has a comma or a line break in its name")
    make_folder(folder.parent)
    if not account.can_enter(folder.parent):
        raise ValueError(f"uid {account.uid} cannot reach it")
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=_PRIVATE)
        account.owns(folder)
    status = folder.lstat()
    # In a folder like /tmp somebody else may have been first; a socket of ours in their folder would be theirs.
    if (status.st_mode, status.st_uid) != (stat.S_IFDIR | _PRIVATE, account.uid):
        raise ValueError("exists and is not a private folder of ours")
    for left in folder.iterdir():  # by a server that was killed; the caller knows that none runs
        left.unlink()
    probe = folder / ".probe"
    with socket.socket(socket.AF_UNIX) as trial:
        trial.bind(os.fspath(probe))
    probe.unlink()
