"""Each arrow has one short sentence, which names the parties as the heads do."""

import pytest

from inspector.read import headlines, steps
from inspector.read.messages import every, read_trees
from inspector.read.names import Names
from inspector.record.exchange import Body, Exchange
from tests.inspector.exchanges import exchange

NAMES = Names("Paper Calendar", "House ID")
BEARER = [("Authorization", "Bearer ••••••••")]
LAB = [("User-Agent", "Tripod lab: mallory")]
AGAIN = [("User-Agent", steps.sent_again(7))]


def asked(one: Exchange) -> str:
    """Return the sentence of the request."""
    [message] = every(read_trees([one]))
    return headlines.request(message, NAMES)


def answered(one: Exchange) -> str:
    """Return the sentence of the response."""
    [message] = every(read_trees([one]))
    return headlines.response(message, NAMES)


def at_the_api(request_line: str) -> Exchange:
    """Return a call with an access token."""
    return exchange("resource_api", request_line, request_headers=BEARER)


def by_an_agent(method: str, tool: str = "") -> Exchange:
    """Return a message of the Model Context Protocol with an access token."""
    headers = [*BEARER, ("Mcp-Method", method), ("Mcp-Name", tool)]
    return exchange("resource_api", "POST /mcp", request_headers=headers)


def sent(**fields: str) -> dict[str, list[tuple[str, str]]]:
    """Return the form of a request."""
    return {"form": list(fields.items())}


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (exchange("client_app", "GET /connect"), "The user starts at Paper Calendar"),
        (exchange("auth_server", "GET /oauth/authorize"), "Paper Calendar asks for access"),
        (exchange("auth_server", "POST /login"), "The user signs in"),
        (
            exchange("auth_server", "POST /oauth/authorize", **sent(decision="allow")),
            "The user allows access",
        ),
        (
            exchange("auth_server", "POST /oauth/authorize", **sent(decision="deny")),
            "The user denies access",
        ),
        (
            exchange("client_app", "GET /callback", query=[("code", "••••••••~c0c0c0")]),
            "The browser brings the code to Paper Calendar",
        ),
        (
            exchange("client_app", "GET /callback", query=[("error", "access_denied")]),
            "The browser brings an error to Paper Calendar",
        ),
        (
            exchange("auth_server", "POST /oauth/token", **sent(grant_type="authorization_code")),
            "Paper Calendar redeems the code",
        ),
        (
            exchange("auth_server", "POST /oauth/token", **sent(grant_type="refresh_token")),
            "Paper Calendar asks for new tokens",
        ),
        (at_the_api("GET /photos"), "Paper Calendar asks for the photos"),
        (at_the_api("GET /photos/12/image"), "Paper Calendar asks for an image"),
        (at_the_api("GET /elsewhere"), "Paper Calendar calls Photo API"),
        (by_an_agent("tools/list"), "Paper Calendar asks for the tools, through MCP"),
        (
            by_an_agent("tools/call", "rename_photo"),
            "Paper Calendar renames a photo through MCP",
        ),
        (by_an_agent("ping"), "Paper Calendar calls Photo API through MCP"),
        (
            exchange("auth_server", "POST /oauth/introspect", **sent(client_id="photo-api")),
            "Photo API asks about the token",
        ),
        (exchange("auth_server", "POST /oauth/revoke"), "Paper Calendar revokes its token"),
        (
            exchange("client_app", "GET /photos/12/image"),
            "The browser loads an image through Paper Calendar",
        ),
        (exchange("client_app", "GET /{0}"), "The browser opens a page of Paper Calendar"),
        (
            exchange("auth_server", "GET /oauth/userinfo", request_headers=BEARER),
            "Paper Calendar asks House ID who the user is",
        ),
        (
            exchange("auth_server", "GET /oauth/jwks"),
            "Paper Calendar fetches the public keys of House ID",
        ),
        (
            exchange("auth_server", "GET /oauth/logout"),
            "Paper Calendar sends the browser to House ID",
        ),
        (
            exchange("client_app", "POST /backchannel-logout"),
            "House ID tells Paper Calendar that the user has signed out",
        ),
        (exchange("client_app", "GET /profile"), "The user opens the page with their profile"),
        (
            exchange("auth_server", "PUT /oauth/register/c1"),
            "Paper Calendar changes its registration",
        ),
        (
            exchange(
                "auth_server",
                "POST /oauth/token",
                request_headers=LAB,
                **sent(grant_type="authorization_code"),
            ),
            "The attacker presents a code",
        ),
        (
            exchange(
                "auth_server",
                "POST /oauth/token",
                request_headers=AGAIN,
                **sent(grant_type="authorization_code"),
            ),
            "The inspector sends T1 again",
        ),
        (
            exchange("auth_server", "POST /oauth/register", request_headers=AGAIN),
            "The inspector sends a message again",
        ),
    ],
)
def test_a_request_is_one_sentence(one: Exchange, sentence: str) -> None:
    assert asked(one) == sentence


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (exchange("auth_server", "GET /login"), "House ID shows its login page"),
        (exchange("auth_server", "GET /oauth/authorize"), "House ID asks for consent"),
        (
            exchange("auth_server", "POST /oauth/token", **sent(grant_type="authorization_code")),
            "House ID issues two tokens",
        ),
        (
            exchange(
                "auth_server",
                "POST /oauth/token",
                response_text='{"access_token": "a", "id_token": "i"}',
                **sent(grant_type="authorization_code"),
            ),
            "House ID issues two tokens and an ID token",
        ),
        (
            exchange("auth_server", "GET /oauth/jwks", response_text='{"keys": []}'),
            "House ID returns its public keys",
        ),
        (
            exchange("auth_server", "GET /oauth/userinfo", response_text='{"sub": "1"}'),
            "House ID says which account the user has",
        ),
        (
            exchange(
                "auth_server",
                "POST /oauth/register",
                status=201,
                response_text='{"client_id": "c1", "redirect_uris": []}',
            ),
            "House ID returns the registration",
        ),
        (
            exchange(
                "resource_api",
                "GET /.well-known/oauth-protected-resource",
                response_text='{"resource": "r", "authorization_servers": []}',
            ),
            "Photo API names its authorization server",
        ),
        (
            exchange("resource_api", "POST /mcp", response_text='{"result": {"tools": []}}'),
            "Photo API returns its tools",
        ),
        (
            exchange("resource_api", "POST /mcp", response_text='{"result": {"content": []}}'),
            "Photo API returns the result",
        ),
        (exchange("auth_server", "POST /oauth/token", status=400), "House ID refuses"),
        (exchange("resource_api", "GET /photos", status=503), "Photo API fails"),
        (
            exchange("resource_api", "GET /photos", response_text='{"photos": [1, 2]}'),
            "Photo API returns 2 photos",
        ),
        (
            exchange("resource_api", "GET /me", response_text='{"name": "Alice"}'),
            "Photo API returns the user’s name",
        ),
        (
            exchange("auth_server", "POST /oauth/introspect", response_text='{"active": false}'),
            "House ID says that it is not active",
        ),
        (
            exchange("client_app", "GET /photos", response_body=Body(media_type="text/html")),
            "Paper Calendar shows a page",
        ),
        (
            exchange("auth_server", "POST /oauth/revoke", events=[{"event": "grant_ended"}]),
            "House ID ends the grant",
        ),
    ],
)
def test_a_response_is_one_sentence(one: Exchange, sentence: str) -> None:
    assert answered(one) == sentence


@pytest.mark.parametrize(
    ("between", "sentence"),
    [
        ([], "The browser asks again"),
        (["GET /login"], "The browser asks again"),
        (["GET /login", "POST /login"], "The browser asks again, after the sign-in"),
    ],
)
def test_only_a_request_that_follows_a_sign_in_says_so(between: list[str], sentence: str) -> None:
    query = [("state", "••••••••~5a5a5a")]
    address = "http://127.0.0.1:9000/oauth/authorize?state=s"
    requests = [
        exchange("auth_server", "GET /oauth/authorize", query=query),
        *(
            exchange("auth_server", one, at=at, location=address)
            for at, one in enumerate(between, 1)
        ),
        exchange("auth_server", "GET /oauth/authorize", at=9, query=query),
    ]

    assert headlines.request(every(read_trees(requests))[-1], NAMES) == sentence
