"""Store an image in several rows, so that no request loads the whole image."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

PART_BYTES = 256 * 1024

_images = sa.table(
    "photo_image", sa.column("photo_id"), sa.column("number"), sa.column("data", sa.LargeBinary)
)


def upgrade() -> None:
    """Add numbers for the parts, and divide the images that are stored as a whole."""
    with op.batch_alter_table("photo_image") as table:
        table.add_column(sa.Column("number", sa.Integer, nullable=False, server_default="0"))
        table.drop_constraint("pk_photo_image", type_="primary")
        table.create_primary_key("pk_photo_image", ["photo_id", "number"])
    with op.batch_alter_table("photo_image") as table:
        table.alter_column("number", existing_type=sa.Integer, server_default=None)
    connection = op.get_bind()
    length = sa.func.length(_images.c.data)
    long = sa.select(_images.c.photo_id, length).where(length > PART_BYTES)
    for photo_id, size in connection.execute(long).all():
        _divide(connection, photo_id, size)


def _divide(connection: sa.Connection, photo_id: str, size: int) -> None:
    is_first = (_images.c.photo_id == photo_id) & (_images.c.number == 0)
    for number in range(-(-size // PART_BYTES) - 1, 0, -1):
        part = sa.func.substr(_images.c.data, number * PART_BYTES + 1, PART_BYTES)
        rest = sa.select(_images.c.photo_id, sa.literal(number), part).where(is_first)
        connection.execute(_images.insert().from_select(["photo_id", "number", "data"], rest))
    first = sa.func.substr(_images.c.data, 1, PART_BYTES)
    connection.execute(_images.update().where(is_first).values(data=first))


def downgrade() -> None:
    """Put the parts together, and drop their numbers."""
    connection = op.get_bind()
    divided = sa.select(_images.c.photo_id).where(_images.c.number > 0).distinct()
    for photo_id in connection.scalars(divided).all():
        is_part = _images.c.photo_id == photo_id
        parts = connection.scalars(
            sa.select(_images.c.data).where(is_part).order_by(_images.c.number)
        )
        whole = b"".join(parts)
        connection.execute(_images.delete().where(is_part))
        connection.execute(_images.insert().values(photo_id=photo_id, number=0, data=whole))
    with op.batch_alter_table("photo_image") as table:
        table.drop_constraint("pk_photo_image", type_="primary")
        table.drop_column("number")
        table.create_primary_key("pk_photo_image", ["photo_id"])
