"""Calendar arithmetic: what lengths of time in seconds cannot say."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta

from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.functions import Function
from function_backend_rules.cel.values import NANOS, Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400 * NANOS
_SATURDAY = 5


def _moment(value: Timestamp) -> datetime:
    return _EPOCH + timedelta(seconds=int(value) // NANOS)


def _shifted(value: Timestamp, months: int) -> Timestamp:
    moment = _moment(value)
    total = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(total, 12)
    if not 1 <= year <= 9999:  # noqa: PLR2004 - the years of timestamps
        raise EvaluationError("the date is outside of the years 0001 to 9999")
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    moved = moment.replace(year=year, month=month + 1, day=day)
    return Timestamp((moved - _EPOCH) // timedelta(seconds=1) * NANOS + int(value) % NANOS)


def _years_between(start: Timestamp, end: Timestamp) -> int:
    one, other = _moment(start), _moment(end)
    sign = 1
    if other < one:
        one, other, sign = other, one, -1
    before = (other.month, other.day, other.time()) < (one.month, one.day, one.time())
    return sign * (other.year - one.year - before)


def _days_between(start: Timestamp, end: Timestamp) -> int:
    return int(end) // _DAY - int(start) // _DAY


def _date(value: Timestamp) -> str:
    return _moment(value).date().isoformat()


def _is_working_day(value: Timestamp) -> bool:
    return _moment(value).weekday() < _SATURDAY


def _start_of_day(value: Timestamp) -> Timestamp:
    return Timestamp(int(value) // _DAY * _DAY)


def _of(year: int, month: int, day: int) -> Timestamp:
    try:
        moment = date(year, month, day)
    except ValueError as error:
        raise EvaluationError(f"there is no such date: {error}") from None
    return Timestamp((moment - _EPOCH.date()).days * _DAY)


FUNCTIONS = (
    Function("dates.of(int, int, int) -> timestamp", _of, "Midnight in UTC of a year, month and day.", 4),
    Function(
        "dates.addMonths(timestamp, int) -> timestamp", _shifted, "The same day of another month, or its last.", 8
    ),
    Function(
        "dates.addYears(timestamp, int) -> timestamp",
        lambda value, years: _shifted(value, 12 * years),
        "The same day of another year; 28 February for 29 February.",
        8,
    ),
    Function("dates.yearsBetween(timestamp, timestamp) -> int", _years_between, "Whole years, as of an age.", 8),
    Function("dates.daysBetween(timestamp, timestamp) -> int", _days_between, "Midnights in UTC between both.", 2),
    Function("dates.startOfDay(timestamp) -> timestamp", _start_of_day, "Midnight in UTC before.", 2),
    Function("dates.isWorkingDay(timestamp) -> bool", _is_working_day, "Monday to Friday, in UTC.", 4),
    Function("dates.format(timestamp) -> string", _date, "The date in UTC, such as 2026-01-31.", 4),
)
