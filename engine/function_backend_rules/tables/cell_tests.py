"""What a cell means in its column: the set of values that it accepts, or a condition that has to be evaluated."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from function_backend_rules.cel import types
from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.environment import Environment, Expression
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.names import nearest
from function_backend_rules.cel.nodes import Ident, Node
from function_backend_rules.cel.source import Issue, RefusedError, Source, Span
from function_backend_rules.cel.values import INT_MAX, INT_MIN
from function_backend_rules.tables.cell_syntax import (
    CELL_VARIABLE,
    AnyValue,
    Bare,
    CellForm,
    CellSyntaxError,
    Choice,
    Comparison,
    Membership,
    Negation,
    Operand,
    Range,
    read_cell,
)
from function_backend_rules.tables.domains import Domain, Key, ValueSet, everything

# Most cells of most tables are one of these, and need no parser.
_PLAIN = re.compile(
    r"""(?P<int>-?\d{1,18}) | (?P<double>-?\d{1,15}\.\d{1,15}) | "(?P<double_quoted>[^"\\\n\r\ud800-\udfff]*)" """
    r"""| '(?P<single_quoted>[^'\\\n\r\ud800-\udfff]*)' | (?P<bool>true|false)""",
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z_][\w-]*(?: [\w-]+)*")


@dataclass(frozen=True, slots=True)
class CellTest:
    """One distinct cell of a column: what it accepts, or else the condition that says it."""

    source: str
    accepted: ValueSet | None
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class _Resolved:
    """An operand with its type; `value` only where it is constant. `text` is CEL for it."""

    operand: Operand
    type: types.Type
    text: str
    constant: bool
    value: object = None


