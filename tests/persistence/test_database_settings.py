from __future__ import annotations

from datetime import timedelta

import pytest

from function_backend.persistence.connecting import arguments
from function_backend.persistence.position import parse_position
from function_backend.persistence.settings import DatabaseSettings, database_url

_URL = "postgresql://app:secret@db.example:5432/companies"


class TestUrls:
    @pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
    def test_the_usual_schemes_are_taken(self, scheme: str) -> None:
        assert database_url(f"{scheme}://app@db/x").drivername == "postgresql+psycopg"

    @pytest.mark.parametrize("url", ["", "mysql://app:secret@db/x", "sqlite:///secret", "::secret::"])
    def test_others_are_refused_without_showing_the_secret(self, url: str) -> None:
        with pytest.raises(ValueError, match=r"postgresql://") as refused:
            DatabaseSettings(url=url)
        assert "secret" not in str(refused.value)
        assert refused.value.__cause__ is None

    def test_the_field_at_fault_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"^replica_url "):
            DatabaseSettings(url=_URL, replica_url="mysql://x")

    def test_no_url_is_shown_when_settings_are_printed(self) -> None:
        settings = DatabaseSettings(url=_URL, replica_url=_URL, listen_url=_URL)
        assert "secret" not in repr(settings)


@pytest.mark.parametrize("name", ["pool_timeout", "connect_timeout", "statement_timeout"])
def test_a_time_limit_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        DatabaseSettings(url=_URL, **{name: timedelta()})  # type: ignore[arg-type]


def test_a_pool_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="pool_size"):
        DatabaseSettings(url=_URL, pool_size=0)


class TestBehindAPooler:
    def test_no_statement_is_prepared_and_no_option_is_sent(self) -> None:
        told = arguments(DatabaseSettings(url=_URL, transaction_pooling=True), _URL)
        assert told["prepare_threshold"] is None
        assert "options" not in told

    def test_without_one_both_are_used(self) -> None:
        told = arguments(DatabaseSettings(url=_URL), _URL)
        assert told["prepare_threshold"] is not None
        assert "idle_in_transaction" in told["options"]

    def test_options_of_the_url_are_left_alone(self) -> None:
        url = f"{_URL}?options=-c%20role%3Dx"
        assert "options" not in arguments(DatabaseSettings(url=url), url)


@pytest.mark.parametrize(("text", "position"), [("0/0", 0), ("0/1A", 26), (b"16/B374D848", (0x16 << 32) | 0xB374D848)])
def test_a_wal_position_is_a_number(text: str | bytes, position: int) -> None:
    assert parse_position(text) == position
