"""The revisions lead to the models, from nothing and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from auth_server.models import Base
from config import PROJECT_ROOT
from tests.auth_server.cast import Server
from web import migrations
from web.database import Database

REVISIONS = PROJECT_ROOT / "migrations" / "auth_server"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    yield database
    database.engine.dispose()


def test_the_revisions_lead_to_the_models(database: Database) -> None:
    migrations.upgrade(database.engine, REVISIONS)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )

        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    migrations.upgrade(database.engine, REVISIONS)
    tables = inspect(database.engine).get_table_names()
    migrations.upgrade(database.engine, REVISIONS)

    assert inspect(database.engine).get_table_names() == tables


def test_the_revisions_lead_back_to_nothing(database: Database) -> None:
    migrations.upgrade(database.engine, REVISIONS)
    config = Config()
    config.set_main_option("script_location", str(REVISIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    assert inspect(database.engine).get_table_names() == ["alembic_version"]


def test_every_foreign_key_is_indexed() -> None:
    """Deleting a person or a client must not read every grant there is."""
    for table in Base.metadata.tables.values():
        leading = {next(iter(index.columns)).name for index in table.indexes} | {
            next(iter(table.primary_key)).name
        }
        for key in table.foreign_keys:
            assert key.parent.name in leading, f"{table.name}.{key.parent.name}"


def test_foreign_keys_are_enforced(server: Server) -> None:
    """SQLite forgets to, unless it is told."""
    statement = "INSERT INTO consents (user_id, client_id, scope, granted_at) VALUES ('x', 'y', 'z', '2031-01-01')"
    with server.database.session(writing=True) as db, pytest.raises(IntegrityError):
        db.connection().exec_driver_sql(statement)