@dataclass(slots=True)
class CellReader:
    """Reads the cells of one column. Cells of the same text are read once.

    Args:
        name: The column's name, for messages.
        type: The type of the column's value.
        domain: The order of its values; None where the type has none.
        environment: Declares the inputs, and `cell` as a value of the type.
    """

    name: str
    type: types.Type
    domain: Domain | None
    environment: Environment
    _enum_numbers: Mapping[str, int] = field(default_factory=dict)
    _known: dict[str, CellTest | tuple[Issue, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.domain is not None:
            self._enum_numbers = {name: number for number, name in self.domain.enum_names}

    def read(self, source: str) -> CellTest:
        """Gives the test that a cell makes.

        Raises:
            RefusedError: With places in the cell.
        """
        known = self._known.get(source)
        if known is None:
            try:
                known = self._read(source)
            except RefusedError as error:
                known = error.issues
            self._known[source] = known
        if isinstance(known, tuple):
            raise RefusedError(known)
        return known

    def _read(self, source: str) -> CellTest:
        try:
            form = read_cell(source)
            accepted = self._accepted(form)
            if accepted is None:
                return CellTest(source, None, self._condition(form))
        except CellSyntaxError as error:
            raise _refused(source, error.offset, error.message) from error
        except _OperandRefusedError as error:
            issues = [Source(source).issue(*issue) for issue in error.issues]
            raise RefusedError(tuple(issues)) from error
        if accepted.empty:
            raise _refused(source, 0, f"no value of {self.name} passes this test, so the row would never match")
        return CellTest(source, accepted)

    def _accepted(self, form: CellForm) -> ValueSet | None:  # noqa: PLR0911 - One for each form.
        """What the form accepts; None where that cannot be said before an evaluation."""
        if isinstance(form, AnyValue):
            return everything(self.domain) if self.domain else ValueSet(null=True, nan=True)
        if isinstance(form, Choice):
            sets = [self._accepted(item) for item in form.items]
            known = [each for each in sets if each is not None]
            return ValueSet().union(*known) if len(known) == len(sets) else None
        if isinstance(form, Negation):
            inner = self._accepted(form.item)
            return None if inner is None or self.domain is None else inner.complement(self.domain)
        if isinstance(form, Membership):
            self._resolve(form.operand)
            return None
        if isinstance(form, Bare):
            resolved = self._resolve(form.operand)
            if self._is_condition(resolved) or not self._usable(resolved):
                return None
            return self._equal(resolved)
        if isinstance(form, Range):
            return self._range(form)
        return self._compared(form)

    def _compared(self, form: Comparison) -> ValueSet | None:
        resolved = self._resolve(form.operand)
        if not self._usable(resolved) or self.domain is None:
            return None
        if form.operator in {"==", "!="}:
            equal = self._equal(resolved)
            return equal.complement(self.domain) if form.operator == "!=" else equal
        key = self._key(resolved)
        if form.operator in {">", ">="}:
            return ValueSet(self.domain.above(key) if form.operator == ">" else self.domain.at_least(key))
        rest = self.domain.at_least(key) if form.operator == "<" else self.domain.above(key)
        return ValueSet(self.domain.between(self.domain.everything(), rest))

    def _range(self, form: Range) -> ValueSet | None:
        low, high = self._resolve(form.low), self._resolve(form.high)
        if not (self._usable(low) and self._usable(high)) or self.domain is None:
            return None
        start, end = self._key(low), self._key(high)
        if start > end or (start == end and not (form.low_included and form.high_included)):
            message = "the range is empty: its first end is not below its last"
            raise _OperandRefusedError((Span(form.offset, form.offset + 1), message, None))
        above = self.domain.at_least(start) if form.low_included else self.domain.above(start)
        rest = self.domain.above(end) if form.high_included else self.domain.at_least(end)
        return ValueSet(self.domain.between(above, rest))

    def _equal(self, resolved: _Resolved) -> ValueSet:
        assert self.domain is not None  # noqa: S101 - Only asked of columns with an order.
        if resolved.value is None:
            if not self.domain.nullable:
                raise _OperandRefusedError(_issue(resolved, f"{self.name} is never null"))
            return ValueSet(null=True)
        return ValueSet(self.domain.equal(self._key(resolved)))

    def _usable(self, resolved: _Resolved) -> bool:
        """Whether an operand is a constant that the column's values can be sorted by."""
        if self.domain is None:
            return False
        if not resolved.constant and not self._fits(resolved.type):
            raise self._mismatch(resolved)
        return resolved.constant

    def _fits(self, kind: types.Type) -> bool:
        """Whether values of a type can be compared with those of the column, which has an order."""
        inner = kind.parameters[0] if kind.kind == "wrapper" else kind
        return (
            self.domain is None
            or inner in {self.domain.type, types.DYN, types.NULL}
            or {inner, self.domain.type} <= {types.INT, types.UINT, types.DOUBLE}
        )

    def _is_condition(self, resolved: _Resolved) -> bool:
        return resolved.type == types.BOOL and not resolved.constant

    def _key(self, resolved: _Resolved) -> Key:
        domain, value = self.domain, resolved.value
        assert domain is not None  # noqa: S101 - Only asked of columns with an order.
        if isinstance(value, float) and math.isnan(value):
            message = "nothing is equal to NaN, or less or more than it"
            raise _OperandRefusedError(_issue(resolved, message, f"write {CELL_VARIABLE} != {CELL_VARIABLE} for NaN"))
        if resolved.type == domain.type:
            return value
        if resolved.type == types.INT and domain.type in {types.DOUBLE, types.UINT}:
            return value
        raise self._mismatch(resolved)

    def _mismatch(self, resolved: _Resolved) -> "_OperandRefusedError":
        inner = self.domain.type if self.domain else self.type
        kind = "an enum" if self._enum_numbers else f"of type {inner}"
        suggestion = None
        if resolved.type.kind == "list":
            suggestion = f"write in {resolved.operand.source} for one of several"
        elif inner == types.STRING and resolved.type in {types.INT, types.DOUBLE, types.BOOL}:
            suggestion = f'write "{resolved.operand.source}" for a text'
        elif inner in {types.INT, types.UINT} and resolved.type == types.DOUBLE:
            suggestion = "write a whole number, without a point"
        elif inner in {types.TIMESTAMP, types.DURATION} and resolved.type == types.STRING:
            suggestion = f"write {inner}({resolved.operand.source})"
        message = f"this is of type {resolved.type}, and {self.name} is {kind}"
        return _OperandRefusedError(_issue(resolved, message, suggestion))

    def _resolve(self, operand: Operand) -> _Resolved:
        if operand.source in self._enum_numbers:
            number = self._enum_numbers[operand.source]
            return _Resolved(operand, types.INT, str(number), constant=True, value=number)
        plain = _PLAIN.fullmatch(operand.source)
        if plain is not None:
            return _plain(operand, plain)
        try:
            expression = self.environment.check(operand.source)
        except RefusedError as error:
            raise _OperandRefusedError(*(self._moved(operand, issue) for issue in error.issues)) from error
        if not free_of_variables(expression.root):
            return _Resolved(operand, expression.type, operand.source, constant=False)
        try:
            value = constant_value(expression)
        except EvaluationError as error:
            span = Span(operand.offset, operand.offset + len(operand.source))
            raise _OperandRefusedError((span, f"the constant has no value: {error.message}", None)) from error
        return _Resolved(operand, expression.type, operand.source, constant=True, value=value)

    def _moved(self, operand: Operand, issue: Issue) -> tuple[Span, str, str | None]:
        span = Span(issue.span.start + operand.offset, issue.span.end + operand.offset)
        suggestion = issue.suggestion
        if _WORD.fullmatch(operand.source):
            inner = self.domain.type if self.domain else self.type
            if self._enum_numbers:
                suggestion = nearest(operand.source, self._enum_numbers) or suggestion
            elif inner == types.STRING and not suggestion:
                suggestion = f'write "{operand.source}" for a text'
        return span, issue.message, suggestion

    def _condition(self, form: CellForm) -> Expression:
        text = self._text(form)
        try:
            return self.environment.check(text, expect=types.BOOL)
        except RefusedError as error:
            # Operands were checked one by one, so what is left are types that do not go together.
            message = error.issues[0].message
            raise _OperandRefusedError((Span(0, 1), f"{message}, in `{text}`", error.issues[0].suggestion)) from error

    def _text(self, form: CellForm) -> str:  # noqa: PLR0911 - One for each form.
        """The form as one condition in CEL. A line ends behind each operand, because a comment may end it."""
        if isinstance(form, AnyValue):
            return "true"
        if isinstance(form, Choice):
            return " || ".join(f"({self._text(item)})" for item in form.items)
        if isinstance(form, Negation):
            return f"!({self._text(form.item)})"
        if isinstance(form, Range):
            low, high = self._resolve(form.low).text, self._resolve(form.high).text
            first, last = ">=" if form.low_included else ">", "<=" if form.high_included else "<"
            return self._guarded(f"{self._value} {first} ({low}\n) && {self._value} {last} ({high}\n)")
        resolved = self._resolve(form.operand)
        if isinstance(form, Membership):
            return self._guarded(f"{self._value} in ({resolved.text}\n)")
        if isinstance(form, Bare) and self._is_condition(resolved):
            return resolved.text
        operator = form.operator if isinstance(form, Comparison) else "=="
        other = resolved.text
        if self.domain is not None and self.domain.type == types.DOUBLE and resolved.type in {types.INT, types.UINT}:
            other = f"double({other}\n)"
        if resolved.type == types.NULL:
            return f"{CELL_VARIABLE} {operator} null"
        if operator == "!=":
            return f"!({self._guarded(f'{self._value} == ({other}{chr(10)})')})"
        return self._guarded(f"{self._value} {operator} ({other}\n)")

    @property
    def _value(self) -> str:
        return f"{CELL_VARIABLE}.value()" if self.type.kind == "optional" else CELL_VARIABLE

    def _guarded(self, condition: str) -> str:
        if self.type.kind == "optional":
            return f"{CELL_VARIABLE}.hasValue() && {condition}"
        if self.type.kind == "wrapper":
            return f"{CELL_VARIABLE} != null && {condition}"
        return condition


class _OperandRefusedError(Exception):
    """Parts of a cell are not what the column takes; places are those in the cell."""

    def __init__(self, *issues: tuple[Span, str, str | None]) -> None:
        super().__init__(issues)
        self.issues = issues


def free_of_variables(root: Node) -> bool:
    """Says whether an expression is constant: variables of macros are named with an @ once checked."""
    return all(not isinstance(node, Ident) or node.name.startswith("@") for node in root.walk())


def constant_value(expression: Expression) -> object:
    """Gives the value of an expression that is free of variables.

    Raises:
        EvaluationError: It has none.
    """
    return expression.program().call(Budget(), *[None] * len(expression.checked.variables))


def _issue(resolved: _Resolved, message: str, suggestion: str | None = None) -> tuple[Span, str, str | None]:
    operand = resolved.operand
    return Span(operand.offset, operand.offset + len(operand.source)), message, suggestion


def _refused(source: str, offset: int, message: str) -> RefusedError:
    return RefusedError((Source(source).issue(Span(offset, offset + 1), message),))


def _plain(operand: Operand, found: re.Match[str]) -> _Resolved:
    text = found.lastgroup or ""
    value: object
    kind: types.Type
    if text == "int":
        value, kind = int(found["int"]), types.INT
        assert INT_MIN <= value <= INT_MAX  # noqa: S101 - 18 digits always fit.
    elif text == "double":
        value, kind = float(found["double"]), types.DOUBLE
    elif text == "bool":
        value, kind = found["bool"] == "true", types.BOOL
    else:
        value, kind = found[text], types.STRING
    return _Resolved(operand, kind, operand.source, constant=True, value=value)
