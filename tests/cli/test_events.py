"""`events`, against the real service."""

from uuid import UUID

from tests.factories.dead_letters import set_aside
from tests.fixtures.command_line import RunCommand
from tests.fixtures.server import RunningServer


def test_events_are_listed_watched_and_looked_at(command: RunCommand) -> None:
    created = command("company", "create", "--name", "Seen GmbH", "--json").lines[0]["id"]
    only = ("--type", "function.company.*", "--subject", created)
    listed = command("events", "list", *only, "--since", "oldest")
    assert f"function.company.v1.CompanyCreated  company/{created}" in listed.out
    (event,) = command("events", "watch", *only, "--since", "oldest", "--limit", "1", "--json").lines
    assert event["type"] == "function.company.v1.CompanyCreated"
    shown = command("events", "get", event["id"]).out
    assert "Seen GmbH" in shown
    assert f"company/{created}" in shown
    assert command("events", "list", *only, "--since", "2020-01-01", "-n", "5").out == listed.out
    assert command("events", "list", *only, "--label", "team=none").out == "No events.\n"


def test_the_types_are_listed_with_who_may_see_them(command: RunCommand) -> None:
    listed = command("events", "types", "function.company.v1.Company").out
    assert listed.splitlines()[0].split() == ["Type", "Subject", "Permission"]
    assert "function.company.v1.CompanyCreated" in listed
    assert {
        each["permission"] for each in command("events", "types", "function.company.v1.Company", "--json").lines
    } == {"company.read"}


def test_what_cannot_be_meant_is_refused(command: RunCommand) -> None:
    wrong = command("events", "list", "--label", "north")
    assert (wrong.status, wrong.err) == (2, "'north' is no label; write it as team=north\n")
    unknown = command("events", "list", "--type", "function.company.v1.CompanyCreate")
    assert unknown.status == 1
    assert "function.company.v1.CompanyCreated" in unknown.err
    assert "INVALID_EVENT_CURSOR" in command("events", "list", "--since", "nowhere").err


def test_what_was_set_aside_is_listed_tried_again_and_given_up(command: RunCommand, server: RunningServer) -> None:
    created = command("company", "create", "--name", "Set Aside GmbH", "--json").lines[0]["id"]
    (event,) = command("events", "list", "--subject", created, "--since", "oldest", "--json").lines
    letter = set_aside(server, UUID(event["id"]), consumer="sink-of-the-command-line")
    listed = command("events", "dead-letters", "list", "--consumer", "sink-of-the-command-line")
    assert letter in listed.out
    assert "it cannot be handled" in command("events", "dead-letters", "get", letter).out
    (tried,) = command("events", "dead-letters", "resend", letter, "--json").lines
    assert tried["resend_time"]
    command("events", "dead-letters", "discard", letter)
    gone = command("events", "dead-letters", "discard", letter)
    assert (gone.status, "DEAD_LETTER_NOT_FOUND" in gone.err) == (1, True)
