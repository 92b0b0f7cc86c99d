"""Reading the settings for a command: flags before `--set`, environment and file."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from function_backend.settings.errors import SettingsError
from function_backend.settings.load import Loaded
from function_backend.settings.sources import Given
from function_backend.settings.tree import Settings, read_settings

REFUSED = 2
"""The exit status when settings, or what they name, cannot be used."""


def read(
    config: Path | None,
    settings: Sequence[str] | None,
    flags: Mapping[str, object | None],
    *,
    to_serve: bool = True,
) -> Loaded[Settings]:
    """The settings; SettingsError when they are wrong. `flags` maps a flag to its value, None when it was not given."""
    given = {path: Given(value, f"flag {flag}") for (flag, path), value in _named(flags).items()}
    for text in settings or ():
        path, equals, value = text.partition("=")
        if not equals:
            raise SettingsError([f"--set {text}: expected SECTION.NAME=VALUE."])
        given[path.strip()] = Given(value, "flag --set")
    return read_settings(os.environ, file=config, flags=given, to_serve=to_serve)


def complain(problems: Sequence[str]) -> int:
    """Says what is wrong; the exit status."""
    for problem in problems:
        sys.stderr.write(f"function-backend: {problem}\n")
    return REFUSED


_PATHS = {
    "--listen": "server.listen",
    "--workers": "process.workers",
    "--pin-workers": "process.pin_workers",
    "--threads": "server.threads",
    "--job-threads": "jobs.threads",
    "--admin-listen": "server.admin_listen",
    "--metrics-listen": "metrics.listen",
    "--database-url": "database.url",
    "--replica-url": "database.replica_url",
    "--data-dir": "data.dir",
    "--log-level": "log.level",
    "--log-format": "log.format",
}


def _named(flags: Mapping[str, object | None]) -> dict[tuple[str, str], object]:
    return {(flag, _PATHS[flag]): value for flag, value in flags.items() if value is not None}
