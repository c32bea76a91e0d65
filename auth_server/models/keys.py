"""The keys that sign ID tokens."""

from sqlalchemy import Column, String, Table, Text

from auth_server.models.base import Base
from web.database import UtcDateTime

signing_keys = Table(
    "signing_keys",
    Base.metadata,
    Column("kid", String(64), primary_key=True),
    Column("alg", String(10), nullable=False),
    # A private JWK, encrypted.
    Column("private_key", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # From then on it signs no new ID token, but still verifies older ones.
    Column("retired_at", UtcDateTime),
)
