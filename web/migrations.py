"""Upgrade a leg's database to the newest revision, once, in the process that starts first."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from web.database import lock
from web.environment import ConfigurationError


def upgrade(engine: Engine, directory: Path) -> None:
    """Apply the revisions under `directory` that the database lacks.

    All of them run in one transaction; another process that starts meanwhile waits for its end.

    :raises ConfigurationError: when the database belongs to another leg or to a newer version.
    """
    with engine.connect() as connection:
        revision = _read_revision(connection)
    known = _list_revisions(directory)
    if revision == known[-1]:
        return
    if revision not in (None, *known):
        raise ConfigurationError(
            f"the database has revision {revision}, which {directory.name} does not know: it is "
            "that of another leg, or of a newer version."
        )
    # Most starts find nothing to apply. Alembic would take a sixth of their time, and 10 MiB. It is
    # loaded before the lock, so that others wait only for the revisions.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(directory).replace("%", "%%"))
    with engine.execution_options(tripod_writing=True).begin() as connection:
        lock(connection, "migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_newest(engine: Engine, directory: Path) -> bool:
    """Return whether the database has every revision under `directory`."""
    with engine.connect() as connection:
        return _read_revision(connection) == _list_revisions(directory)[-1]


def _read_revision(connection: Connection) -> str | None:
    """Return the revision of the database, or None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _list_revisions(directory: Path) -> list[str]:
    """Return the revisions, the oldest first. The name of each file begins with its revision."""
    names = sorted(path.name for path in directory.glob("versions/*.py"))
    return [name.partition("_")[0] for name in names]
