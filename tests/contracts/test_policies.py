"""Every method says what it requires and promises, to machines and to readers, and both say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from google.protobuf import descriptor_pb2

from function.common.v1 import options_pb2
from function_backend.interceptors.method import methods_of
from tests.contracts.descriptors import comments_of, own_files
from tests.contracts.reasons import REASONS

_SERVICES, _METHODS = 6, 2  # Field numbers in FileDescriptorProto and ServiceDescriptorProto.
_PERMISSION = re.compile(r"[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)+")
_PROMISE = {
    options_pb2.IDEMPOTENCY_NO_SIDE_EFFECTS: "no side effects",
    options_pb2.IDEMPOTENCY_IDEMPOTENT: "leaves the same state",
    options_pb2.IDEMPOTENCY_REQUEST_ID: "safe to repeat with a request_id",
}


@dataclass(frozen=True)
class Rpc:
    name: str
    comment: str
    descriptor: descriptor_pb2.MethodDescriptorProto

    @property
    def policy(self) -> options_pb2.MethodPolicy:
        return self.descriptor.options.Extensions[options_pb2.policy]


def _rpcs() -> Iterator[Rpc]:
    for file in own_files():
        comments = comments_of(file)
        for number, service in enumerate(file.service):
            for index, method in enumerate(service.method):
                name = f"{file.package}.{service.name}.{method.name}"
                yield Rpc(name, comments.get((_SERVICES, number, _METHODS, index), ""), method)


RPCS = list(_rpcs())
each_rpc = pytest.mark.parametrize("rpc", RPCS, ids=[rpc.name for rpc in RPCS])


def test_there_are_methods_to_look_at() -> None:
    assert len(RPCS) >= 15


@each_rpc
def test_it_declares_a_permission_and_what_a_repetition_does(rpc: Rpc) -> None:
    assert rpc.policy.anonymous or _PERMISSION.fullmatch(rpc.policy.permission)
    assert rpc.policy.idempotency in _PROMISE


@each_rpc
def test_its_permission_begins_with_the_name_of_its_package(rpc: Rpc) -> None:
    assert rpc.policy.anonymous or rpc.policy.permission.split(".")[0] == rpc.name.split(".")[1]


@each_rpc
def test_its_comment_says_what_its_policy_says(rpc: Rpc) -> None:
    comment = " ".join(rpc.comment.split())
    assert ("Anonymous." if rpc.policy.anonymous else f"Permission: {rpc.policy.permission}.") in comment
    assert "Idempotency: " in comment
    assert _PROMISE[rpc.policy.idempotency] in comment


@each_rpc
def test_the_reasons_in_its_comment_exist(rpc: Rpc) -> None:
    named = set(re.findall(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b", rpc.comment))
    assert named <= set(REASONS)


@each_rpc
def test_a_method_that_keeps_answers_names_the_reasons_of_doing_so(rpc: Rpc) -> None:
    if rpc.policy.idempotency == options_pb2.IDEMPOTENCY_REQUEST_ID:
        assert "REQUEST_ID_REUSED" in rpc.comment
        assert "CONCURRENT_CHANGE" in rpc.comment


@each_rpc
def test_its_request_and_response_are_its_own(rpc: Rpc) -> None:
    package, _, name = rpc.name.rpartition(".")
    package = package.rpartition(".")[0]
    assert rpc.descriptor.input_type == f".{package}.{name}Request"
    assert rpc.descriptor.output_type == f".{package}.{name}Response"


def test_the_pipeline_accepts_every_method_of_the_contract() -> None:
    class Everything:
        def __getattr__(self, name: str) -> object:
            return lambda request, call: None

    found = {
        method.path
        for file in own_files()
        for service in file.service
        for method, _ in methods_of(f"{file.package}.{service.name}", Everything())
    }
    assert len(found) == len(RPCS)
