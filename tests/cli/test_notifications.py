"""`notifications`, against the real service, whose only channel is a chat that nobody answers at."""

from pathlib import Path

from tests.fixtures.command_line import RunCommand

_TEMPLATE = """\
name: invoice.due
language: en
category: invoices
variables:
  - {name: number}
  - {name: amount, kind: VARIABLE_KIND_NUMBER}
content:
  subject: Invoice {{ number }}
  text: Please pay {{ amount|number }}.
"""


def _written(here: Path, text: str = _TEMPLATE) -> Path:
    file = here / "invoice.yaml"
    file.write_text(text)
    return file


def test_a_template_is_written_previewed_sent_and_cancelled(command: RunCommand, here: Path) -> None:
    missing = command("notifications", "templates", "put", _written(here))
    assert (missing.status, "CATEGORY_NOT_FOUND" in missing.err) == (1, True)
    made = command("notifications", "categories", "set", "invoices", "--description", "Invoices")
    assert made.status == 0, made.err
    assert command("notifications", "templates", "put", here / "invoice.yaml").status == 0
    _written(here, _TEMPLATE.replace("Please pay", "Kindly pay"))
    again = command("notifications", "templates", "put", here / "invoice.yaml", "--json")
    assert again.lines[0]["version"] == "2", again.err
    listed = command("notifications", "templates", "versions", "invoice.due", "en", "--json")
    assert [each["version"] for each in listed.lines] == ["2", "1"]
    variables = ("--var", 'number="4711"', "--var", "amount=12.5")
    shown = command("notifications", "templates", "preview", "invoice.due", *variables)
    assert shown.out == "Subject: Invoice 4711\n\nKindly pay 12.50.\n"
    assert command("notifications", "templates", "preview", here / "invoice.yaml", *variables).out == shown.out
    sent = command(
        "notifications", "send", "invoice.due", "--to", "#ops", *variables, "--key", "i-4711", "--at", "2999-01-01",
        "--json",
    )  # fmt: skip
    assert sent.lines[0]["state"] == "NOTIFICATION_STATE_ACCEPTED", sent.err
    found = command("notifications", "list", "--to", "#ops", "--state", "accepted", "--json").lines
    assert [each["key"] for each in found] == ["i-4711"]
    cancelled = command("notifications", "cancel", found[0]["id"])
    assert "cancelled" in cancelled.out, cancelled.err
    assert command("notifications", "wait", found[0]["id"]).status == 1
    assert command("notifications", "templates", "delete", "invoice.due", "en").out == "Deleted.\n"
    assert command("notifications", "categories", "delete", "invoices").out == "Deleted.\n"


def test_a_recipient_unsubscribes_and_gets_nothing(command: RunCommand) -> None:
    nothing = command("notifications", "preferences", "list", "ann@example.com")
    assert nothing.out == "Nothing was said: everything is sent.\n"
    said = command("notifications", "preferences", "unsubscribe", "#ops", "general", "--channel", "chat")
    assert said.status == 0, said.err
    listed = command("notifications", "preferences", "list", "chat:#ops", "--json").lines
    assert [(each["category"], each.get("subscribed", False)) for each in listed] == [("general", False)]
    assert command("notifications", "preferences", "subscribe", "#ops", "general", "--channel", "chat").status == 0
    refused = command("notifications", "preferences", "unsubscribe", "#ops", "security")
    assert (refused.status, "CATEGORY_MANDATORY" in refused.err) == (1, True)


def test_channels_and_categories_are_listed(command: RunCommand) -> None:
    assert [each["name"] for each in command("notifications", "channels", "--json").lines] == ["chat"]
    made = command(
        "notifications", "categories", "set", "news", "--digest-at", "08:00", "--weekday", "monday", "--time-zone",
        "Europe/Vienna", "--json",
    )  # fmt: skip
    assert made.lines[0]["digest"]["weekdays"] == ["WEEKDAY_MONDAY"], made.err
    assert "security" in command("notifications", "categories", "list").out
    assert command("notifications", "templates", "list").out == "No templates.\n"
    built_in = command("notifications", "templates", "list", "--built-in", "--json").lines
    assert {"auth.invitation", "digest"} <= {each["name"] for each in built_in}


def test_what_cannot_be_understood_says_what_can(command: RunCommand, here: Path) -> None:
    for arguments, said in (
        (("send", "invoice.due", "--to", "ann"), "write its kind in front"),
        (("list", "--state", "sleepy"), "delivered"),
        (("categories", "set", "news", "--digest-at", "08:00", "--weekday", "someday"), "monday"),
        (("categories", "set", "news", "--weekday", "monday"), "go with --digest-at"),
        (("templates", "put", here / "absent.yaml"), "cannot be read"),
        (("templates", "put", _written(here, "nam: x")), "nam"),
        (("report", "chat", "nobody-knows"), "NOTIFICATION_NOT_FOUND"),
    ):
        answer = command("notifications", *arguments)
        assert answer.status != 0
        assert said in answer.err, answer.err
