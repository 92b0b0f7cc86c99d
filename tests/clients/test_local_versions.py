"""What a client holds of published versions, without a service."""

from __future__ import annotations

import hashlib
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from function.rules.v1 import definition_pb2, distribution_service_pb2
from function_backend_client.rules.timeline import Timeline
from function_backend_client.rules.versions import RefusedVersion, UsableVersion, VersionKey, Versions
from tests.factories.rules import graph, loan


def told(
    made: definition_pb2.Definition, number: int = 1, **fields: object
) -> distribution_service_pb2.PublishedVersion:
    content = made.SerializeToString(deterministic=True)
    values: dict[str, Any] = {"content": content, "content_hash": hashlib.sha256(content).hexdigest(), **fields}
    return distribution_service_pb2.PublishedVersion(name=made.name, version=number, **values)


def taken(*told: distribution_service_pb2.PublishedVersion) -> UsableVersion | RefusedVersion:
    versions = Versions()
    for each in told:
        versions.take(each)
    return versions.get(VersionKey(told[-1].name, told[-1].version))


class TestVersions:
    def test_a_version_that_was_altered_is_refused(self) -> None:
        altered = told(loan())
        altered.content = loan(limit=10**6).SerializeToString(deterministic=True)
        found = taken(altered)
        assert isinstance(found, RefusedVersion)
        assert "hash" in found.why

    def test_a_version_of_another_name_is_refused(self) -> None:
        wrong = told(loan("loan.approval"))
        wrong.name = "loan.denial"
        assert isinstance(taken(wrong), RefusedVersion)

    def test_a_version_from_the_future_is_refused(self) -> None:
        content = loan().SerializeToString(deterministic=True) + b"\xba\x3e\x02\x08\x01"
        found = taken(told(loan(), content=content, content_hash=hashlib.sha256(content).hexdigest()))
        assert isinstance(found, RefusedVersion)
        assert "upgrade" in found.why

    def test_what_calls_a_refused_version_is_refused(self) -> None:
        inner, outer = told(loan("loan.inner")), told(graph("loan.outer", "loan.inner"))
        outer.calls.add(name="loan.inner", version=1)
        assert isinstance(taken(inner, outer), UsableVersion)
        inner.content_hash = "0" * 64
        assert isinstance(taken(inner, outer), RefusedVersion)

    def test_a_content_that_is_known_need_not_come_again(self) -> None:
        known = told(loan(), 2, content=b"")
        assert isinstance(taken(told(loan()), known), UsableVersion)
        assert isinstance(taken(known), RefusedVersion)

    def test_what_is_not_needed_is_let_go(self) -> None:
        versions = Versions()
        outer = told(graph("loan.outer", "loan.inner"))
        outer.calls.add(name="loan.inner", version=1)
        for each in (told(loan("loan.inner")), outer, told(loan("loan.other"))):
            versions.take(each)
        versions.keep([VersionKey("loan.outer", 1)])
        assert isinstance(versions.get(VersionKey("loan.inner", 1)), UsableVersion)
        assert isinstance(versions.get(VersionKey("loan.other", 1)), RefusedVersion)


@given(
    periods=st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 9))), max_size=5),
    times=st.lists(st.integers(0, 10), min_size=1, max_size=6),
)
def test_what_is_remembered_of_a_timeline_is_what_is_in_force(
    periods: list[tuple[int, int | None]], times: list[int]
) -> None:
    published = distribution_service_pb2.PublishedDefinition(name="loan.approval")
    for number, (since, until) in enumerate(periods, 1):
        period = published.periods.add(version=number, valid_from=Timestamp(nanos=since))
        if until is not None:
            period.valid_until.nanos = until
    timeline = Timeline(published, Versions().get)
    for at in times:
        covering = [
            (since, number)
            for number, (since, until) in enumerate(periods, 1)
            if since <= at and (until is None or at < until)
        ]
        expected = max(covering)[1] if covering else None
        begins, ends, found = timeline.window
        remembered = found if begins <= at < ends else timeline.moved(at)
        assert (remembered.number if remembered is not None else None) == expected
