"""Conditions on grants, for the queries of other modules."""

from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, exists

from auth_server.models import Grant, access_tokens, authorization_codes, refresh_tokens


def is_usable(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that a grant has a code to redeem or a token to use at `moment`."""
    tokens = access_tokens.c
    can_be_refreshed = (Grant.expires_at > moment) & has_tokens
    has_access = exists().where(tokens.grant_id == Grant.id, tokens.expires_at > moment)
    return Grant.ended_at.is_(None) & (has_code(moment) | can_be_refreshed | has_access)


def has_code(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that a grant has a code to redeem at `moment`."""
    codes = authorization_codes.c
    return exists().where(
        codes.grant_id == Grant.id, codes.redeemed_at.is_(None), codes.expires_at > moment
    )


has_tokens = exists().where(refresh_tokens.c.grant_id == Grant.id)
is_unended_of_user_and_client = (
    (Grant.user_id == bindparam("user_id"))
    & (Grant.client_id == bindparam("client_id"))
    & Grant.ended_at.is_(None)
)
