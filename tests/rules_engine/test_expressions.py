from typing import Any, ClassVar

import pytest

from function.company.v1 import company_pb2
from function_backend_rules.cel import (
    Budget,
    BudgetExceededError,
    Environment,
    EvaluationError,
    InputError,
    Limits,
    RefusedError,
)
from function_backend_rules.cel.types import parse_type

VARIABLES = {
    "company": "function.company.v1.Company",
    "x": "int",
    "d": "double",
    "l": "list(string)",
    "m": "map(string, int)",
    "o": "optional(int)",
    "any": "dyn",
}
ENVIRONMENT = Environment(VARIABLES, container="function.company.v1")


def refusal(expression: str, environment: Environment = ENVIRONMENT) -> str:
    with pytest.raises(RefusedError) as refused:
        environment.check(expression)
    return str(refused.value)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("x +", "a value is expected, not the end"),
        ("(x", "')' is expected"),
        ("x ? 1", "':' is expected"),
        ("l[0", "']' is expected"),
        ("{'a' 1}", "':' is expected"),
        ("[1 2]", "']' is expected"),
        ("x y", "'y' is not expected here"),
        ("x = 1", "did you mean =="),
        ("x & 1", "did you mean &&"),
        ("x # 1", "not part of the language"),
        ("for", "reserved"),
        ("function.company.v1.Company{}", "leave the package out"),
        ("company.in", "back quotes"),
        ("company.", "a name is expected behind '.'"),
        (".5x", "not expected"),
        (". + 1", "a name is expected behind '.'"),
        ("`a` + 1", "behind a dot"),
        ("company.`a~b`", "a quoted name holds"),
        ("'abc", "is not closed"),
        ("'a\nb'", "is not closed"),
        (r"'\q'", "is not an escape"),
        (r"'\u12'", "is not an escape"),
        (r"'\ud800'", "no such character"),
        (r"'\777'", "octal"),
        (r"b'\u0041'", r"bytes take \x"),
        (r"b'\777'", "a byte is at most 255"),
        ("9223372036854775808", "outside the range of int"),
        ("18446744073709551616u", "largest uint"),
        ("1" * 500, "more than 400 digits"),
        ("size(l,)", "an argument is expected"),
        ("Company{1: 2}", "the name of a field"),
        ("Company{legal_name 'a'}", "between field and value"),
        ("has(x)", "has() takes one field"),
        ("cel.bind(a, 1)", "cel.bind takes"),
        ("cel.bind(a.b, 1, 2)", "a plain name"),
        ("cel.block([1], 2)", "not part of the language"),
        ("o.optMap(v)", "takes a name and an expression"),
        ("l.all(i, i, true)", "different names"),
        ("l.all(1, true)", "a plain name"),
        ("l.map(i)", "map takes other arguments"),
        ("y > 1", "'y' is not declared"),
        ("x > 1 && companny.legal_name == ''", "did you mean company"),
        ("company.legl_name", "did you mean legal_name"),
        ("x.y", "has no fields"),
        ("sze(l)", "did you mean size"),
        ("x + d", "convert one side, as in double(x)"),
        ("x + 'a'", "as in string(x)"),
        ("'a'.size(1)", "size is not defined for"),
        ("size()", "size is not defined for"),
        ("x && true", "compare it, as in x != 0"),
        ("l[0] || true", 'compare it, as in x != ""'),
        ("x ? 1 : 2", "the condition of '?'"),
        ("true ? 1 : 'a'", "different types"),
        ("x.all(i, true)", "loops over a list or map"),
        ("l.all(i, i)", "the condition of all"),
        ("{1.5: 2}", "keys of maps"),
        ("{true: 1, 2: 3}", "both bool and numbers"),
        ("Compny{}", "there is no message"),
        ("Company{legl_name: 'a'}", "did you mean legal_name"),
        ("Company{legal_name: 1}", "is of type string"),
        ("Company{legal_name: 'a', legal_name: 'b'}", "given twice"),
        ("[?x]", "optional.of"),
        ("x.optMap(v, v)", "optMap is called on an optional"),
        ("o.optFlatMap(v, v)", "optFlatMap gives an optional"),
        ("l.transformMapEntry(i, v, v)", "a map of one entry"),
        ("[[1]].sortBy(e, e)", "has an order"),
        ("math.greatest()", "at least one number"),
        ("math.greatest('a')", "takes numbers"),
        ("l[0].matches(l[1])", "must be written out"),
        ("'a'.matches('(')", "refused by RE2"),
        ("{1: 2}.a", "use an index"),
        ("1 + true", "+ is not defined between int and bool"),
        ("!x", "! is not defined"),
    ],
)
def test_what_is_not_in_order_is_told(expression: str, told: str) -> None:
    assert told in refusal(expression)


def test_a_refusal_shows_the_place() -> None:
    with pytest.raises(RefusedError) as refused:
        ENVIRONMENT.check("x > 1 &&\n  company.legl_name == 'a' && y")
    first, second = refused.value.issues
    assert (first.line, first.column, first.message) == (2, 11, "function.company.v1.Company has no field 'legl_name'")
    assert first.excerpt == "  |   company.legl_name == 'a' && y\n  | ..........^"
    assert (second.line, second.column) == (2, 31)


def test_a_long_line_is_cut_around_the_place() -> None:
    text = refusal("true && " * 50 + "y")
    assert max(map(len, text.splitlines())) < 120


