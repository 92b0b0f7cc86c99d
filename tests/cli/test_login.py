"""`login`, `logout` and `whoami`, and the commands that use the login."""

import json
import stat
from pathlib import Path
from typing import Any

import grpc
import pytest

from function.auth.v1 import credential_pb2, credential_service_pb2, oauth_service_pb2
from tests.fixtures.command_line import Finished, RunCommand, run_command
from tests.fixtures.scripted import ScriptedService, always, refuse


@pytest.fixture
def service(scripted: ScriptedService) -> ScriptedService:
    """Signs in ann with `pa55word`, at once or by the device flow."""

    def token(request: Any, context: grpc.ServicerContext) -> Any:
        if request.grant_type == "password" and request.password != "pa55word":
            refuse(context, "SIGN_IN_FAILED")
        return oauth_service_pb2.TokenResponse(access_token="s3cret-a", expires_in=600, refresh_token="s3cret-r")

    def who(request: Any, context: grpc.ServicerContext) -> Any:
        metadata = {pair[0]: pair[1] for pair in context.invocation_metadata()}
        if metadata.get("authorization") not in {"Bearer s3cret-a", "Bearer fbk_key"}:
            refuse(context, "CREDENTIAL_MISSING")
        return credential_service_pb2.WhoAmIResponse(
            identity=credential_pb2.CallerIdentity(subject="user:ann", roles=["reader"], permissions=["company.read"])
        )

    scripted.on("Token", token)
    scripted.on("WhoAmI", who)
    scripted.on("Revoke", always(oauth_service_pb2.RevokeResponse()))
    scripted.on(
        "AuthorizeDevice",
        always(
            oauth_service_pb2.AuthorizeDeviceResponse(
                device_code="d-1",
                user_code="WDJB-MJHT",
                verification_uri="https://backend.example/device",
                expires_in=600,
                interval=1,
            )
        ),
    )
    return scripted


@pytest.fixture
def person(service: ScriptedService, here: Path) -> RunCommand:
    """Runs commands as somebody without a key."""

    def run(*arguments: str | Path, stdin: str | bytes | None = None, key: str | None = None) -> Finished:
        environment = {
            "FUNCTION_BACKEND_ADDRESS": service.address,
            "FUNCTION_BACKEND_API_KEY": key,
            "XDG_STATE_HOME": str(here / "state"),
        }
        return run_command(*arguments, environment=environment, stdin=stdin)

    return run


def login_files(here: Path) -> list[Path]:
    return sorted((here / "state").glob("function-backend/logins/*.json"))


def test_a_login_with_a_password_is_kept_for_the_commands_that_follow(
    person: RunCommand, service: ScriptedService, here: Path
) -> None:
    done = person("login", "--tenant", "acme", "--password", "ann", stdin="pa55word\n")
    assert done.status == 0, done.err
    sent = service.received("Token")[0].request
    assert (sent.grant_type, sent.username, sent.tenant) == ("password", "ann", "acme")
    (file,) = login_files(here)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "pa55word" not in file.read_text()
    who = person("whoami")
    assert who.status == 0, who.err
    assert "user:ann" in who.out
    assert "company.read" in who.out
    assert not any(secret in done.out + done.err + who.out for secret in ("s3cret", "pa55word"))


def test_the_device_flow_shows_the_code_on_standard_error(person: RunCommand, service: ScriptedService) -> None:
    done = person("login", "--tenant", "acme", "--json")
    assert done.status == 0, done.err
    assert "WDJB-MJHT" in done.err
    assert json.loads(done.out)["tenant"] == "acme"
    assert "s3cret" not in done.out + done.err
    assert service.received("Token")[0].request.device_code == "d-1"


def test_a_wrong_password_keeps_nothing(person: RunCommand, here: Path) -> None:
    done = person("login", "--tenant", "acme", "--password", "ann", stdin="wrong\n")
    assert (done.status, "SIGN_IN_FAILED" in done.err) == (1, True)
    assert not login_files(here)
    assert "function-backend login" in person("whoami").err


def test_a_key_goes_before_the_login(person: RunCommand, service: ScriptedService) -> None:
    person("login", "--tenant", "acme", "--password", "ann", stdin="pa55word\n")
    person("whoami", key="fbk_key")
    assert service.received("WhoAmI")[-1].metadata["authorization"] == "Bearer fbk_key"


def test_a_login_of_one_address_is_not_sent_to_another(person: RunCommand, here: Path) -> None:
    person("login", "--tenant", "acme", "--password", "ann", stdin="pa55word\n")
    (file,) = login_files(here)
    assert file.name.startswith("127.0.0.1_")
    done = person("whoami", "--address", "127.0.0.1:1", "--timeout", "0.2")
    assert done.status == 3


def test_logging_out_ends_the_session_and_forgets_the_tokens(
    person: RunCommand, service: ScriptedService, here: Path
) -> None:
    person("login", "--tenant", "acme", "--password", "ann", stdin="pa55word\n")
    assert "Logged out" in person("logout").out
    assert service.received("Revoke")[0].request.token == "s3cret-r"
    assert not login_files(here)
    assert "Nobody was logged in" in person("logout").out


def test_logging_out_forgets_the_tokens_even_when_the_service_refuses(
    person: RunCommand, service: ScriptedService, here: Path
) -> None:
    person("login", "--tenant", "acme", "--password", "ann", stdin="pa55word\n")
    service.on("Revoke", lambda request, context: refuse(context, "OAUTH_INVALID_CLIENT"))
    done = person("logout")
    assert "expires by itself" in done.err
    assert not login_files(here)


def test_a_file_that_others_may_read_is_not_used(person: RunCommand, here: Path) -> None:
    person("login", "--tenant", "acme", "--password", "ann", stdin="pa55word\n")
    (file,) = login_files(here)
    file.chmod(0o644)
    done = person("whoami")
    assert (done.status, "may be read by others" in done.err) == (1, True)
