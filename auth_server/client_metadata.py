"""The metadata of a client, and what may be registered (RFC 7591 §2).

An objection is a sentence for the developer, under the name of the field that it is about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from auth_server import redirect_uris as uris
from auth_server.client_authentication import METHODS
from auth_server.errors import RegistrationError
from auth_server.scopes import SCOPES, scope_list
from auth_server.signing_keys import ALGORITHMS
from web import text
from web.text import TextError

MAX_NAME = 100
MAX_REDIRECT_URIS = 20
#: The pages of a client that its registration may name, by their names in RFC 7591 §2.
LINKS = {"logo_uri": "A logo", "policy_uri": "A policy", "tos_uri": "A page with terms"}


@dataclass(frozen=True, kw_only=True)
class ClientMetadata:
    """The metadata of a client, from a form, a command, a request or a document.

    `scope` is space-delimited. `homepage` and `backchannel_logout_uri` may be empty. `auth_method`
    is how the client authenticates, or None for the usual method of its type. `links` has the
    addresses of `LINKS` that are not empty. `id_token_alg` is the algorithm of its ID tokens, or
    None for the default.
    """

    name: str
    redirect_uris: Sequence[str]
    scope: str
    homepage: str = ""
    id_token_alg: str | None = None
    auth_method: str | None = None
    post_logout_redirect_uris: Sequence[str] = ()
    backchannel_logout_uri: str = ""
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_public(self) -> bool:
        """Whether a client that is registered with these metadata has no secret."""
        return self.auth_method == "none"

    def objections(self, *, is_public: bool) -> dict[str, str]:
        """Return why this must not be registered, by field in the order of the form.

        Only a public client may have a redirect URI that opens an app on the user's device.
        """
        found = {
            "name": _objection_to_name(self.name),
            "homepage": uris.objection_to_page(self.homepage, "A homepage"),
            "redirect_uris": _objection_to_redirect_uris(self.redirect_uris, is_public),
            "scope": _objection_to_scope(self.scope),
            "auth_method": _objection_to_auth_method(self.auth_method),
            "post_logout_redirect_uris": _objection_to_each(
                self.post_logout_redirect_uris, is_public
            ),
            "backchannel_logout_uri": uris.objection_to_endpoint(self.backchannel_logout_uri),
            "links": _objection_to_links(self.links),
            "id_token_alg": _objection_to_algorithm(self.id_token_alg),
        }
        return {field: objection for field, objection in found.items() if objection}


def check_name(name: str) -> str:
    """Return the name of a client or a user, as it is stored and shown.

    :raises RegistrationError: when it must not be shown to users.
    """
    try:
        return text.check_name(name, MAX_NAME)
    except TextError as error:
        raise RegistrationError(f"A name {error}") from None


def _objection_to_name(name: str) -> str | None:
    try:
        check_name(name)
    except RegistrationError as error:
        return str(error)
    return None


def _objection_to_redirect_uris(redirect_uris: Sequence[str], is_public: bool) -> str | None:
    if not redirect_uris:
        return "A client needs at least one redirect URI."
    return _objection_to_each(redirect_uris, is_public)


def _objection_to_each(redirect_uris: Sequence[str], is_public: bool) -> str | None:
    """Return why the user must not be sent to one of these addresses, or None."""
    if len(redirect_uris) > MAX_REDIRECT_URIS:
        return f"A client has at most {MAX_REDIRECT_URIS} redirect URIs."
    for uri in redirect_uris:
        if objection := uris.objection_to(uri, is_public=is_public):
            return f"{uri[:200]!a}: {objection}"
    return None


def _objection_to_auth_method(method: str | None) -> str | None:
    if method is None or method in METHODS:
        return None
    return f"The method of client authentication is one of: {' '.join(METHODS)}."


def _objection_to_links(links: Mapping[str, str]) -> str | None:
    for name, address in links.items():
        if objection := uris.objection_to_page(address, LINKS[name]):
            return objection
    return None


def _objection_to_scope(scope: str) -> str | None:
    scopes = set(scope_list(scope))
    if scopes and scopes <= set(SCOPES):
        return None
    return f"The scope is one or more of: {' '.join(SCOPES)}."


def _objection_to_algorithm(alg: str | None) -> str | None:
    if alg is None or alg in ALGORITHMS:
        return None
    return f"The algorithm of ID tokens is one of: {' '.join(ALGORITHMS)}."
