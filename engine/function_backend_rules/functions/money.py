"""Amounts of money: exact decimals, since doubles are not."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from google.type.money_pb2 import Money

from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.functions import Function
from function_backend_rules.cel.values import INT_MAX

_NANOS = 1_000_000_000
_CURRENCY = 3
_FACTOR = 10**12


def _total(money: Money) -> int:
    return int(money.units) * _NANOS + int(money.nanos)


def _same_currency(one: Money, other: Money) -> None:
    if one.currency_code != other.currency_code:
        message = f"amounts of {one.currency_code or 'no currency'} and {other.currency_code or 'no currency'}"
        raise EvaluationError(f"{message} cannot be put together")


def _make(nanos: int, currency: str) -> Money:
    units, rest = divmod(abs(nanos), _NANOS)
    if units > INT_MAX:
        raise EvaluationError("the amount is out of range")
    sign = -1 if nanos < 0 else 1
    return Money(currency_code=currency, units=sign * units, nanos=sign * rest)


def _parse(text: str, currency: str) -> Money:
    if len(currency) != _CURRENCY or not currency.isascii() or not currency.isupper():
        raise EvaluationError(f"{currency[:10]!r} is not a currency such as EUR")
    plain = text.removeprefix("-")
    whole, _, fraction = plain.partition(".")
    if not whole.isdigit() or not whole.isascii() or (fraction and not (fraction.isdigit() and fraction.isascii())):
        raise EvaluationError(f"{text[:40]!r} is not an amount such as 12.50")
    if len(whole) > 18 or len(fraction) > 9:  # noqa: PLR2004 - what google.type.Money holds
        raise EvaluationError(f"{text[:40]!r} has more digits than an amount may")
    nanos = int(whole) * _NANOS + int(fraction.ljust(9, "0") or "0")
    return _make(-nanos if text.startswith("-") else nanos, currency)


def _add(one: Money, other: Money) -> Money:
    _same_currency(one, other)
    return _make(_total(one) + _total(other), one.currency_code)


def _subtract(one: Money, other: Money) -> Money:
    _same_currency(one, other)
    return _make(_total(one) - _total(other), one.currency_code)


def _compare(one: Money, other: Money) -> int:
    _same_currency(one, other)
    return (_total(one) > _total(other)) - (_total(one) < _total(other))


def _percent(money: Money, percent: float) -> Money:
    if not -_FACTOR < percent < _FACTOR:
        raise EvaluationError("the percentage is out of range")
    with localcontext() as context:
        context.prec = 60
        share = Decimal(_total(money)) * Decimal(repr(percent)) / 100
        return _make(int(share.to_integral_value(ROUND_HALF_EVEN)), money.currency_code)


def _as_double(money: Money) -> float:
    return _total(money) / _NANOS


FUNCTIONS = (
    Function(
        "money.parse(string, string) -> google.type.Money", _parse, "The amount of a decimal text in a currency.", 8
    ),
    Function("money.add(google.type.Money, google.type.Money) -> google.type.Money", _add, "The sum.", 6),
    Function(
        "money.subtract(google.type.Money, google.type.Money) -> google.type.Money", _subtract, "The difference.", 6
    ),
    Function("money.compare(google.type.Money, google.type.Money) -> int", _compare, "-1, 0 or 1.", 4),
    Function(
        "money.percent(google.type.Money, double) -> google.type.Money",
        _percent,
        "A share, to the nanounit, halves to even.",
        12,
    ),
    Function("money.toDouble(google.type.Money) -> double", _as_double, "The nearest double, for thresholds.", 2),
)
