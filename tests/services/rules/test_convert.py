from __future__ import annotations

import math

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Value
from hypothesis import given
from hypothesis import strategies as st

from function.auth.v1 import user_pb2
from function.company.v1 import company_pb2
from function_backend_rules.cel.values import NONE, Duration, OptionalValue, Timestamp, UInt
from function_backend_rules.recording.json_messages import json_value, plain_value
from function_backend_rules.recording.redaction import redacted

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


class TestValues:
    @given(documents)
    def test_what_is_plain_json_comes_back_as_it_was(self, document: object) -> None:
        assert plain_value(json_value(document)) == document

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (2**63 - 1, "9223372036854775807"),
            (UInt(5), 5.0),
            (math.nan, "NaN"),
            (-math.inf, "-Infinity"),
            (b"\x00\xff", "AP8="),
            (Timestamp(1_500_000_000), "1970-01-01T00:00:01.5Z"),
            (Duration(-1_500_000_000), "-1.5s"),
            (OptionalValue(3), 3.0),
            (NONE, None),
            ({True: 1, 2: 2}, {"true": 1.0, "2": 2.0}),
            (company_pb2.Company(legal_name="Northern"), {"legal_name": "Northern"}),
        ],
        ids=["long", "uint", "nan", "infinity", "bytes", "timestamp", "duration", "some", "none", "map", "message"],
    )
    def test_other_values_are_shown_in_the_json_form_of_their_types(self, value: object, shown: object) -> None:
        assert MessageToDict(json_value(value)) == shown

    def test_whole_numbers_are_whole_again(self) -> None:
        assert repr(plain_value(Value(number_value=5))) == "5"
        assert repr(plain_value(Value(number_value=5.5))) == "5.5"


class TestRedaction:
    def test_sensitive_fields_are_emptied_wherever_they_are(self) -> None:
        user = user_pb2.User(id="number-7", email="ann@example.org")
        for value in (user, [user], {"one": [user]}):
            shown, was_redacted = redacted(value)
            assert was_redacted
            assert "ann@example.org" not in str(shown)
            assert "number-7" in str(shown)
        assert user.email == "ann@example.org"

    def test_what_has_none_stays_the_same_object(self) -> None:
        for value in (company_pb2.Company(legal_name="Northern"), user_pb2.User(id="number-7"), [1], {"a": "b"}, 5):
            assert redacted(value) == (value, False)
            assert redacted(value)[0] is value
