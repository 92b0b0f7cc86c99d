"""Where something stands in a source text, and how to show it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

_EXCERPT = 100
"""Characters of a line that an excerpt shows at most."""


class Span(NamedTuple):
    """A part of a source text, in code points from its start; `end` is just behind it."""

    start: int
    end: int


NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Issue:
    """One reason why an expression is refused."""

    line: int
    """From 1."""
    column: int
    """From 1, in code points."""
    message: str
    suggestion: str | None = None
    """What was probably meant, or what to do instead."""
    excerpt: str = ""
    """The line of the source with a caret under the place, as two lines."""
    span: Span = NOWHERE

    def __str__(self) -> str:
        """The place, the message, the line with a caret and the suggestion, as several lines."""
        text = f"{self.line}:{self.column}: {self.message}"
        if self.suggestion:
            text += f" ({self.suggestion})"
        return f"{text}\n{self.excerpt}" if self.excerpt else text


class RefusedError(ValueError):
    """An expression is not accepted, for one or several reasons."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        super().__init__("\n".join(map(str, issues)))
        self.issues = issues


class Source:
    """A source text with its lines."""

    __slots__ = ("_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] | None = None

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        if self._starts is None:
            self._starts = [0, *(index + 1 for index, char in enumerate(self.text) if char == "\n")]
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def issue(self, span: Span, message: str, suggestion: str | None = None) -> Issue:
        """The issue of a span, with its excerpt."""
        line, column = self.position(span.start)
        return Issue(line, column, message, suggestion, self.excerpt(span), span)

    def excerpt(self, span: Span) -> str:
        """The line of a span with a caret under its start, cut where it is long."""
        line, column = self.position(span.start)
        text = self.text.split("\n")[line - 1]
        start = max(0, column - 1 - _EXCERPT // 2)
        shown = text[start : start + _EXCERPT]
        return f"  | {shown}\n  | {'.' * (column - 1 - start)}^"
