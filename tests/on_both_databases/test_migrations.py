"""The migrations, from the first revision with data in it, on both databases."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, inspect, select
from sqlalchemy.types import JSON, Boolean, DateTime, Integer, LargeBinary
from world.postgresql import ON_BOTH_DATABASES

from auth_server.models import Base as AuthServerBase
from config import PROJECT_ROOT
from resource_api.models import Base as ResourceApiBase
from resource_api.photos import PART_BYTES
from web import migrations
from web.database import Database

METADATA = {"auth_server": AuthServerBase.metadata, "resource_api": ResourceApiBase.metadata}
#: Values that a revision replaces: the table, the column, the old value and the new one.
REPLACED = {
    "auth_server": [
        ("grants", "end_reason", "revoked by the client", "revoked_by_client"),
        ("grants", "end_reason", "scope withdrawn", "scope_withdrawn"),
        ("account_events", "event", "app_let_in", "app_allowed"),
        ("account_events", "event", "password_replaced", "password_reset"),
    ],
    "resource_api": [],
}
LEGS = sorted(METADATA)


@pytest.fixture(params=ON_BOTH_DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Return an empty database."""
    url = f"sqlite:///{tmp_path}/leg.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").create_database(secrets.token_hex(8))
    database = Database(url)
    yield database
    database.close()


def list_revisions(leg: str) -> list[str]:
    """Return every revision, oldest first."""
    scripts = ScriptDirectory(str(PROJECT_ROOT / "migrations" / leg))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def migrate(database: Database, leg: str, revision: str, *, down: bool = False) -> None:
    """Upgrade or downgrade the database to the revision."""
    config = Config()
    config.set_main_option("script_location", str(PROJECT_ROOT / "migrations" / leg))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        if down:
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


#: The columns that a revision drops on purpose.
DROPPED = {"0005": {"users.epoch"}}
#: A value for each type of column. Others are texts.
VALUES = {
    JSON: ["https://calendar.example/callback"],
    Boolean: False,
    Integer: 1,
    DateTime: datetime(2031, 3, 4, 12, 0, tzinfo=UTC),
    LargeBinary: b"\x00data",
}


def value_for(column: Any, keys: dict[str, str]) -> Any:
    """Return a value: that of the parent's key, or one that fits the type."""
    for key in column.foreign_keys:
        return keys[key.target_fullname]
    for kind, value in VALUES.items():
        if isinstance(column.type, kind):
            return value
    return f"{column.table.name} {column.name}"[: column.type.length or 99]


def add_rows(connection: Connection) -> dict[str, dict[str, Any]]:
    """Add a row to each empty table of the present schema; return the rows by table."""
    schema, keys = MetaData(), dict[str, str]()
    schema.reflect(connection)
    rows = {}
    for table in schema.sorted_tables:
        if table.name == "alembic_version":
            continue
        if not read_rows(connection, table):
            values = {column.name: value_for(column, keys) for column in table.columns}
            connection.execute(table.insert(), values)
        (row,) = read_rows(connection, table)
        keys |= {f"{table.name}.{name}": value for name, value in row.items()}
        rows[table.name] = row
    return rows


def read_rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """Return the rows of the table."""
    return [dict(row) for row in connection.execute(select(table)).mappings()]


@pytest.mark.parametrize("leg", LEGS)
def test_the_models_describe_what_the_migrations_create(leg: str, database: Database) -> None:
    migrations.upgrade(database.engine, PROJECT_ROOT / "migrations" / leg)

    with database.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA[leg]) == []


@pytest.mark.parametrize("leg", LEGS)
def test_each_revision_keeps_the_rows_of_the_revision_before(leg: str, database: Database) -> None:
    before: dict[str, dict[str, Any]] = {}
    for revision in list_revisions(leg):
        migrate(database, leg, revision)
        with database.engine.begin() as connection:
            rows = add_rows(connection)
        for table, row in before.items():
            kept = {
                name: value
                for name, value in row.items()
                if f"{table}.{name}" not in DROPPED.get(revision, ())
            }
            known = {name: value for name, value in rows[table].items() if name in row}
            assert known == kept, f"{revision}: {table}"
        before = rows

    with database.engine.connect() as connection:
        for table in METADATA[leg].sorted_tables:
            assert len(read_rows(connection, table)) == 1, table.name


@pytest.mark.parametrize("leg", LEGS)
def test_values_that_a_revision_replaces_are_replaced(leg: str, database: Database) -> None:
    for table_name, column, old, new in REPLACED[leg]:
        for revision in list_revisions(leg):
            migrate(database, leg, revision)
            with database.engine.begin() as connection:
                is_first = inspect(connection).has_table(table_name) and not find(
                    connection, table_name, column
                )
                if is_first:
                    add_rows(connection)
                    table = reflect(connection, table_name)
                    connection.execute(table.update().values({column: old}))
        with database.engine.connect() as connection:
            assert find(connection, table_name, column) == [new]
        migrate(database, leg, "base", down=True)


def reflect(connection: Connection, name: str) -> Table:
    """Return the table as it is at present."""
    return Table(name, MetaData(), autoload_with=connection)


def find(connection: Connection, table_name: str, column: str) -> list[Any]:
    """Return the values of the column."""
    return list(connection.scalars(select(reflect(connection, table_name).c[column])))


@pytest.mark.parametrize("leg", LEGS)
def test_the_migrations_can_be_undone_with_data(leg: str, database: Database) -> None:
    migrate(database, leg, "head")
    with database.engine.begin() as connection:
        add_rows(connection)
    for revision in [*list_revisions(leg)[-2::-1], "base"]:
        migrate(database, leg, revision, down=True)

    assert inspect(database.engine).get_table_names() == ["alembic_version"]


def test_images_that_were_stored_whole_are_divided_and_put_together(database: Database) -> None:
    sizes = (1, PART_BYTES, 2 * PART_BYTES + 1)
    images = {str(size): secrets.token_bytes(size) for size in sizes}
    migrate(database, "resource_api", "0001")
    with database.engine.begin() as connection:
        columns = reflect(connection, "photo").columns
        photos = [{column.name: value_for(column, {}) for column in columns} for _ in images]
        for photo, (name, data) in zip(photos, images.items(), strict=True):
            connection.execute(reflect(connection, "photo").insert(), photo | {"id": name})
            row = {"photo_id": name, "data": data}
            connection.execute(reflect(connection, "photo_image").insert(), row)
    migrate(database, "resource_api", "0002")
    with database.engine.connect() as connection:
        parts = read_rows(connection, reflect(connection, "photo_image"))
    migrate(database, "resource_api", "0001", down=True)
    with database.engine.connect() as connection:
        whole = read_rows(connection, reflect(connection, "photo_image"))

    assert sorted(part["number"] for part in parts) == [0, 0, 0, 1, 2]
    assert max(len(part["data"]) for part in parts) == PART_BYTES
    assert {row["photo_id"]: row["data"] for row in whole} == images
