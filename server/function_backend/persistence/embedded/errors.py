"""Why the embedded database could not be used; every text says what to do about it."""


class EmbeddedPostgresError(RuntimeError):
    """The embedded database cannot be used; the text is meant for the person who started the process."""


class PostgresNotFoundError(EmbeddedPostgresError):
    """No usable PostgreSQL programs were found."""


class DataFolderError(EmbeddedPostgresError):
    """The data folder cannot be used by this process or by the server's account."""


class ServerAccountError(EmbeddedPostgresError):
    """The process is root and has no other account to run the server under."""


class DataVersionError(EmbeddedPostgresError):
    """The data folder was written by another major version of PostgreSQL."""


class PostgresStartError(EmbeddedPostgresError):
    """PostgreSQL was started and did not become ready."""
