"""The results of the examination: as a table on the terminal, and as `docs/rules-conformance.md`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from tests.rules_engine.conformance import spec
from tests.rules_engine.conformance.examination import Judged, Outcome

PAGE = spec.ROOT / "docs" / "rules-conformance.md"
# What the profile has to reach; the rest must be refused when it is checked.
PASSES = 1_850

_PAGE_HEAD = """\
# Conformance of the rules engine

<!-- Written by `make conformance`; changes made here are lost. -->

The public conformance cases of the CEL specification, put to the engine by each of its paths: the fast one with the
exact one behind it, with and without a budget of the caller's, the exact one alone, and the trace. All have to agree.

| | means |
|---|---|
| pass | the value, the type or the error that the case expects |
| refused | the check does not accept the expression, so nothing is evaluated: it is outside the profile |
| wrong | another value, a value for an error, an error for a value, or paths that do not agree |

An enum is an int in the profile, so the sections of `enums` that expect a type for each enum are left out. So are the
files of what the profile does not have: `block_ext`, `dynamic`, `encoders_ext`, `network_ext`, `proto2`, `proto2_ext`,
`unknowns`.

"""

_PAGE_TAIL = """\
## What else is examined

`make conformance` also evaluates random rules over random messages, a million pairs of them, by the engine and by
cel-expr-python, which is Google's CEL for C++; `make test` does it for 20,000. They must not differ. And it puts
hostile rules to the engine, each in a process whose memory is measured: every one is refused, or stopped by a budget,
or harmless.

Where the two are known to differ, and are therefore not compared:

| | the engine | cel-expr-python 0.1.3 |
|---|---|---|
| `cel.bind(x, 1 / 0, true)` | an error: evaluated when it is bound | `true`: evaluated when it is used |
| a duration of more than 292 years | an error: nanoseconds of 64 bits | a value, unless one calculates with it |
| a time zone's time before the year 1 | an error | a value |
| `"".split("")` | an empty list | a list of an empty text |
| `string(1.5s)`, `string(1.0 / 0.0)` | `1.5s`, `+Inf` | `1.500s`, `inf` |
| a list with NaN, sorted | NaN is nowhere in particular | NaN is elsewhere |
| `"abc".substring(1, 3)` | `bc` | an error: it takes no end that is the end of the text |
| `[1].exists(x, b) == cel.bind(y, "", y == "")` | the value | an error, after a loop that it leaves early |
"""


@dataclass(frozen=True, slots=True)
class Result:
    """A case that was put to the engine, and how it ended."""

    file: str
    name: str
    expression: str
    judged: Judged


def failures(results: Sequence[Result]) -> list[Result]:
    """The cases that must not be: wrong, crashed, hanging."""
    return [result for result in results if result.judged.outcome not in {Outcome.PASSED, Outcome.REFUSED}]


def terminal_table(results: Sequence[Result]) -> Table:
    """A row for each file."""
    table = Table(title="CEL conformance, profile", title_justify="left")
    table.add_column("file")
    for heading in ("cases", *Outcome):
        table.add_column(str(heading), justify="right")
    for file, counts in _rows(results):
        bad = any(counts[outcome] for outcome in Outcome if outcome not in {Outcome.PASSED, Outcome.REFUSED})
        numbers = [str(counts[outcome] or "") for outcome in Outcome]
        table.add_row(file, str(counts.total()), *numbers, style="red" if bad else "", end_section=file == "wrappers")
    return table


def page(results: Sequence[Result]) -> str:
    """The text of the page."""
    lines = ["| file | cases | " + " | ".join(Outcome) + " |", "|---|" + "---:|" * (len(Outcome) + 1)]
    for file, counts in _rows(results):
        mark = "**" if file == "total" else ""
        numbers = (counts.total(), *(counts[outcome] for outcome in Outcome))
        lines.append(f"| {mark}{file}{mark} | " + " | ".join(f"{mark}{number:,}{mark}" for number in numbers) + " |")
    refused = [
        f"| `{result.name}` | {_cell(result.expression)} | {_text(result.judged.detail)} |"
        for result in results
        if result.judged.outcome is Outcome.REFUSED
    ]
    lines += ["", "## What is refused", "", "| case | expression | reason |", "|---|---|---|", *refused, ""]
    return _PAGE_HEAD + "\n".join(lines) + "\n" + _PAGE_TAIL


def _rows(results: Sequence[Result]) -> list[tuple[str, Counter[Outcome]]]:
    rows = [
        (file, Counter(result.judged.outcome for result in results if result.file == file))
        for file in spec.PROFILE_FILES
    ]
    return [*rows, ("total", sum((counts for _, counts in rows), Counter[Outcome]()))]


def _cell(expression: str) -> str:
    shown = " ".join(expression.split())
    shown = f"{shown[:60]}…" if len(shown) > 60 else shown
    fence = "``" if "`" in shown else "`"
    return f"{fence}{shown}{fence}".replace("|", "\\|")


def _text(detail: str) -> str:
    return " ".join(detail.split()).replace("|", "\\|")
