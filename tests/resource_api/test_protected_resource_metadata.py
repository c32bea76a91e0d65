"""RFC 9728, protected resource metadata: the document that describes the API to clients."""

from flask import Blueprint
from werkzeug.datastructures import WWWAuthenticate

from resource_api.protection import require_scope

ADDRESS = "/.well-known/oauth-protected-resource"


def test_the_metadata_names_the_authorization_server_and_the_scopes(http):
    response = http.get(ADDRESS)

    assert response.status_code == 200
    assert response.content_type == "application/json"
    metadata = response.json
    assert metadata.pop("scopes_supported")[:3] == ["profile", "photos:read", "photos:write"]
    assert metadata == {
        "resource": "http://127.0.0.1:9002",
        "authorization_servers": ["http://127.0.0.1:9000"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Photo API",
    }


def test_the_challenge_names_the_metadata(http):
    """§5.1: `resource_metadata` in the challenge is the URL of the metadata."""
    challenge = WWWAuthenticate.from_header(http.get("/photos").headers["WWW-Authenticate"])
    response = http.get(
        challenge.parameters["resource_metadata"].removeprefix("http://127.0.0.1:9002")
    )

    assert response.json["resource"] == "http://127.0.0.1:9002"


def test_the_metadata_is_the_same_on_every_spelling_of_the_host(http):
    """§3.3: `resource` must be the identifier that clients use, so it is always canonical."""
    response = http.get(ADDRESS, base_url="http://localhost:9002")

    assert response.status_code == 200
    assert response.json["resource"] == "http://127.0.0.1:9002"


def test_a_scope_that_only_a_decorator_names_is_listed(app, http, caller):
    prints = Blueprint("prints", __name__)

    @prints.get("/prints")
    @require_scope("prints:order")
    def order():
        return {"prints": []}

    app.register_blueprint(prints)
    refused = caller(scope="profile").get("/prints")

    assert http.get(ADDRESS).json["scopes_supported"][-1] == "prints:order"
    assert refused.status_code == 403
    assert 'scope="prints:order"' in refused.headers["WWW-Authenticate"]
    assert caller(scope="prints:order").get("/prints").json == {"prints": []}


def test_a_view_with_a_scope_accepts_another_spelling_of_the_host(app, caller):
    prints = Blueprint("prints", __name__)
    prints.get("/prints")(require_scope("prints:order")(lambda: {"prints": []}))
    app.register_blueprint(prints)

    response = caller(scope="prints:order").get("/prints", base_url="http://localhost:9002")

    assert response.status_code == 200
