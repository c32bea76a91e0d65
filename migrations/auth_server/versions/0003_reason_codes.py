"""`grants.end_reason` holds a reason code instead of a sentence."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

#: The code for each sentence that earlier versions stored. `replay` is the same in both.
CODES = {
    "removed by the resource owner": "removed_by_resource_owner",
    "revoked by the client": "revoked_by_client",
    "scope withdrawn": "scope_withdrawn",
}

grants = sa.table("grants", sa.column("end_reason", sa.String(40)))


def upgrade() -> None:
    """Replace each sentence by its code."""
    for sentence, code in CODES.items():
        _replace(sentence, code)


def downgrade() -> None:
    """Replace each code by its sentence."""
    for sentence, code in CODES.items():
        _replace(code, sentence)


def _replace(old: str, new: str) -> None:
    op.execute(grants.update().where(grants.c.end_reason == old).values(end_reason=new))
