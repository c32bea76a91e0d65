"""Alembic's entry point, which `web.migrations.upgrade` calls with a locked connection."""

from alembic import context

from auth_server.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
