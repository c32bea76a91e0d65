"""OpenID Connect, resource indicators, registration by clients themselves, and signing keys."""

import sqlalchemy as sa
from alembic import op

from web.database import UtcDateTime

revision = "0008"
down_revision = "0007"

#: A client identifier can be an address. SQLite ignores lengths, and cannot alter a column.
_CLIENT_IDS = ("clients", "consents", "grants")
_ADDED = {
    "users": [sa.Column("email", sa.String(254))],
    "clients": [
        sa.Column("auth_method", sa.String(40)),
        sa.Column("id_token_alg", sa.String(10)),
        sa.Column("post_logout_redirect_uris", sa.JSON),
        sa.Column("backchannel_logout_uri", sa.Text),
        sa.Column("resource", sa.Text),
        sa.Column("links", sa.JSON),
        sa.Column("registered_by", sa.String(20)),
        sa.Column("registration_token_digest", sa.String(64)),
        sa.Column("document_expires_at", UtcDateTime),
    ],
    "grants": [
        sa.Column("signed_in_at", UtcDateTime),
        sa.Column("sign_in_id", sa.String(64)),
        sa.Column("resources", sa.Text),
    ],
    "authorization_codes": [sa.Column("nonce", sa.Text)],
    "access_tokens": [sa.Column("audience", sa.Text)],
}


def upgrade() -> None:
    """Add the columns, the indexes and the table of keys."""
    for table, columns in _ADDED.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_clients_resource", "clients", ["resource"], unique=True)
    op.create_index("ix_grants_sign_in_id", "grants", ["sign_in_id"])
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("alg", sa.String(10), nullable=False),
        sa.Column("private_key", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("retired_at", UtcDateTime),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
    )
    _set_length_of_client_ids(512)


def downgrade() -> None:
    """Delete the clients whose identifier is an address, and drop what was added."""
    clients = sa.table("clients", sa.column("client_id"))
    op.execute(clients.delete().where(sa.func.length(clients.c.client_id) > 64))
    _set_length_of_client_ids(64)
    op.drop_table("signing_keys")
    op.drop_index("ix_grants_sign_in_id", "grants")
    op.drop_index("ix_clients_resource", "clients")
    for table, columns in _ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)


def _set_length_of_client_ids(length: int) -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in _CLIENT_IDS:
        op.alter_column(table, "client_id", type_=sa.String(length))
