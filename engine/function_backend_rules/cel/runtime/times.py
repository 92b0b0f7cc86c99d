"""Timestamps and durations."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.runtime.messages import duration, timestamp
from function_backend_rules.cel.values import DURATION_LIMIT, NANOS, TIMESTAMP_MAX, TIMESTAMP_MIN, Duration, Timestamp

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_GO_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(h|ms|us|µs|μs|ns|m|s)", re.ASCII)
_UNITS = {
    "h": 3600 * NANOS,
    "m": 60 * NANOS,
    "s": NANOS,
    "ms": 1_000_000,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ns": 1,
}
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION_TEXT = 64
"""Characters of the text of a duration at most."""


def parse_timestamp(text: str) -> Timestamp:
    """The time of a text such as `2026-01-31T08:00:00Z` (RFC 3339).

    Raises:
        EvaluationError: it is not one.
    """
    match = _RFC3339.fullmatch(text) if len(text) <= _DURATION_TEXT else None
    if match is None:
        raise EvaluationError(f"{text[:_DURATION_TEXT]!r} is not a timestamp such as 2026-01-31T08:00:00Z")
    year, month, day, hour, minute, second = (int(match[index]) for index in range(1, 7))
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise EvaluationError(f"{text!r} is not a timestamp: {error}") from None
    nanos = int((match[7] or "").ljust(9, "0"))
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    if match[9]:
        offset = int(match[10]) * 3600 + int(match[11]) * 60
        seconds -= offset if match[9] == "+" else -offset
    return timestamp(seconds, nanos)


def timestamp_text(value: Timestamp) -> str:
    """RFC 3339 in UTC, with as many decimals as needed."""
    seconds, nanos = divmod(int(value), NANOS)
    moment = _EPOCH + timedelta(seconds=seconds)
    fraction = f".{nanos:09}".rstrip("0") if nanos else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + fraction + "Z"


def parse_duration(text: str) -> Duration:
    """The length of a text such as `1h30m`, `-1.5s` or `250ms`.

    Raises:
        EvaluationError: it is not one.
    """
    sign, rest = 1, text
    if text[:1] in {"+", "-"}:
        sign, rest = (-1 if text[0] == "-" else 1), text[1:]
    if rest == "0":
        return Duration(0)
    total, at = 0, 0
    while at < len(rest) and len(rest) <= _DURATION_TEXT:
        match = _GO_DURATION.match(rest, at)
        if match is None:
            break
        whole, _, fraction = match[1].partition(".")
        unit = _UNITS[match[2]]
        total += int(whole or "0") * unit + int(fraction or "0") * unit // 10 ** len(fraction)
        at = match.end()
    if at == 0 or at != len(rest):
        raise EvaluationError(f"{text[:_DURATION_TEXT]!r} is not a duration such as 1h30m or 250ms")
    return duration(0, sign * total)


def duration_text(value: Duration) -> str:
    """Seconds with as many decimals as needed, and `s`."""
    seconds, nanos = divmod(abs(int(value)), NANOS)
    fraction = f".{nanos:09}".rstrip("0") if nanos else ""
    return f"{'-' if value < 0 else ''}{seconds}{fraction}s"


def in_time_range(value: int) -> Timestamp:
    """The nanoseconds as a timestamp.

    Raises:
        EvaluationError: they are out of range.
    """
    if not TIMESTAMP_MIN <= value <= TIMESTAMP_MAX:
        raise EvaluationError("the result is outside of the years 0001 to 9999")
    return Timestamp(value)


def in_duration_range(value: int) -> Duration:
    """The nanoseconds as a duration.

    Raises:
        EvaluationError: they are out of range.
    """
    if not -DURATION_LIMIT <= value <= DURATION_LIMIT:
        raise EvaluationError("the result is longer than 292 years")
    return Duration(value)


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo:
    match = _OFFSET.fullmatch(name)
    if match is not None:
        minutes = int(match[2]) * 60 + int(match[3])
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise EvaluationError(f"{name[:_DURATION_TEXT]!r} is not a time zone such as Europe/Berlin or +02:00") from None


def _local(value: Timestamp, zone: str) -> datetime:
    moment = _EPOCH + timedelta(seconds=int(value) // NANOS)
    if not zone:
        return moment
    try:
        return moment.astimezone(_zone(zone))
    except OverflowError:
        raise EvaluationError("the local time is outside of the years 0001 to 9999") from None


def _milliseconds(value: Timestamp) -> int:
    return int(value) % NANOS // 1_000_000


_PARTS: dict[str, Callable[[datetime], int]] = {
    "FullYear": lambda moment: moment.year,
    "Month": lambda moment: moment.month - 1,
    "DayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "DayOfMonth": lambda moment: moment.day - 1,
    "Date": lambda moment: moment.day,
    "DayOfWeek": lambda moment: moment.isoweekday() % 7,
    "Hours": lambda moment: moment.hour,
    "Minutes": lambda moment: moment.minute,
    "Seconds": lambda moment: moment.second,
}


def part_of_time(name: str) -> Callable[..., int]:
    """The function `get…` of timestamps, and for those that durations have too, of durations."""
    of_time = _PARTS.get(name)
    unit = {"Hours": 3600 * NANOS, "Minutes": 60 * NANOS, "Seconds": NANOS, "Milliseconds": 1_000_000}.get(name)

    def get(value: object, zone: str = "") -> int:
        if type(value) is Timestamp and type(zone) is str:
            return of_time(_local(value, zone)) if of_time is not None else _milliseconds(value)
        if type(value) is Duration and unit is not None and not zone:
            quotient = abs(int(value)) // unit
            if name == "Milliseconds":
                quotient %= 1000
            return -quotient if value < 0 else quotient
        raise EvaluationError(f"no such overload: get{name}")

    return get
