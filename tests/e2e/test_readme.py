"""The README and the pages do what they say: their marked blocks run as they stand, against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.1:50051"
_BLOCK = re.compile(
    r"<!-- run: (?P<name>[\w-]+) -->\n```(?P<language>\w+)\n(?P<code>.*?)^```$(?:\n\n^```$\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
# What differs each time: ids, ports, folders, and scores that other data may move.
_VARYING = re.compile(
    r"127\.0\.0\.1:\d+|/\S+/acme\.key\.|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\b0\.\d\d\b|\b1\.00\b|(?<=consistency token )\S+"
)


@dataclass(frozen=True)
class Block:
    """A block that is marked to be run, and the output that stands below it, if any does."""

    name: str
    language: str
    code: str
    output: str


PAGES = [(ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/relationships.md")]
BLOCKS = {
    found["name"]: Block(found["name"], found["language"], found["code"], found["output"] or "")
    for text in PAGES
    for found in _BLOCK.finditer(text)
}


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
    assert set(BLOCKS) >= {"sh", "python", "grpcurl", "auth", "relationships"}
    assert len(BLOCKS) == sum(page.count("<!-- run:") for page in PAGES)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_a_marked_block_runs_and_prints_what_stands_below_it(
    server: RunningServer, environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    block = BLOCKS[name]
    if name == "auth":
        # Who makes tenants is the administrator of the installation.
        environment["FUNCTION_BACKEND_API_KEY"] = server.admin_key
    if "grpcurl" in block.code and shutil.which("grpcurl", path=environment["PATH"]) is None:
        pytest.skip("grpcurl is neither in .tools/bin (make grpcurl, needs Go) nor on the PATH")
    printed = _run(block, server.target, environment, tmp_path)
    for line in map(_constant, block.output.splitlines()):
        assert line in map(_constant, printed.splitlines()), f"{line!r} is not in\n{printed}"


def _run(block: Block, address: str, environment: dict[str, str], folder: Path) -> str:
    code = block.code.replace(ADDRESS, address)
    if block.language == "python":
        script = folder / "block.py"
        script.write_text(code, encoding="utf-8")
        command = [sys.executable, str(script)]
    else:
        # The reader's own key takes the place of the one that the README leaves out; scripts know no aliases unasked.
        code = re.sub(r"^export FUNCTION_BACKEND_API_KEY=.*$", "", code, flags=re.MULTILINE)
        command = ["bash", "-c", f"set -e; shopt -s expand_aliases\n{code}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=250, check=False)
    printed = done.stdout + done.stderr
    # A call that is meant to be refused shows what refusals look like.
    assert done.returncode == 0 or block.output.startswith("ERROR:"), printed
    return printed


def _constant(line: str) -> str:
    """The line without what differs each time, and without the width of columns."""
    return " ".join(_VARYING.sub("…", line).split())
