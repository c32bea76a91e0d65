"""The legs' public addresses and bind addresses, and when the demo is refused."""

from collections.abc import Callable

import pytest

from config import AuthServerSettings, ClientAppSettings, ResourceApiSettings, Settings

Environ = dict[str, str]
Complaint = Callable[[type[Settings], Environ], str]


def test_a_leg_listens_on_the_host_and_port_of_its_url(demo: Environ) -> None:
    environ = demo | {"TRIPOD_CLIENT_APP_URL": "http://[::1]:8100"}

    assert AuthServerSettings.load(environ).bind_address == ("127.0.0.1", 9000)
    assert ClientAppSettings.load(environ).bind_address == ("::1", 8100)
    assert ClientAppSettings.load(environ).url == "http://[::1]:8100"


def test_bind_overrides_where_a_leg_listens(outside: Environ) -> None:
    environ = outside | {
        "TRIPOD_AUTH_SERVER_URL": "https://id.example",
        "TRIPOD_AUTH_SERVER_BIND": "10.0.0.5:8000",
    }

    settings = AuthServerSettings.load(environ)

    assert settings.bind_address == ("10.0.0.5", 8000)
    assert settings.url == "https://id.example"


def test_an_https_url_without_a_port_means_443(outside: Environ) -> None:
    settings = AuthServerSettings.load(outside | {"TRIPOD_AUTH_SERVER_URL": "https://id.example"})

    assert settings.bind_address == ("id.example", 443)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1:9000/", id="a trailing slash"),
        pytest.param("http://127.0.0.1:9000/id", id="a path"),
        pytest.param("http://127.0.0.1:9000?a=b", id="a query"),
        pytest.param("http://127.0.0.1:9000#a", id="a fragment"),
        pytest.param("HTTP://127.0.0.1:9000", id="an upper-case scheme"),
        pytest.param("https://ID.example", id="an upper-case host"),
        pytest.param("https://id.example:443", id="the default port of https"),
        pytest.param("http://127.0.0.1:80", id="the default port of http"),
        pytest.param("http://127.0.0.1:", id="an empty port"),
        pytest.param("http://127.0.0.1:0", id="port 0"),
        pytest.param("http://127.0.0.1:09000", id="a port with a leading zero"),
        pytest.param("http://127.0.0.1:90000", id="a port above 65535"),
        pytest.param("http://127.0.0.1:web", id="a port of letters"),
        pytest.param("http://[0:0:0:0:0:0:0:1]:9000", id="a long spelling of an IPv6 address"),
        pytest.param("http://[::1", id="an unclosed bracket"),
        pytest.param("https://id.exämple", id="letters outside ASCII"),
        pytest.param("https://id .example", id="a space in the host"),
        pytest.param("https://", id="no host"),
        pytest.param("ftp://127.0.0.1", id="another scheme"),
        pytest.param("127.0.0.1:9000", id="no scheme"),
    ],
)
@pytest.mark.parametrize("leg", ["AUTH_SERVER", "CLIENT_APP", "RESOURCE_API"])
def test_a_url_must_have_only_scheme_host_and_port(
    leg: str, url: str, outside: Environ, complaint: Complaint
) -> None:
    line = complaint(AuthServerSettings, outside | {f"TRIPOD_{leg}_URL": url})

    assert line.startswith(f"TRIPOD_{leg}_URL ")


@pytest.mark.parametrize(
    "url", ["http://id.example", "http://10.0.0.1:9000", "http://0.0.0.0:9000"]
)
def test_plain_http_outside_loopback_is_refused(
    url: str, outside: Environ, complaint: Complaint
) -> None:
    assert "must be https" in complaint(ClientAppSettings, outside | {"TRIPOD_CLIENT_APP_URL": url})
    assert "must be https" in complaint(ClientAppSettings, outside | {"TRIPOD_ISSUER": url})


@pytest.mark.parametrize(
    "url", ["http://localhost:9000", "http://127.0.0.2:9000", "http://[::1]:9000"]
)
def test_every_spelling_of_loopback_may_be_plain_http(url: str, demo: Environ) -> None:
    settings = AuthServerSettings.load(demo | {"TRIPOD_AUTH_SERVER_URL": url})

    assert settings.url == url


