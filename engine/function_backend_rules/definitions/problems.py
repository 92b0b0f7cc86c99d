"""What is wrong with files of definitions, with the place in the file."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend_rules.cel.source import Source, Span


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One reason why a file, or a definition in it, is refused; or a warning about it."""

    file: str
    line: int
    """From 1; 0 where the whole file is meant."""
    column: int
    path: str
    """The field from the definition's root, such as `table.rows[12].cells[2]`."""
    message: str
    suggestion: str | None = None
    excerpt: str = ""
    """The line with a caret under the place, as two lines."""
    subject: str = ""
    """What people know the place by, such as the row and column of a table."""
    definition: str = ""
    """The name of the definition, where it is known."""
    warning: bool = False
    """Whether it does not keep the definition from deciding."""

    @property
    def place(self) -> str:
        """File, line and column as compilers write them."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        """The place, the message and what to do, as several lines."""
        parts = [part for part in (self.path, self.subject) if part]
        text = f"{self.place}: {': '.join([*parts, self.message])}"
        if self.suggestion:
            text += f" ({self.suggestion})"
        return f"{text}\n{self.excerpt}" if self.excerpt else text


def excerpt(text: str, line: int, column: int) -> str:
    """A line of a text with a caret under a column; nothing where there is no such line."""
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return ""
    shown = lines[line - 1].rstrip("\r").replace("\t", " ")
    start = min(column - 1, len(shown))
    return Source(shown).excerpt(Span(start, start))
