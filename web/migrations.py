"""Upgrade a leg's database to the newest revision, once, in the process that starts first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from web.database import lock


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
        lock(connection, "migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _find_newest(config: Config) -> str | None:
    return ScriptDirectory.from_config(config).get_current_head()
