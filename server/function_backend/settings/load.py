"""Flags before environment before file before default: one frozen tree, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Generic, TypeVar

from function_backend.settings.errors import SettingsError
from function_backend.settings.schema import Key, keys, sections
from function_backend.settings.sources import CONFIG_VARIABLE, Given, from_environment, from_file, from_flags
from function_backend.settings.values import parse, show

Tree = TypeVar("Tree")


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting as it is in force."""

    key: Key
    shown: str
    """The value for people; secrets do not appear."""
    source: str


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Tree]):
    """The settings, and where each came from."""

    settings: Tree
    sources: Mapping[str, str]
    """Path of each setting that is not at its default, to where it was set."""

    def effective(self) -> Iterator[Effective]:
        """Every setting with its value and source, in the order of declaration."""
        for key in keys(type(self.settings)):
            value = getattr(getattr(self.settings, key.section), key.name)
            yield Effective(key, show(value, sensitive=key.sensitive), self.sources.get(key.path, "default"))


def load(
    tree: type[Tree],
    *,
    environment: Mapping[str, str],
    file: Path | None = None,
    flags: Mapping[str, Given] | None = None,
    supplied: Mapping[str, Given] | None = None,
    foreign: Iterable[str] = (),
) -> Loaded[Tree]:
    """The settings; SettingsError lists every problem at once.

    `supplied` stands in where nothing sets a value that must be set. `foreign` names variables with our prefix that
    belong to another program, the client.
    """
    problems: list[str] = []
    known = list(keys(tree))
    given = dict(supplied or {})
    if file is None and environment.get(CONFIG_VARIABLE):
        file = Path(environment[CONFIG_VARIABLE])
    if file is not None:
        given |= from_file(known, file, problems)
    given |= from_environment(known, environment, foreign=foreign, problems=problems)
    given |= from_flags(known, flags or {}, problems)
    values = _values(known, given, problems)
    if problems:
        raise SettingsError(problems)
    built: dict[str, object] = {}
    for section, kind in sections(tree).items():
        try:
            built[section] = kind(**values.get(section, {}))
        except ValueError as error:
            problems.append(_located(section, error, given))
    if problems:
        raise SettingsError(problems)
    return Loaded(tree(**built), {path: found.source for path, found in given.items()})


def _values(known: list[Key], given: Mapping[str, Given], problems: list[str]) -> dict[str, dict[str, object]]:
    values: dict[str, dict[str, object]] = {}
    for key in known:
        found = given.get(key.path)
        if found is None:
            if key.default is MISSING:
                problems.append(f"{key.path}: is missing and has no default; set {key.variable}.")
            continue
        try:
            values.setdefault(key.section, {})[key.name] = parse(key.kind, found.raw)
        except ValueError as error:
            said = "" if key.sensitive else f", not {found.raw!r}"
            problems.append(f"{key.path} (from {found.source}): {error}{said}.")
    return values


def _located(section: str, error: ValueError, given: Mapping[str, Given]) -> str:
    """The problem of a section, with where the setting came from that its message begins with."""
    message = str(error)
    name, _, rest = message.partition(" ")
    path = f"{section}.{name}"
    if path in given:
        return f"{path} (from {given[path].source}): {rest.rstrip('.')}."
    return f"{section}: {message.rstrip('.')}."
