"""The table of checks: where each check is, and which attacks it stops.

A test turns each check off and holds that exactly these attacks succeed. When you rename or move
the code of a check, change `file` and `symbol` here; the page, the command and the tests follow.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from inspector.lab.attack import Attack
from inspector.record.parameter_kinds import LOGOUT, OPENID, Section, rfc

#: The comment directly above the statement that does a check, followed by the check's slug.
MARKER = "# Lab check: "


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check, and the section of a specification that asks for it.

    `title` is the rule that it enforces. `symbol` is the qualified name of its code in `file`;
    with `has_marker`, only the statement below the marker comment in `symbol` is the check.
    `stops` are the attacks that succeed when only this check is off.
    """

    slug: str
    title: str
    section: Section
    file: str
    symbol: str
    stops: tuple[str, ...] = ()
    has_marker: bool = False

    def section_for(self, attack: Attack) -> Section:
        """Return the section that asks for this check against `attack`."""
        if attack.section in ("", self.section.number):
            return self.section
        return Section(self.section.document, attack.section)

    def sections(self, attacks: Iterable[Attack]) -> list[Section]:
        """Return the sections that ask for this check against any of `attacks`."""
        own = (self.section_for(attack) for attack in attacks if attack.check == self.slug)
        return list(dict.fromkeys([self.section, *own]))


@dataclass(frozen=True, kw_only=True)
class CheckPair:
    """Two checks that both stop the attacks `stops`, which succeed only when both are off."""

    first: str
    second: str
    stops: tuple[str, ...]


