"""`events`, against the real service."""

from tests.fixtures.command_line import RunCommand


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
    listed = command("events", "types", "function.company.").out
    assert listed.splitlines()[0].split() == ["Type", "Subject", "Permission"]
    assert "function.company.v1.CompanyCreated" in listed
    assert {each["permission"] for each in command("events", "types", "function.company.", "--json").lines} == {
        "company.read"
    }


def test_what_cannot_be_meant_is_refused(command: RunCommand) -> None:
    wrong = command("events", "list", "--label", "north")
    assert (wrong.status, wrong.err) == (2, "'north' is no label; write it as team=north\n")
    unknown = command("events", "list", "--type", "function.company.v1.CompanyCreate")
    assert unknown.status == 1
    assert "function.company.v1.CompanyCreated" in unknown.err
    assert "INVALID_EVENT_CURSOR" in command("events", "list", "--since", "nowhere").err
