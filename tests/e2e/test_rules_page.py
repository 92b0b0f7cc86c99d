"""docs/rules.md does what it says: one reader runs its marked blocks in order and sees what it shows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from function_backend_cli.rules.functions_display import markdown_table
from function_backend_rules.functions import FUNCTIONS
from tests.e2e.marked_blocks import constant, marked_blocks, run_block
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"


@pytest.mark.timeout(600)
def test_the_marked_blocks_run_one_after_the_other_and_print_what_stands_below_them(
    server: RunningServer, tmp_path: Path
) -> None:
    folder, scratch = tmp_path / "rules", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FUNCTION_BACKEND_")},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "FUNCTION_BACKEND_ADDRESS": server.target,
        "FUNCTION_BACKEND_API_KEY": make_tenant(server),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "250",
    }
    blocks = marked_blocks(PAGE)
    names = ["write", "decide", "mistake", "table", "csv", "graph", "failing", "python", "publish", "simulate"]
    assert [*blocks] == names
    for block in blocks.values():
        printed = run_block(block, server.target, environment, scratch, folder)
        lines = set(map(constant, printed.splitlines()))
        for line in map(constant, block.output.splitlines()):
            assert line in lines, f"{block.name}: {line!r} is not in\n{printed}"


def test_the_table_of_functions_is_that_of_the_registry() -> None:
    written = PAGE.read_text(encoding="utf-8").partition("functions --markdown -->\n")[2]
    found = sorted(FUNCTIONS.functions, key=lambda each: each.signature)
    assert written.partition("\n<!-- end of functions -->")[0] == markdown_table(found)
