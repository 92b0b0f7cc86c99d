"""The bar follows what has its answer, not what has been read."""

import io

import pytest
from rich.console import Console

from function_backend_cli.progress_bar import bar
from function_backend_client import ImportProgress


def drawn(*, terminal: bool, shown: bool = True) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=terminal, width=120, no_color=True)
    with bar(console, "Importing", size=1000, position=lambda: 1000, shown=shown) as watcher:
        for answered in (1_000, 2_000):
            watcher.moved(
                ImportProgress(
                    received=2_000,
                    settled=answered,
                    created=answered - 3,
                    updated=0,
                    unchanged=0,
                    rejected=3,
                    rejections=(),
                )
            )
    return output.getvalue()


def test_on_a_terminal_it_counts_rows_and_rejects() -> None:
    text = drawn(terminal=True)
    assert "Importing" in text
    assert "2,000 rows" in text
    assert "3 rejected" in text


@pytest.mark.parametrize(("terminal", "shown"), [(False, True), (True, False)])
def test_elsewhere_it_is_silent(*, terminal: bool, shown: bool) -> None:
    assert drawn(terminal=terminal, shown=shown) == ""