@pytest.mark.parametrize(
    "bind", ["9000", ":9000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "a:b"]
)
def test_bind_must_be_host_and_port(bind: str, demo: Environ, complaint: Complaint) -> None:
    line = complaint(ResourceApiSettings, demo | {"TRIPOD_RESOURCE_API_BIND": bind})

    assert line.startswith("TRIPOD_RESOURCE_API_BIND ")


@pytest.mark.parametrize("bind", ["[::1]:9000", "::1:9000"])
def test_an_ipv6_bind_address_may_have_brackets(bind: str, demo: Environ) -> None:
    settings = AuthServerSettings.load(demo | {"TRIPOD_AUTH_SERVER_BIND": bind})

    assert settings.bind_address == ("::1", 9000)


def test_an_issuer_may_have_a_path(demo: Environ) -> None:
    """RFC 8414 §2: an issuer has no query or fragment, but may have a path."""
    settings = ClientAppSettings.load(demo | {"TRIPOD_ISSUER": "https://id.example/tenant/7"})

    assert settings.issuer == "https://id.example/tenant/7"


@pytest.mark.parametrize(
    "issuer", ["https://id.example?a", "https://id.example/?", "https://id.example#a", "id.example"]
)
def test_an_issuer_must_not_have_a_query_or_fragment(
    issuer: str, demo: Environ, complaint: Complaint
) -> None:
    assert complaint(ClientAppSettings, demo | {"TRIPOD_ISSUER": issuer}).startswith(
        "TRIPOD_ISSUER "
    )


@pytest.mark.parametrize("issuer", ["https://id.example/t\u00e4nant", "https://id.example/a b"])
def test_an_issuer_must_be_visible_ascii(issuer: str, demo: Environ, complaint: Complaint) -> None:
    assert "must be an http or https address" in complaint(
        ClientAppSettings, demo | {"TRIPOD_ISSUER": issuer}
    )


def test_the_default_issuer_is_the_configured_authorization_server(demo: Environ) -> None:
    settings = ClientAppSettings.load(demo | {"TRIPOD_AUTH_SERVER_URL": "http://127.0.0.1:9900"})

    assert settings.issuer == "http://127.0.0.1:9900"


@pytest.mark.parametrize("value", ["yes", "true", "2", "on"])
def test_the_demo_setting_must_be_0_or_1(
    value: str, outside: Environ, complaint: Complaint
) -> None:
    assert complaint(AuthServerSettings, outside | {"TRIPOD_DEMO": value}).startswith(
        "TRIPOD_DEMO "
    )


@pytest.mark.parametrize(
    "name", ["TRIPOD_AUTH_SERVER_URL", "TRIPOD_CLIENT_APP_URL", "TRIPOD_RESOURCE_API_URL"]
)
def test_the_demo_is_refused_when_any_address_is_public(
    settings_class: type[Settings], name: str, demo: Environ, complaint: Complaint
) -> None:
    line = complaint(settings_class, demo | {name: "https://public.example"})

    assert "TRIPOD_DEMO=1 is refused" in line
    assert name in line


def test_the_demo_is_refused_when_it_listens_on_a_public_address(
    demo: Environ, complaint: Complaint
) -> None:
    line = complaint(ClientAppSettings, demo | {"TRIPOD_CLIENT_APP_BIND": "0.0.0.0:9001"})

    assert "TRIPOD_DEMO=1 is refused" in line
    assert "TRIPOD_CLIENT_APP_BIND" in line


@pytest.mark.parametrize("scope", ["photos:read  profile", 'photos:"read"', "photos\\read", "föto"])
def test_a_malformed_scope_is_refused(scope: str, demo: Environ, complaint: Complaint) -> None:
    line = complaint(ClientAppSettings, demo | {"TRIPOD_CLIENT_SCOPE": scope})

    assert line.startswith("TRIPOD_CLIENT_SCOPE must be")
