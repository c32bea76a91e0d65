"""The unmasked values of a flow, and the messages in which the inspector has them sealed."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from world.cast import Person
from world.legs import Legs
from world.page import Page
from world.registered_client import query_of

from inspector.record.exchange import Exchange
from inspector.record.store import Store, open_store


def token_responses(legs: Legs) -> list[dict[str, Any]]:
    """Return the token responses that were sent, oldest first."""
    sent = legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")
    return [exchange.json for exchange in sent if exchange.status == 200]


def token_requests(legs: Legs) -> list[dict[str, str]]:
    """Return the forms of the token requests that were sent, oldest first."""
    sent = legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")
    return [
        {name: values[0] for name, values in parse_qs(exchange.request_body.decode()).items()}
        for exchange in sent
    ]


def every_value(legs: Legs) -> set[str]:
    """Return every code, verifier and token of the flow."""
    requests = [
        form[name]
        for form in token_requests(legs)
        for name in ("code", "code_verifier")
        if name in form
    ]
    responses = [
        response[name]
        for response in token_responses(legs)
        for name in ("access_token", "refresh_token")
    ]
    return {*requests, *responses}


def recorded(store: Store, path: str, at: int = -1) -> Exchange:
    """Return the recorded message with this path, by default the newest one."""
    return [one for one in store.exchanges() if one.path == path][at]


def mask(legs: Legs, value: str) -> str:
    """Return the mask of a value in the recording."""
    exchanges = open_store(legs.client_app.extensions["tripod.settings"]).exchanges()
    [masked] = {one for each in exchanges for one in each.sealed if one.startswith(value[:6])}
    return masked


def connect(legs: Legs, person: Person) -> None:
    """Connect Print Shop, and close the album."""
    person.go_through(f"{legs.client_app_url}/connect")


def reveal(legs: Legs, person: Person, exchange: Exchange, value: str) -> Page:
    """Open the message in the inspector and press the button of this value."""
    return press_reveal(legs, person, exchange, mask(legs, value))


def press_reveal(legs: Legs, person: Person, exchange: Exchange, masked: str) -> Page:
    """Open the message in the inspector and press the button of this masked value."""
    page = person.browser.open(f"{legs.client_app_url}/inspector?exchange={exchange.id}")
    forms = [form for form in page.forms if form.values("exchange") == [str(exchange.id)]]
    # The same value is in other messages too.
    page.forms = forms
    return person.browser.press(name="masked", value=masked)


def press_every_button(legs: Legs, person: Person) -> list[Page]:
    """Press every button that reveals a value, in all round trips, and return the pages."""
    store = open_store(legs.client_app.extensions["tripod.settings"])
    starts = [one.id for one in store.exchanges() if one.path == "/connect"]
    addresses = [f"{legs.client_app_url}/inspector?all=1&exchange={one}" for one in starts]
    pages = [person.browser.open(address) for address in addresses]
    forms = [form for page in pages for form in page.forms if form.values("exchange")]
    return [
        Page(
            person.browser.post(f"{legs.client_app_url}/inspector/reveal", form.submission(button))
        )
        for form in forms
        for button in form.buttons
    ]


def stop_at_callback(legs: Legs, person: Person) -> tuple[str, str]:
    """Begin a connection, and stop when the browser has the code.

    Return the code and the address of the callback.
    """
    started = person.browser.get(f"{legs.client_app_url}/connect")
    response = person.browser.get(started.headers["Location"])
    address = response.headers["Location"]
    assert urlsplit(address).path == "/callback", address
    return query_of(address)["code"], address
