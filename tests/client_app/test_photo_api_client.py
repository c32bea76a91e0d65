"""RFC 6750 at the client: the token is sent in the header, and responses are validated."""

import io
import json

import pytest
import requests

from client_app.api_errors import (
    BadTitleError,
    InsufficientScopeError,
    InvalidTokenError,
    NoSuchPhotoError,
    NotAnImageError,
    PhotoApiUnreachableError,
    StorageFullError,
    TooLargeError,
)
from client_app.photo_api import PhotoApi


@pytest.fixture
def api(network, photo_api):
    session = requests.Session()
    session.mount("http://", network)
    return PhotoApi(photo_api.url, lambda: session)


@pytest.fixture
def access_token(tripod_id):
    return tripod_id.issue_for("profile photos:read")


def test_the_token_is_sent_only_in_the_header(api, access_token, network):
    """RFC 6750 §2.1 recommends the header, and §2.3 advises against tokens in URIs."""
    api.photos(access_token)

    assert network.requests[-1].headers["Authorization"] == f"Bearer {access_token}"
    assert access_token not in network.requests[-1].url
    assert network.requests[-1].body is None


@pytest.mark.parametrize(
    "response",
    [
        (200, b"<html>"),
        (200, []),
        (200, None),
        (200, {"photos": [5], "next": None}),
        (200, {"photos": [{"id": 5, "title": "t", "created_at": "2025-01-01"}], "next": None}),
        (
            200,
            {"photos": [{"id": "../me", "title": "t", "created_at": "2025-01-01"}], "next": None},
        ),
        (200, {"photos": [{"id": "p", "title": None, "created_at": "2025-01-01"}], "next": None}),
        (200, {"photos": [{"id": "p", "title": "t", "created_at": "soon"}], "next": None}),
        (200, {"photos": [], "next": 5}),
        (200, {"photos": [], "next": "http://[::1"}),
        (200, {"photos": "none"}),
        (200, b"[" * 100_000),
        (302, {}),
        (403, {"error": "something"}),
        (403, {"error": "insufficient_scope", "scope": 5}),
        (403, b""),
        (429, {}),
        (500, {}),
        (503, {"error": "temporarily_unavailable"}),
    ],
    ids=lambda response: str(response)[:60],
)
def test_an_invalid_list_of_photos_counts_as_an_unreachable_api(
    api, access_token, network, response
):
    network.instead["/photos"] = response

    with pytest.raises(PhotoApiUnreachableError):
        api.photos(access_token)


@pytest.mark.parametrize("document", [{}, {"name": 5}, [], None])
def test_a_missing_name_counts_as_an_unreachable_api(api, access_token, network, document):
    network.instead["/me"] = (200, document)

    with pytest.raises(PhotoApiUnreachableError):
        api.name(access_token)


def test_insufficient_scope_is_raised_with_the_needed_scope(api, tripod_id):
    """RFC 6750 §3.1: the `scope` of an insufficient_scope error names the needed scope."""
    with pytest.raises(InsufficientScopeError, match="photos:read"):
        api.photos(tripod_id.issue_for("profile"))


@pytest.mark.parametrize(
    "malformed_id",
    ["", ".", "..", "../me", "a/b", "a.b", "a b", "a\0", "a\n", "ñ", "a" * 65, "a?x=y", "a%2e"],
)
def test_a_malformed_id_is_not_requested(api, access_token, network, malformed_id):
    for method in (api.image, api.photos):
        with pytest.raises(NoSuchPhotoError):
            method(access_token, malformed_id)

    assert not network.requests


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_photo_is_not_found(api, access_token, network, status):
    network.instead["/photos"] = (status, {"error": "invalid_request"})

    with pytest.raises(NoSuchPhotoError):
        api.photos(access_token, after="unknown")


@pytest.mark.parametrize(
    "content_type", ["image/svg+xml", "text/html", "image/gif", "", "image/webp, text/html"]
)
def test_a_response_that_is_not_an_image_counts_as_an_unreachable_api(
    api, access_token, photo_api, content_type
):
    photo_api.image = (200, b"<script>x</script>", {"Content-Type": content_type})

    with pytest.raises(PhotoApiUnreachableError):
        api.image(access_token, "fjord")


