"""The table `sign_ins` replaces `users.epoch`: each sign-in has a record, and can end alone.

Earlier sign-ins have no record, so users must sign in again after the upgrade.
"""

import sqlalchemy as sa
from alembic import op

from web.database import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table, and drop the column."""
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("signed_in_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime, nullable=False),
        sa.Column("address", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.UniqueConstraint("digest", name="uq_sign_ins_digest"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_sign_ins_user_id", ondelete="CASCADE"
        ),
    )
    for column in ("user_id", "used_at"):
        op.create_index(f"ix_sign_ins_{column}", "sign_ins", [column])
    op.drop_column("users", "epoch")


def downgrade() -> None:
    """Drop the table, and add the column."""
    op.add_column("users", sa.Column("epoch", sa.Integer, nullable=False, server_default="0"))
    op.drop_table("sign_ins")
