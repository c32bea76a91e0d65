"""The tables of users, clients, consents and grants, with their codes and tokens."""

import sqlalchemy as sa
from alembic import op

from web.database import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "users",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("is_demo", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )
    op.create_table(
        "clients",
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("client_secret_digest", sa.String(64)),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("redirect_uris", sa.JSON, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("is_resource_server", sa.Boolean, nullable=False),
        sa.Column("is_demo", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("owner_id", sa.String(64)),
        sa.Column("homepage", sa.Text),
        sa.PrimaryKeyConstraint("client_id", name="pk_clients"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name="fk_clients_owner_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_clients_owner_id", "clients", ["owner_id"])
    op.create_table(
        "consents",
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("granted_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "client_id", "scope", name="pk_consents"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_consents_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.client_id"], name="fk_consents_client_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_consents_client_id", "consents", ["client_id"])
    op.create_table(
        "grants",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("end_reason", sa.String(40)),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_grants_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.client_id"], name="fk_grants_client_id", ondelete="CASCADE"
        ),
    )
    for column in ("user_id", "client_id", "expires_at"):
        op.create_index(f"ix_grants_{column}", "grants", [column])
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("account_digest", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failures"),
    )
    for column in ("address", "at"):
        op.create_index(f"ix_sign_in_failures_{column}", "sign_in_failures", [column])
    _create_credentials()


def _create_credentials() -> None:
    op.create_table(
        "authorization_codes",
        *_digest_and_grant("authorization_codes"),
        sa.Column("redirect_uri", sa.Text),
        sa.Column("code_challenge", sa.String(128), nullable=False),
        sa.Column("issued_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("redeemed_at", UtcDateTime),
    )
    op.create_table(
        "refresh_tokens",
        *_digest_and_grant("refresh_tokens"),
        sa.Column("predecessor_digest", sa.String(64)),
        sa.Column("issued_at", UtcDateTime, nullable=False),
        sa.Column("spent_at", UtcDateTime),
        sa.Column("retried_at", UtcDateTime),
        sa.Column("lost_at", UtcDateTime),
    )
    op.create_table(
        "access_tokens",
        *_digest_and_grant("access_tokens"),
        sa.Column("refresh_token_digest", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("issued_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
    )
    for table in ("authorization_codes", "refresh_tokens", "access_tokens"):
        op.create_index(f"ix_{table}_grant_id", table, ["grant_id"])
    op.create_index(
        "ix_refresh_tokens_predecessor_digest", "refresh_tokens", ["predecessor_digest"]
    )
    op.create_index(
        "ix_access_tokens_refresh_token_digest", "access_tokens", ["refresh_token_digest"]
    )
    op.create_index("ix_access_tokens_expires_at", "access_tokens", ["expires_at"])


def _digest_and_grant(table: str) -> tuple[sa.Column[str] | sa.Constraint, ...]:
    return (
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("grant_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name=f"fk_{table}_grant_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Drop them."""
    for table in (
        "access_tokens",
        "refresh_tokens",
        "authorization_codes",
        "sign_in_failures",
        "grants",
        "consents",
        "clients",
        "users",
    ):
        op.drop_table(table)
