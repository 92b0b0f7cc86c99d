"""Templates of tenants: checked when they are saved, in versions, before the built-in ones."""

from __future__ import annotations

import secrets

import grpc
import pytest

from function.notifications.v1 import template_pb2
from tests.factories.notifications import Notifier, invoice
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer, StartServer


@pytest.fixture
def notifier(server: RunningServer) -> Notifier:
    return Notifier(server)


def _name() -> str:
    return f"t.n{secrets.token_hex(6)}"


def test_a_template_is_read_as_it_was_written(notifier: Notifier) -> None:
    wanted = invoice(_name(), "DE-at", description="What is owed", category="account")
    made = notifier.template(wanted)
    assert (made.language, made.version, made.built_in) == ("de-AT", 1, False)
    assert made.content == wanted.content
    assert list(made.variables)[1].kind == template_pb2.VARIABLE_KIND_NUMBER
    assert notifier.call("GetTemplate", name=made.name, language="de-AT").template == made
    with pytest.raises(grpc.RpcError, match="exists in 'de-AT'"):
        notifier.template(wanted)


def test_each_change_is_a_version_and_the_earlier_ones_stay(notifier: Notifier) -> None:
    made = notifier.template(invoice(_name()))
    changed = template_pb2.Template()
    changed.CopyFrom(made)
    changed.content.subject = "Invoice no. {{ number }}"
    after = notifier.call("UpdateTemplate", template=changed).template
    assert (after.version, after.content.subject) == (2, "Invoice no. {{ number }}")
    assert notifier.call("UpdateTemplate", template=after).template == after
    with pytest.raises(grpc.RpcError, match="has changed since it was read"):
        notifier.call("UpdateTemplate", template=changed)
    listed = notifier.call("ListTemplateVersions", name=made.name, language="en").templates
    assert [each.version for each in listed] == [2, 1]
    first = notifier.call("GetTemplate", name=made.name, language="en", version=1).template
    assert first.content.subject == "Invoice {{ number }}"
    gone = notifier.call("DeleteTemplate", name=made.name, language="en", etag=after.etag).template
    assert gone == after
    with pytest.raises(grpc.RpcError, match="does not exist in 'en'"):
        notifier.call("GetTemplate", name=made.name, language="en")


def test_what_cannot_be_accepted_is_named_with_its_place(notifier: Notifier) -> None:
    content = {
        "subject": "{{ nummer }}",
        "text": "{% set x = 1 %}",
        "html": "{% if amount %}",
        "short_text": "{{ 1 + 1 }}",
    }
    with pytest.raises(grpc.RpcError) as refused:
        notifier.template(invoice(_name(), content=content))
    assert "template.content.subject: line 1: the variable 'nummer' is not declared (and 3 more)" in str(refused.value)


def test_the_templates_of_a_tenant_are_its_own(server: RunningServer, notifier: Notifier) -> None:
    made = notifier.template(invoice(_name()))
    other = Notifier(server, make_tenant(server))
    with pytest.raises(grpc.RpcError, match="does not exist"):
        other.call("GetTemplate", name=made.name, language="en")
    assert list(other.call("ListTemplates").templates) == []


def test_templates_are_listed_in_pages_by_name_and_language(server: RunningServer) -> None:
    notifier = Notifier(server, make_tenant(server))
    for name, language in (("b.x", "en"), ("a.x", "en"), ("a.x", "de"), ("a.y", "en")):
        notifier.template(invoice(name, language))
    page = notifier.call("ListTemplates", page_size=2, name_prefix="a.")
    assert [(each.name, each.language) for each in page.templates] == [("a.x", "de"), ("a.x", "en")]
    rest = notifier.call("ListTemplates", page_size=2, name_prefix="a.", page_token=page.next_page_token)
    assert [(each.name, each.language) for each in rest.templates] == [("a.y", "en")]
    built_in = notifier.call("ListTemplates", built_in=True, name_prefix="auth.").templates
    assert {"auth.invitation", "auth.password_reset"} <= {each.name for each in built_in}
    assert {each.language for each in built_in} == {"en", "de"}


def test_a_built_in_template_in_other_words_keeps_its_variables_and_its_category(server: RunningServer) -> None:
    notifier = Notifier(server, make_tenant(server))
    words = template_pb2.Template(name="auth.invitation", language="en", category="general")
    words.content.subject, words.content.text = "Come in", "Your token is {{ token }}."
    made = notifier.template(words)
    assert made.category == "account"
    assert [each.name for each in made.variables] == ["token", "link", "expires"]
    shown = notifier.call("GetTemplate", name="auth.invitation", language="de").template
    assert shown.built_in
    notifier.call("DeleteTemplate", name="auth.invitation", language="en")
    assert notifier.call("GetTemplate", name="auth.invitation", language="en").template.built_in


def test_a_preview_falls_back_as_sending_does_and_sends_nothing(notifier: Notifier) -> None:
    made = notifier.template(invoice(_name()))
    variables = {"number": "1", "amount": 3, "lines": ["<a>", "b"]}
    shown = notifier.call("PreviewTemplate", name=made.name, language="de-AT", variables=variables)
    assert (shown.language, shown.version) == ("en", 1)
    assert shown.content.text == "Please pay 3.00.\n- <a>\n- b"
    assert shown.content.html == "<p>Please pay <b>3.00</b> for 1.</p>"
    assert shown.content.short_text == "Invoice 1: 3.00"
    unsaved = notifier.call("PreviewTemplate", template=invoice("not.saved"), variables=variables)
    assert (unsaved.content.subject, unsaved.version) == ("Invoice 1", 0)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"number": "1"}, "variables.amount: is missing"),
        ({"number": "1", "amount": "much"}, "variables.amount: must be of the kind number"),
        ({"number": True, "amount": 1}, "variables.number: must be of the kind text"),
        ({"number": "1", "amount": 1, "total": 1}, "variables.total: is not declared by the template"),
    ],
)
def test_variables_that_are_not_declared_so_are_refused(
    notifier: Notifier, variables: dict[str, object], said: str
) -> None:
    with pytest.raises(grpc.RpcError, match=said):
        notifier.call("PreviewTemplate", template=invoice("not.saved"), variables=variables)


def test_a_template_that_fails_says_where_and_why(notifier: Notifier) -> None:
    content = {"subject": "s", "text": "{% for line in lines %}{{ line.price }}{% endfor %}"}
    with pytest.raises(grpc.RpcError, match=r"failed: text: there is no member 'price'"):
        notifier.call(
            "PreviewTemplate",
            template=invoice("not.saved", content=content),
            variables={"number": "1", "amount": 1, "lines": ["a"]},
        )


def test_a_tenant_has_as_many_templates_as_the_settings_say(start_server: StartServer) -> None:
    notifier = Notifier(start_server(settings={"notifications.most_templates": 1}))
    notifier.template()
    with pytest.raises(grpc.RpcError, match="at most 1 templates"):
        notifier.template(invoice("another.one"))
