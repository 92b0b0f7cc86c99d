"""What lies where in the data folder, and the one place that makes it."""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from function_backend.persistence.embedded.account import ServerAccount
from function_backend.persistence.embedded.errors import DataFolderError

# Root's own folder, which every account may pass through: the default data folder, and the place for
# program copies and sockets that the server's account could not reach in a data folder elsewhere.
SHARED_FOLDER = Path("/var/lib/function-backend")

# With this as its data directory the server keeps to the folder it was started in. The kernel follows the link
# without looking at the folders above, which the server's account may not be allowed to enter.
_WORKING_FOLDER = Path("/proc/self/cwd")


def default_data_dir(environment: Mapping[str, str] | None = None) -> Path:
    """Return where data is kept when nothing else was asked for, by the custom of the platform."""
    variables = environment if environment is not None else os.environ
    if os.geteuid() == 0:
        return SHARED_FOLDER
    data_home = Path(variables.get("XDG_DATA_HOME", ""))
    if sys.platform == "darwin":
        data_home = _home() / "Library" / "Application Support"
    elif not data_home.is_absolute():
        data_home = _home() / ".local" / "share"
    return data_home / "function-backend"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise DataFolderError(
            f"uid {os.geteuid()} has no home folder; say where the data shall be with FUNCTION_BACKEND_DATA_DIR."
        ) from None


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The names inside one data folder."""

    path: Path

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory; the server's account owns it, and it exists only when complete."""
        return self.path / "cluster"

    @property
    def unfinished_cluster(self) -> Path:
        """A cluster being made; one that is found at start was interrupted and is removed."""
        return self.path / "cluster.new"

    @property
    def sockets(self) -> Path:
        """The preferred folder for the server's socket."""
        return self.path / "run"

    @property
    def programs(self) -> Path:
        """Copies of PostgreSQL's programs for an account that cannot reach the originals."""
        return self.path / "programs"

    @property
    def credentials(self) -> Path:
        """The passwords, readable by us alone."""
        return self.path / "credentials.json"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.path / "postgresql.log"

    @property
    def transition_lock(self) -> Path:
        """Held while somebody starts or stops the server."""
        return self.path / "start.lock"

    @property
    def owner_lock(self) -> Path:
        """Held by the process that will stop the server."""
        return self.path / "owner.lock"


def open_data_folder(path: Path) -> DataFolder:
    """Return the data folder, made if it is missing; a folder that was there keeps its mode and owner."""
    try:
        make_folder(path)
    except FileExistsError:
        raise DataFolderError(f"The data folder {path} is a file.") from None
    except OSError as error:
        raise DataFolderError(f"The data folder {path} cannot be made: {error.strerror}.") from error
    real = path.resolve()
    if not os.access(real, os.R_OK | os.W_OK | os.X_OK):
        owner = real.stat().st_uid
        raise DataFolderError(
            f"The data folder {real} belongs to uid {owner} and this process is uid {os.geteuid()}.\n"
            "Choose a folder of your own with FUNCTION_BACKEND_DATA_DIR or --data-dir, or run as its owner."
        )
    if (real / "PG_VERSION").exists():
        raise DataFolderError(
            f"{real} is itself a data directory of PostgreSQL; the data folder must be one of its own."
        )
    return DataFolder(real)


def make_folder(path: Path) -> None:
    """Make a folder and those above it; what is there already keeps its mode and owner.

    Those that root makes can be passed through but not listed by others: the server runs under another
    account, and the files in them have modes of their own.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    missing = [folder for folder in (path, *path.parents) if not folder.is_dir()]
    for folder in reversed(missing):
        try:
            folder.mkdir(mode=mode)
        except FileExistsError:
            if not folder.is_dir():
                raise
        else:
            folder.chmod(mode)  # the umask may have taken bits away


def data_directory_for(account: ServerAccount, folder: Path) -> Path:
    """Return the name under which the server's account finds a folder that it is started in."""
    if account.can_enter(folder.parent):
        return folder
    if _WORKING_FOLDER.is_dir():
        return _WORKING_FOLDER
    raise DataFolderError(
        f"PostgreSQL runs as uid {account.uid}, which cannot enter {folder.parent}.\n"
        f"Choose a folder that it can reach, for example FUNCTION_BACKEND_DATA_DIR={SHARED_FOLDER}."
    )


def write_private(path: Path, text: str, account: ServerAccount | None = None) -> None:
    """Replace a file in one step; only its owner may read it, which is `account` if one is given."""
    # A new file under a new name: nothing that lies at `path`, a link for instance, is ever written through.
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if account is not None:
            account.owns(fresh)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
