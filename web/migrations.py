"""Upgrade a leg's database to the newest revision, once, in the process that starts first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

#: An arbitrary number, the same in every process that migrates.
ADVISORY_LOCK = 749_000_001


def upgrade(engine: Engine, directory: Path) -> None:
    """Apply the revisions under `directory` that the database lacks.

    All of them run in one transaction; another process that starts meanwhile waits for its end.
    """
    config = Config()
    config.set_main_option("script_location", str(directory).replace("%", "%%"))
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == _find_newest(config):
            return
    with engine.execution_options(tripod_writing=True).begin() as connection:
        _lock(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _find_newest(config: Config) -> str | None:
    return ScriptDirectory.from_config(config).get_current_head()


def _lock(connection: Connection) -> None:
    """Wait until no other process migrates.

    On SQLite, the transaction began as the only writing one; PostgreSQL needs a lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": ADVISORY_LOCK})
