"""RFC 6749 §6: refreshing the access token."""

import pytest

from client_app import oauth


@pytest.fixture
def tokens(tripod_id):
    access_token = tripod_id.issue_for("profile photos:read")
    return oauth.Tokens(
        access_token, *tripod_id.refresh_tokens, "profile photos:read", expires_at=0, lifetime=120
    )


def test_a_refresh_returns_new_tokens(client, tripod_id, tokens):
    new = client.refresh(tokens)

    assert tripod_id.scope_of(new.access_token)
    assert new.access_token != tokens.access_token
    assert new.refresh_token != tokens.refresh_token


def test_no_scope_is_sent_by_default(client, network, tokens):
    """§6: an omitted scope means the scope originally granted.

    After partial consent, the server would reject the full scope.
    """
    client.refresh(client.refresh(tokens), scope="profile")

    first, second = network.forms("/oauth/token")
    assert "scope" not in first
    assert second["scope"] == "profile"


def test_the_old_refresh_token_is_kept_if_there_is_no_new_one(client, tripod_id, tokens):
    """§6: "The authorization server MAY issue a new refresh token"."""
    tripod_id.token_response["refresh_token"] = None

    assert client.refresh(tokens).refresh_token == tokens.refresh_token


def test_the_old_scope_is_kept_if_the_response_has_none(client, tripod_id, tokens):
    tripod_id.token_response["scope"] = None

    assert client.refresh(tokens).scope == "profile photos:read"


def test_a_spent_refresh_token_raises_an_error(client, tokens):
    client.refresh(tokens)

    with pytest.raises(oauth.RefusedError, match="invalid_grant"):
        client.refresh(tokens)


def test_without_a_refresh_token_no_request_is_sent(client, network):
    with pytest.raises(oauth.RefusedError, match="invalid_grant"):
        client.refresh(oauth.Tokens("at", None, "profile", expires_at=0, lifetime=120))

    assert not network.requests
