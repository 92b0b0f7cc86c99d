import pytest

from function_backend.kernel.secret import Secret
from function_backend.settings.errors import SettingsError
from function_backend.settings.tree import read_settings
from function_backend.sinks import extras
from function_backend.sinks.settings import KafkaSettings


def _read(**variables: str) -> None:
    read_settings({f"FUNCTION_BACKEND_{name}": value for name, value in variables.items()})


class TestSettings:
    def test_several_brokers_can_be_enabled_at_once(self) -> None:
        loaded = read_settings({"FUNCTION_BACKEND_SINKS_ENABLED": "redis,nats"})

        assert loaded.settings.sinks.enabled == ("redis", "nats")

    def test_a_missing_client_stops_the_start_with_the_command_that_installs_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(extras._MODULES, "kafka", "no_such_client")

        with pytest.raises(SettingsError, match=r"pip install 'function-backend\[kafka\]'"):
            _read(SINKS_ENABLED="kafka")

    def test_a_template_with_an_unknown_field_is_refused(self) -> None:
        with pytest.raises(SettingsError, match=r"sink_nats\.subject .*\{company\}"):
            _read(SINK_NATS_SUBJECT="events.{company}")

    def test_signing_in_to_kafka_wants_user_and_password(self) -> None:
        with pytest.raises(ValueError, match="needs user and password"):
            KafkaSettings(security="sasl_ssl", user="u")

        assert KafkaSettings(security="sasl_ssl", user="u", password=Secret("p")).mechanism == "SCRAM-SHA-512"
