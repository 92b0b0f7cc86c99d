"""docs/webhooks.md does what it says: its receiver gets and verifies what its commands cause."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.marked_blocks import constant, marked_blocks, run_block
from tests.factories.webhooks import LOCAL
from tests.fixtures.server import StartServer

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
PORT = "8900"


@pytest.mark.timeout(120)
def test_the_receiver_of_the_page_verifies_what_its_commands_cause(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(settings=LOCAL)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FUNCTION_BACKEND_")},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "FUNCTION_BACKEND_ADDRESS": server.target,
        "FUNCTION_BACKEND_API_KEY": server.admin_key,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    blocks = marked_blocks(PAGE)
    assert [*blocks] == ["receiver", "register"]
    receiver = subprocess.Popen(
        [sys.executable, "-c", blocks["receiver"].code.replace(PORT, port)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        register = blocks["register"]
        asked = type(register)(register.name, register.language, register.code.replace(PORT, port), register.output)
        run_block(asked, server.target, environment, tmp_path, tmp_path)
        assert receiver.stdout is not None
        assert constant(receiver.stdout.readline()) == "function.company.v1.CompanyCreated company/…"
    finally:
        receiver.kill()
        receiver.wait(10)
        if receiver.stdout is not None:
            receiver.stdout.close()
