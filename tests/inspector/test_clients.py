"""Each message is attributed to its client, also in flows with two clients."""

from inspector.read.clients import Clients, registered_names
from inspector.record.exchange import Exchange
from tests.inspector.exchanges import exchange

PRINT_SHOP = [("Authorization", "Basic print-shop:••••••••")]
PHOTO_API = [("Authorization", "Basic photo-api:••••••••")]


def consent(client_id: str, name: str) -> Exchange:
    """Return an exchange in which the server logs the client's registered name."""
    logged = {"event": "consent_requested", "client_id": client_id, "client_name": name}
    return exchange("auth_server", "GET /oauth/authorize", events=[logged])


def test_print_shop_is_recognized_by_its_id_and_its_messages() -> None:
    token = exchange("auth_server", "POST /oauth/token", request_headers=PRINT_SHOP)
    album = exchange("client_app", "GET /photos")

    clients = Clients([token, album])

    assert (clients.together, clients.of(token), clients.of(album)) == ("Print Shop",) * 3


def test_another_client_is_named_by_its_id_until_its_name_is_known() -> None:
    request = exchange("auth_server", "GET /oauth/authorize", query=[("client_id", "0a1b2c")])

    assert Clients([request]).together == "0a1b2c"
    assert (
        Clients([request], registered_names([consent("0a1b2c", "Free Wallpapers")])).of(request)
        == "Free Wallpapers"
    )


def test_each_message_names_its_own_client() -> None:
    """Print Shop's messages must not be attributed to Mallory's app, and vice versa."""
    by_mallory = exchange("auth_server", "POST /oauth/token", form=[("client_id", "0a1b2c")])
    by_print_shop = exchange("auth_server", "POST /oauth/token", request_headers=PRINT_SHOP)

    clients = Clients([by_print_shop, by_mallory])

    assert (clients.of(by_print_shop), clients.of(by_mallory)) == ("Print Shop", "0a1b2c")
    assert clients.together == "Print Shop, 0a1b2c"


def test_a_message_that_names_no_client_belongs_to_the_only_client() -> None:
    photos = exchange("resource_api", "GET /photos")
    by_print_shop = exchange("auth_server", "POST /oauth/token", request_headers=PRINT_SHOP)
    by_mallory = exchange("auth_server", "POST /oauth/token", form=[("client_id", "0a1b2c")])

    assert Clients([photos, by_print_shop]).of(photos) == "Print Shop"
    assert Clients([photos, by_print_shop, by_mallory]).of(photos) == "A client"
    assert Clients([photos]).together == "A client"


def test_the_resource_api_does_not_count_as_a_client() -> None:
    introspection = exchange("auth_server", "POST /oauth/introspect", request_headers=PHOTO_API)

    assert Clients([introspection]).together == "A client"
