"""The lease of the process that deletes expired rows, and an index to find codes that expired."""

import sqlalchemy as sa
from alembic import op

from web.database import UtcDateTime

revision = "0007"
down_revision = "0006"

IS_UNUSED = sa.text("redeemed_at IS NULL")


def upgrade() -> None:
    """Create the table and the index."""
    op.create_table(
        "purge_leases",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_purge_leases"),
    )
    op.create_index(
        "ix_authorization_codes_unused",
        "authorization_codes",
        ["expires_at"],
        sqlite_where=IS_UNUSED,
        postgresql_where=IS_UNUSED,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_authorization_codes_unused", "authorization_codes")
    op.drop_table("purge_leases")
