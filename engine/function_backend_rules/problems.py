"""What is wrong with a definition, in the form that files, the service and the command line show."""

from dataclasses import dataclass

from function_backend_rules.cel.source import Issue


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a definition is refused, or one warning about it.

    `path` leads to the field from the definition's root, such as `table.rows[12].cells[2]`; line and column are those
    inside the field's text, from 1, and 0 where the whole field is meant. `subject` names what people know it by, such
    as the row and the column of a table.
    """

    path: str
    message: str
    line: int = 0
    column: int = 0
    excerpt: str = ""
    suggestion: str | None = None
    subject: str = ""

    def __str__(self) -> str:
        """The place, the message and what to do, as several lines."""
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        text = f"{place}: {f'{self.subject}: ' if self.subject else ''}{self.message}"
        if self.suggestion:
            text += f" ({self.suggestion})"
        return f"{text}\n{self.excerpt}" if self.excerpt else text


def of_issue(path: str, issue: Issue, subject: str = "") -> Problem:
    """Gives the problem of an expression or cell that stands at `path`."""
    return Problem(path, issue.message, issue.line, issue.column, issue.excerpt, issue.suggestion, subject)
