"""docs/audit.md does what it says: its blocks run in order, and its forty lines verify what the service exports."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.marked_blocks import marked_blocks, run_block
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "audit.md"
_LONGEST = 44


@pytest.fixture
def environment(server: RunningServer, tmp_path: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("FUNCTION_BACKEND_")},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "FUNCTION_BACKEND_ADDRESS": server.target,
        "FUNCTION_BACKEND_API_KEY": make_tenant(server),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "250",
    }


@pytest.mark.timeout(300)
def test_the_page_reads_exports_and_verifies_and_its_own_program_agrees(
    server: RunningServer, environment: dict[str, str], tmp_path: Path
) -> None:
    blocks = marked_blocks(PAGE)
    assert [*blocks] == ["read", "verify", "checkpoints", "independent"]
    printed = {
        name: run_block(block, server.target, environment, tmp_path, tmp_path)
        for name, block in blocks.items()
        if block.language == "shell"
    }
    assert "CompanyCreated" in printed["read"]
    assert "Whole: " in printed["verify"]
    assert "fits the kept checkpoint" in printed["checkpoints"]
    program, trail = tmp_path / "independent.py", tmp_path / "trail.jsonl"
    program.write_text(blocks["independent"].code, encoding="utf-8")
    assert sum(bool(line) for line in blocks["independent"].code.splitlines()) <= _LONGEST
    content = gzip.decompress((tmp_path / "trail.jsonl.gz").read_bytes()).decode()
    (key, *_) = [json.loads(line)["public_key"] for line in (tmp_path / "keys.jsonl").read_text().splitlines()]
    lines = content.splitlines(keepends=True)

    def says(text: str) -> bool:
        trail.write_text(text, encoding="utf-8", newline="\n")
        done = subprocess.run(
            [sys.executable, str(program), str(trail), key], capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode == 0 and done.stdout.startswith("whole: records 1 to ")

    assert says(content)
    assert not says(content.replace("Example", "Another") if "Example" in content else content.replace(":1,", ":2,", 1))
    assert not says("".join(lines[:-1]))
    assert not says("".join([lines[0], *lines[2:]]))
    assert not says(content.replace('"actor":"', '"actor":"x","actor":"', 1))
