"""The label of a response arrow names the result in one or two words."""

import pytest

from inspector.draw.words import summary
from tests.inspector.exchanges import exchange


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ('{"access_token": "••••••••", "refresh_token": "••••••••"}', "two tokens"),
        ('{"access_token": "a", "refresh_token": "r", "id_token": "i"}', "three tokens"),
        ('{"access_token": "••••••••"}', "an access token"),
        ('{"client_id": "c1", "client_name": "App", "redirect_uris": []}', "c1"),
        ('{"resource": "r", "authorization_servers": ["s"]}', "its metadata"),
        ('{"result": {"tools": [{"name": "a"}, {"name": "b"}]}}', "2 tools"),
        ('{"result": {"content": []}}', "a result"),
        ('{"keys": [{"kid": "1"}, {"kid": "2"}]}', "2 keys"),
        ('{"active": true, "name": "Alice"}', "active"),
        ('{"active": false}', "not active"),
        ('{"error": "invalid_grant"}', "invalid_grant"),
        ('{"photos": [{"id": "1"}, {"id": "2"}], "next": null}', "2 photos"),
        ('{"photos": [{"id": "1"}], "next": null}', "one photo"),
        ('{"issuer": "http://127.0.0.1:9000"}', "its endpoints"),
        ('{"sub": "1", "name": "Alice Liddell"}', "Alice Liddell"),
        ('{"id": "1", "title": "Dune at dawn"}', "Dune at dawn"),
        ('{"photos": [{"id": "1"}, {"i\n…', "application/json"),
        ("[1, 2]", "application/json"),
        ("{}", "empty"),
        ('{"next": 1}', "application/json"),
        ("", "empty"),
    ],
)
def test_a_json_response_is_labelled_by_its_content(text: str, label: str) -> None:
    assert summary(exchange("resource_api", "GET /", response_text=text)) == label


def test_a_redirect_is_labelled_by_its_target() -> None:
    assert (
        summary(exchange("client_app", "GET /callback?code=c", location="/photos?page=2"))
        == "to /photos"
    )


@pytest.mark.parametrize(
    ("challenge", "label"),
    [
        (
            'Bearer realm="photos", error="insufficient_scope", scope="photos:write"',
            "insufficient_scope",
        ),
        ('Bearer realm="photos"', "Bearer"),
    ],
)
def test_a_challenge_is_labelled_by_its_error(challenge: str, label: str) -> None:
    refused = exchange(
        "resource_api",
        "GET /photos",
        status=401,
        response_headers=[("Www-Authenticate", challenge)],
    )

    assert summary(refused) == label


def test_an_error_in_the_body_is_preferred_to_the_challenge() -> None:
    challenge = [("Www-Authenticate", 'Basic realm="Tripod ID"')]
    text = '{"error": "invalid_client"}'
    refused = exchange(
        "auth_server",
        "POST /oauth/token",
        status=401,
        response_headers=challenge,
        response_text=text,
    )

    assert summary(refused) == "invalid_client"
