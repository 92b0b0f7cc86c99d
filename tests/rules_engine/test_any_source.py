"""Whatever is written, the check accepts or refuses it with a place; and what it accepts can be evaluated."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from function.company.v1 import company_pb2
from function_backend_rules.cel import Environment, EvaluationError, RefusedError
from tests.rules_engine import canonical
from tests.rules_engine.canonical import Canonical

_VARIABLES = {"c": "function.company.v1.Company", "i": "int", "l": "list(string)", "d": "dyn"}
# `function` is a word that CEL keeps for itself, so the names of messages are written from here.
_ENVIRONMENT = Environment(variables=_VARIABLES, container="function.company.v1")
_COMPANY = company_pb2.Company(legal_name="A", labels={"a": "b"})
_BINDINGS: dict[str, Any] = {"c": _COMPANY, "i": 1, "l": ["a", "b"], "d": {"a": [1, None]}}
_WORDS = r"""
c i l d x legal_name labels names value a int string size has all map exists filter cel bind optional of none orValue
math greatest format matches dyn true false null 0 1 2u 1.5 1e3 0x1 'a' "b" b'c' r'\d' ''' \ ' // é `a` `
( ) [ ] { } . , : ? [? .? && || ! - + * / % in == != < <= > >= 9223372036854775807 timestamp('x')
""".split()  # noqa: SIM905 - so many words in quotes cannot be read
# A busy machine is no reason to fail.
_PATIENT = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
_SPACES = ("", " ", "\n", "\0")
_EXPRESSIONS = (
    "c.names.exists(n, n.value.startsWith('A') && n.kind == 1) || c.labels['a'] == \"b\"",
    "l.map(x, x + string(i)).filter(x, x.matches('^a+$')).size() > 0 ? c.revision : -i * 2",
    "cel.bind(y, optional.of(i), y.hasValue() ? y.value() : 0) in [1, 2, 3]",
    "has(c.legal_form.code) && c.?legal_form.text.orValue('x') != '' || d.a[0] == 1",
    "{'a': 1, 'b': 2}.all(k, v, v > 0 && k in c.labels) && '%s %d'.format([c.legal_name, i]) != ''",
    "timestamp('2020-01-01T00:00:00Z') + duration('1h') < c.create_time && type(i) == int",
    "CompanyName{value: 'a', kind: 1}.value == l[0] && math.greatest(i, 2, 3) >= 2",
)


def _look_at(source: str) -> None:
    issues = []
    try:
        program = _ENVIRONMENT.check(source).program()
    except RefusedError as error:
        issues = [(issue.line >= 1, issue.column >= 1, bool(issue.message)) for issue in error.issues]
    else:
        assert _value(program.evaluate) == _value(program.exact), source
        return
    assert issues
    assert set(issues) == {(True, True, True)}


def _value(evaluate: Any) -> Canonical:
    try:
        return canonical.of(evaluate(_BINDINGS))
    except EvaluationError:
        return Canonical("error", None)


@_PATIENT
@hypothesis.given(strategies.lists(strategies.sampled_from(_WORDS), max_size=30), strategies.sampled_from(_SPACES))
def test_any_sequence_of_words_is_accepted_or_refused(words: list[str], between: str) -> None:
    _look_at(between.join(words))


@_PATIENT
@hypothesis.given(strategies.text(max_size=60))
def test_any_text_is_accepted_or_refused(text: str) -> None:
    _look_at(text)


@_PATIENT
@hypothesis.given(strategies.data())
def test_a_damaged_rule_is_accepted_or_refused(data: strategies.DataObject) -> None:
    source = data.draw(strategies.sampled_from(_EXPRESSIONS))
    for _ in range(data.draw(strategies.integers(1, 4))):
        start = data.draw(strategies.integers(0, len(source)))
        end = data.draw(strategies.integers(start, min(len(source), start + 6)))
        source = source[:start] + data.draw(strategies.sampled_from(["", *_WORDS])) + source[end:]
    _look_at(source)


@pytest.mark.parametrize("expression", _EXPRESSIONS)
def test_the_rules_that_are_damaged_are_sound(expression: str) -> None:
    program = _ENVIRONMENT.check(expression).program()
    assert _value(program.evaluate).kind in {"bool", "int"}
