"""A consent is outdated when the client changed. An index finds the grants that have not ended."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_IS_UNENDED = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("consents", sa.Column("outdated_by", sa.String(80), nullable=True))
    op.create_index(
        "ix_grants_unended",
        "grants",
        ["user_id", "client_id"],
        sqlite_where=_IS_UNENDED,
        postgresql_where=_IS_UNENDED,
    )


def downgrade() -> None:
    """Drop the index and the column. What is outdated is forgotten first."""
    op.drop_index("ix_grants_unended", "grants")
    consents = sa.table("consents", sa.column("outdated_by"))
    op.execute(consents.delete().where(consents.c.outdated_by.is_not(None)))
    op.drop_column("consents", "outdated_by")
