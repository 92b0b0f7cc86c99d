"""The places a setting can come from: flags, environment, file. Each names what it does not know."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from function_backend.settings.schema import PREFIX, Key

CONFIG_VARIABLE = f"{PREFIX}CONFIG"
"""Names the settings file when no flag does."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was found, and where."""

    raw: object
    source: str
    """For people, such as `flag --listen` or `environment FUNCTION_BACKEND_SERVER_LISTEN`."""


def from_environment(
    keys: Sequence[Key], environment: Mapping[str, str], *, foreign: Iterable[str], problems: list[str]
) -> dict[str, Given]:
    """What the environment sets; variables with our prefix that set nothing are problems."""
    found: dict[str, Given] = {}
    known = {CONFIG_VARIABLE, *foreign}
    for key in keys:
        known.add(key.variable)
        if key.variable in environment:
            found[key.path] = Given(environment[key.variable], f"environment {key.variable}")
        if key.file_variable is None:
            continue
        known.add(key.file_variable)
        if key.file_variable not in environment:
            continue
        if key.path in found:
            problems.append(f"{key.file_variable}: {key.variable} is set as well; keep one of them.")
        content = _content(key.file_variable, environment[key.file_variable], problems)
        if content is not None:
            found[key.path] = Given(content, f"file of {key.file_variable}")
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    problems.extend(f"{name}: there is no such setting{_nearest(name, known)}." for name in unknown)
    return found


def from_file(keys: Sequence[Key], path: Path, problems: list[str]) -> dict[str, Given]:
    """What the TOML file sets; tables and keys that set nothing are problems."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}.")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path}: is not TOML: {error}.")
        return {}
    found: dict[str, Given] = {}
    known = {key.path for key in keys}
    tables = {key.section for key in keys}
    for table, values in content.items():
        if table not in tables or not isinstance(values, dict):
            problems.append(f"{path}: there is no table [{table}]{_nearest(table, tables)}.")
            continue
        for name, value in values.items():
            key = f"{table}.{name}"
            if key in known:
                found[key] = Given(value, f"file {path}")
            else:
                problems.append(f"{path}: there is no setting {key}{_nearest(key, known)}.")
    return found


def from_flags(keys: Sequence[Key], flags: Mapping[str, Given], problems: list[str]) -> dict[str, Given]:
    """What the command line sets, by path; a path that is no setting is a problem."""
    known = {key.path for key in keys}
    for path, given in flags.items():
        if path not in known:
            problems.append(f"{given.source}: there is no setting {path}{_nearest(path, known)}.")
    return {path: given for path, given in flags.items() if path in known}


def _content(variable: str, path: str, problems: list[str]) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        problems.append(f"{variable}: {path} cannot be read: {reason}.")
        return None


def _nearest(name: str, known: Iterable[str]) -> str:
    # What all variables begin with makes none of them nearer.
    bare = {candidate.removeprefix(PREFIX): candidate for candidate in known}
    close = difflib.get_close_matches(name.removeprefix(PREFIX), list(bare), n=1, cutoff=0.5)
    return f"; the nearest one is {bare[close[0]]}" if close else ""
