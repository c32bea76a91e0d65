"""Create the tables for photos, their images and the seeded data."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "photo",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("content_type", sa.String(32), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_photo"),
    )
    op.create_index("ix_photo_owner_created_at_id", "photo", ["owner", "created_at", "id"])
    op.create_table(
        "photo_image",
        sa.Column("photo_id", sa.String(32), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("photo_id", name="pk_photo_image"),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name="fk_photo_image_photo_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "seeding",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("seeded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_seeding"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("seeding")
    op.drop_table("photo_image")
    op.drop_table("photo")
