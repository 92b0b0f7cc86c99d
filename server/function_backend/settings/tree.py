"""The settings of the service: every package's own, under one name each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from function_backend.cache.client import CacheSettings
from function_backend.interceptors.settings import PipelineSettings
from function_backend.jobs.settings import JobsSettings
from function_backend.kernel.secret import Secret
from function_backend.observability.settings import LogSettings, MetricsSettings, TracingSettings
from function_backend.persistence.settings import EMBEDDED_URL, DatabaseSettings
from function_backend.runtime.settings import BackgroundSettings, ProcessSettings, ServerSettings, TlsSettings
from function_backend.services.audit.settings import AuditSettings
from function_backend.services.auth.settings import AuthSettings
from function_backend.services.company.settings import CompanySettings
from function_backend.services.events.settings import EventsSettings
from function_backend.services.rules.settings import RulesSettings
from function_backend.settings.errors import SettingsError
from function_backend.settings.load import Loaded, load
from function_backend.settings.sources import Given
from function_backend.sinks.extras import missing_extras
from function_backend.sinks.settings import (
    KafkaSettings,
    NatsSettings,
    RabbitMqSettings,
    RedisSinkSettings,
    SinksSettings,
)

_SUPPLIED = {"database.url": Given(EMBEDDED_URL, "embedded PostgreSQL")}
_SHORTEST_SECRET = 32
_UNSIGNED = (
    "token.secret: is missing and has no default where a database URL is set; set FUNCTION_BACKEND_TOKEN_SECRET or "
    "FUNCTION_BACKEND_TOKEN_SECRET_FILE, the same on every server."
)
_UNWRAPPED = (
    "auth.master_keys: is missing and has no default where a database URL is set; set FUNCTION_BACKEND_AUTH_MASTER_KEYS"
    " or FUNCTION_BACKEND_AUTH_MASTER_KEYS_FILE to <id>:<32 bytes in base64>, the same on every server; for example "
    'what this prints: echo "k1:$(openssl rand -base64 32)"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """The embedded PostgreSQL, used when no database URL is set."""

    dir: Path | None = None
    """Folder for its data; by default the one that the platform's custom names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """Page tokens."""

    secret: Secret | None = None
    """Key that page tokens are signed with, at least 32 characters, the same for all servers of a database. With the
    embedded PostgreSQL it is made at the first start and kept in the data folder."""

    def __post_init__(self) -> None:
        if self.secret is not None and len(self.secret.reveal()) < _SHORTEST_SECRET:
            raise ValueError(f"secret must have at least {_SHORTEST_SECRET} characters; try: openssl rand -base64 32")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. A section is a table of the file and the first word of its variables."""

    server: ServerSettings
    process: ProcessSettings
    background: BackgroundSettings
    tls: TlsSettings
    database: DatabaseSettings
    data: DataSettings
    token: TokenSettings
    cache: CacheSettings
    calls: PipelineSettings
    auth: AuthSettings
    company: CompanySettings
    rules: RulesSettings
    events: EventsSettings
    sinks: SinksSettings
    sink_rabbitmq: RabbitMqSettings
    sink_nats: NatsSettings
    sink_kafka: KafkaSettings
    sink_redis: RedisSinkSettings
    jobs: JobsSettings
    audit: AuditSettings
    log: LogSettings
    metrics: MetricsSettings
    tracing: TracingSettings

    @property
    def embedded(self) -> bool:
        """Whether the service brings its own PostgreSQL."""
        return self.database.url == EMBEDDED_URL

    @property
    def background_in_process(self) -> bool:
        """Whether the workers that serve do the background work as well."""
        return self.embedded if self.background.in_process == "auto" else self.background.in_process == "on"


CLIENT_VARIABLES = frozenset(
    f"FUNCTION_BACKEND_{name}"
    for name in (
        "API_KEY",
        "API_KEY_FILE",
        "ADDRESS",
        "TENANT",
        "CA_FILE",
        "CLIENT_FILE",
        "CLIENT_CERTIFICATE",
        "CLIENT_KEY",
        "TIMEOUT",
    )
)
"""Variables of the client, which may stand in the same environment."""


def read_settings(
    environment: Mapping[str, str],
    *,
    file: Path | None = None,
    flags: Mapping[str, Given] | None = None,
    to_serve: bool = True,
) -> Loaded[Settings]:
    """The settings from flags, environment and file; SettingsError lists everything that is wrong with them.

    With `to_serve` they must also hold what only serving needs.
    """
    loaded = load(
        Settings, environment=environment, file=file, flags=flags, supplied=_SUPPLIED, foreign=CLIENT_VARIABLES
    )
    missing = missing_extras(loaded.settings.sinks.enabled) if to_serve else []
    if to_serve and not loaded.settings.embedded:
        missing += [] if loaded.settings.token.secret is not None else [_UNSIGNED]
        missing += [] if loaded.settings.auth.master_keys else [_UNWRAPPED]
    if missing:
        raise SettingsError(missing)
    return loaded
