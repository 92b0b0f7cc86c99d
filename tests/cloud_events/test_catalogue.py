"""Every event of the contract is in the catalogue, and everything that is recorded is an event of the contract."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.common.v1 import options_pb2
from function.company.v1 import company_events_pb2
from function_backend.bootstrap.slices import SLICES
from function_backend.cloud_events.catalogue import event_catalogue
from function_backend.cloud_events.examples import example_of
from function_backend.events.log import LoggedEvent
from function_backend.kernel.events import DomainEvent
from function_backend.kernel.identity import PermissionSet, Principal, ResourceScope, ScopedPermissions
from tests.cloud_events.examples import a_logged_event
from tests.contracts.descriptors import comments_of, own_files
from tests.factories.auth import declared_permissions

_MESSAGES = 4  # Field number in FileDescriptorProto.
_COMPANY = "function.company.v1.CompanyCreated"


def _recorded() -> Iterator[type[DomainEvent]]:
    for module in SLICES:
        package = importlib.import_module(module.__name__.rpartition(".")[0])
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
    waiting = list(DomainEvent.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if isinstance(getattr(kind, "type", None), str) and kind.__module__.startswith("function_backend."):
            yield kind


def _subject_type(kind: object) -> str:
    found = getattr(kind, "subject_type", None)
    return found if isinstance(found, str) else ""


def test_everything_that_is_recorded_is_an_event_of_the_contract() -> None:
    catalogue = event_catalogue()
    # Of what may be about anything, each event says itself what it is about.
    recorded = {kind.type: _subject_type(kind) for kind in _recorded()}
    assert recorded == {each.name: each.subject_type for each in catalogue}
    assert len(recorded) > 80


def test_every_message_of_an_events_file_is_an_event_or_part_of_one() -> None:
    for file in own_files():
        if not file.name.endswith("_events.proto"):
            continue
        used = {field.type_name for message in file.message_type for field in message.field}
        for message in file.message_type:
            is_event = message.options.HasExtension(options_pb2.event)
            assert is_event or f".{file.package}.{message.name}" in used, message.name


def test_every_permission_of_an_event_is_one_that_some_method_asks_for() -> None:
    assert {each.permission for each in event_catalogue()} <= declared_permissions()


def test_descriptions_are_the_comments_of_the_contract() -> None:
    commented = {
        f"{file.package}.{message.name}": " ".join(comments_of(file)[_MESSAGES, number].split())
        for file in own_files()
        for number, message in enumerate(file.message_type)
        if message.options.HasExtension(options_pb2.event)
    }
    assert {each.name: each.description for each in event_catalogue()} == commented


def test_every_type_has_an_example_that_is_one_of_it() -> None:
    for each in event_catalogue():
        example = example_of(each)
        assert each.message.FromString(example.payload).ByteSize() > 0
        assert (example.type, example.subject_type) == (each.name, each.subject_type or "company")


class TestVisibility:
    def test_a_permission_for_the_tenant_shows_all_of_its_events(self) -> None:
        event = a_logged_event()
        assert _sees("company.read", event)
        assert _sees("company.*", event)
        assert not _sees("company.update", event)
        assert not _sees("auth.*", event)

    def test_a_permission_for_one_resource_shows_its_events_alone(self) -> None:
        event = a_logged_event()
        scope = ResourceScope("company", event.subject_id)
        assert _sees_scoped(scope, event)
        assert not _sees_scoped(ResourceScope("company", uuid4()), event)
        assert not _sees_scoped(ResourceScope("definition", event.subject_id), event)

    @settings(deadline=None)
    @given(
        scope=st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")),
        labels=st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")),
    )
    def test_a_permission_for_labels_shows_what_carries_them_all(
        self, scope: dict[str, str], labels: dict[str, str]
    ) -> None:
        event = a_logged_event(labels=labels)
        held = ResourceScope("company", None, tuple(scope.items()))
        assert _sees_scoped(held, event) == (scope.items() <= labels.items())

    def test_an_event_of_an_unknown_type_is_shown_to_nobody(self) -> None:
        assert not _sees("*", a_logged_event(type_name="function.company.v1.CompanyForgotten"))

    def test_an_event_that_is_about_another_kind_of_resource_is_shown_to_nobody(self) -> None:
        assert not _sees("*", a_logged_event(subject_type="definition"))


@pytest.mark.parametrize("name", ["function.company.v1.Company", "", "function.company.v1.CompanyCreated2"])
def test_what_is_no_event_is_not_found(name: str) -> None:
    assert event_catalogue().find(name) is None


def test_a_type_knows_its_message() -> None:
    found = event_catalogue().find(_COMPANY)
    assert found is not None
    assert found.message is company_events_pb2.CompanyCreated


def _sees(permission: str, event: LoggedEvent) -> bool:
    principal = Principal("user", UUID(int=1), event.tenant_id, PermissionSet(frozenset({permission})))
    return event_catalogue().may_see(principal, event)


def _sees_scoped(scope: ResourceScope, event: LoggedEvent) -> bool:
    held = ScopedPermissions(PermissionSet(frozenset({"company.read"})), scope)
    principal = Principal("user", UUID(int=1), event.tenant_id, PermissionSet(frozenset()), scoped=(held,))
    return event_catalogue().may_see(principal, event)
