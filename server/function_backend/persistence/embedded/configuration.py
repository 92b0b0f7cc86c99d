"""The server's settings and who may log in, written anew at each start."""

import os
from pathlib import Path

from function_backend.persistence.embedded.account import ServerAccount
from function_backend.persistence.embedded.folder import write_private

_MEGABYTE = 1024 * 1024
_HEADER = "# Written by function-backend at each start; changes made here are lost.\n"
_SETTINGS_HEADER = _HEADER + "# To set something for good, use ALTER SYSTEM SET: it is kept apart and wins.\n"

# For a small machine that runs the service beside its database.
_SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "100",
    "password_encryption": "'scram-sha-256'",
    "work_mem": "'8MB'",
    "maintenance_work_mem": "'128MB'",
    "wal_level": "replica",
    "wal_compression": "on",
    "min_wal_size": "'128MB'",
    "max_wal_size": "'2GB'",
    "checkpoint_timeout": "'15min'",
    # The disks of today answer random reads about as fast as sequential ones.
    "random_page_cost": "1.1",
    "max_parallel_workers": "2",
    # Compiling costs more than it saves in queries of milliseconds.
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] %u@%d '",
    "log_checkpoints": "off",
    "lc_messages": "'C'",
}

# Faster, and a power failure may ruin the data: for databases that live as long as a test.
_THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def write_configuration(cluster: Path, account: ServerAccount, *, durable: bool) -> None:
    """Write postgresql.conf for this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
    settings = dict(_SETTINGS)
    settings["shared_buffers"] = f"'{max(32, min(256, memory // 4))}MB'"
    settings["effective_cache_size"] = f"'{max(128, memory // 2)}MB'"
    if not durable:
        settings.update(_THROWAWAY_SETTINGS)
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    write_private(cluster / "postgresql.conf", _SETTINGS_HEADER + lines, account)


def write_logins(cluster: Path, account: ServerAccount, *, method: str) -> None:
    """Write pg_hba.conf: the socket alone, every role by `method`."""
    lines = f"local all all {method}\nlocal replication all {method}\n"
    write_private(cluster / "pg_hba.conf", _HEADER + lines, account)
