"""Alembic's entry into this leg's revisions: `web.migrations.upgrade` hands over the connection it has locked."""

from alembic import context

from auth_server.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
