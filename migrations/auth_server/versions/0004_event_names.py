"""`account_events.event` uses the names of the pages: an app is allowed, removed or revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

#: The new name of each event that earlier versions stored under another one.
NAMES = {
    "app_let_in": "app_allowed",
    "app_taken_out": "app_removed",
    "app_shut_out": "app_revoked",
    "password_replaced": "password_reset",
}

account_events = sa.table("account_events", sa.column("event", sa.String(40)))


def upgrade() -> None:
    """Replace each old name by the new one."""
    for old, new in NAMES.items():
        _replace(old, new)


def downgrade() -> None:
    """Replace each new name by the old one."""
    for old, new in NAMES.items():
        _replace(new, old)


def _replace(old: str, new: str) -> None:
    matching = account_events.update().where(account_events.c.event == old)
    op.execute(matching.values(event=new))
