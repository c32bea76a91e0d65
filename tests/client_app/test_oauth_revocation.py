"""RFC 7009: the client revokes its tokens."""

import pytest

from client_app import oauth


def tokens(refresh_token="rt"):
    return oauth.Tokens("at", refresh_token, "profile", expires_at=0, lifetime=120)


@pytest.mark.parametrize(
    ("refresh_token", "expected"),
    [
        ("rt", {"token": "rt", "token_type_hint": "refresh_token"}),
        (None, {"token": "at", "token_type_hint": "access_token"}),
    ],
)
def test_the_refresh_token_is_revoked_if_there_is_one(
    client, network, tripod_id, refresh_token, expected
):
    client.revoke(tokens(refresh_token))

    assert network.forms("/oauth/revoke") == [expected]
    assert tripod_id.credentials(network.requests[-1]) == ("print-shop", "a secret: with + and %")


def test_the_response_body_is_ignored(client, network):
    """§2.2: "The content of the response body is ignored by the client"."""
    network.instead["/oauth/revoke"] = (200, b"<p>gone</p>")

    client.revoke(tokens())

    assert len(network.forms("/oauth/revoke")) == 1


@pytest.mark.parametrize("response", [(503, b""), (404, b"")])
def test_an_unsuccessful_revocation_counts_as_an_unreachable_server(client, network, response):
    """§2.2.1: after a 503, the client must assume that the token still exists."""
    network.instead["/oauth/revoke"] = response

    with pytest.raises(oauth.UnreachableError):
        client.revoke(tokens())


def test_a_server_without_a_revocation_endpoint_raises_an_error(client, tripod_id):
    del tripod_id.metadata["revocation_endpoint"]

    with pytest.raises(oauth.UnreachableError, match="revocation_endpoint"):
        client.revoke(tokens())


def test_a_rejected_revocation_is_reported(client, network):
    network.instead["/oauth/revoke"] = (400, {"error": "unsupported_token_type"})

    with pytest.raises(oauth.RefusedError, match="unsupported_token_type"):
        client.revoke(tokens())
