"""Attacks on the logout endpoint (OpenID Connect RP-Initiated Logout)."""

from urllib.parse import urlencode

from inspector.lab.actors import LURED
from inspector.lab.attack import Attack, Group
from inspector.lab.outcome import CannotRun, Outcome
from inspector.lab.stage import Stage


def sign_out_with_own_hint(stage: Stage) -> Outcome:
    """Make Carol's browser sign out, with Mallory's ID token as the hint."""
    tokens = stage.tokens("openid", app=stage.mallorys_app, person=stage.mallory)
    if "id_token" not in tokens:
        raise CannotRun("Mallory’s app received no ID token.")
    shop = stage.print_shop
    page = shop.authorization_request("photos:read").url  # which shows whether Carol is signed in
    stage.carol.visit(page, until=shop.redirect_uri)
    query = urlencode({"id_token_hint": tokens["id_token"]})
    logout = f"{stage.addresses.authorization_server}/oauth/logout?{query}"
    browser = stage.carol.browser
    answer = browser.sender.send("GET", logout, headers=LURED)
    shown = browser.open(page, until=shop.redirect_uri).page
    if shown.form_with("password"):
        return answer.outcome(has_succeeded=True, consequence="Carol is signed out.")
    consequence = "Tripod ID asks Carol to confirm the sign-out. Carol is still signed in."
    return answer.outcome(has_succeeded=False, consequence=consequence)


ATTACKS = (
    Attack(
        slug="logout-with-another-hint",
        title="Sign a user out with another user’s ID token",
        group=Group.OPENID_CONNECT,
        severity="high",
        aim="GET /oauth/logout",
        leg="auth",
        description="A link of Mallory’s makes Carol’s browser open the logout endpoint. The hint "
        "is an ID token that Mallory’s app received for Mallory.",
        run=sign_out_with_own_hint,
        check="own-hint",
        uses_carols_browser=True,
        plain="authlib",
    ),
)
