"""`/photos/<id>/delete`: a confirmation page, and the form that deletes the photo."""


def test_the_album_links_to_the_confirmation_page(writer):
    assert (
        '<a href="/photos/dune/delete">Delete<span class="hidden"> Dune at dawn</span></a>'
        in writer.get("/photos").text
    )


def test_the_confirmation_page_names_the_photo_and_changes_nothing(writer, photo_api):
    page = writer.get("/photos/dune/delete").text

    assert "<strong><bdi>Dune at dawn</bdi></strong> will be deleted at Photo API" in page
    assert 'href="/photos#photo-dune">Keep it' in page
    assert len(photo_api.photos) == 2


def test_deleting_a_photo_returns_to_the_album(writer, photo_api):
    response = writer.fill_in("/photos/dune/delete", after="")

    assert (response.status_code, response.headers["Location"]) == (303, "/photos")
    assert [photo["id"] for photo in photo_api.photos] == ["fjord"]


def test_deleting_returns_to_the_same_page_of_the_album(writer):
    question = writer.get("/photos/dune/delete?after=fjord").text
    response = writer.fill_in("/photos/dune/delete", after="fjord")

    assert 'name="after" value="fjord"' in question
    assert response.headers["Location"] == "/photos?after=fjord"


def test_a_photo_that_no_longer_exists_gets_an_error_page(writer):
    responses = [writer.get("/photos/gone/delete"), writer.fill_in("/photos/gone/delete")]

    assert [response.status_code for response in responses] == [404, 404]
    assert all("It was deleted, or it is not yours." in response.text for response in responses)


def test_a_form_without_a_csrf_token_deletes_nothing(writer, photo_api):
    assert writer.post("/photos/dune/delete", {}).status_code == 400
    assert len(photo_api.photos) == 2


def test_the_api_is_not_called_without_photos_write(alices_browser, photo_api, network):
    form, before = alices_browser.form(), len(network.requests)
    response = alices_browser.post("/photos/dune/delete", form)

    assert response.status_code == 403
    assert len(network.requests) == before
