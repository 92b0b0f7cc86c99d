"""The README does what it says: its marked blocks run as they stand, against a real server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.marked_blocks import constant, marked_blocks, run_block
from tests.fixtures.grpcurl import MISSING, find_grpcurl
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

ROOT = Path(__file__).parents[2]
BLOCKS = marked_blocks(ROOT / "README.md")


@pytest.fixture
def environment(server: RunningServer, tmp_path: Path) -> dict[str, str]:
    """That of a reader who has pasted the key of an empty tenant."""
    tools = ROOT / ".tools" / "bin"
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("FUNCTION_BACKEND_")},
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "FUNCTION_BACKEND_ADDRESS": server.target,
        "FUNCTION_BACKEND_API_KEY": make_tenant(server),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "250",
    }


def test_the_marked_blocks_are_found() -> None:
    assert set(BLOCKS) >= {"sh", "python", "grpcurl", "auth"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_a_marked_block_runs_and_prints_what_stands_below_it(
    server: RunningServer, environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    block = BLOCKS[name]
    if name == "auth":
        # Who makes tenants is the administrator of the installation.
        environment["FUNCTION_BACKEND_API_KEY"] = server.admin_key
    if "grpcurl" in block.code and find_grpcurl() is None:
        pytest.skip(MISSING)
    printed = run_block(block, server.target, environment, tmp_path, ROOT)
    for line in map(constant, block.output.splitlines()):
        assert line in map(constant, printed.splitlines()), f"{line!r} is not in\n{printed}"
