"""`/photos/<id>/delete`: a page that asks, and a form that does it."""


def test_the_album_links_to_the_question(writer):
    assert (
        '<a href="/photos/dune/delete">Delete<span class="hidden"> Dune at dawn</span></a>'
        in writer.get("/photos").text
    )


def test_the_question_names_the_photo_and_changes_nothing(writer, photo_api):
    page = writer.get("/photos/dune/delete").text

    assert "<strong>Dune at dawn</strong> will be deleted at Photo API" in page
    assert 'href="/photos#photo-dune">Keep it' in page
    assert len(photo_api.photos) == 2


def test_a_photo_is_deleted_and_one_is_back_at_the_album(writer, photo_api):
    answer = writer.fill_in("/photos/dune/delete", after="")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/photos")
    assert [photo["id"] for photo in photo_api.photos] == ["fjord"]


def test_the_page_of_the_album_is_remembered(writer):
    question = writer.get("/photos/dune/delete?after=fjord").text
    answer = writer.fill_in("/photos/dune/delete", after="fjord")

    assert 'name="after" value="fjord"' in question
    assert answer.headers["Location"] == "/photos?after=fjord"


def test_a_photo_that_is_gone_already_gets_a_page(writer):
    answers = [writer.get("/photos/gone/delete"), writer.fill_in("/photos/gone/delete")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert all("It was deleted, or it is not yours." in answer.text for answer in answers)


def test_a_forged_form_deletes_nothing(writer, photo_api):
    assert writer.post("/photos/dune/delete", {}).status_code == 400
    assert len(photo_api.photos) == 2


def test_without_the_right_to_it_nothing_is_asked_of_the_api(alice, photo_api, network):
    form, before = alice.form(), len(network.requests)
    answer = alice.post("/photos/dune/delete", form)

    assert answer.status_code == 403
    assert len(network.requests) == before
