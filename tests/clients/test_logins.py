"""A person's login: agreed to elsewhere, and kept in a file for the owner alone."""

import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import grpc
import pytest

from function.auth.v1 import credential_service_pb2, oauth_service_pb2
from function_backend_client import OAuthAccessDeniedError, UnavailableError, connect
from function_backend_client.logins import (
    DeviceLogin,
    Login,
    LoginFile,
    LoginFileError,
    LoginNeededError,
    SavedLogin,
    login_folder,
    saved,
)
from function_backend_client.tokens import Parameters, Tokens, TokenSource
from tests.fixtures.scripted import ScriptedService, always, refuse

ADDRESS = "127.0.0.1:50051"


@pytest.fixture
def file(tmp_path: Path) -> LoginFile:
    return LoginFile(ADDRESS, folder=tmp_path / "logins")


def login(access: str = "t1", *, seconds: float = 600.0, refresh: str = "r1") -> Login:
    return saved(ADDRESS, Tokens(access, seconds, refresh), client_id="cli", tenant="acme")


class TestFile:
    def test_what_was_written_is_read_again(self, file: LoginFile) -> None:
        assert file.read() is None
        file.write(login())
        found = file.read()
        assert found is not None
        assert (found.access_token, found.refresh_token, found.tenant) == ("t1", "r1", "acme")
        assert file.remove()
        assert not file.remove()

    def test_only_its_owner_may_read_it_whatever_the_umask(self, file: LoginFile) -> None:
        before = os.umask(0)
        try:
            file.write(login())
            with file.locked():
                pass
        finally:
            os.umask(before)
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(file.path.with_suffix(".lock").stat().st_mode) == 0o600

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
    def test_a_file_that_others_may_read_is_refused_and_not_repeated(self, file: LoginFile, mode: int) -> None:
        file.write(login("s3cret"))
        file.path.chmod(mode)
        with pytest.raises(LoginFileError, match="may be read by others") as caught:
            file.read()
        assert "s3cret" not in str(caught.value)

    def test_a_link_is_not_followed(self, file: LoginFile, tmp_path: Path) -> None:
        file.write(login())
        file.path.rename(tmp_path / "elsewhere.json")
        file.path.symlink_to(tmp_path / "elsewhere.json")
        with pytest.raises(LoginFileError):
            file.read()

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"address": "x"}', '{"access_token": 1, "other": 2}'])
    def test_a_damaged_file_is_named(self, file: LoginFile, text: str) -> None:
        file.write(login())
        file.path.write_text(text)
        with pytest.raises(LoginFileError, match="damaged"):
            file.read()

    def test_a_write_that_fails_leaves_the_old_login_and_nothing_else(
        self, file: LoginFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file.write(login("old"))

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            file.write(login("new"))
        found = file.read()
        assert found is not None
        assert found.access_token == "old"
        assert [path.name for path in file.path.parent.iterdir()] == [file.path.name]

    def test_the_place_follows_the_xdg_folders(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        assert login_folder() == tmp_path / "function-backend" / "logins"
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_STATE_HOME", "relative")
        assert login_folder() == tmp_path / ".local" / "state" / "function-backend" / "logins"

    def test_addresses_do_not_share_a_file_and_stay_in_the_folder(self, tmp_path: Path) -> None:
        paths = {LoginFile(address, folder=tmp_path).path for address in ("a:1", "a:2", "../a:1", "unix:/run/a.sock")}
        assert len(paths) == 4
        assert {path.parent for path in paths} == {tmp_path}


class Endpoint:
    """Hands out the next pair for the refresh token that is good, and refuses every other one."""

    def __init__(self, good: str) -> None:
        self.good = good
        self.asked: list[Parameters] = []
        self.failure: Exception | None = None

    def ask(self, parameters: Parameters) -> Tokens:
        self.asked.append(parameters)
        if self.failure is not None:
            raise self.failure
        assert parameters["refresh_token"] == self.good, "a used refresh token would end the login"
        number = len(self.asked) + 1
        self.good = f"r{number}"
        return Tokens(f"t{number}", 600.0, self.good)

    def issuer(self) -> str:
        return ""


class TestSavedLogin:
    def test_the_token_of_the_file_is_used_while_it_is_good(self, file: LoginFile) -> None:
        file.write(login("t1"))
        endpoint = Endpoint("r1")
        assert TokenSource(SavedLogin(file), endpoint).refresh() == "Bearer t1"
        assert not endpoint.asked

    def test_an_old_one_is_replaced_in_the_file_too(self, file: LoginFile) -> None:
        file.write(login("t1", seconds=5.0))
        endpoint = Endpoint("r1")
        assert TokenSource(SavedLogin(file), endpoint).refresh() == "Bearer t2"
        found = file.read()
        assert found is not None
        assert (found.access_token, found.refresh_token) == ("t2", "r2")
        assert endpoint.asked[0]["client_id"] == "cli"

    def test_programs_that_start_at_once_use_a_refresh_token_once(self, file: LoginFile) -> None:
        file.write(login("t1", seconds=0.0))
        endpoint = Endpoint("r1")
        everybody = threading.Barrier(6)
        found: list[str] = []

        def program() -> None:
            source = TokenSource(SavedLogin(LoginFile(ADDRESS, folder=file.path.parent)), endpoint)
            everybody.wait()
            found.append(source.refresh())

        threads = [threading.Thread(target=program) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == ["Bearer t2"] * 6
        assert len(endpoint.asked) == 1

    def test_a_token_that_was_refused_is_not_taken_from_the_file_again(self, file: LoginFile) -> None:
        file.write(login("t1"))
        source = TokenSource(SavedLogin(file), Endpoint("r1"))
        source.forget(source.refresh())
        assert source.refresh() == "Bearer t2"

    def test_who_is_not_logged_in_is_told_so(self, file: LoginFile) -> None:
        with pytest.raises(LoginNeededError, match="nobody is logged in"):
            TokenSource(SavedLogin(file), Endpoint("r1")).refresh()
        file.write(login(seconds=0.0, refresh=""))
        with pytest.raises(LoginNeededError, match="run out"):
            TokenSource(SavedLogin(file), Endpoint("r1")).refresh()
        file.path.chmod(0o644)
        with pytest.raises(LoginNeededError, match="may be read by others"):
            TokenSource(SavedLogin(file), Endpoint("r1")).refresh()

    def test_a_service_that_is_away_does_not_end_a_login(self, file: LoginFile) -> None:
        file.write(login(seconds=0.0))
        endpoint = Endpoint("r1")
        endpoint.failure = UnavailableError("away")
        with pytest.raises(UnavailableError):
            TokenSource(SavedLogin(file), endpoint).refresh()
        found = file.read()
        assert found is not None
        assert found.refresh_token == "r1"

    def test_a_session_that_was_revoked_means_a_new_login(self, scripted: ScriptedService, file: LoginFile) -> None:
        scripted.on("Token", lambda request, context: refuse(context, "OAUTH_INVALID_GRANT"))
        file.write(login(seconds=0.0))
        with (
            connect(scripted.address, credentials=SavedLogin(file)) as client,
            pytest.raises(LoginNeededError, match="log in again"),
        ):
            client.credentials.who_am_i()


class TestDeviceFlow:
    def test_it_shows_the_code_and_waits_until_somebody_agrees(self, scripted: ScriptedService) -> None:
        answers = ["OAUTH_AUTHORIZATION_PENDING", "OAUTH_SLOW_DOWN", "OAUTH_AUTHORIZATION_PENDING", ""]

        def token(request: Any, context: grpc.ServicerContext) -> Any:
            reason = answers[len(scripted.received("Token")) - 1]
            if reason:
                refuse(context, reason)
            return oauth_service_pb2.TokenResponse(access_token="t1", expires_in=600, refresh_token="r1")

        scripted.on("Token", token)
        scripted.on(
            "AuthorizeDevice",
            always(
                oauth_service_pb2.AuthorizeDeviceResponse(
                    device_code="d-1", user_code="WDJB-MJHT", expires_in=600, interval=3
                )
            ),
        )
        shown: list[str] = []
        slept: list[float] = []
        with connect(scripted.address) as client:
            tokens = DeviceLogin("cli", "acme").run(
                client.tokens, lambda begun: shown.append(begun.user_code), sleep=slept.append
            )
        assert tokens.access_token == "t1"
        assert shown == ["WDJB-MJHT"]
        assert slept == [3.0, 3.0, 8.0, 8.0], "five seconds more after slow_down"
        asked = scripted.received("Token")[0].request
        assert (asked.device_code, asked.client_id) == ("d-1", "cli")

    def test_somebody_who_refuses_ends_it(self, scripted: ScriptedService) -> None:
        scripted.on("AuthorizeDevice", always(oauth_service_pb2.AuthorizeDeviceResponse(device_code="d", expires_in=9)))
        scripted.on("Token", lambda request, context: refuse(context, "OAUTH_ACCESS_DENIED"))
        with connect(scripted.address) as client, pytest.raises(OAuthAccessDeniedError):
            DeviceLogin("cli").run(client.tokens, lambda begun: None, sleep=lambda seconds: None)

    def test_it_gives_up_when_the_code_has_run_out(self, scripted: ScriptedService) -> None:
        scripted.on("AuthorizeDevice", always(oauth_service_pb2.AuthorizeDeviceResponse(device_code="d", expires_in=9)))
        scripted.on("Token", lambda request, context: refuse(context, "OAUTH_AUTHORIZATION_PENDING"))
        times = iter([0.0, 5.0, 10.0])
        with connect(scripted.address) as client, pytest.raises(Exception, match="OAUTH_AUTHORIZATION_PENDING"):
            DeviceLogin("cli").run(
                client.tokens, lambda begun: None, sleep=lambda seconds: None, clock=lambda: next(times)
            )
        assert len(scripted.received("Token")) == 2


def test_a_saved_login_is_sent_like_any_credential(scripted: ScriptedService, file: LoginFile) -> None:
    scripted.on("WhoAmI", always(credential_service_pb2.WhoAmIResponse()))
    file.write(login("t1"))
    with connect(scripted.address, credentials=SavedLogin(file)) as client:
        client.credentials.who_am_i()
    assert scripted.received("WhoAmI")[0].metadata["authorization"] == "Bearer t1"
    assert "t1" in json.loads(file.path.read_text())["access_token"]
