"""The metadata and the public keys of the authorization server, for clients and resource servers.

OpenID Connect Discovery and RFC 8414 define the same document, each at its own address.
"""

from flask import Response, jsonify, url_for

from auth_server.authorization_request import PROMPTS
from auth_server.context import get_settings
from auth_server.endpoints import Introspection, Revocation
from auth_server.grant_types import AuthorizationCodeGrant, S256Required
from auth_server.scopes import SCOPES
from auth_server.server import GRANTS
from auth_server.signing_keys import ALGORITHMS, FRESH_FOR, get_signing_keys
from auth_server.userinfo import CLAIMS
from auth_server.views.blueprint import bp
from web.canonical_host import for_machines
from web.cors import for_browser_clients


@bp.get("/.well-known/openid-configuration")
@bp.get("/.well-known/oauth-authorization-server")
@for_browser_clients("*")
@for_machines
def metadata() -> Response:
    """Return the metadata, made from what is registered with Authlib's server.

    RFC 8414 §2 and OpenID Connect Discovery §3 define the members.
    """
    settings = get_settings()
    client_auth_methods = AuthorizationCodeGrant.TOKEN_ENDPOINT_AUTH_METHODS
    return jsonify(
        {
            **_registration_members(),
            **_openid_members(),
            "issuer": settings.url,
            "authorization_endpoint": _address("authorization_request"),
            "token_endpoint": _address("token_request"),
            "introspection_endpoint": _address("introspection_request"),
            "revocation_endpoint": _address("revocation_request"),
            "protected_resources": [settings.resource_api_url],
            "scopes_supported": list(SCOPES),
            "response_types_supported": sorted(AuthorizationCodeGrant.RESPONSE_TYPES),
            "response_modes_supported": ["query"],
            "grant_types_supported": [grant.GRANT_TYPE for grant, _ in GRANTS],
            "prompt_values_supported": list(PROMPTS),
            "code_challenge_methods_supported": list(S256Required.SUPPORTED_CODE_CHALLENGE_METHOD),
            "token_endpoint_auth_methods_supported": client_auth_methods,
            "introspection_endpoint_auth_methods_supported": Introspection.CLIENT_AUTH_METHODS,
            "revocation_endpoint_auth_methods_supported": Revocation.CLIENT_AUTH_METHODS,
            "authorization_response_iss_parameter_supported": True,
        }
    )


@bp.get("/oauth/jwks")
@for_browser_clients("*")
@for_machines
def public_keys() -> Response:
    """Return the public keys that verify ID tokens, as a JWK set (RFC 7517 §5)."""
    keys = get_signing_keys().published()
    response = jsonify({"keys": [key.public_jwk() for key in keys]})
    response.cache_control.public = True
    response.cache_control.max_age = FRESH_FOR
    return response


def _registration_members() -> dict[str, object]:
    """Return how a client can be registered without an account."""
    members: dict[str, object] = {}
    if get_settings().registration != "closed":
        members["registration_endpoint"] = _address("client_registration_request")
    if get_settings().metadata_hosts:
        members["client_id_metadata_document_supported"] = True
    return members


def _openid_members() -> dict[str, object]:
    """Return what OpenID Connect adds: Discovery §3, RP-Initiated and Back-Channel Logout §2.1."""
    return {
        "userinfo_endpoint": _address("userinfo_request"),
        "jwks_uri": _address("public_keys"),
        "end_session_endpoint": _address("logout_request"),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "claims_supported": list(CLAIMS),
        "request_uri_parameter_supported": False,  # The default is true.
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _address(view: str) -> str:
    return get_settings().url + url_for(f"auth_server.{view}")
