"""docs/relationships.md does what it says: one reader runs its marked blocks in order and sees what it shows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.e2e.marked_blocks import constant, marked_blocks, run_block
from tests.fixtures.grpcurl import find_grpcurl
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_the_marked_blocks_run_one_after_the_other_and_print_what_stands_below_them(
    server: RunningServer, tmp_path: Path
) -> None:
    own = (Path(sys.executable).parent, ROOT / ".tools" / "bin")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FUNCTION_BACKEND_")},
        "PATH": os.pathsep.join([*map(str, own), os.environ["PATH"]]),
        "FUNCTION_BACKEND_ADDRESS": server.target,
        "FUNCTION_BACKEND_API_KEY": make_tenant(server),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "250",
    }
    blocks = marked_blocks(ROOT / "docs" / "relationships.md")
    assert [*blocks] == ["schema", "mistake", "version", "write", "python", "grpcurl", "explain"]
    for block in blocks.values():
        if "grpcurl" in block.code and find_grpcurl() is None:
            continue
        printed = run_block(block, server.target, environment, tmp_path, tmp_path)
        lines = set(map(constant, printed.splitlines()))
        for line in map(constant, block.output.splitlines()):
            assert line in lines, f"{block.name}: {line!r} is not in\n{printed}"
