"""Brings a leg's database up to the newest revision, once, whoever starts first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

#: Any constant will do, as long as every process that migrates takes the same one.
ADVISORY_LOCK = 749_000_001


def upgrade(engine: Engine, directory: Path) -> None:
    """Run the revisions under `directory` that the database lacks, in one transaction that no other start can share."""
    config = Config()
    config.set_main_option("script_location", str(directory).replace("%", "%%"))
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == _newest(config):
            return
    with engine.execution_options(tripod_writing=True).begin() as connection:
        _lock_out_other_starts(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _newest(config: Config) -> str | None:
    return ScriptDirectory.from_config(config).get_current_head()


def _lock_out_other_starts(connection: Connection) -> None:
    """On SQLite the transaction began as the only writing one; PostgreSQL is asked for a lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": ADVISORY_LOCK})
