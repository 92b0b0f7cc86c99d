"""Examining templates, and writing with them within limits of length, repetition and time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Template as JinjaTemplate
from jinja2 import TemplateError

from function_backend.cache.local import LocalCache
from function_backend.services.notifications.adapters.sandbox import ForbiddenError, Sandbox
from function_backend.services.notifications.adapters.template_filters import FilterError
from function_backend.services.notifications.domain.addresses import one_line
from function_backend.services.notifications.domain.template import (
    PARTS,
    Json,
    Rendered,
    TemplateBody,
    TemplateProblem,
    declaration_problems,
)
from function_backend.services.notifications.ports import RenderingError

_LONGEST_TEXT = 256 * 1024
_LONGEST_SUBJECT = 250
_LONGEST_SHORT = 1_600
_MOST_STEPS = 20_000
_MOST_SECONDS = 1.0
_KEPT = 500
_KEPT_SECONDS = 3600.0
_DEEPEST_VALUE = 32


class LimitError(Exception):
    """Writing took too many steps or too long, or became too much."""


@dataclass(slots=True)
class _Budget:
    """What is left for one piece of writing."""

    steps: int
    until: float
    characters: int = _LONGEST_TEXT

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise LimitError(f"repeats more than {_MOST_STEPS} times")
        if time.monotonic() > self.until:
            raise LimitError(f"takes more than {_MOST_SECONDS:g} s")

    def write(self, text: str) -> str:
        self.step()
        self.characters -= len(text)
        if self.characters < 0:
            raise LimitError(f"becomes longer than {_LONGEST_TEXT} characters")
        return text


class _CountedList(list[Any]):
    """A list that pays for each element that a loop takes."""

    __slots__ = ("budget",)
    budget: _Budget

    def __iter__(self) -> Iterator[Any]:
        for each in super().__iter__():
            self.budget.step()
            yield each


class _CountedDict(dict[str, Any]):
    """An object that pays for each name that a loop takes."""

    __slots__ = ("budget",)
    budget: _Budget

    def __iter__(self) -> Iterator[str]:
        for each in super().__iter__():
            self.budget.step()
            yield each


class JinjaEngine:
    """See `TemplateEngine`."""

    def __init__(self) -> None:
        self._plain = Sandbox(autoescape=False)
        self._html = Sandbox(autoescape=True)
        self._compiled: LocalCache[tuple[str, str, frozenset[str]], JinjaTemplate] = LocalCache(
            size=_KEPT, ttl=_KEPT_SECONDS
        )

    def problems(self, body: TemplateBody) -> Sequence[TemplateProblem]:
        """What cannot be accepted of the template."""
        found = declaration_problems(body.variables)
        for part in ("subject", "text"):
            if not getattr(body.content, part).strip():
                found.append(TemplateProblem(f"content.{part}", "must not be empty"))
        for part in PARTS:
            try:
                self._template(part, body)
            except ForbiddenError as error:
                found.append(TemplateProblem(f"content.{part}", str(error)))
        return found

    def render(self, body: TemplateBody, variables: Mapping[str, Json]) -> Rendered:
        """What the template says with the variables, within the limits of all its parts together."""
        budget = _Budget(_MOST_STEPS, time.monotonic() + _MOST_SECONDS)
        given: dict[str, Any] = {variable.name: "" for variable in body.variables if variable.optional}
        given |= {name: _counted(value, budget) for name, value in variables.items() if value is not None}
        written = {part: self._written(part, body, given, budget) for part in PARTS}
        return Rendered(
            subject=_cut(one_line(written["subject"]), _LONGEST_SUBJECT),
            text=written["text"],
            html=written["html"],
            short_text=_cut(written["short_text"].strip() or written["text"].strip(), _LONGEST_SHORT),
        )

    def _written(self, part: str, body: TemplateBody, given: Mapping[str, Any], budget: _Budget) -> str:
        try:
            # Piece by piece, so that one that grows without end is stopped.
            return "".join(map(budget.write, self._template(part, body).generate(given)))
        except ForbiddenError as error:
            raise RenderingError(f"{part}: {error}") from None
        except (TemplateError, FilterError, LimitError) as error:
            raise RenderingError(f"{part}: {_said(error)}") from None
        except (TypeError, ValueError, KeyError, IndexError, RecursionError, MemoryError, OverflowError) as error:
            # What a filter or a comparison says to a value that it cannot do anything with.
            raise RenderingError(f"{part}: a value does not fit its use ({type(error).__name__})") from None

    def _template(self, part: str, body: TemplateBody) -> JinjaTemplate:
        declared = frozenset(variable.name for variable in body.variables)
        source: str = getattr(body.content, part)
        environment = self._html if part == "html" else self._plain
        kind = "html" if part == "html" else "plain"
        return self._compiled.get_or_load((kind, source, declared), lambda: _compile(environment, source, declared))


def _compile(environment: Sandbox, source: str, declared: frozenset[str]) -> JinjaTemplate:
    tree = environment.examined(source, declared)
    try:
        return JinjaTemplate.from_code(environment, environment.compile(tree), {})
    except (SyntaxError, RecursionError, MemoryError, TemplateError):
        # Python bears fewer nested blocks than fit into a template.
        raise ForbiddenError(1, "is too deeply nested") from None


def _counted(value: Json, budget: _Budget, depth: int = 0) -> Any:  # noqa: ANN401  what templates see
    if depth > _DEEPEST_VALUE:
        raise RenderingError("a variable is too deeply nested")
    if isinstance(value, Mapping):
        members = _CountedDict((str(name), _counted(each, budget, depth + 1)) for name, each in value.items())
        members.budget = budget
        return members
    if isinstance(value, list | tuple):
        items = _CountedList(_counted(each, budget, depth + 1) for each in value)
        items.budget = budget
        return items
    if isinstance(value, float) and value.is_integer():
        # Numbers of a Struct are all floats; nobody wants to read of 3.0 invoices.
        return int(value)
    return "" if value is None else value


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _said(error: Exception) -> str:
    return one_line(str(error))[:300] or type(error).__name__
