"""A relying party with idpyoidc. It has one user at a time, so it needs no cookie."""

import os

from idpyoidc.client.rp_handler import RPHandler
from serve import serve

ISSUER, ORIGIN = os.environ["ISSUER"], os.environ["ORIGIN"]
SERVICE = "idpyoidc.client.oidc."

handler = RPHandler(
    base_url=ORIGIN,
    client_configs={
        ISSUER: {
            "issuer": ISSUER,
            "client_id": os.environ["CLIENT_ID"],
            "client_secret": os.environ["CLIENT_SECRET"],
            "client_type": "oidc",
            "redirect_uris": [f"{ORIGIN}/callback"],
            "post_logout_redirect_uris": [f"{ORIGIN}/goodbye"],
            "response_types_supported": ["code"],
            "scopes_supported": os.environ["SCOPE"].split(),
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "client_authn_methods": ["client_secret_basic", "bearer_header"],
            "id_token_signing_alg_values_supported": [os.environ["ID_TOKEN_ALG"]],
            "add_ons": {
                "pkce": {
                    "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
                    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
                }
            },
        }
    },
    services={
        "discovery": {"class": f"{SERVICE}provider_info_discovery.ProviderInfoDiscovery"},
        "registration": {"class": f"{SERVICE}registration.Registration"},
        "authorization": {"class": f"{SERVICE}authorization.Authorization"},
        "access_token": {"class": f"{SERVICE}access_token.AccessToken"},
        "refresh_access_token": {"class": f"{SERVICE}refresh_access_token.RefreshAccessToken"},
        "userinfo": {"class": f"{SERVICE}userinfo.UserInfo"},
        "end_session": {"class": f"{SERVICE}end_session.EndSession"},
    },
)
session = {}


def log_in(parameters):
    return handler.begin(ISSUER, req_args=parameters)


def finish(parameters):
    result = handler.finalize(ISSUER, parameters)
    if "error" in result:
        raise ValueError(result["error"])
    session.update(state=result["state"])
    return {"claims": result["id_token"].to_dict(), "userinfo": result["userinfo"].to_dict()}


def refresh(_parameters):
    tokens = handler.refresh_access_token(session["state"])
    return {"claims": tokens["__verified_id_token"].to_dict()}


serve(
    {
        "/login": log_in,
        "/callback": finish,
        "/refresh": refresh,
        "/logout": lambda _: handler.logout(session["state"])["url"],
        "/goodbye": lambda parameters: {"state": parameters.get("state")},
    }
)
