"""Which check stops which attacks: declared here, and held to by a test that turns one check off at a time."""

from collections.abc import Iterable
from dataclasses import dataclass

from inspector.lab.attack import Attack


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check of this project, in `symbol` of `file`, and the section of the RFC that asks for it.

    `title` is the rule that it enforces. Where it is but a part of `symbol`, it begins with `line`. `stops` are the attacks
    that get through when this check alone is turned off.
    """

    slug: str
    title: str
    rfc: int
    section: str
    file: str
    symbol: str
    stops: tuple[str, ...]
    line: str = ""

    @property
    def rule(self) -> str:
        """The rule inside a sentence."""
        return self.title[0].lower() + self.title[1:]

    def section_for(self, attack: Attack) -> str:
        """The section that asks for it where `attack` is concerned."""
        return attack.section or self.section

    def sections(self, attacks: Iterable[Attack]) -> list[str]:
        """The sections that ask for it, among `attacks` that it stops."""
        own = (self.section_for(attack) for attack in attacks if attack.check == self.slug)
        return list(dict.fromkeys([self.section, *own]))


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two checks, one behind the other: `stops` are the attacks that get through only when both are turned off."""

    first: str
    second: str
    stops: tuple[str, ...]


CHECKS = (
    Check(
        slug="exact-redirect-uri",
        title="The redirect URI must equal a registered one, character by character, but for a public client’s loopback port.",
        rfc=9700,
        section="2.1",
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
        rfc=9700,
        section="2.1.1",
        file="auth_server/grant_types.py",
        symbol="S256Required.validate_code_challenge",
        stops=("pkce-plain", "pkce-none"),
    ),
    Check(
        slug="form-token",
        title="A form must carry the token of this site’s own page.",
        rfc=6749,
        section="10.12",
        file="web/form_tokens.py",
        symbol="init_app",
        line="csrf.protect()",
        stops=("forged-consent",),
    ),
    Check(
        slug="own-pages-only",
        title="A sign-in must lead to a page of this server.",
        rfc=9700,
        section="4.11.2",
        file="auth_server/sign_in.py",
        symbol="own_page",
        stops=("open-redirect",),
    ),
    Check(
        slug="state",
        title="The state must be one that this very browser was given.",
        rfc=6749,
        section="10.12",
        file="client_app/oauth.py",
        symbol="AuthorizationRequest.is_answered_by",
        stops=(),
    ),
    Check(
        slug="issuer",
        title="The answer must name the issuer that was asked.",
        rfc=9207,
        section="2.4",
        file="client_app/oauth.py",
        symbol="Client._check_issuer",
        stops=("mix-up",),
    ),
    Check(
        slug="code-once",
        title="A code may be redeemed once.",
        rfc=6749,
        section="4.1.2",
        file="auth_server/tokens.py",
        symbol="redeem_code",
        stops=("code-replay",),
    ),
    Check(
        slug="verifier",
        title="The verifier must be the one behind the challenge.",
        rfc=7636,
        section="4.6",
        file="auth_server/digests.py",
        symbol="s256_matches",
        stops=("code-without-verifier",),
    ),
    Check(
        slug="own-client",
        title="A code or token must come from the client that it was issued to.",
        rfc=6749,
        section="4.1.3",
        file="auth_server/issued_tokens.py",
        symbol="IssuedToken.check_client",
        stops=("code-of-another-client", "refresh-of-another-client"),
    ),
    Check(
        slug="same-redirect-uri",
        title="The redirect URI must be the one of the authorization request.",
        rfc=6749,
        section="4.1.3",
        file="auth_server/grant_types.py",
        symbol="_check_same_redirect_uri",
        stops=("redirect-uri-at-token",),
    ),
    Check(
        slug="scope-as-granted",
        title="A refresh must ask for no more than what was granted.",
        rfc=6749,
        section="6",
        file="auth_server/issued_tokens.py",
        symbol="IssuedToken.get_scope",
        stops=("scope-raised",),
    ),
    Check(
        slug="refresh-once",
        title="A refresh token may be used once, and again only to replace a lost answer.",
        rfc=9700,
        section="4.14.2",
        file="auth_server/tokens.py",
        symbol="spend_refresh_token",
        stops=("refresh-replayed",),
    ),
    Check(
        slug="access-tokens-only",
        title="Only an access token may open a resource.",
        rfc=6749,
        section="1.5",
        file="resource_api/introspection.py",
        symbol="_is_access_token",
        stops=("refresh-token-as-access-token",),
    ),
    Check(
        slug="expiry",
        title="A token whose time is up must not be active.",
        rfc=7662,
        section="2.2",
        file="auth_server/issued_tokens.py",
        symbol="_is_unexpired",
        stops=(),
    ),
    Check(
        slug="expiry-by-own-clock",
        title="An answer about a token must not count beyond the time in it.",
        rfc=7662,
        section="4",
        file="resource_api/introspection.py",
        symbol="_is_unexpired",
        stops=(),
    ),
    Check(
        slug="grant-alive",
        title="When a grant ends, every token of it must die.",
        rfc=7009,
        section="2.1",
        file="auth_server/issued_tokens.py",
        symbol="_has_living_grant",
        stops=("revoked-access-token",),
    ),
    Check(
        slug="scope-needed",
        title="The token must have the scope that the resource needs.",
        rfc=6750,
        section="3.1",
        file="resource_api/protection.py",
        symbol="_check_scope",
        stops=("write-with-a-read-only-token",),
    ),
    Check(
        slug="own-photos",
        title="A token must open no photos but those of the person who granted it.",
        rfc=6749,
        section="1.4",
        file="resource_api/photos.py",
        symbol="_photos_of",
        stops=("another-persons-photo",),
    ),
)

PAIRS = (
    # A callback that slips past the state brings a code that was asked for with another challenge.
    Pair(
        first="state", second="verifier", stops=("forged-callback", "callback-in-another-browser")
    ),
    Pair(first="expiry", second="expiry-by-own-clock", stops=("expired-access-token",)),
)
