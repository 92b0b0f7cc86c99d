"""The table of all figures: on the terminal, and as `docs/figures.md`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from bench.figure import Figure, Verdict
from bench.results import Result

PAGE = Path(__file__).parent.parent / "docs" / "figures.md"

_BAR_WIDTH = 10
_LONGEST_BAR = 2 * _BAR_WIDTH
_COLOURS = {Verdict.MET: "green", Verdict.MISSED: "red", Verdict.NOT_JUDGED: "yellow", Verdict.REPORTED: "dim"}

_INTRODUCTION = """\
# Figures

<!-- Written by `make bench` from bench/results/*.json; changes made here are lost. -->

How the service stands to a reference that was measured in the same run, round by round in turns. A ratio is the median
of the ratios of the rounds. Absolute numbers depend on the machine and on the hour; ratios mostly hold.

    make bench                              # everything, about half an hour
    make bench ARGS='get-company search'    # some rows
    make bench ARGS=--list                  # which rows there are

The bar to the right shows how far a figure comes: `┃` is what must be reached, and more is better whichever way the
figure itself counts.

"""


def terminal_table(results: Sequence[Result]) -> Table:
    """The figures for the terminal."""
    table = Table(title="Figures", title_justify="left", show_lines=False)
    for heading, justify in (("what", "left"), ("measured", "right"), ("bar", "right"), ("", "left"), ("", "left")):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for result in results:
        for number, figure in enumerate(result.figures):
            table.add_row(
                figure.name + (f"\n[dim]{figure.absolute}[/dim]" if figure.absolute else ""),
                shown(figure.value, figure.unit),
                bar(figure),
                drawn(figure),
                f"[{_COLOURS[figure.verdict]}]{figure.verdict}[/]",
                end_section=number == len(result.figures) - 1,
            )
    return table


def page(results: Sequence[Result]) -> str:
    """The text of `docs/figures.md`."""
    lines = ["| what | compared with | measured | must reach | | |", "|---|---|---|---|---|---|"]
    for result in results:
        for figure in result.figures:
            absolute = f" ({figure.absolute})" if figure.absolute else ""
            lines.append(
                f"| {figure.name} | {figure.reference or '–'} | **{shown(figure.value, figure.unit)}**{absolute} "
                f"| {bar(figure) or '–'} | {_worded(figure)} | `{drawn(figure)}` |"
            )
    return "\n".join([_INTRODUCTION + "\n".join(lines), "", *_notes(results), *_sections(results)])


def shown(value: float, unit: str) -> str:
    """The value with as many digits as it is good for."""
    if abs(value) >= 100:  # noqa: PLR2004 - three digits before the point are enough
        text = f"{value:,.0f}"
    else:
        text = f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}" if unit == "×" else f"{value:.1f}"
    return f"{text}{unit}" if unit in {"×", "%"} else f"{text} {unit}".rstrip()


def bar(figure: Figure) -> str:
    """What the figure must reach; empty when it is only reported."""
    if figure.at_least is not None:
        return f"≥ {_plain(figure.at_least, figure.unit)}"
    if figure.at_most is not None:
        return f"≤ {_plain(figure.at_most, figure.unit)}"
    return ""


def drawn(figure: Figure) -> str:
    """The figure as a bar; the mark is what it must reach."""
    if figure.reach is None:
        return ""
    length = round(min(_LONGEST_BAR, figure.reach * _BAR_WIDTH))
    cells = ["█" if place < length else " " for place in range(_LONGEST_BAR)]
    return "".join([*cells[:_BAR_WIDTH], "┃", *cells[_BAR_WIDTH:]]).rstrip()


def _plain(value: float, unit: str) -> str:
    text = f"{value:,.0f}" if value == int(value) else f"{value:g}"
    return f"{text}{unit}" if unit in {"×", "%"} else f"{text} {unit}".rstrip()


def _worded(figure: Figure) -> str:
    return f"**{figure.verdict}**" if figure.verdict is Verdict.MISSED else str(figure.verdict)


def _notes(results: Sequence[Result]) -> list[str]:
    lines = []
    for figure in (figure for result in results for figure in result.figures):
        if figure.exempt and figure.verdict is Verdict.NOT_JUDGED:
            lines += [f"- {figure.name}: not judged here. {figure.exempt}"]
        if figure.note:
            lines += [f"- {figure.name}: {figure.note}"]
    return [*lines, ""] if lines else []


def _sections(results: Sequence[Result]) -> list[str]:
    lines = ["## How each was measured", ""]
    for result in results:
        lines += [f"### {result.title}", ""]
        lines += [f"- {name}: {words}" for name, words in result.conditions.items()]
        about = result.machine
        measured = (
            f"- measured {result.measured_at[:10]} at commit `{result.commit}` on {about['processors']} processors of "
            f"{about['processor']}, {about['memory']}, {about['system']}, Python {result.versions['python']}, grpcio "
            f"{result.versions['grpcio']}, calls by {result.generator}; every round is in "
            f"[bench/results/{result.row}.json](../bench/results/{result.row}.json)"
        )
        lines += [measured, ""]
    return lines
