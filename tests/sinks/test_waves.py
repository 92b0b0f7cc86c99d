from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend.sinks.sink import Message
from function_backend.sinks.waves import waves
from tests.fixtures.sinks import message

_MESSAGES = st.lists(st.sampled_from("abcdef"), max_size=60).map(
    lambda keys: [message(number, key=key, destination="d") for number, key in enumerate(keys)]
)


class TestWaves:
    @settings(deadline=None)
    @given(_MESSAGES)
    def test_no_wave_has_a_key_twice(self, messages: list[Message]) -> None:
        for wave in waves(messages):
            keys = [each.key for each in wave]
            assert len(set(keys)) == len(keys)

    @settings(deadline=None)
    @given(_MESSAGES)
    def test_each_key_keeps_its_order_over_the_waves(self, messages: list[Message]) -> None:
        sent = [each for wave in waves(messages) for each in wave]

        for key in {each.key for each in messages}:
            assert [each.id for each in sent if each.key == key] == [each.id for each in messages if each.key == key]

    @settings(deadline=None)
    @given(_MESSAGES)
    def test_there_are_as_many_waves_as_the_most_frequent_key_has_messages(self, messages: list[Message]) -> None:
        keys = [each.key for each in messages]

        assert len(waves(messages)) == max((keys.count(key) for key in keys), default=0)
