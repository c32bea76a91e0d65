"""The authorization request, checked in an order that matters (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1).

Client and redirect URI come first: until both are known to be good, nobody is redirected anywhere. From there on every
error goes back to the client.
"""

from dataclasses import dataclass

from authlib.oauth2.rfc6749 import OAuth2Error, OAuth2Request
from werkzeug.datastructures import MultiDict

from auth_server.client_authentication import find_client
from auth_server.context import get_settings
from auth_server.errors import AuthorizationRefused, UntrustedRequest
from auth_server.grants import AuthorizationCodeGrant
from auth_server.models import Client
from auth_server.redirect_uris import difference
from auth_server.scopes import scope_list
from auth_server.server import authorization_server

PROMPTS = ("none", "login", "consent")


@dataclass(frozen=True)
class Authorization:
    """An authorization request that is good, but for the resource owner's word."""

    grant: AuthorizationCodeGrant
    client: Client
    redirect_uri: str
    requested_scopes: tuple[str, ...]
    prompt: frozenset[str]
    state: str | None

    def refused(self, error: str, description: str) -> AuthorizationRefused:
        """The error to raise so that the client learns of it."""
        return AuthorizationRefused(
            error,
            description,
            client_id=self.client.client_id,
            redirect_uri=self.redirect_uri,
            state=self.state,
        )


def read_authorization(request: OAuth2Request) -> Authorization:
    """Check the authorization request.

    :raises UntrustedRequest: when there is no redirect URI to trust.
    :raises AuthorizationRefused: when anything else is wrong.
    """
    parameters: MultiDict[str, str] = request.payload.data
    client = _check_client(parameters)
    redirect_uri = _check_redirect_uri(parameters, client)
    try:
        prompt = _check_parameters(parameters)
        grant = authorization_server().get_consent_grant(request)
    except OAuth2Error as error:
        raise AuthorizationRefused(
            error.error,
            error.get_error_description() or "The request is not valid.",
            client_id=client.client_id,
            redirect_uri=redirect_uri,
            state=parameters.get("state"),
        ) from error
    return Authorization(
        grant,
        client,
        redirect_uri,
        tuple(scope_list(request.scope)),
        prompt,
        parameters.get("state"),
    )


def _check_client(parameters: MultiDict[str, str]) -> Client:
    if len(parameters.getlist("client_id")) != 1:
        raise UntrustedRequest(
            "invalid_request",
            "The request must name one client.",
            "Send the client_id once, as it was registered.",
        )
    client = find_client(parameters["client_id"])
    if client is None or client.is_resource_server:
        raise UntrustedRequest(
            "invalid_client" if client is None else "unauthorized_client",
            "The app that sent you here is not registered at this server.",
            "Compare the client_id with what the registration answered, to the letter.",
            App=parameters["client_id"][:80],
        )
    return client


def _check_redirect_uri(parameters: MultiDict[str, str], client: Client) -> str:
    presented = parameters.getlist("redirect_uri")
    if not presented and (only_one := client.get_default_redirect_uri()):
        return only_one
    if len(presented) == 1 and client.check_redirect_uri(presented[0]):
        return presented[0]
    raise UntrustedRequest(
        "invalid_request",
        "An app sent you here with an address that it never registered. To keep you safe, you are not sent there.",
        "The redirect_uri must be sent once and match a registered one exactly, character by character.",
        reason=difference(presented[0], client.redirect_uris)
        if len(presented) == 1
        else "not one redirect_uri",
        App=f"{client.name} ({client.client_id})",
        **({"Asked for": ", ".join(presented)[:300]} if presented else {}),
        # Registrations are nobody's business but the developer's, so they are shown in the demo only.
        **({"Registered": ", ".join(client.redirect_uris)} if get_settings().demo else {}),
    )


def _check_parameters(parameters: MultiDict[str, str]) -> frozenset[str]:
    """What Authlib leaves to the author of a server; gives back the prompts."""
    repeated = [name for name, values in parameters.lists() if len(values) > 1]
    prompt = frozenset(scope_list(parameters.get("prompt")))
    if repeated:
        raise OAuth2Error(
            "A parameter must not be included more than once.", error="invalid_request"
        )
    if not parameters.get("response_type"):
        raise OAuth2Error("response_type is missing.", error="invalid_request")
    if parameters["response_type"] != "code":
        raise OAuth2Error(
            "This server supports the response type code.", error="unsupported_response_type"
        )
    if parameters.get("response_mode", "query") != "query":
        raise OAuth2Error("This server supports the response mode query.", error="invalid_request")
    if not prompt <= set(PROMPTS) or ("none" in prompt and len(prompt) > 1):
        raise OAuth2Error(
            "prompt is none alone, or login, consent or both.", error="invalid_request"
        )
    return prompt
