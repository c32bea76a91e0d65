"""When a client that registered itself was last in use, so that it is kept for some time."""

import sqlalchemy as sa
from alembic import op

from web.database import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column."""
    op.add_column("clients", sa.Column("used_at", UtcDateTime))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("clients", "used_at")
