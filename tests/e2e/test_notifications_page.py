"""docs/notifications.md does what it says: its blocks run in order, with a real mail server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from function_backend.services.notifications.adapters.built_in import built_in_templates
from function_backend.services.notifications.adapters.template_filters import FILTERS, TESTS
from tests.e2e.marked_blocks import marked_blocks, run_block
from tests.fixtures.mail_server import MailServer, mail_settings
from tests.fixtures.server import StartServer

PAGE = Path(__file__).parents[2] / "docs" / "notifications.md"


@pytest.mark.timeout(300)
def test_the_page_writes_a_template_sends_with_it_and_keeps_to_what_recipients_want(
    start_server: StartServer, mailbox: MailServer, tmp_path: Path
) -> None:
    server = start_server(settings=mail_settings(mailbox.port))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FUNCTION_BACKEND_")},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "FUNCTION_BACKEND_ADDRESS": server.target,
        "FUNCTION_BACKEND_API_KEY": server.admin_key,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "250",
    }
    blocks = marked_blocks(PAGE)
    assert [*blocks] == ["template", "send", "client", "preferences", "digest"]
    printed = {name: run_block(block, server.target, environment, tmp_path, tmp_path) for name, block in blocks.items()}
    assert "Subject: Invoice 4711 is due" in printed["template"]
    assert "- Desk\n- Chair" in printed["template"]
    assert "It was there before, under its key." in printed["send"]
    assert mailbox.message_to("ann@example.com")["Subject"] == "Invoice 4711 is due"
    assert printed["client"].split()[-1] == "False"
    assert mailbox.message_to("ben@example.com")["Subject"] == "Invoice 4712 is due"
    assert "suppressed" in printed["preferences"]
    assert len([each for each in mailbox.envelopes if "ann@example.com" in each.rcpt_tos]) == 1
    assert "Europe/Vienna" in printed["digest"]


def test_the_page_names_the_filters_tests_and_built_in_templates_there_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"`{' '.join(FILTERS)}`" in text
    assert f"`{' '.join(TESTS)}`" in text
    assert {f"`{each.name}`" for each in built_in_templates() if f"`{each.name}`" not in text} == set()
