"""`POST /orders` and `GET /orders/<number>`: the order form in the album, and the order sheet."""

from urllib.parse import urlsplit

import pytest
from world.threads import at_once

from tests.client_app.simulated_servers import photo


def order(browser, *photo_ids, size="10x15", copies="1", **fields):
    return browser.fill_in("/orders", photo=list(photo_ids), size=size, copies=copies, **fields)


def paths(network):
    return [urlsplit(request.url).path for request in network.requests]


def test_an_order_creates_a_sheet_with_its_photos(alices_browser):
    response = order(alices_browser, "fjord", "dune", size="13x18", copies="3")
    sheet = alices_browser.get(response.headers["Location"])

    assert response.status_code == 303
    assert sheet.status_code == 200
    for words in (
        "Fjord, blue hour",
        "Dune at dawn",
        "13 × 18 cm",
        "<dd>3</dd>",
        "<dd>6</dd>",
        "Alice Liddell",
    ):
        assert words in sheet.text
    assert '<img src="/photos/dune/image"' in sheet.text
    assert "12 KiB" not in sheet.text
    assert "Nothing is printed, sent or charged." in sheet.text


def test_the_number_is_on_the_sheet_and_in_the_album(alices_browser):
    address = order(alices_browser, "fjord").headers["Location"]
    number = address.rpartition("/")[2]

    assert f'<span class="number">{number}</span>' in alices_browser.get(address).text
    assert f'href="{address}">{number}</a>' in alices_browser.get("/photos").text


def test_all_images_are_loaded_before_an_order_is_stored(alices_browser, network):
    form, before = alices_browser.form(), len(network.requests)
    alices_browser.post(
        "/orders", form | {"photo": ["fjord", "dune"], "size": "10x15", "copies": "1"}
    )

    assert {"/photos/fjord/image", "/photos/dune/image"} < set(paths(network)[before:])
    assert all("Authorization" in request.headers for request in network.requests[before:])


def test_a_photo_selected_twice_is_printed_once(alices_browser):
    sheet = alices_browser.get(order(alices_browser, "fjord", "fjord").headers["Location"]).text

    assert sheet.count("<img ") == 1


def test_without_profile_the_sheet_has_no_name(browser):
    browser.connect(grant="photos:read")
    sheet = browser.get(order(browser, "fjord").headers["Location"]).text

    assert "<dt>For</dt>" not in sheet
    assert "with your permission" in sheet


@pytest.mark.parametrize(
    ("photo_ids", "size", "copies", "sentence"),
    [
        ([], "10x15", "1", "Tick at least one photo to print."),
        ([f"p{number}" for number in range(13)], "10x15", "1", "You ticked 13 photos."),
        (["fjord"], "9x9", "1", "Choose one of the sizes."),
        (["fjord"], "", "1", "Choose one of the sizes."),
        *(
            (["fjord"], "10x15", copies, "a number from 1 to 20")
            for copies in ("0", "21", "-1", "", "x", "1.5", "²", "9" * 99)
        ),
        (["gone"], "10x15", "1", "One of these photos does not exist any more."),
        (["../me"], "10x15", "1", "One of these photos does not exist any more."),
    ],
)
def test_an_invalid_order_shows_an_error_at_the_form(
    alices_browser, photo_ids, size, copies, sentence
):
    response = order(alices_browser, *photo_ids, size=size, copies=copies)

    assert response.status_code == 422
    assert "<title>Error: " in response.text
    assert "Nothing was ordered." in response.text
    assert f'id="order-photo-error">{sentence}' in response.text or sentence in response.text
    assert "Order sheets" not in response.text


def test_the_selection_is_kept_after_an_error(alices_browser):
    page = order(alices_browser, "dune", size="20x30", copies="0").text

    assert 'value="dune" form="order" aria-labelledby="title-dune" checked>' in page
    assert 'value="fjord" form="order" aria-labelledby="title-fjord">' in page
    assert '<option value="20x30" selected>' in page
    assert 'required value="0"' in page


def test_twelve_photos_can_be_ordered(alices_browser, photo_api):
    photo_api.photos = [
        photo(f"p{number}", f"Photo {number}", "2025-01-01") for number in range(12)
    ]
    sheet = alices_browser.get(
        order(alices_browser, *(listed["id"] for listed in photo_api.photos)).headers["Location"]
    ).text

    assert sheet.count("<img ") == 12


def test_a_missing_image_prevents_the_order(alices_browser, network, photo_api):
    photo_api.image = (500, {})
    response = order(alices_browser, "fjord")
    photo_api.image = (200, b"", {"Content-Type": "image/webp"})

    assert response.status_code == 503
    assert "Order sheets" not in alices_browser.get("/photos").text


def test_a_sheet_is_shown_only_in_its_own_browser(alices_browser, mallorys_browser):
    address = order(alices_browser, "fjord").headers["Location"]
    without_connection = mallorys_browser.get(address)
    mallorys_browser.connect()
    with_own_connection = mallorys_browser.get(address)

    assert without_connection.status_code == 403
    assert with_own_connection.status_code == 404
    assert "This order sheet does not exist" in with_own_connection.text


def test_disconnecting_deletes_the_sheets(alices_browser, stored):
    """Another user who connects in this browser later must not see them."""
    address = order(alices_browser, "fjord").headers["Location"]
    alices_browser.post("/disconnect")
    rows = len(stored())
    alices_browser.connect()

    assert rows == 0
    assert alices_browser.get(address).status_code == 404


def test_replacing_the_connection_deletes_its_sheets(alices_browser):
    address = order(alices_browser, "fjord").headers["Location"]
    alices_browser.connect()

    assert alices_browser.get(address).status_code == 404


def test_only_the_newest_ten_orders_are_kept(alices_browser):
    addresses = [order(alices_browser, "fjord").headers["Location"] for _ in range(11)]

    assert [
        alices_browser.get(address).status_code
        for address in (addresses[0], addresses[1], addresses[10])
    ] == [
        404,
        200,
        200,
    ]


def test_simultaneous_orders_are_all_kept(alices_browser):
    form = alices_browser.form() | {"photo": ["fjord"], "size": "10x15", "copies": "1"}
    tabs = [alices_browser.another_tab() for _ in range(5)]
    responses = at_once(*(lambda tab=tab: tab.post("/orders", dict(form)) for tab in tabs))

    assert [
        alices_browser.get(response.headers["Location"]).status_code for response in responses
    ] == [200] * 5


def test_a_refresh_keeps_the_sheets(alices_browser):
    address = order(alices_browser, "fjord").headers["Location"]
    alices_browser.post("/refresh")

    assert alices_browser.get(address).status_code == 200


def test_a_title_is_escaped(alices_browser, photo_api):
    photo_api.photos[0]["title"] = "<script>x</script>"

    assert (
        "<script>x"
        not in alices_browser.get(order(alices_browser, "fjord").headers["Location"]).text
    )


def test_a_form_without_a_csrf_token_orders_nothing(alices_browser):
    assert (
        alices_browser.post(
            "/orders", {"photo": "fjord", "size": "10x15", "copies": "1"}
        ).status_code
        == 400
    )
    assert "Order sheets" not in alices_browser.get("/photos").text
