"""Blocks of a page that are marked to be run, and the output that stands below them."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ADDRESS = "127.0.0.1:50051"
_BLOCK = re.compile(
    r"<!-- run: (?P<name>[\w-]+) -->\n```(?P<language>\w+)\n(?P<code>.*?)^```$(?:\n\n^```$\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
# What differs each time: ids, ports, folders, and scores that other data may move.
_VARYING = re.compile(
    r"127\.0\.0\.1:\d+|/\S+/acme\.key\.|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\b0\.\d\d\b|\b1\.00\b"
)


@dataclass(frozen=True)
class Block:
    """A block that is marked to be run, and the output that stands below it, if any does."""

    name: str
    language: str
    code: str
    output: str


def marked_blocks(page: Path) -> dict[str, Block]:
    """The marked blocks of the page by name, in their order."""
    text = page.read_text(encoding="utf-8")
    blocks = {
        found["name"]: Block(found["name"], found["language"], found["code"], found["output"] or "")
        for found in _BLOCK.finditer(text)
    }
    assert len(blocks) == text.count("<!-- run:"), f"{page.name}: a marked block cannot be read, or two have one name"
    return blocks


def run_block(block: Block, address: str, environment: dict[str, str], scratch: Path, folder: Path) -> str:
    """What the block prints when it is run in the folder, with the address of the server in place of the usual one."""
    code = block.code.replace(ADDRESS, address)
    if block.language == "python":
        script = scratch / "block.py"
        script.write_text(code, encoding="utf-8")
        command = [sys.executable, str(script)]
    else:
        # The reader's own key takes the place of the one that the page leaves out; scripts know no aliases unasked.
        code = re.sub(r"^export FUNCTION_BACKEND_API_KEY=.*$", "", code, flags=re.MULTILINE)
        command = ["bash", "-c", f"set -e; shopt -s expand_aliases\n{code}"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=250, check=False
    )
    printed = done.stdout + done.stderr
    # A call that is meant to be refused shows what refusals look like.
    assert done.returncode == 0 or block.output.startswith("ERROR:"), printed
    return printed


def constant(line: str) -> str:
    """The line without what differs each time, and without the width of columns."""
    return " ".join(_VARYING.sub("…", line).split())
