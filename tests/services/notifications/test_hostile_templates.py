"""What a template can say, and that no template harms the process that writes with it."""

from __future__ import annotations

import contextlib
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.services.notifications.adapters.built_in import built_in_templates
from function_backend.services.notifications.adapters.rendering import JinjaEngine
from function_backend.services.notifications.domain.template import (
    TemplateBody,
    TemplateContent,
    TemplateVariable,
    VariableKind,
)
from function_backend.services.notifications.ports import RenderingError

ENGINE = JinjaEngine()
RESERVED: dict[str, Any] = {"recipient_name": "Ann", "language": "en", "unsubscribe_url": ""}


def body(text: str, *variables: TemplateVariable, html: str = "", subject: str = "s") -> TemplateBody:
    declared = variables or (
        TemplateVariable(name="x"),
        TemplateVariable(name="items", kind=VariableKind.LIST, optional=True),
    )
    return TemplateBody(
        description="",
        category="general",
        variables=declared,
        content=TemplateContent(subject=subject, text=text, html=html),
    )


def written(text: str, html: str = "", **variables: Any) -> str:  # noqa: ANN401  whatever stands in a template
    rendered = ENGINE.render(body(text, html=html), {"x": "", **RESERVED, **variables})
    return rendered.html if html else rendered.text


HOSTILE = [
    "{{ ''.__class__.__mro__ }}",
    "{{ x.__class__ }}",
    "{{ x['__class__'] }}",
    "{{ x|attr('__class__') }}",
    "{{ x.upper() }}",
    "{{ cycler }}",
    "{{ self }}",
    "{{ range(10**9) }}",
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{{ 10**10**10 }}",
    "{{ 'a' * 10000000000 }}",
    "{{ 'a' ~ x }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ x|center(1000000000) }}",
    "{{ x|indent(1000000000) }}",
    "{{ x|replace('', 'aaaaaaaa') }}",
    "{{ x|batch(1000000000) }}",
    "{{ lipsum(1000000) }}",
    "{% set y = x %}",
    "{% set ns = namespace() %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'secrets' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{% block b %}{% endblock %}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% autoescape false %}{{ x }}{% endautoescape %}",
    "{% for i in items recursive %}{{ loop(i) }}{% endfor %}",
    "{% for i in items if i %}{{ i }}{% endfor %}",
    "{% for i in [1, 2, 3] %}{{ i }}{% endfor %}",
    "{% for i in {'a': 1} %}{{ i }}{% endfor %}",
    "{{ x[::1000] }}",
    "{{ undeclared }}",
    "{{ x|join(*items) }}",
    "{% with y = x %}{{ y }}{% endwith %}",
    "{% if x %}",
    "{{ x",
    "{{ " + "(" * 2000 + "x" + ")" * 2000 + " }}",
    "{{ " + "not " * 5000 + "x }}",
    "{{ x" + ".a" * 5000 + " }}",
    "{{ x" + "|upper" * 5000 + " }}",
    "{% if x %}" * 200 + "{% endif %}" * 200,
    "{% for i in items %}" * 50 + "x" + "{% endfor %}" * 50,
    "{{ " + "9" * 10000 + " }}",
    "{{ x }}" * 5000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_template_is_refused_when_it_is_saved(text: str) -> None:
    problems = ENGINE.problems(body(text))
    assert [problem.path for problem in problems] == ["content.text"]
    assert len(problems[0].message) < 1000


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_template_that_is_stored_all_the_same_is_stopped(text: str) -> None:
    with pytest.raises(RenderingError):
        written(text, items=[1, 2, 3])


def test_loops_within_loops_are_stopped_after_some_steps() -> None:
    many = list(range(3000))
    nested = "{% for a in items %}{% for b in items %}{% for c in items %}{% endfor %}{% endfor %}{% endfor %}"
    with pytest.raises(RenderingError, match="repeats more than"):
        written(nested, items=many)


def test_a_text_that_grows_without_end_is_stopped() -> None:
    with pytest.raises(RenderingError, match="longer than"):
        written("{% for a in items %}" + "x" * 60_000 + "{% endfor %}", items=list(range(100)))


def test_a_join_that_makes_much_of_little_is_stopped() -> None:
    with pytest.raises(RenderingError, match="join"):
        written("{{ items|join('" + "x" * 30_000 + "') }}", items=["a"] * 1000)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{{ x.total }}", {"x": {"amount": 1}}),
        ("{{ x.format }}", {"x": "a"}),
        ("{{ x.items }}", {"x": {}}),
        ("{{ items[5] }}", {"items": [1]}),
        ("{{ items|number }}", {"items": [1]}),
        ("{% for a in x %}{{ a.b }}{% endfor %}", {"x": "abc"}),
        ("{% if x < items %}{% endif %}", {"items": [1]}),
        ("{{ x|date }}", {"x": "yesterday"}),
        ("{{ x|length }}", {"x": 5}),
    ],
)
def test_what_does_not_fit_is_said_and_names_nothing_of_the_program(text: str, variables: dict[str, Any]) -> None:
    with pytest.raises(RenderingError) as refused:
        written(text, **variables)
    assert "function_backend" not in str(refused.value)
    assert " at 0x" not in str(refused.value)


