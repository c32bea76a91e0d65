"""The ordered checks of the authorization request.

RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2, OpenID Connect Core §3.1.2.1. The client and the
redirect URI are checked first: nobody is redirected before both are valid. Then every error is sent
to the client.
"""

from dataclasses import dataclass

from authlib.oauth2.rfc6749 import OAuth2Error

from auth_server.context import get_settings
from auth_server.errors import AuthorizationRefused, InvalidRequest, UntrustedRequest
from auth_server.grant_types import AuthorizationCodeGrant
from auth_server.openid_parameters import OpenIdParameters, read_openid_parameters
from auth_server.protocol_request import ProtocolRequest
from auth_server.reasons import Reason, reason_for
from auth_server.redirect_uris import find_response_parameter, first_difference
from auth_server.registered_client import RegisteredClient, find_client
from auth_server.request_parameters import (
    RESOURCE,
    objection_to_repetition,
    objection_to_resource,
)
from auth_server.resources import check_registered
from auth_server.scopes import scope_list
from auth_server.server import authorization_server
from web.database import get_transaction
from web.event_log import Field

PROMPTS = ("none", "login", "consent", "select_account")


@dataclass(frozen=True)
class Authorization:
    """A valid authorization request that the resource owner has not answered yet."""

    grant: AuthorizationCodeGrant
    client: RegisteredClient
    redirect_uri: str
    requested_scopes: tuple[str, ...]
    prompt: frozenset[str]
    openid: OpenIdParameters
    resources: tuple[str, ...]
    state: str | None

    def refused(self, error: str, reason: Reason, description: str) -> AuthorizationRefused:
        """Return the exception to raise. It sends the error to the client."""
        return AuthorizationRefused(
            error,
            reason,
            description,
            client=self.client,
            redirect_uri=self.redirect_uri,
            state=self.state,
        )


def read_authorization(request: ProtocolRequest) -> Authorization:
    """Validate the authorization request.

    :raises UntrustedRequest: when the request has no trusted redirect URI.
    :raises AuthorizationRefused: when any other check fails.
    """
    client = _check_client(request.values.get("client_id", []))
    redirect_uri = _check_redirect_uri(request.values.get("redirect_uri", []), client)
    _check_response_parameters(redirect_uri, client)
    try:
        prompt = _check_parameters(request)
        openid = read_openid_parameters(request.form)
        resources = check_registered(get_transaction(), request.values.get(RESOURCE, []))
        grant = authorization_server().get_consent_grant(request)
    except OAuth2Error as error:
        raise AuthorizationRefused(
            error.error,
            reason_for(error),
            error.get_error_description() or "The request is not valid.",
            client=client,
            redirect_uri=redirect_uri,
            state=request.payload.state,
        ) from error
    return Authorization(
        grant,
        client,
        redirect_uri,
        tuple(scope_list(request.scope)),
        prompt,
        openid,
        resources,
        request.payload.state,
    )


def _check_client(presented: list[str]) -> RegisteredClient:
    if len(presented) != 1:
        raise UntrustedRequest(
            "invalid_request",
            Reason.NOT_ONE_CLIENT_ID,
            "The request must name one client.",
            "Send the client_id once, as it was registered.",
        )
    # A scope that is withdrawn meanwhile must not be granted.
    client = find_client(get_transaction(), presented[0], lock=True)
    if client is None:
        raise _unregistered("invalid_client", Reason.UNKNOWN_CLIENT, presented[0])
    if client.is_resource_server:
        raise _unregistered("unauthorized_client", Reason.NOT_A_CLIENT, presented[0])
    return client


def _unregistered(error: str, reason: Reason, client_id: str) -> UntrustedRequest:
    return UntrustedRequest(
        error,
        reason,
        "The app that sent you here is not registered at this server.",
        "The client_id must be exactly the one that the registration returned.",
        details={"App": client_id[:80]},
    )


def _check_redirect_uri(presented: list[str], client: RegisteredClient) -> str:
    default = client.get_default_redirect_uri()
    if not presented and default:
        return default
    if len(presented) == 1 and client.check_redirect_uri(presented[0]):
        return presented[0]
    reason = Reason.NOT_ONE_REDIRECT_URI
    fields: dict[str, Field] = {}
    if len(presented) == 1:
        reason = Reason.REDIRECT_URI_DIFFERS
        fields["differs_at"] = first_difference(presented[0], client.redirect_uris)
    raise UntrustedRequest(
        "invalid_request",
        reason,
        "The app wants to send you to an address that it has not registered. "
        "For your safety, this server does not send you there.",
        "Send the redirect_uri once. It must equal a registered one, character by character.",
        details=_redirect_uri_details(client, presented),
        fields=fields,
    )


def _check_response_parameters(redirect_uri: str, client: RegisteredClient) -> None:
    """Reject a registered redirect URI that has a response parameter.

    Earlier versions accepted such URIs.
    """
    if name := find_response_parameter(redirect_uri):
        raise UntrustedRequest(
            "invalid_request",
            Reason.REDIRECT_URI_HAS_RESPONSE_PARAMETER,
            "The address of the app has a parameter that belongs to the answer of this server. "
            "For your safety, this server does not send you there.",
            f"Register a redirect URI without {name} in its query (RFC 6749 §3.1).",
            details=_redirect_uri_details(client, [redirect_uri]),
        )


def _redirect_uri_details(client: RegisteredClient, presented: list[str]) -> dict[str, str]:
    details = {"App": f"{client.name} ({client.client_id})"}
    if presented:
        details["Requested"] = ", ".join(presented)[:300]
    # Outside the demo, only the developer of a client may see its registration.
    if get_settings().demo:
        details["Registered"] = ", ".join(client.redirect_uris)
    return details


def _check_parameters(request: ProtocolRequest) -> frozenset[str]:
    """Check what Authlib does not check, and return the prompts.

    :raises InvalidRequest: when a check fails.
    """
    repetition = objection_to_repetition(request.values, repeatable=RESOURCE)
    if error := repetition or objection_to_resource(request.values):
        raise error
    parameters = request.form
    if not parameters.get("response_type"):
        raise InvalidRequest(Reason.MISSING_PARAMETER, "response_type is missing.")
    if parameters["response_type"] != "code":
        raise InvalidRequest(
            Reason.UNSUPPORTED_RESPONSE_TYPE,
            "This server supports only the response type code.",
            "unsupported_response_type",
        )
    if parameters.get("response_mode", "query") != "query":
        raise InvalidRequest(
            Reason.UNSUPPORTED_RESPONSE_MODE, "This server supports only the response mode query."
        )
    return _check_prompt(parameters.get("prompt"))


def _check_prompt(prompt: str | None) -> frozenset[str]:
    prompts = frozenset(scope_list(prompt))
    is_none_with_others = "none" in prompts and len(prompts) > 1
    if is_none_with_others or not prompts <= set(PROMPTS):
        raise InvalidRequest(
            Reason.INVALID_PROMPT,
            "prompt must be none, or one or more of login, consent, select_account.",
        )
    return prompts
