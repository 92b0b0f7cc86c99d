"""The rules of the contract can be applied: a worker compiles them once it serves, so it would be late to find out."""

import pytest
from google.protobuf import descriptor_pool

from function_backend.bootstrap.backend import declared_methods
from function_backend.bootstrap.slices import SLICES
from function_backend.interceptors.method import describe
from function_backend.interceptors.validation import Validation

PATHS = [method.path for method in declared_methods(SLICES)]


@pytest.mark.parametrize("path", PATHS)
def test_the_rules_of_its_request_compile(path: str) -> None:
    _, service, name = path.split("/")
    method = describe(descriptor_pool.Default().FindServiceByName(service).methods_by_name[name])
    validation = Validation()
    decode = validation.decoder(method.request)
    validation.warm_up()
    assert callable(decode)
