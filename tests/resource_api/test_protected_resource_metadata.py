"""RFC 9728, protected resource metadata: what a client that knows only this API's address needs to begin."""

from werkzeug.datastructures import WWWAuthenticate

ADDRESS = "/.well-known/oauth-protected-resource"


def test_the_metadata_names_the_authorization_server_and_the_scopes(http):
    answer = http.get(ADDRESS)

    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.json == {
        "resource": "http://127.0.0.1:9002",
        "authorization_servers": ["http://127.0.0.1:9000"],
        "scopes_supported": ["profile", "photos:read", "photos:write"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Photo API",
    }


def test_a_refused_client_finds_its_way_to_the_metadata(http):
    """§5.1: `resource_metadata` in the challenge is the URL of the metadata."""
    challenge = WWWAuthenticate.from_header(http.get("/photos").headers["WWW-Authenticate"])
    answer = http.get(
        challenge.parameters["resource_metadata"].removeprefix("http://127.0.0.1:9002")
    )

    assert answer.json["resource"] == "http://127.0.0.1:9002"


def test_it_stays_what_it_is_on_another_spelling_of_the_host(http):
    """§3.3: the `resource` must be identical to the one that the client began with, so there is one."""
    answer = http.get(ADDRESS, base_url="http://localhost:9002")

    assert answer.status_code == 200
    assert answer.json["resource"] == "http://127.0.0.1:9002"
