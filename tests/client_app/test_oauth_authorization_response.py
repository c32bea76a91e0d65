"""RFC 6749 §4.1.2 and RFC 9207: which authorization responses the client accepts."""

from urllib.parse import parse_qsl

import pytest

from client_app import oauth

TRIPOD_ID = "http://127.0.0.1:9000"


@pytest.fixture
def pending_request(client):
    """Return the pending authorization request."""
    return client.authorization_request("photos:read_response")[0]


@pytest.fixture
def iss_not_promised(tripod_id):
    """Remove the promise of `iss` from the server's metadata.

    Tests must name this fixture before `pending_request`, because the client caches metadata.
    """
    del tripod_id.metadata["authorization_response_iss_parameter_supported"]


def read_response(**parameters):
    return oauth.AuthorizationResponse.read(parameters.items())


def test_a_valid_response_returns_its_code(client, pending_request):
    code = client.authorization_code(
        pending_request, read_response(code="c", state=pending_request.state, iss=TRIPOD_ID)
    )

    assert code == "c"


@pytest.mark.parametrize("state", ["", "x" * 43, "ñ", "\udc80"])
def test_a_wrong_state_is_rejected(client, pending_request, state):
    """§10.12: the client "MUST implement CSRF protection for its redirection URI"."""
    with pytest.raises(oauth.BadResponseError, match="unknown_state"):
        client.authorization_code(
            pending_request, read_response(code="c", state=state, iss=TRIPOD_ID)
        )


def test_a_missing_state_is_rejected(client, pending_request):
    with pytest.raises(oauth.BadResponseError, match="unknown_state"):
        client.authorization_code(pending_request, read_response(code="c", iss=TRIPOD_ID))


@pytest.mark.parametrize("iss", ["https://mallory.example", f"{TRIPOD_ID}/", ""])
def test_another_issuer_is_rejected(client, pending_request, iss):
    """RFC 9207 §2.4: clients MUST reject a response whose issuer is not the expected one."""
    with pytest.raises(oauth.BadResponseError, match="issuer_mismatch"):
        client.authorization_code(
            pending_request, read_response(code="c", state=pending_request.state, iss=iss)
        )


def test_a_missing_issuer_is_rejected_if_the_metadata_promises_it(client, pending_request):
    """RFC 9207 §2.4: clients MUST reject responses of such servers without `iss`."""
    with pytest.raises(oauth.BadResponseError, match="issuer_missing"):
        client.authorization_code(
            pending_request, read_response(code="c", state=pending_request.state)
        )


def test_another_issuer_is_rejected_even_if_none_was_promised(
    iss_not_promised, client, pending_request
):
    with pytest.raises(oauth.BadResponseError, match="issuer_mismatch"):
        client.authorization_code(
            pending_request,
            read_response(code="c", state=pending_request.state, iss="https://mallory.example"),
        )


def test_a_missing_issuer_is_accepted_if_the_metadata_does_not_promise_it(
    iss_not_promised, client, pending_request
):
    assert (
        client.authorization_code(
            pending_request, read_response(code="c", state=pending_request.state)
        )
        == "c"
    )


@pytest.mark.parametrize("repeated", ["code", "state", "iss", "error", "error_description"])
def test_a_repeated_parameter_is_rejected(repeated):
    """§3.1: "Request and response parameters MUST NOT be included more than once"."""
    with pytest.raises(oauth.BadResponseError, match="duplicated_parameter"):
        oauth.AuthorizationResponse.read([(repeated, "a"), (repeated, "a")])


def test_the_redirect_uris_own_parameters_may_be_repeated():
    """§3.1.2: the redirect URI may have a query, which the server keeps."""
    response = oauth.AuthorizationResponse.read(
        parse_qsl("shop=7&flag&shop=8&&code=c&state=s&iss=i", keep_blank_values=True)
    )

    assert (response.code, response.state, response.iss) == ("c", "s", "i")


def test_an_error_is_raised_with_its_code_and_a_short_description(client, pending_request):
    response = read_response(
        error="invalid_scope",
        error_description="d" * 1000,
        state=pending_request.state,
        iss=TRIPOD_ID,
    )

    with pytest.raises(oauth.RefusedError) as caught:
        client.authorization_code(pending_request, response)

    assert (caught.value.error, len(caught.value.description)) == ("invalid_scope", 300)


def test_an_errors_issuer_is_checked_too(client, pending_request):
    """RFC 9207 §2: the issuer is in "the authorization response, including error responses"."""
    response = read_response(
        error="access_denied", state=pending_request.state, iss="https://mallory.example"
    )

    with pytest.raises(oauth.BadResponseError, match="issuer_mismatch"):
        client.authorization_code(pending_request, response)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"code": ""},
        {"code": "c\n"},
        {"code": "ñ"},
        {"error": 'a"b', "code": "c"},
        {"error": "e" * 61},
    ],
)
def test_a_response_without_code_and_error_is_rejected(client, pending_request, parameters):
    with pytest.raises(oauth.BadResponseError, match="no_code"):
        client.authorization_code(
            pending_request, read_response(state=pending_request.state, iss=TRIPOD_ID, **parameters)
        )
