"""The environment in which Alembic runs this leg's revisions.

`web.migrations.upgrade` provides the connection, with its lock.
"""

from alembic import context

from resource_api.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
