"""`POST /photos/<id>/title`: renaming a photo."""

import pytest


def test_renaming_a_photo_returns_to_it(writer, photo_api):
    response = writer.fill_in("/photos/dune/title", title="Dune, late")

    assert (response.status_code, response.headers["Location"]) == (303, "/photos#photo-dune")
    assert photo_api.photos[1]["title"] == "Dune, late"


def test_renaming_returns_to_the_same_page_of_the_album(writer):
    response = writer.fill_in("/photos/dune/title", title="Dune, late", after="fjord")

    assert response.headers["Location"] == "/photos?after=fjord#photo-dune"


@pytest.mark.parametrize("after", ["//mallory.example", "x&y=z#w", "\r\nX: y"])
def test_a_malformed_after_returns_to_the_album(writer, after):
    response = writer.fill_in("/photos/dune/title", title="Dune, late", after=after)

    assert response.headers["Location"].startswith("/photos?after=")
    assert "\n" not in response.headers["Location"]
    assert response.headers["Location"].endswith("#photo-dune")


def test_each_photo_has_a_form_to_rename_it(writer):
    page = writer.get("/photos").text

    assert '<form method="post" action="/photos/dune/title"' in page
    assert '<label for="dune-title">New title</label>' in page
    assert page.count("<details open>") == 0


def test_a_rejected_title_is_kept_in_its_open_form(writer, network):
    network.instead["/photos/dune"] = (422, {"error": "invalid_title"})
    page = writer.fill_in("/photos/dune/title", title="  ")

    assert page.status_code == 422
    assert page.text.count("<details open>") == 1
    assert (
        'id="dune-title" name="title" required maxlength="200" autocomplete="off" value="  "'
        in page.text
    )
    assert "A title must have 1 to 200 characters" in page.text
    assert "Nothing was changed." in page.text


@pytest.mark.parametrize("photo_id", ["gone", "..", "a.b"])
def test_a_missing_photo_gets_an_error_page(writer, photo_id):
    response = writer.fill_in(f"/photos/{photo_id}/title", title="x")

    assert response.status_code == 404
    assert (
        "This photo does not exist" in response.text or "This page does not exist" in response.text
    )


def test_an_expired_token_is_refreshed_before_renaming(writer, photo_api, clock):
    form = writer.form()
    clock.forward(130)
    writer.post("/photos/dune/title", form | {"title": "Later"})

    assert photo_api.photos[1]["title"] == "Later"


def test_a_form_without_a_csrf_token_changes_nothing(writer, photo_api):
    assert writer.post("/photos/dune/title", {"title": "Mine now"}).status_code == 400
    assert photo_api.photos[1]["title"] == "Dune at dawn"
