from __future__ import annotations

import json
import re

import pytest
from standardwebhooks.webhooks import Webhook

from tests.factories.webhooks import LOCAL
from tests.fixtures.command_line import Finished, run_command
from tests.fixtures.server import RunningServer, StartServer
from tests.fixtures.webhook_receiver import Receiver, status

URL = "https://hooks.example.com/here"


class Cli:
    """Runs the command against a server whose receivers are in the test process."""

    def __init__(self, server: RunningServer, state: str) -> None:
        self._environment = {
            "FUNCTION_BACKEND_ADDRESS": server.target,
            "FUNCTION_BACKEND_API_KEY": server.admin_key,
            "XDG_STATE_HOME": state,
        }

    def __call__(self, *arguments: str) -> Finished:
        return run_command(*arguments, environment=self._environment)

    def webhooks(self, *arguments: str) -> str:
        """What the command prints."""
        finished = self("webhooks", *arguments)
        assert finished.status == 0, finished
        return finished.out

    def created(self, url: str, *arguments: str) -> tuple[str, str]:
        """The id of a new endpoint and its secret."""
        made = json.loads(self.webhooks("create", url, "--json", *arguments))
        return made["endpoint"]["id"], made["secret"]


@pytest.fixture
def cli(start_server: StartServer, here: object) -> Cli:
    return Cli(start_server(settings=LOCAL), f"{here}/state")


def test_an_endpoint_is_registered_tried_out_and_looked_at(cli: Cli, receiver: Receiver) -> None:
    receiver.answer = status(200, body=b"thank you")
    printed = cli.webhooks("create", receiver.url, "--name", "Ours", "--type", "function.company.*")
    secret = re.search(r"whsec_\S+", printed)
    endpoint = re.search(r"[0-9a-f-]{36}", printed)
    assert secret is not None
    assert endpoint is not None
    assert "never again" in printed
    tried = cli.webhooks("test", endpoint[0], "--message", "hello")
    assert "delivered" in tried.lower()
    assert "thank you" in tried
    (posted,) = receiver.wait(1)
    assert Webhook(secret[0]).verify(posted.body, posted.headers)["data"]["message"] == "hello"
    listed = cli.webhooks("deliveries", endpoint[0], "--state", "delivered")
    assert "EndpointTested" in listed
    assert "Ours" in cli.webhooks("list")


def test_a_delivery_is_sent_again_and_shown_with_its_body(cli: Cli, receiver: Receiver) -> None:
    endpoint, _ = cli.created(receiver.url)
    cli.webhooks("test", endpoint)
    delivery = json.loads(cli.webhooks("deliveries", endpoint, "--json").splitlines()[0])["id"]
    cli.webhooks("resend", delivery)
    assert len(receiver.wait(2)) == 2
    assert '"type": "function.webhooks.v1.EndpointTested"' in cli.webhooks("delivery", delivery, "--body")


def test_what_was_missed_is_replayed(cli: Cli, receiver: Receiver) -> None:
    endpoint, _ = cli.created(receiver.url)
    cli.webhooks("disable", endpoint)
    assert cli("company", "create", "--name", "Missed GmbH").status == 0
    cli.webhooks("enable", endpoint)
    replayed = json.loads(cli.webhooks("replay", endpoint, "--missed", "--json"))
    assert int(replayed["queued"]) >= 1
    receiver.wait(1)


def test_an_endpoint_is_changed_rotated_and_deleted(cli: Cli) -> None:
    endpoint, secret = cli.created("https://hooks.example.com/")
    changed = json.loads(cli.webhooks("update", endpoint, "--url", URL, "--payload", "thin", "--ordered", "--json"))
    assert (changed["url"], changed["payload_mode"], changed["ordered"]) == (URL, "PAYLOAD_MODE_THIN", True)
    rotated = json.loads(cli.webhooks("rotate-secret", endpoint, "--overlap", "1", "--ed25519", "--json"))
    assert rotated["secret"].startswith("whpk_")
    assert rotated["secret"] != secret
    old = rotated["endpoint"]["secrets"][1]["id"]
    assert len(json.loads(cli.webhooks("revoke-secret", endpoint, old, "--json"))["secrets"]) == 1
    cli.webhooks("delete", endpoint)
    assert "No endpoints" in cli.webhooks("list")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("create", "http://[", "--json"), "endpoint.url"),
        (("create", URL, "--payload", "fat"), "did you mean 'full'|there are"),
        (("deliveries", "00000000-0000-7000-8000-000000000000", "--state", "deliverd"), "did you mean 'delivered'"),
        (("update", "00000000-0000-7000-8000-000000000000"), "say what to change"),
        (("get", "00000000-0000-7000-8000-000000000000"), "does not exist"),
    ],
    ids=["bad address", "bad mode", "bad state", "nothing to change", "unknown"],
)
def test_what_is_wrong_is_said_with_what_to_do(cli: Cli, arguments: tuple[str, ...], hint: str) -> None:
    finished = cli("webhooks", *arguments)
    assert finished.status != 0
    assert re.search(hint, finished.err + finished.out), finished