def test_what_templates_may_do_is_done() -> None:
    text = (
        "{% for item in items %}{{ loop.index }}/{{ loop.length }} {{ item.name|upper }}"
        "{% if not loop.last %}, {% endif %}{% endfor %}{% if x is none or x == '' %}.{% endif %}"
    )
    assert written(text, items=[{"name": "a"}, {"name": "b"}]) == "1/2 A, 2/2 B."
    assert (
        written("{{ items|join(', ') }} {{ 2|number }} {{ x|default('none') }}", items=["a", 3.0]) == "a, 3 2.00 none"
    )
    assert written("{{ x|date }} {{ x|time }}", x="2026-11-26T08:00:00+01:00") == "2026-11-26 2026-11-26 07:00 UTC"


def test_variables_are_escaped_in_html_and_not_in_text() -> None:
    assert written("{{ x }}", x="<b>&") == "<b>&"
    assert (
        written("t", html="<i>{{ x }}</i>{{ items|join(x) }}", x="<b>", items=["&", 1])
        == "<i>&lt;b&gt;</i>&amp;&lt;b&gt;1"
    )
    assert written("t", html="{{ x|upper|trim|shorten(40) }}", x="<script>") == "&lt;SCRIPT&gt;"


def test_a_subject_is_one_line_whatever_the_variables_say() -> None:
    rendered = ENGINE.render(body("t", subject="Hello {{ x }}"), {**RESERVED, "x": "you\r\nBcc: eve@example.com"})
    assert rendered.subject == "Hello you Bcc: eve@example.com"


def test_a_variable_may_not_be_called_as_something_else_is() -> None:
    for name in ("loop", "self", "language"):
        assert ENGINE.problems(body("t", TemplateVariable(name=name)))[0].path == "variables[0].name"


@pytest.mark.parametrize("template", built_in_templates(), ids=lambda each: f"{each.name}-{each.language}")
def test_every_built_in_template_is_one_that_a_tenant_could_save(template: Any) -> None:  # noqa: ANN401  a Template
    assert ENGINE.problems(template.body) == []


_PIECES = [
    "{{",
    "}}",
    "{%",
    "%}",
    "for",
    "in",
    "if",
    "endif",
    "endfor",
    "x",
    "items",
    "|",
    "join",
    "(",
    ")",
    "'",
    ".",
    "#}",
]


@given(st.lists(st.sampled_from([*_PIECES, *string.printable[:70], " "]), max_size=60).map("".join))
@settings(deadline=None, max_examples=300)
def test_whatever_is_written_is_accepted_or_refused_and_nothing_else(text: str) -> None:
    if not ENGINE.problems(body(text or "t")):
        with contextlib.suppress(RenderingError):
            written(text, items=[1, 2])
