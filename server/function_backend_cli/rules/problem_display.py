"""Problems as compilers show them, and as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterable

from rich.markup import escape

from function_backend_cli.output import Output
from function_backend_rules.definitions import FileProblem


def show_problems(output: Output, problems: Iterable[FileProblem]) -> None:
    """Prints problems and warnings."""
    for problem in problems:
        if output.json:
            output.line(as_json(problem))
        else:
            _print(output, problem)


def as_json(problem: FileProblem) -> dict[str, object]:
    """A problem for other programs."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": "warning" if problem.warning else "error",
        "definition": problem.definition,
        "path": problem.path,
        "subject": problem.subject,
        "message": problem.message,
        "suggestion": problem.suggestion,
    }


def _print(output: Output, problem: FileProblem) -> None:
    kind = "[yellow]warning[/]" if problem.warning else "[red]error[/]"
    where = " ".join(part for part in (problem.path, problem.subject and f"({problem.subject})") if part)
    text = f"[bold]{escape(problem.place)}[/]: {kind}: {escape(problem.message)}"
    if where:
        text += f" [dim]{escape(f'[{where}]')}[/]"
    output.console.print(text, soft_wrap=True)
    if problem.excerpt:
        line, _, caret = problem.excerpt.partition("\n")
        # The dots lead to the caret for those who cannot see columns; colour does it here.
        caret = caret.replace(".", " ") if output.console.is_terminal else caret
        output.console.print(f"{escape(line)}\n[bold magenta]{escape(caret)}[/]", soft_wrap=True)
    if problem.suggestion:
        output.console.print(f"  [cyan]{escape(problem.suggestion)}[/]", soft_wrap=True)


def counted(number: int, what: str) -> str:
    """Such as `1 problem` and `2 problems`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
