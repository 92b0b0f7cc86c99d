"""Dates and moments of the input."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from function_backend_cli.importing.faults import UNREADABLE_VALUE, MappingError, RowFault

Date: TypeAlias = dict[str, int]

ISO: Final = "iso"
"""The default: `2021-02-19`, alone or followed by a time, which is left out."""

_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")


def date_reader(form: object, where: str) -> Callable[[str], dt.date]:
    """A function that reads a date: `iso`, or a form of strptime such as `%Y%m%d`."""
    if not isinstance(form, str):
        raise MappingError(f"{where}: a form such as '%Y%m%d' is needed, or 'iso'")
    if form == ISO:
        return _iso
    try:
        dt.datetime.strptime(dt.datetime(2020, 1, 2, tzinfo=dt.UTC).strftime(form), form)  # noqa: DTZ007  Only tried.
    except ValueError as error:
        raise MappingError(f"{where}: '{form}' is not a form of a date: {error}") from error
    return _by_form(form)


def message_of(day: dt.date) -> Date:
    """The date as `google.type.Date`."""
    return {"year": day.year, "month": day.month, "day": day.day}


def seconds_of(day: dt.date) -> dict[str, int]:
    """The beginning of the day in UTC as `google.protobuf.Timestamp`."""
    return {"seconds": calendar.timegm(day.timetuple())}


def _iso(text: str) -> dt.date:
    if _ISO_DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text[:10])
        except ValueError:
            pass
    raise RowFault(UNREADABLE_VALUE, f"'{text}' is not a date such as 2021-02-19")


def _by_form(form: str) -> Callable[[str], dt.date]:
    def read(text: str) -> dt.date:
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007  A day has no zone.
        except ValueError:
            raise RowFault(UNREADABLE_VALUE, f"'{text}' is not a date of the form {form}") from None

    return read
