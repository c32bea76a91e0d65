"""RFC 8414: the client discovers the endpoints of an issuer."""

import pytest

from client_app import oauth

TRIPOD_ID = "http://127.0.0.1:9000"


@pytest.fixture
def move_server(client, network, tripod_id):
    """Return a function that gives the server another issuer, with its metadata at a given path."""

    def move(issuer, path):
        client.issuer = tripod_id.metadata["issuer"] = issuer
        tripod_id.metadata_path = path
        network.servers[issuer.removesuffix("/tenant").removesuffix("/")] = tripod_id

    return move


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        (TRIPOD_ID, "/.well-known/oauth-authorization-server"),
        (f"{TRIPOD_ID}/", "/.well-known/oauth-authorization-server"),
        (f"{TRIPOD_ID}/tenant", "/.well-known/oauth-authorization-server/tenant"),
        (TRIPOD_ID, "/.well-known/openid-configuration"),
        (f"{TRIPOD_ID}/tenant", "/tenant/.well-known/openid-configuration"),
        ("https://id.example", "/.well-known/oauth-authorization-server"),
    ],
)
def test_metadata_is_found_at_the_well_known_addresses(client, move_server, issuer, path):
    """§3.1 inserts the well-known string before the path; OpenID Connect Discovery appends it."""
    move_server(issuer, path)

    _, url = client.authorization_request("photos:read")

    assert url.startswith(f"{TRIPOD_ID}/oauth/authorize?")


def test_another_issuers_metadata_is_rejected(client, tripod_id):
    """§3.3: the returned issuer MUST be identical to the expected issuer identifier."""
    tripod_id.metadata["issuer"] = f"{TRIPOD_ID}/"

    with pytest.raises(oauth.UnreachableError, match="another issuer"):
        client.authorization_request("photos:read")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://id.example/oauth/token",
        "http://10.0.0.1/oauth/token",
        "ftp://127.0.0.1/oauth/token",
        "/oauth/token",
        "https://",
        f"{TRIPOD_ID}/oauth/token#fragment",
        "https://[::1/oauth/token",
        f"{TRIPOD_ID}/oauth/token\r\nX-Header: injected",
        "",
        None,
        5,
        ["https://id.example/oauth/token"],
    ],
)
def test_a_plain_http_endpoint_outside_loopback_is_rejected(client, tripod_id, network, endpoint):
    tripod_id.metadata["token_endpoint"] = endpoint
    request, _ = client.authorization_request("photos:read")

    with pytest.raises(oauth.UnreachableError) as raised:
        client.redeem("a code", request)

    assert raised.value.code == "bad_endpoint"
    assert not any(request.headers.get("Authorization") for request in network.requests)


@pytest.mark.parametrize(
    "response",
    [(200, b"<html>"), (200, []), (200, b"[" * 100_000), (500, {}), (429, {}), (302, {})],
)
def test_malformed_metadata_counts_as_an_unreachable_server(client, network, response):
    network.instead["/.well-known/oauth-authorization-server"] = response

    with pytest.raises(oauth.UnreachableError):
        client.authorization_request("photos:read")


def test_metadata_is_cached_for_five_minutes(client, network, clock):
    request_counts = []
    for seconds in (0, 299, 2):
        clock.forward(seconds)
        client.authorization_request("photos:read")
        request_counts.append(len(network.requests))

    assert request_counts == [1, 1, 2]


def test_a_failure_is_not_cached(client, network):
    network.down.add(TRIPOD_ID)
    with pytest.raises(oauth.UnreachableError):
        client.authorization_request("photos:read")
    network.down.clear()

    _, url = client.authorization_request("photos:read")

    assert url.startswith(TRIPOD_ID)


def test_metadata_from_the_future_is_not_kept(client, network, clock):
    """After the clock was set back by a day, it would otherwise be kept for a day."""
    client.authorization_request("photos:read")
    clock.forward(days=-1)
    client.authorization_request("photos:read")

    assert len(network.requests) == 2
