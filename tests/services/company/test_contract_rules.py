from __future__ import annotations

from typing import Any

import protovalidate
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from function.company.v1 import company_pb2
from function_backend.services.company.convert.company_in import read_state
from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.company import checked_state
from tests.factories.company import a_full_message, a_message

# Written by the service, and ignored on write.
_OUTPUT_ONLY = frozenset({"id", "etag", "create_time", "update_time", "delete_time", "revision", "attributes"})

_validator = protovalidate.Validator()
_lengths = st.sampled_from([0, 1, 2, 4, 19, 20, 21, 32, 33, 35, 36, 63, 64, 65, 100, 128, 129, 200, 201, 256, 257, 501])
_texts = st.text(max_size=8) | st.tuples(st.sampled_from("aA0é-"), _lengths).map(lambda drawn: drawn[0] * drawn[1])


def places(message: Message, path: tuple[Any, ...] = ()) -> list[tuple[Message, Any]]:
    """Every field of the message and of the messages in it."""
    found = []
    for field in message.DESCRIPTOR.fields:
        if not path and field.name in _OUTPUT_ONLY:
            continue
        found.append((message, field))
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        children = getattr(message, field.name) if field.is_repeated else [getattr(message, field.name)]
        if field.is_repeated or message.HasField(field.name):
            found += [place for child in children for place in places(child, (*path, field.name))]
    return found


@st.composite
def disturbed(draw: st.DrawFn) -> company_pb2.Company:
    """A valid company, some of whose fields have been given other values."""
    message = draw(st.sampled_from([a_full_message, a_message]))()
    for _ in range(draw(st.integers(1, 3))):
        parent, field = draw(st.sampled_from(places(message)))
        disturb(draw, parent, field)
    return message


def disturb(draw: st.DrawFn, parent: Message, field: Any) -> None:  # noqa: ANN401 - a descriptor of either make
    value = getattr(parent, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        value[draw(_texts)] = draw(_texts)
    elif field.is_repeated and field.message_type is not None:
        for _ in range(draw(st.sampled_from([1, 51, 101]))):
            value.add()
    elif field.is_repeated:
        value.extend(draw(st.lists(_texts, max_size=9)))
    elif field.message_type is not None:
        value.SetInParent()
    elif field.type == FieldDescriptor.TYPE_STRING:
        setattr(parent, field.name, draw(_texts))
    elif field.type == FieldDescriptor.TYPE_BOOL:
        setattr(parent, field.name, draw(st.booleans()))
    else:
        setattr(parent, field.name, draw(st.integers(-1, 99)))


class TestImportedRows:
    """They are not shown to protovalidate, which takes as long as all the checks of the domain together."""

    @settings(deadline=None, max_examples=400)
    @given(disturbed())
    def test_what_the_contract_refuses_the_domain_refuses(self, message: company_pb2.Company) -> None:
        broken = _validator.collect_violations(message)
        checks = Checks()
        checked_state(checks, read_state(message, checks))
        if broken:
            assert checks.violations, broken
