"""Reading the settings: where each comes from, and what is said about those that are wrong."""

from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

import settings_reference
from function_backend.kernel.secret import Secret
from function_backend.settings.errors import SettingsError
from function_backend.settings.load import Loaded
from function_backend.settings.schema import documentation, keys, sections
from function_backend.settings.sources import Given
from function_backend.settings.tree import Settings, read_settings
from function_backend.settings.values import parse, show, show_span

SECRET = "x" * 32
MASTER_KEY = "k1:" + "A" * 43 + "="
URL = "postgresql://app:hunter2@db.internal/companies"


def read(file: Path | None = None, flags: dict[str, object] | None = None, **environment: str) -> Loaded[Settings]:
    given = {path: Given(value, "flag --set") for path, value in (flags or {}).items()}
    return read_settings(environment, file=file, flags=given)


def problems(file: Path | None = None, flags: dict[str, object] | None = None, **environment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(file, flags, **environment)
    return str(caught.value)


def toml(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


class TestPrecedence:
    def test_everything_has_a_default_but_what_a_foreign_database_needs(self) -> None:
        loaded = read()
        assert loaded.settings.embedded
        assert loaded.settings.server.listen == "127.0.0.1:50051"

    def test_flags_go_before_environment_before_file(self, tmp_path: Path) -> None:
        file = toml(tmp_path, "[server]\nthreads = 3\nstream_threads = 3\nmax_concurrent_calls = 3")
        loaded = read(
            file,
            {"server.threads": 1},
            FUNCTION_BACKEND_SERVER_THREADS="2",
            FUNCTION_BACKEND_SERVER_STREAM_THREADS="2",
        )
        server = loaded.settings.server
        assert (server.threads, server.stream_threads, server.max_concurrent_calls) == (1, 2, 3)
        assert loaded.sources["server.threads"] == "flag --set"
        assert loaded.sources["server.stream_threads"] == "environment FUNCTION_BACKEND_SERVER_STREAM_THREADS"
        assert loaded.sources["server.max_concurrent_calls"] == f"file {file}"

    def test_the_environment_can_name_the_file(self, tmp_path: Path) -> None:
        file = toml(tmp_path, "[server]\nthreads = 3")
        assert read(FUNCTION_BACKEND_CONFIG=str(file)).settings.server.threads == 3

    def test_variables_of_others_do_not_matter(self) -> None:
        read(PATH="/bin", FUNCTION_BACKEND_API_KEY="fbk_of_the_client", FUNCTION_BACKENDS="many")


class TestUnknownNames:
    def test_in_the_environment_are_refused_with_the_nearest_one(self) -> None:
        said = problems(FUNCTION_BACKEND_DATABSE_URL=URL)
        assert said == (
            "FUNCTION_BACKEND_DATABSE_URL: there is no such setting; the nearest one is FUNCTION_BACKEND_DATABASE_URL."
        )

    def test_in_a_file_are_refused_with_the_nearest_one(self, tmp_path: Path) -> None:
        file = toml(tmp_path, "[server]\nthread = 3\n[sever]\nthreads = 3")
        said = problems(file)
        assert f"{file}: there is no setting server.thread; the nearest one is server.threads." in said
        assert f"{file}: there is no table [sever]; the nearest one is server." in said

    def test_on_the_command_line_are_refused_with_the_nearest_one(self) -> None:
        said = problems(flags={"server.liste": "x"})
        assert said == "flag --set: there is no setting server.liste; the nearest one is server.listen."

    def test_far_from_any_name_are_refused_without_one(self) -> None:
        assert problems(FUNCTION_BACKEND_ZZZ="1") == "FUNCTION_BACKEND_ZZZ: there is no such setting."


class TestWrongValues:
    def test_all_are_named_at_once(self) -> None:
        said = problems(FUNCTION_BACKEND_SERVER_THREADS="many", FUNCTION_BACKEND_LOG_LEVEL="loud")
        assert said.splitlines() == [
            "server.threads (from environment FUNCTION_BACKEND_SERVER_THREADS): expected a whole number, not 'many'.",
            (
                "log.level (from environment FUNCTION_BACKEND_LOG_LEVEL): expected one of debug, info, warning, error, "
                "not 'loud'."
            ),
        ]

    def test_that_break_a_rule_say_where_they_were_set(self) -> None:
        said = problems(FUNCTION_BACKEND_SERVER_LISTEN="nowhere")
        assert said.startswith("server.listen (from environment FUNCTION_BACKEND_SERVER_LISTEN): 'nowhere' is not an")

    def test_that_do_not_go_together_name_the_section(self, tmp_path: Path) -> None:
        said = problems(FUNCTION_BACKEND_TLS_CERTIFICATE=str(tmp_path / "server.crt"))
        assert "belong together" in said
        assert said.startswith("tls")

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        assert (
            problems(tmp_path / "none.toml") == f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory."
        )

    def test_a_file_that_is_not_toml_is_named(self, tmp_path: Path) -> None:
        assert "is not TOML" in problems(toml(tmp_path, "server: 1"))


class TestSecrets:
    def test_a_database_of_ones_own_needs_a_token_secret(self) -> None:
        assert "FUNCTION_BACKEND_TOKEN_SECRET" in problems(FUNCTION_BACKEND_DATABASE_URL=URL)
        settings = read(
            FUNCTION_BACKEND_DATABASE_URL=URL,
            FUNCTION_BACKEND_TOKEN_SECRET=SECRET,
            FUNCTION_BACKEND_AUTH_MASTER_KEYS=MASTER_KEY,
        ).settings
        assert settings.token.secret == Secret(SECRET)
        assert not settings.embedded

    def test_a_database_of_ones_own_needs_a_master_key(self) -> None:
        said = problems(FUNCTION_BACKEND_DATABASE_URL=URL, FUNCTION_BACKEND_TOKEN_SECRET=SECRET)
        assert "FUNCTION_BACKEND_AUTH_MASTER_KEYS" in said
        assert "openssl rand -base64 32" in said

    @pytest.mark.parametrize(
        "text",
        [
            "hunter2",
            "k1:hunter2",
            "k1:" + "aHVudGVyMg==",
            ":" + "A" * 43 + "=",
            "k 1:" + "A" * 43 + "=",
            "k1:" + "A" * 44,
        ],
    )
    def test_a_master_key_that_is_none_is_refused_without_showing_it(self, text: str) -> None:
        said = problems(FUNCTION_BACKEND_AUTH_MASTER_KEYS=text)
        assert "master_keys" in said
        assert "hunter2" not in said
        assert "A" * 43 not in said

    def test_two_master_keys_of_one_id_are_refused(self) -> None:
        assert "twice" in problems(FUNCTION_BACKEND_AUTH_MASTER_KEYS=f"{MASTER_KEY},{MASTER_KEY}")

    def test_can_be_read_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text(f"{SECRET}\n")
        loaded = read(FUNCTION_BACKEND_TOKEN_SECRET_FILE=str(tmp_path / "secret"))
        assert loaded.settings.token.secret == Secret(SECRET)
        assert loaded.sources["token.secret"] == "file of FUNCTION_BACKEND_TOKEN_SECRET_FILE"

    def test_in_a_file_that_is_missing_are_refused(self, tmp_path: Path) -> None:
        said = problems(FUNCTION_BACKEND_TOKEN_SECRET_FILE=str(tmp_path / "none"))
        assert "none cannot be read: No such file or directory." in said

    def test_both_as_text_and_as_file_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text(SECRET)
        said = problems(
            FUNCTION_BACKEND_TOKEN_SECRET=SECRET, FUNCTION_BACKEND_TOKEN_SECRET_FILE=str(tmp_path / "secret")
        )
        assert "keep one of them" in said

    def test_that_are_short_are_refused_without_showing_them(self) -> None:
        said = problems(FUNCTION_BACKEND_TOKEN_SECRET="hunter2")
        assert "at least 32 characters" in said
        assert "hunter2" not in said

    def test_are_shown_nowhere(self) -> None:
        loaded = read(
            FUNCTION_BACKEND_DATABASE_URL=URL,
            FUNCTION_BACKEND_TOKEN_SECRET=SECRET,
            FUNCTION_BACKEND_AUTH_MASTER_KEYS=MASTER_KEY,
            FUNCTION_BACKEND_CACHE_URL="redis://:hunter2@cache:6379/0",
        )
        shown = {entry.key.path: entry.shown for entry in loaded.effective()}
        assert shown["database.url"] == "postgresql://app:…@db.internal/companies"
        assert shown["token.secret"] == "…"
        assert shown["auth.master_keys"] == "…"
        for text in (repr(loaded.settings), str(loaded.settings), str(shown)):
            assert "hunter2" not in text
            assert SECRET not in text
            assert MASTER_KEY not in text

    def test_of_urls_that_are_wrong_do_not_appear(self) -> None:
        said = problems(FUNCTION_BACKEND_DATABASE_URL="mysql://app:hunter2@db", FUNCTION_BACKEND_TOKEN_SECRET=SECRET)
        assert "database.url (from environment FUNCTION_BACKEND_DATABASE_URL)" in said
        assert "hunter2" not in said


class TestValues:
    @pytest.mark.parametrize(
        ("kind", "raw", "value"),
        [
            (bool, "yes", True),
            (bool, "OFF", False),
            (bool, True, True),
            (int, "50_000", 50_000),
            (int, "4MiB", 4 * 1024 * 1024),
            (float, "0.5", 0.5),
            (float, 1, 1.0),
            (str | None, "", None),
            (int | None, "7", 7),
            (Path | None, "/x", Path("/x")),
            (timedelta, "250ms", timedelta(milliseconds=250)),
            (timedelta, "1h 30m", timedelta(minutes=90)),
            (timedelta, "1.5", timedelta(seconds=1.5)),
            (timedelta, 2, timedelta(seconds=2)),
            (tuple[str, ...], "a, b", ("a", "b")),
            (tuple[int, ...], [1, 2], (1, 2)),
        ],
    )
    def test_values_are_read_as_their_kind(self, kind: object, raw: object, value: object) -> None:
        assert parse(kind, raw) == value

    @pytest.mark.parametrize(
        ("kind", "raw", "message"),
        [
            (bool, "maybe", "true or false"),
            (int, True, "whole number"),
            (int, "4.5", "whole number"),
            (float, "much", "a number"),
            (float, False, "a number"),
            (str, 5, "text"),
            (timedelta, "soon", "span of time"),
            (timedelta, "5s later", "span of time"),
            (tuple[str, ...], 5, "a list"),
        ],
    )
    def test_that_do_not_fit_are_refused(self, kind: object, raw: object, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            parse(kind, raw)

    def test_of_a_type_without_a_reader_are_a_defect(self) -> None:
        with pytest.raises(TypeError):
            parse(dict, "x")

    @pytest.mark.parametrize(
        ("span", "text"),
        [
            (timedelta(0), "0s"),
            (timedelta(seconds=90), "90s"),
            (timedelta(minutes=10), "10m"),
            (timedelta(hours=2), "2h"),
            (timedelta(days=1), "1d"),
            (timedelta(milliseconds=1500), "1500ms"),
        ],
    )
    def test_spans_are_shown_as_people_write_them(self, span: timedelta, text: str) -> None:
        assert show_span(span) == text
        assert parse(timedelta, text) == span

    def test_are_shown_as_they_are_written(self) -> None:
        assert show((1, 2), sensitive=False) == "1,2"
        assert show(True, sensitive=False) == "true"  # noqa: FBT003 - the value under test
        assert show("hunter2", sensitive=True) == "…"


class TestSchema:
    def test_every_setting_says_what_it_is_for(self) -> None:
        for section, kind in sections(Settings).items():
            said = documentation(kind)
            assert [f"{section}.{field.name}" for field in fields(kind) if field.name not in said] == []

    def test_no_two_settings_share_a_variable(self) -> None:
        variables = [name for key in keys(Settings) for name in (key.variable, key.file_variable) if name]
        assert len(variables) == len(set(variables))


def test_the_operations_page_lists_the_settings_as_they_are() -> None:
    page = settings_reference.PAGE.read_text(encoding="utf-8")
    assert page == settings_reference.with_settings(page), "run tools/settings_reference.py"
