"""What all tables share."""

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase

from web.database import NAMING_CONVENTION
from web.purging import make_lease_table

DIGEST = String(64)
IDENTIFIER = String(64)
#: It can be an address. SQLite ignores lengths, and cannot alter a column.
CLIENT_IDENTIFIER = String(512).with_variant(IDENTIFIER, "sqlite")


class Base(DeclarativeBase):
    """The authorization server's tables."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


make_lease_table(Base.metadata)
