"""Categories and preferences on the wire."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from function.notifications.v1 import preference_pb2 as wire
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.notifications.domain.category import Category, DigestSchedule
from function_backend.services.notifications.domain.preference import Preference
from function_backend.timestamps import timestamp


def read_category(message: wire.Category) -> Category:
    """The category that is wished for."""
    digest = _digest(message.digest) if message.HasField("digest") else None
    if digest is not None and message.mandatory:
        raise invalid_fields(FieldViolation("category.digest", "a mandatory category is never collected"))
    return Category(name=message.name, description=message.description, mandatory=message.mandatory, digest=digest)


def category(value: Category) -> wire.Category:
    """The category as callers see it."""
    digest = value.digest
    return wire.Category(
        name=value.name,
        description=value.description,
        mandatory=value.mandatory,
        digest=None
        if digest is None
        else wire.DigestSchedule(
            times=[f"{each:%H:%M}" for each in digest.times],
            weekdays=[wire.Weekday.Value(wire.Weekday.keys()[each]) for each in sorted(digest.weekdays)],
            time_zone=digest.time_zone,
        ),
        built_in=value.built_in,
    )


def preference(value: Preference) -> wire.Preference:
    """The preference as callers see it."""
    return wire.Preference(
        category=value.category,
        channel=value.channel,
        subscribed=value.subscribed,
        source=value.source,
        update_time=timestamp(value.updated_at),
    )


def _digest(message: wire.DigestSchedule) -> DigestSchedule:
    zone = message.time_zone or "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid_fields(
            FieldViolation("category.digest.time_zone", "is no time zone; write one such as Europe/Vienna")
        ) from None
    return DigestSchedule(
        times=tuple(sorted(map(time.fromisoformat, message.times))),
        weekdays=frozenset(message.weekdays),
        time_zone=zone,
    )
