"""The migrations create exactly the tables of the models."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from auth_server.models import Base
from config import PROJECT_ROOT
from tests.auth_server.server import Server
from web import migrations
from web.database import Database

REVISIONS = PROJECT_ROOT / "migrations" / "auth_server"
OLD_ROWS = (
    "INSERT INTO users (id, username, name, password_hash, epoch, is_demo, created_at)"
    " VALUES ('u', 'alice', 'Alice', 'x', 0, 0, '2031-01-01')",
    "INSERT INTO clients"
    " (client_id, name, redirect_uris, scope, is_resource_server, is_demo, created_at)"
    " VALUES ('c', 'Posters', '[]', 'profile', 0, 0, '2031-01-01')",
    "INSERT INTO grants (id, user_id, client_id, scope, created_at, expires_at)"
    " VALUES ('g', 'u', 'c', 'profile', '2031-01-01', '2031-01-02')",
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    yield database
    database.close()


def test_the_migrations_match_the_models(database: Database) -> None:
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


@pytest.mark.parametrize("leg", ["auth_server", "resource_api"])
def test_the_name_of_the_newest_migration_begins_with_its_revision(leg: str) -> None:
    """A start compares the database with the name, without reading the migrations."""
    revisions = PROJECT_ROOT / "migrations" / leg
    newest = max(path.stem for path in revisions.glob("versions/*.py"))

    assert newest.partition("_")[0] == ScriptDirectory(str(revisions)).get_current_head()


def test_the_migrations_can_be_undone(database: Database) -> None:
    migrations.upgrade(database.engine, REVISIONS)
    config = Config()
    config.set_main_option("script_location", str(REVISIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    assert inspect(database.engine).get_table_names() == ["alembic_version"]


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("removed by the resource owner", "removed_by_resource_owner"),
        ("revoked by the client", "revoked_by_client"),
        ("scope withdrawn", "scope_withdrawn"),
        ("replay", "replay"),
        (None, None),
    ],
)
def test_an_upgrade_turns_the_reason_of_an_old_grant_into_a_code(
    database: Database, sentence: str | None, code: str | None
) -> None:
    config = Config()
    config.set_main_option("script_location", str(REVISIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    with database.engine.begin() as connection:
        for statement in OLD_ROWS:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE grants SET end_reason = ?", (sentence,))

    migrations.upgrade(database.engine, REVISIONS)

    with database.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT end_reason FROM grants").scalar_one()
    assert found == code


def test_every_foreign_key_is_indexed() -> None:
    """Deleting a user or a client must not scan all grants."""
    for table in Base.metadata.tables.values():
        leading = {next(iter(index.columns)).name for index in table.indexes} | {
            next(iter(table.primary_key)).name
        }
        for key in table.foreign_keys:
            assert key.parent.name in leading, f"{table.name}.{key.parent.name}"


def test_foreign_keys_are_enforced(server: Server) -> None:
    """SQLite enforces foreign keys only after a PRAGMA."""
    statement = (
        "INSERT INTO consents (user_id, client_id, scope, granted_at) "
        "VALUES ('x', 'y', 'z', '2031-01-01')"
    )
    with server.database.session(writing=True) as db, pytest.raises(IntegrityError):
        db.connection().exec_driver_sql(statement)
