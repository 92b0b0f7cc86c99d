"""The data directory: making it, and refusing one of another major version."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from function_backend.persistence.embedded.account import ServerAccount
from function_backend.persistence.embedded.binaries import PostgresBinaries, find_major_version
from function_backend.persistence.embedded.credentials import Credentials, Role
from function_backend.persistence.embedded.errors import DataVersionError, PostgresStartError
from function_backend.persistence.embedded.folder import DataFolder, data_directory_for
from function_backend.persistence.embedded.postmaster import server_environment
from function_backend.persistence.embedded.roles import DATABASE

_FIRST_WITH_BUILTIN_LOCALES = 17


def require_same_major_version(data: DataFolder, binaries: PostgresBinaries) -> None:
    """Raise if the data was written by another major version: PostgreSQL cannot read it."""
    written_by = (data.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if written_by == str(binaries.major):
        return
    old = find_major_version(int(written_by)) if written_by.isdigit() else None
    old_folder = str(old.folder) if old is not None else f"/path/to/postgresql-{written_by}/bin"
    raise DataVersionError(
        f"The data in {data.path} was written by PostgreSQL {written_by}; "
        f"the programs in {binaries.folder} are PostgreSQL {binaries.version} and cannot read it.\n"
        f"To go on with the old version: set PG_BIN={old_folder}\n"
        f"To move to version {binaries.major} (passwords and host: credentials.json and run in the data folder):\n"
        f"  1. start with PG_BIN={old_folder}, and dump with the old programs:\n"
        f"     {old_folder}/pg_dump --format=custom --file=old.dump "
        f"--host='{data.sockets}' --username={Role.SUPERUSER} {DATABASE}\n"
        f"  2. stop, move {data.path} away, start with the new programs, and restore:\n"
        f"     {binaries.folder}/pg_restore --clean --if-exists --dbname={DATABASE} "
        f"--host='{data.sockets}' --username={Role.SUPERUSER} old.dump"
    )


def create_cluster(
    binaries: PostgresBinaries,
    data: DataFolder,
    account: ServerAccount,
    credentials: Credentials,
    *,
    durable: bool,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Make a new cluster; it appears under its name only when it is complete.

    `meanwhile` is called once the program that makes it runs.
    """
    fresh = data.unfinished_cluster
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    account.owns(fresh)
    # The same order and case rules as production: by code point, whatever the system's libraries say.
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if binaries.major >= _FIRST_WITH_BUILTIN_LOCALES
        else ["--locale=C"]
    )
    with tempfile.TemporaryFile() as password_file:
        # A file without a name, opened anew through /dev/stdin by the server's account, hence its owner.
        password_file.write(credentials.passwords[Role.SUPERUSER].encode())
        password_file.seek(0)
        account.owns_descriptor(password_file.fileno())
        program = subprocess.Popen(
            [
                binaries.initdb,
                f"--pgdata={data_directory_for(account, fresh)}",
                f"--username={Role.SUPERUSER}",
                "--pwfile=/dev/stdin",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                *locale,
                "--data-checksums",
                "--no-instructions",
                *([] if durable else ["--no-sync"]),
            ],
            cwd=fresh,
            env=server_environment(),
            stdin=password_file,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            umask=0o077,
            user=account.uid if account.switches else None,
            group=account.gid if account.switches else None,
            extra_groups=() if account.switches else None,
        )
        with program:
            try:
                meanwhile()
                said, _ = program.communicate()
            except BaseException:
                program.kill()
                raise
    if program.returncode != 0:
        raise PostgresStartError(_explain(said, account, fresh))
    fresh.rename(data.cluster)


def _explain(output: str, account: ServerAccount, folder: Path) -> str:
    text = f"initdb could not make a database in {folder.parent}:\n{output.strip()}"
    if "could not look up effective user ID" in output:
        text += (
            f"\nPostgreSQL needs a user name to make a database, and uid {account.uid} has none. Add the uid to "
            "/etc/passwd, run as another user, or use a server that is already there: --database-url."
        )
    return text
