"""The migrations and the models define the same tables, with named constraints."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from config import PROJECT_ROOT
from resource_api.models import Base


def test_the_migrations_match_the_models(app):
    with app.extensions["tripod.database"].engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_can_be_undone(app):
    config = Config()
    config.set_main_option("script_location", str(PROJECT_ROOT / "migrations" / "resource_api"))
    with app.extensions["tripod.database"].engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        context = MigrationContext.configure(connection)

        assert len(compare_metadata(context, Base.metadata)) >= len(Base.metadata.tables)


def test_every_constraint_has_a_name(app):
    constraints = [
        constraint for table in Base.metadata.tables.values() for constraint in table.constraints
    ]

    assert constraints
    assert all(constraint.name for constraint in constraints)


def test_times_keep_their_time_zone_in_postgresql():
    statement = str(
        CreateTable(Base.metadata.tables["photo"]).compile(dialect=postgresql.dialect())
    )

    assert "created_at TIMESTAMP WITH TIME ZONE NOT NULL" in statement


def test_a_second_start_keeps_the_stored_photos(alices_client, start, settings):
    photo = alices_client.add_photo()
    start(settings)

    assert alices_client.get("/photos").json["photos"] == [photo]
