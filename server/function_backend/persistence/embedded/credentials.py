"""The roles of the embedded database and their passwords."""

import enum
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

from function_backend.persistence import roles
from function_backend.persistence.embedded.errors import DataFolderError
from function_backend.persistence.embedded.folder import write_private
from function_backend.persistence.embedded.sockets import PORT


class Role(enum.StrEnum):
    """Who connects to the embedded database."""

    SUPERUSER = "function_backend_superuser"
    OWNER = roles.OWNER
    APPLICATION = roles.APP


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """One random password for each role; never shown by `repr`."""

    passwords: Mapping[Role, str]

    @classmethod
    def generate(cls) -> Self:
        """Return new passwords."""
        return cls({role: secrets.token_urlsafe(32) for role in Role})

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Return the kept passwords, or None if there are none."""
        try:
            status = path.lstat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) & 0o077:
            raise DataFolderError(f"Others can read the passwords in {path}; make it private: chmod 600 '{path}'")
        if os.geteuid() not in {0, status.st_uid}:
            raise DataFolderError(f"{path} belongs to uid {status.st_uid} and this process is uid {os.geteuid()}.")
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return cls({role: str(kept[role.value]) for role in Role})
        except (ValueError, KeyError, TypeError):
            raise DataFolderError(
                f"{path} does not hold the passwords of the embedded database. "
                "Restore it, or remove it: new passwords are set at the next start."
            ) from None

    def save(self, path: Path) -> None:
        """Keep the passwords where only this account can read them."""
        write_private(path, json.dumps({role.value: word for role, word in self.passwords.items()}, indent=2) + "\n")

    def url(self, role: Role, *, socket_folder: Path, database: str) -> str:
        """Return a connection URL that libpq, psycopg and SQLAlchemy read alike."""
        host = quote(os.fspath(socket_folder), safe="")
        return f"postgresql://{role}:{self.passwords[role]}@/{quote(database, safe='')}?host={host}&port={PORT}"