@pytest.mark.parametrize(
    ("limits", "expression", "told"),
    [
        (Limits(length=10), "x + 1 + 2 + 3", "more than 10"),
        (Limits(nesting=5), "((((((x))))))", "nests deeper than 5"),
        (Limits(nesting=5), "-(-(-(-(-(-x)))))", "nests deeper than 5"),
        (Limits(nesting=5), "!!!!!!(x > 1)", "nests deeper than 5"),
        (Limits(depth=5), "x + 1 + 2 + 3 + 4 + 5", "deeper than 5"),
        (Limits(nodes=5), "x + 1 + 2 + 3", "more than 5 parts"),
        (Limits(cost=100), "l.all(a, l.all(b, a == b))", "steps, more than 100"),
    ],
)
def test_limits_refuse_what_is_too_large(limits: Limits, expression: str, told: str) -> None:
    assert told in refusal(expression, Environment(VARIABLES, limits=limits))


def test_sizes_bring_the_cost_down() -> None:
    expression = "l.all(a, l.all(b, a == b))"
    small = Environment(VARIABLES, sizes={"l": 5}).check(expression).cost
    assert small < ENVIRONMENT.check(expression).cost


class TestEvaluation:
    INPUTS: ClassVar[dict[str, object]] = {
        "company": company_pb2.Company(legal_name="A"),
        "x": 5,
        "d": 0.5,
        "l": ["a", "b"],
        "m": {"a": 1},
        "o": None,
        "any": [1],
    }

    def evaluate(self, expression: str, budget: Budget | None = None, **inputs: Any) -> object:
        names = {name: kind for name, kind in VARIABLES.items() if name != "o"}
        environment = Environment(names, container="function.company.v1")
        bindings = {**self.INPUTS, **inputs}
        del bindings["o"]
        return environment.check(expression).program().evaluate(bindings, budget)

    def test_an_error_has_its_place(self) -> None:
        with pytest.raises(EvaluationError) as failed:
            self.evaluate("x > 1 && m['zz'] > 1")
        assert failed.value.span == (9, 16)

    def test_an_error_in_a_loop_has_its_place(self) -> None:
        with pytest.raises(EvaluationError) as failed:
            self.evaluate("l.map(i, x / (size(i) - 1))[0]")
        assert failed.value.span == (9, 26)

    def test_steps_are_limited(self) -> None:
        with pytest.raises(BudgetExceededError) as stopped:
            self.evaluate("lists.range(1000).all(i, i >= 0)", Budget.of(steps=500))
        assert stopped.value.kind == "steps"

    def test_text_is_limited(self) -> None:
        with pytest.raises(BudgetExceededError) as stopped:
            self.evaluate("l[0] + l[0]", Budget.of(size=5), l=["abc"])
        assert stopped.value.kind == "bytes"

    def test_the_deadline_is_looked_at(self) -> None:
        with pytest.raises(BudgetExceededError) as stopped:
            self.evaluate("l.all(i, i != '')", Budget.of(deadline=0.0))
        assert stopped.value.kind == "deadline"

    def test_a_stop_is_not_absorbed(self) -> None:
        with pytest.raises(BudgetExceededError):
            self.evaluate("1 / (x - 5) > 1 || lists.range(1000).all(i, i >= 0) || true", Budget.of(steps=500))

    @pytest.mark.parametrize(
        ("name", "wrong"),
        [
            ("x", True),
            ("x", 1.0),
            ("x", 2**63),
            ("x", "1"),
            ("d", 1),
            ("l", "a"),
            ("l", [1]),
            ("m", [1]),
            ("m", {"a": "b"}),
        ],
    )
    def test_inputs_of_another_type_are_refused(self, name: str, wrong: object) -> None:
        with pytest.raises(InputError) as refused:
            self.evaluate("x == 5", None, **{name: wrong})
        assert refused.value.path.startswith(name)

    def test_a_missing_input_is_refused(self) -> None:
        with pytest.raises(InputError, match="missing"):
            ENVIRONMENT.check("x == 5").program().evaluate({})


@pytest.mark.parametrize("text", ["", "list", "list(int", "list(int))", "map(int)", "int(string)", "a b", "list(,)"])
def test_the_text_of_a_type_is_refused_when_it_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"type|parameters"):
        parse_type(text)


@pytest.mark.parametrize(
    "text",
    ["int", "list(string)", "map(string, list(int))", "optional(timestamp)", "some.Message", "wrapper(int)", "type"],
)
def test_the_text_of_a_type_is_read(text: str) -> None:
    assert str(parse_type(f" {text} ")) == text


@pytest.mark.parametrize(
    ("expression", "arguments", "expected"),
    [
        ("x > 3 && d < 1.0", (5, 0.5), True),
        ("[x].exists(i, i == 5)", (5, 0.5), True),
        ("1 / x > 0 || d < 1.0", (0, 0.5), True),
    ],
)
def test_an_expression_may_be_called_without_a_budget(
    expression: str, arguments: tuple[object, ...], expected: object
) -> None:
    program = Environment({"x": "int", "d": "double"}).check(expression).program()
    assert program.alone(*arguments) is expected
    assert program.alone(*arguments) is expected


def test_a_call_without_a_budget_is_stopped_all_the_same() -> None:
    limits = Limits(cost=10**15)
    program = (
        Environment({"l": "list(int)"}, limits=limits).check("l.all(a, l.all(b, l.all(c, a + b + c > 0)))").program()
    )
    with pytest.raises(BudgetExceededError):
        program.alone(list(range(1, 2000)))