@pytest.mark.parametrize(
    ("content_type", "passed_on"),
    [
        ("image/png", "image/png"),
        ("IMAGE/JPEG", "image/jpeg"),
        ("image/webp; x=y", "image/webp"),
        ("image/avif", "image/avif"),
    ],
)
def test_an_image_is_passed_on_with_its_plain_media_type(
    api, access_token, photo_api, content_type, passed_on
):
    photo_api.image = (200, b"picture", {"Content-Type": content_type})
    image = api.image(access_token, "fjord")

    assert (image.content_type, b"".join(image.chunks)) == (passed_on, b"picture")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, InvalidTokenError),
        (404, NoSuchPhotoError),
        (413, TooLargeError),
        (415, NotAnImageError),
        (422, BadTitleError),
        (507, StorageFullError),
        (302, PhotoApiUnreachableError),
        (500, PhotoApiUnreachableError),
        (503, PhotoApiUnreachableError),
    ],
)
def test_a_rejected_change_is_raised_with_its_status(api, access_token, network, status, error):
    network.instead |= {"POST /photos": (status, {}), "/photos/fjord": (status, {})}
    for change in (
        lambda: api.add(access_token, "t", io.BytesIO(b"x")),
        lambda: api.rename(access_token, "fjord", "t"),
        lambda: api.delete(access_token, "fjord"),
    ):
        with pytest.raises(error):
            change()


def test_a_malformed_id_is_not_changed(api, access_token, network):
    for change in (
        lambda: api.rename(access_token, "../me", "t"),
        lambda: api.delete(access_token, "../me"),
    ):
        with pytest.raises(NoSuchPhotoError):
            change()

    assert not network.requests


def test_an_incomplete_image_counts_as_an_unreachable_api(
    api, access_token, photo_api, monkeypatch
):
    def send_half(_response, _size):
        yield b"half"
        raise requests.exceptions.ChunkedEncodingError

    monkeypatch.setattr(requests.Response, "iter_content", send_half)

    with pytest.raises(PhotoApiUnreachableError):
        api.whole_image(access_token, "fjord")


@pytest.mark.parametrize("response", [[], None, 5, "text"])
def test_a_document_that_is_not_an_object_is_rejected(api, access_token, network, response):
    network.instead["/albums"] = (200, response)

    with pytest.raises(PhotoApiUnreachableError):
        api.document(access_token, "/albums")


FJORD = {"id": "fjord", "title": "Fjord", "created_at": "2025-01-17T12:00:00Z"}


@pytest.mark.parametrize(
    ("response", "detail"),
    [
        ((200, {"photos": [FJORD | {"title": ["secret"]}], "next": None}), "title is an array"),
        ((200, {"photos": [FJORD | {"id": 5}], "next": None}), "id is a number"),
        ((200, {"photos": [FJORD | {"id": "../me"}], "next": None}), "id is not valid"),
        ((200, {"photos": [FJORD | {"created_at": None}], "next": None}), "created_at is missing"),
        ((200, {"photos": [FJORD | {"created_at": "soon"}], "next": None}), "status 200"),
        ((200, b"<html>", {"Content-Type": "text/html; x=y"}), "status 200, text/html, 6 bytes"),
        ((200, []), "status 200, application/json, 2 bytes"),
    ],
    ids=str,
)
def test_an_answer_that_is_not_understood_says_what(api, access_token, network, response, detail):
    network.instead["/photos"] = response

    with pytest.raises(PhotoApiUnreachableError) as caught:
        api.photos(access_token)

    assert caught.value.reason == "photo_api_bad_answer"
    assert detail in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_document_in_any_unicode_encoding_is_read(api, access_token, network, encoding):
    document = json.dumps({"photos": [FJORD], "next": None}).encode(encoding)
    network.instead["/photos"] = (200, document, {"Content-Type": "application/json"})

    assert api.photos(access_token).photos[0].title == "Fjord"


def test_the_last_page_may_have_no_next(api, access_token, network):
    network.instead["/photos"] = (200, {"photos": [FJORD], "more": 5})

    assert api.photos(access_token).next_after is None


CHALLENGE = 'Bearer realm="other", error="insufficient_scope", scope="photos:read photos:x"'


@pytest.mark.parametrize(
    "challenge",
    [CHALLENGE, CHALLENGE.replace("Bearer", "bearer"), CHALLENGE.replace('"other"', "other")],
)
def test_the_missing_scope_may_be_in_the_challenge_only(api, access_token, network, challenge):
    """RFC 6750 §3: the challenge names the scope. The body of this API repeats it."""
    network.instead["/photos"] = (403, b"", {"WWW-Authenticate": challenge})

    with pytest.raises(InsufficientScopeError) as caught:
        api.photos(access_token)

    assert caught.value.scope == "photos:read photos:x"


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Bearer",
        "Basic abc",
        'Bearer error="insufficient_scope"',
        'Bearer error="insufficient_scope", scope=""',
        'Bearer error="insufficient_scope", scope="a  b"',
        'Bearer error="invalid_token", scope="photos:read"',
        'Bearer error="insufficient_scope", scope="unclosed',
        "\x00\xff,,,=",
    ],
)
def test_an_odd_challenge_names_no_scope(api, access_token, network, challenge):
    network.instead["/photos"] = (403, b"", {"WWW-Authenticate": challenge})

    with pytest.raises(PhotoApiUnreachableError) as caught:
        api.photos(access_token)

    assert caught.value.reason == "photo_api_failed"
