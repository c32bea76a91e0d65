"""Fixtures for Print Shop between two simulated servers, with the browsers of its users."""

import logging
import re
from datetime import timedelta

import pytest
import requests
from jinja2 import FileSystemBytecodeCache
from world.clock import Clock, turnable_clock

from client_app import create_app, oauth
from config import ClientAppSettings
from tests.client_app.simulated_servers import (
    PHOTO_API,
    TRIPOD_ID,
    SimulatedNetwork,
    SimulatedPhotoApi,
    SimulatedTripodId,
)
from tests.client_app.storages import open_storage
from web.back_channel import BackChannel

PRINT_SHOP = "http://127.0.0.1:9001"


class ShopVisitor:
    """The browser of a user of Print Shop. It visits no other site, since those are simulated."""

    def __init__(self, app, tripod_id, cookie=None):
        self.app, self.tripod_id, self.client = app, tripod_id, app.test_client()
        if cookie:
            self.client.set_cookie("tripod_client_app", cookie, domain="127.0.0.1")

    @property
    def cookie(self):
        held = self.client.get_cookie("tripod_client_app", domain="127.0.0.1")
        return held.value if held else None

    def another_tab(self, app=None):
        """Return a browser with the same cookie, for `app` of another process if it is given."""
        return ShopVisitor(app or self.app, self.tripod_id, self.cookie)

    def get(self, address, **options):
        return self.client.get(address, base_url=PRINT_SHOP, **options)

    def form(self):
        """Return the hidden fields of the album's forms."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/photos").text)
        return {"csrf_token": token[1]}

    def post(self, address, form=None):
        """Send the album's form, or the given one, to the address."""
        return self.client.post(
            address, base_url=PRINT_SHOP, data=self.form() if form is None else form
        )

    def fill_in(self, address, **fields):
        """Send the album's form with these fields to the address."""
        return self.post(address, self.form() | fields)

    def begin(self, scope=None):
        """Start to connect and return the URL of the authorization request."""
        return self.get("/connect", query_string={"scope": scope} if scope else {}).headers[
            "Location"
        ]

    def connect(self, grant=None):
        """Run the whole flow and return the response of the callback."""
        return self.get(self.tripod_id.authorize(self.begin(), grant))


@pytest.fixture
def tripod_id():
    return SimulatedTripodId()


@pytest.fixture
def photo_api(tripod_id):
    return SimulatedPhotoApi(tripod_id)


@pytest.fixture
def network(tripod_id, photo_api):
    return SimulatedNetwork({TRIPOD_ID: tripod_id, PHOTO_API: photo_api})


@pytest.fixture
def client(network):
    """Return an `oauth.Client` without Print Shop, as in a project that copied the file."""
    session = requests.Session()
    session.mount("http://", network)
    session.mount("https://", network)
    return oauth.Client(
        issuer=TRIPOD_ID,
        client_id="print-shop",
        client_secret="a secret: with + and %",
        redirect_uri=f"{PRINT_SHOP}/callback",
        http=lambda: session,
    )


@pytest.fixture
def storage(request, tmp_path):
    """Return the store of the sessions: SQLite, unless a test names another kind."""
    storage = open_storage(getattr(request, "param", "sqlite"), request, tmp_path)
    yield storage
    storage.close()


@pytest.fixture
def settings(tmp_path, storage):
    return ClientAppSettings(
        auth_server_url=TRIPOD_ID,
        client_app_url=PRINT_SHOP,
        resource_api_url=PHOTO_API,
        bind="127.0.0.1:9001",
        trusted_proxies=0,
        demo=False,
        instance_path=tmp_path,
        secret_keys=("a key for the tests",),
        session_store_url=storage.url,
        issuer=TRIPOD_ID,
        issuer_name="Tripod ID",
        client_id="print-shop",
        client_secret="a secret: with + and %",
        scope="profile photos:read",
    )


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory):
    """Cache the compiled templates, because compiling takes longer than the tests."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings, network, compiled_templates):
    made = create_app(settings, BackChannel(adapter=lambda: network))
    made.jinja_env.bytecode_cache = compiled_templates
    yield made
    made.extensions["tripod.print_shop"].store.records.close()


@pytest.fixture
def stored(storage):
    """Return a function that returns the encrypted records in the session store."""
    return lambda: list(storage.stored().values())


@pytest.fixture
def browser(app, tripod_id):
    return ShopVisitor(app, tripod_id)


@pytest.fixture
def alices_browser(browser):
    """Return Alice's browser, which is connected."""
    browser.connect()
    return browser


@pytest.fixture
def writer(browser):
    """Return Alice's browser, which is connected and may change photos too."""
    browser.get(browser.tripod_id.authorize(browser.begin("profile photos:read photos:write")))
    return browser


@pytest.fixture
def signed_in(browser):
    """Return Alice's browser, which signed in with OpenID Connect; `tripod_id` issues ID tokens."""
    browser.get(browser.tripod_id.authorize(browser.begin("openid photos:read")))
    return browser


@pytest.fixture
def mallorys_browser(app, tripod_id):
    """Return the browser of another user."""
    return ShopVisitor(app, tripod_id)


class ClockOfAll:
    """The clock of all parties, with that of the session store."""

    def __init__(self, clock: Clock, storage):
        self._clock, self._storage = clock, storage

    def forward(self, time=0, **units):
        """Move the time forward by seconds or other units."""
        if not isinstance(time, timedelta):
            time = timedelta(seconds=time, **units)
        self._clock.forward(time)
        self._storage.age(time)


@pytest.fixture
def clock(storage):
    """Provide the clock of all parties."""
    with turnable_clock() as clock:
        yield ClockOfAll(clock, storage)


@pytest.fixture
def logged(caplog):
    """Return a function that returns all log records since this fixture was set up."""
    caplog.set_level(logging.DEBUG)
    return lambda: caplog.get_records("setup") + caplog.get_records("call")


@pytest.fixture
def events(logged):
    """Return a function that returns the fields of the newest event of each name."""
    return lambda: {
        record.fields["event"]: record.fields for record in logged() if hasattr(record, "fields")
    }