CHECKS = (
    Check(
        slug="exact-redirect-uri",
        title="The redirect URI must equal a registered one. Only the loopback port of a public "
        "client may differ.",
        section=rfc(9700, "2.1"),
        file="auth_server/redirect_uris.py",
        symbol="matches",
        stops=(
            "redirect-uri-port",
            "redirect-uri-prefix",
            "redirect-uri-subdomain",
            "redirect-uri-parameter",
        ),
    ),
    Check(
        slug="s256-required",
        title="An authorization request must carry an S256 challenge.",
        section=rfc(9700, "2.1.1"),
        file="auth_server/grant_types.py",
        symbol="S256Required.validate_code_challenge",
        stops=("pkce-plain", "pkce-none"),
    ),
    Check(
        slug="form-token",
        title="A form must carry a token from a page of this site.",
        section=rfc(6749, "10.12"),
        file="web/form_tokens.py",
        symbol="init_app",
        has_marker=True,
    ),
    Check(
        slug="form-origin",
        title="A form must not come from another site.",
        section=rfc(6749, "10.12"),
        file="web/request_origin.py",
        symbol="is_from_another_site",
    ),
    Check(
        slug="own-pages-only",
        title="A sign-in must redirect to a page of this server.",
        section=rfc(9700, "4.11.2"),
        file="auth_server/sign_in.py",
        symbol="own_page",
        stops=("open-redirect",),
    ),
    Check(
        slug="state",
        title="The state must be one that was issued to this browser.",
        section=rfc(6749, "10.12"),
        file="client_app/oauth.py",
        symbol="AuthorizationRequest.is_answered_by",
    ),
    Check(
        slug="issuer",
        title="The authorization response must name the expected issuer.",
        section=rfc(9207, "2.4"),
        file="client_app/oauth.py",
        symbol="Client._check_issuer",
        stops=("mix-up",),
    ),
    Check(
        slug="id-token-nonce",
        title="The ID token must have the nonce of this browser’s request.",
        section=Section(OPENID, "3.1.3.7", "IDTokenValidation"),
        file="client_app/oauth.py",
        symbol="Client._check_sign_in",
        has_marker=True,
        stops=("id-token-replayed",),
    ),
    Check(
        slug="id-token-parties",
        title="The ID token must be from the expected issuer, and for this client.",
        section=Section(OPENID, "3.1.3.7", "IDTokenValidation"),
        file="client_app/oauth.py",
        symbol="Client._check_parties",
        stops=("id-token-of-another-client",),
    ),
    Check(
        slug="id-token-signature",
        title="The ID token must be signed by the issuer, in a way that the client accepts.",
        section=Section(OPENID, "3.1.3.7", "IDTokenValidation"),
        file="client_app/oauth.py",
        symbol="Client.read_signed_token",
        has_marker=True,
        stops=("id-token-without-signature", "id-token-key-confusion"),
    ),
    Check(
        slug="own-hint",
        title="Only an ID token of the present sign-in ends it without a question.",
        section=Section(LOGOUT, "2", "RPLogout"),
        file="auth_server/logout_request.py",
        symbol="LogoutRequest.has_hint_of",
        stops=("logout-with-another-hint",),
    ),
    Check(
        slug="code-once",
        title="A code can be redeemed only once.",
        section=rfc(6749, "4.1.2"),
        file="auth_server/tokens.py",
        symbol="redeem_code",
        stops=("code-replay",),
    ),
    Check(
        slug="verifier",
        title="The verifier must match the challenge.",
        section=rfc(7636, "4.6"),
        file="auth_server/digests.py",
        symbol="s256_matches",
        stops=("code-without-verifier",),
    ),
    Check(
        slug="own-client",
        title="Only the client that received a code or token can redeem it.",
        section=rfc(6749, "4.1.3"),
        file="auth_server/issued_tokens.py",
        symbol="PresentedCredential.check_client",
        stops=("code-of-another-client", "refresh-of-another-client"),
    ),
    Check(
        slug="same-redirect-uri",
        title="The redirect URI must equal the one in the authorization request.",
        section=rfc(6749, "4.1.3"),
        file="auth_server/grant_types.py",
        symbol="_check_same_redirect_uri",
        stops=("redirect-uri-at-token",),
    ),
    Check(
        slug="scope-as-granted",
        title="A refresh must not request more scope than was granted.",
        section=rfc(6749, "6"),
        file="auth_server/issued_tokens.py",
        symbol="PresentedCredential.get_scope",
        stops=("scope-raised",),
    ),
    Check(
        slug="refresh-once",
        title="A refresh token can be used once, and again only to replace a lost answer.",
        section=rfc(9700, "4.14.2"),
        file="auth_server/tokens.py",
        symbol="spend_refresh_token",
        stops=("refresh-replayed",),
    ),
    Check(
        slug="access-tokens-only",
        title="Only an access token gives access to a resource.",
        section=rfc(6749, "1.5"),
        file="resource_api/introspection.py",
        symbol="_is_access_token",
        stops=("refresh-token-as-access-token",),
    ),
    Check(
        slug="expiry",
        title="An expired token must not be active.",
        section=rfc(7662, "2.2"),
        file="auth_server/issued_tokens.py",
        symbol="IssuedToken.has_expired",
        stops=("expired-access-token",),
    ),
    Check(
        slug="grant-alive",
        title="When a grant ends, all its tokens must stop working.",
        section=rfc(7009, "2.1"),
        file="auth_server/issued_tokens.py",
        symbol="IssuedToken.has_ended_grant",
        stops=("revoked-access-token",),
    ),
    Check(
        slug="scope-needed",
        title="The token must have the scope that the resource needs.",
        section=rfc(6750, "3.1"),
        file="resource_api/protection.py",
        symbol="_check_scope",
        stops=("write-with-a-read-only-token",),
    ),
    Check(
        slug="own-photos",
        title="A token gives access only to the photos of the user who granted it.",
        section=rfc(6749, "1.4"),
        file="resource_api/photos.py",
        symbol="_is_own",
        stops=("another-persons-photo",),
    ),
)

CHECK_PAIRS = (
    # Without the state check, the code in the callback still belongs to another challenge.
    CheckPair(
        first="state", second="verifier", stops=("forged-callback", "callback-in-another-browser")
    ),
    CheckPair(first="form-token", second="form-origin", stops=("forged-consent",)),
)
