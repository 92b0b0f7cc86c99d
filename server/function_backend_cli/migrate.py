"""`function-backend migrate`."""

from __future__ import annotations

import sys
from typing import Annotated

import psycopg
import typer
from sqlalchemy.exc import SQLAlchemyError

from function_backend.persistence import migrate as migrations
from function_backend.persistence.embedded.errors import EmbeddedPostgresError
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from function_backend.persistence.failures import driver_error
from function_backend.persistence.refusals import SchemaError
from function_backend.persistence.roles import MissingPrivilegeError
from function_backend.settings.errors import SettingsError
from function_backend_cli.given_settings import read
from function_backend_cli.setting_flags import ConfigFlag, DatabaseUrlFlag, SetFlag, refuse

app = typer.Typer()


@app.command()
def migrate(
    database_url: DatabaseUrlFlag = None,
    serving_login: Annotated[
        str | None, typer.Option(help="The role that the service connects as, which is let in.")
    ] = None,
    data_dir: Annotated[str | None, typer.Option(help="Folder of the embedded PostgreSQL.")] = None,
    config: ConfigFlag = None,
    settings: SetFlag = None,
) -> None:
    """Brings the database to the schema of this release; does nothing when it is there.

    The database URL is that of the role that owns the schema. Without one the embedded database is migrated, which
    `serve` also does by itself.
    """
    flags = {"--data-dir": data_dir, "--database-url": database_url}
    try:
        loaded = read(config, settings, flags, to_serve=False).settings
        if loaded.embedded:
            with EmbeddedPostgres(loaded.data.dir) as cluster:
                revision = _upgrade(cluster.owner_url, None)
        else:
            revision = _upgrade(loaded.database.url, serving_login)
    except SettingsError as error:
        raise refuse(error.problems) from None
    except (EmbeddedPostgresError, SchemaError, MissingPrivilegeError) as error:
        raise refuse([str(error)]) from None
    except (psycopg.Error, SQLAlchemyError) as error:
        raise refuse([f"the database refused: {driver_error(error)}"]) from None
    sys.stdout.write(f"The schema is at {revision}.\n")


def _upgrade(url: str, serving_login: str | None) -> str | None:
    migrations.upgrade(url, serving_login=serving_login)
    return migrations.current(url)
