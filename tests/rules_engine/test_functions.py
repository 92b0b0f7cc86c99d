from datetime import UTC, datetime
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from function_backend_rules.cel import Environment, EvaluationError, Function, FunctionRegistry
from function_backend_rules.decisions import to_timestamp
from function_backend_rules.functions import FUNCTIONS, load_plugins, registry

VARIABLES = {"t": "timestamp", "s": "string", "d": "double", "any": "dyn"}


def value(expression: str, **inputs: Any) -> Any:
    bindings = {"t": to_timestamp(datetime(2024, 2, 29, 12, 30, tzinfo=UTC)), "s": "", "d": 0.0, "any": 1, **inputs}
    program = Environment(VARIABLES, functions=FUNCTIONS).check(expression).program()
    found = program.evaluate(bindings)
    assert program.exact(bindings) == found
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("dates.format(dates.addYears(t, 1))", "2025-02-28"),
        ("dates.format(dates.addMonths(t, -12))", "2023-02-28"),
        ("dates.addMonths(t, 0) == t", True),
        ("dates.yearsBetween(dates.of(2000, 3, 1), dates.of(2026, 2, 28))", 25),
        ("dates.yearsBetween(dates.of(2026, 2, 28), dates.of(2000, 3, 1))", -25),
        ("dates.daysBetween(dates.of(2026, 1, 1), dates.of(2026, 3, 1))", 59),
        ("dates.startOfDay(t) == dates.of(2024, 2, 29)", True),
        ("dates.isWorkingDay(dates.of(2026, 11, 27))", True),
        ("dates.isWorkingDay(dates.of(2026, 11, 28))", False),
        ("money.toDouble(money.add(money.parse('0.10', 'EUR'), money.parse('0.20', 'EUR')))", 0.3),
        ("money.parse('-1.5', 'EUR').units", -1),
        ("money.parse('-1.5', 'EUR').nanos", -500_000_000),
        ("money.compare(money.parse('2', 'EUR'), money.parse('1.99', 'EUR'))", 1),
        ("money.toDouble(money.subtract(money.parse('1', 'EUR'), money.parse('3', 'EUR')))", -2.0),
        ("money.toDouble(money.percent(money.parse('200', 'EUR'), 12.5))", 25.0),
        ("lei.isValid('529900T8BM49AURSDO55')", True),
        ("lei.isValid('529900T8BM49AURSDO56')", False),
        ("iban.isValid('DE89370400440532013000')", True),
        ("bic.isValid('DEUTDEFF')", True),
        ("isin.isValid('US0378331005')", True),
        ("vat.isValid('DE136695976')", True),
        ("vat.country('DE136695976')", "DE"),
        ("vat.country('nothing')", ""),
        ("countries.isIn('FR', 'EU') && !countries.isIn('CH', 'EEA') && countries.isIn('CH', 'SEPA')", True),
        ("countries.of('G7').size()", 7),
        ("dates.isWorkingDay(t) || lei.isValid(s)", True),
    ],
)
def test_functions_of_the_platform(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("dates.of(2026, 2, 30) == t", "no such date"),
        ("dates.addYears(t, 9000) == t", "outside of the years"),
        ("money.parse('1,5', 'EUR').units", "not an amount"),
        ("money.parse('1.0000000001', 'EUR').units", "more digits"),
        ("money.parse('1', 'Euro').units", "not a currency"),
        ("money.add(money.parse('1', 'EUR'), money.parse('1', 'USD')).units", "cannot be put together"),
        ("money.percent(money.parse('1', 'EUR'), 1e300).units", "out of range"),
        ("countries.isIn('FR', 'EUU')", "there is no group"),
        ("countries.of('EUU').size()", "there is no group"),
        ("lei.isValid(any)", "no such overload"),
    ],
)
def test_what_has_no_value_is_an_error(expression: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        value(expression)


def test_a_function_that_raises_is_an_error_of_the_rule() -> None:
    functions = FunctionRegistry([Function("boom(int) -> int", lambda x: 1 // (x - x), "Always fails.")])
    with pytest.raises(EvaluationError, match="boom failed"):
        Environment({"x": "int"}, functions=functions).check("boom(x)").program().evaluate({"x": 1})


def test_a_function_of_the_language_keeps_its_name() -> None:
    with pytest.raises(ValueError, match="function of the language"):
        FunctionRegistry([Function("size(int) -> int", lambda x: x)])


@pytest.mark.parametrize("signature", ["f(int)", "f int -> int", "f(int -> int", "f(list()) -> int"])
def test_a_signature_that_cannot_be_read_is_refused(signature: str) -> None:
    with pytest.raises(ValueError, match=r"signature|type|argument|paren"):
        FunctionRegistry([Function(signature, lambda x: x)])


def test_methods_and_overloads_are_told_apart_by_their_types() -> None:
    functions = FUNCTIONS.extended(
        [
            Function("(string).twice() -> string", lambda text: text * 2),
            Function("(int).twice() -> int", lambda number: number * 2),
            Function("all.kinds(list(int), map(string, int), wrapper(int), dyn) -> bool", lambda *_: True),
        ]
    )
    environment = Environment({"any": "dyn"}, functions=functions)
    assert environment.check("'ab'.twice() + string(3.twice())").program().evaluate({"any": 1}) == "abab6"
    assert environment.check("any.twice() == 4").program().evaluate({"any": 2}) is True
    assert environment.check("all.kinds([1], {'a': 1}, null, any)").program().evaluate({"any": 2}) is True


class TestPlugins:
    def load(self, monkeypatch: pytest.MonkeyPatch, target: str) -> FunctionRegistry:
        entry = EntryPoint("some", target, registry.GROUP)
        monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([entry]).select(group=group))
        return load_plugins()

    def test_a_plugin_adds_functions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.load(monkeypatch, "tests.rules_engine.test_functions:PLUGIN")
        assert Environment(functions=found).check("plugin.answer()").program().evaluate({}) == 42

    def test_what_is_no_function_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(TypeError, match="some"):
            self.load(monkeypatch, "tests.rules_engine.test_functions:VARIABLES")

    def test_without_plugins_the_registry_is_that_of_the_platform(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([]))
        assert load_plugins() is FUNCTIONS


PLUGIN = (Function("plugin.answer() -> int", lambda: 42),)
