"""Logins of people: the device flow, and a file that keeps the tokens for the next program (Linux and macOS)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from function.auth.v1 import oauth_service_pb2
from function_backend_client.errors import FunctionBackendError, UnauthenticatedError
from function_backend_client.grants import refreshed
from function_backend_client.token_endpoint import ServiceEndpoint
from function_backend_client.tokens import TokenEndpoint, Tokens

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
_NEAR_ITS_END: Final = 10.0
"""Seconds before its end at which a token is no longer handed to a program that has just started."""
_OWNER_ONLY: Final = 0o600
_WAIT: Final = frozenset({"OAUTH_AUTHORIZATION_PENDING", "OAUTH_SLOW_DOWN"})


class LoginFileError(Exception):
    """The file with the login cannot be used; the message says why and what to do."""


class LoginNeededError(UnauthenticatedError):
    """Nobody is logged in at this address, or no longer."""

    default_reason = "CREDENTIAL_MISSING"


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody's tokens for one address."""

    address: str
    client_id: str
    access_token: str = field(repr=False)
    expires_at: float
    """In seconds since 1970."""
    refresh_token: str = field(default="", repr=False)
    tenant: str = ""

    def tokens(self) -> Tokens:
        """The tokens, with what is left of their life."""
        return Tokens(self.access_token, self.expires_at - time.time(), self.refresh_token)


def login_folder() -> Path:
    """Where logins are kept: `$XDG_STATE_HOME/function-backend/logins`, below `~/.local/state` when that is not set."""
    state = os.environ.get("XDG_STATE_HOME", "")
    # By the specification a relative path counts as none.
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "function-backend" / "logins"


class LoginFile:
    """The file of one address. Only its owner can read it; a file that others may read is refused, not repaired."""

    def __init__(self, address: str, *, folder: Path | None = None) -> None:
        self.address = address
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", address)
        self.path = (folder or login_folder()) / f"{name}.json"

    def read(self) -> Login | None:
        """The login, if there is one. Raises LoginFileError."""
        try:
            # Not through a link: somebody else could have put it there.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LoginFileError(f"{self.path}: {error.strerror}") from error
        with os.fdopen(descriptor, encoding="utf-8") as content:
            found = os.fstat(content.fileno())
            if found.st_uid != os.getuid():
                raise LoginFileError(f"{self.path} belongs to somebody else")
            if stat.S_IMODE(found.st_mode) & ~_OWNER_ONLY:
                raise LoginFileError(
                    f"{self.path} may be read by others (mode {stat.S_IMODE(found.st_mode):o}): its tokens are to be"
                    " taken for known; remove it and log in again"
                )
            try:
                return Login(**json.load(content))
            except (ValueError, TypeError) as error:
                raise LoginFileError(f"{self.path} is damaged; remove it and log in again") from error

    def write(self, login: Login) -> None:
        """Replaces the login in one step."""
        self._make_folder()
        # mkstemp opens it for the owner alone, before anything is in it.
        descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as content:
                json.dump(asdict(login), content)
                content.flush()
                os.fsync(content.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink()
            raise

    def remove(self) -> bool:
        """Forgets the login; says whether there was one."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other programs from using up the same refresh token, which would end the login of both."""
        self._make_folder()
        descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _make_folder(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)


@dataclass(frozen=True, slots=True)
class SavedLogin:
    """Credentials from the file of an earlier login, which is kept up to date."""

    file: LoginFile

    def fetch(self, endpoint: TokenEndpoint, kept: Tokens | None) -> Tokens:
        """The tokens of the file, or the next ones. Raises LoginNeededError when nobody is logged in."""
        with self.file.locked():
            login = self._login()
            # Another program may have fetched new ones meanwhile.
            is_new = kept is None or login.access_token != kept.access_token
            if is_new and login.expires_at - time.time() > _NEAR_ITS_END:
                return login.tokens()
            if not login.refresh_token:
                raise LoginNeededError("the login has run out; log in again")
            try:
                tokens = refreshed(endpoint, login.refresh_token, client_id=login.client_id)
            except FunctionBackendError as error:
                if error.reason in {"OAUTH_INVALID_GRANT", "OAUTH_INVALID_CLIENT"}:
                    raise LoginNeededError(f"the login is over: {error.message}; log in again") from error
                raise
            self.file.write(saved(self.file.address, tokens, client_id=login.client_id, tenant=login.tenant))
            return tokens

    def _login(self) -> Login:
        try:
            login = self.file.read()
        except LoginFileError as error:
            raise LoginNeededError(str(error)) from error
        if login is None:
            raise LoginNeededError(f"nobody is logged in at {self.file.address}")
        return login


def saved(address: str, tokens: Tokens, *, client_id: str, tenant: str) -> Login:
    """Tokens as they are kept."""
    return Login(
        address=address,
        client_id=client_id,
        access_token=tokens.access_token,
        expires_at=time.time() + tokens.expires_in,
        refresh_token=tokens.refresh_token,
        tenant=tenant,
    )


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """The device flow (RFC 8628): a person agrees elsewhere, and this program gets tokens."""

    client_id: str
    tenant: str = ""
    scopes: Iterable[str] = ()

    def run(
        self,
        endpoint: ServiceEndpoint,
        show: Callable[[oauth_service_pb2.AuthorizeDeviceResponse], None],
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Tokens:
        """Shows the code, and waits until the person has agreed. Raises FunctionBackendError where they have not."""
        begun = endpoint.stub.AuthorizeDevice(
            oauth_service_pb2.AuthorizeDeviceRequest(
                client_id=self.client_id, tenant=self.tenant, scope=" ".join(self.scopes)
            )
        )
        show(begun)
        interval = float(begun.interval or 5)
        ends_at = clock() + begun.expires_in
        question = {
            "grant_type": DEVICE_CODE,
            "client_id": self.client_id,
            "tenant": self.tenant,
            "device_code": begun.device_code,
        }
        while True:
            sleep(interval)
            try:
                return endpoint.ask({name: value for name, value in question.items() if value})
            except FunctionBackendError as error:
                if error.reason not in _WAIT or clock() >= ends_at:
                    raise
                if error.reason == "OAUTH_SLOW_DOWN":
                    interval += 5.0
