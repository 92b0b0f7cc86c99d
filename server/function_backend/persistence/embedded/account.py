"""The account that the server process runs under: our own, or another one when we are root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from function_backend.persistence.embedded.errors import ServerAccountError

# `nobody` is on every Unix. Only accounts that exist: initdb looks its user up, and making one is not ours to do.
_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """Who the server process is, and whether that is somebody else than this process."""

    uid: int
    gid: int
    switches: bool

    def owns(self, path: Path) -> None:
        """Give a file or folder that we made to this account."""
        if self.switches:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def owns_descriptor(self, descriptor: int) -> None:
        """Give an open file that we made to this account."""
        if self.switches:
            os.fchown(descriptor, self.uid, self.gid)

    def can_read(self, path: Path) -> bool:
        """Tell from owners and modes whether this account can read a file, or list and enter a folder."""
        wanted = 0o5 if path.is_dir() else 0o4
        return self.can_enter(path.parent) and self._allowed(path, wanted)

    def can_enter(self, folder: Path) -> bool:
        """Tell from owners and modes whether this account can reach what lies in a folder.

        Access lists are not read: who is let in only by one is taken as kept out, which costs
        a copy or a detour and is never wrong. A part that is still missing lets everybody pass: we shall make it.
        """
        if not self.switches:
            return True
        real = folder.resolve()
        return all(self._allowed(part, 0o1) for part in (real, *real.parents) if part.exists())

    def _allowed(self, path: Path, wanted: int) -> bool:
        if not self.switches:
            return True
        status = path.stat()
        mode = stat.S_IMODE(status.st_mode)
        if status.st_uid == self.uid:
            granted = mode >> 6
        elif status.st_gid == self.gid:
            granted = mode >> 3
        else:
            granted = mode
        return granted & wanted == wanted


def choose_account(cluster: Path) -> ServerAccount:
    """Return the account for the server: ourselves; for root the cluster's owner, else `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return ServerAccount(os.geteuid(), os.getegid(), switches=False)
    if cluster.exists():
        # Whoever owns the files must run the server, also when another candidate has appeared since.
        status = cluster.stat()
        if status.st_uid == 0:
            names = " or ".join(_CANDIDATES)
            raise ServerAccountError(
                f"{cluster} belongs to root, and PostgreSQL refuses to run as root.\n"
                f"Give the folder to the account that shall run it ({names}): chown -R {_CANDIDATES[0]} '{cluster}'"
            )
        return ServerAccount(status.st_uid, status.st_gid, switches=True)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServerAccount(entry.pw_uid, entry.pw_gid, switches=True)
    raise ServerAccountError(
        "PostgreSQL refuses to run as root, and /etc/passwd knows neither `postgres` nor `nobody`.\n"
        "Run this process as a normal user, or use a server that is already there: --database-url."
    )
