"""Attacks on the authorization endpoint and the pages in front of it (RFC 6749 §4.1.1, §10.13, §10.15; RFC 7636)."""

from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from inspector.lab.actors import LED_ASTRAY, AuthorizationRequest
from inspector.lab.answer import Answer
from inspector.lab.attack import Attack, CannotPlay, Outcome
from inspector.lab.html import Form
from inspector.lab.stage import EVERY_SCOPE, MALLORYS_SITE, Stage

AIM = "GET /oauth/authorize"


def _tempted(stage: Stage, request: AuthorizationRequest, site: str) -> Outcome:
    """Carol follows a link of Mallory's. It gets through if she is asked to consent to it, or sent on with a code."""
    answer = stage.carol.visit(request.url, until=site, **LED_ASTRAY)
    goes_on = answer.page.form_with("decision") is not None or "code" in answer.carried
    return answer.outcome(got_through=goes_on, consequence=_where_she_is(answer))


def _where_she_is(answer: Answer) -> str:
    if answer.page.form_with("decision"):
        return "Carol is asked to consent, as if nothing were wrong."
    if not answer.location:
        return "Carol’s browser stays where it is: she is sent nowhere, and no code is issued."
    if "code" in answer.carried:
        return "Carol’s browser is sent on with a code."
    return "The client learns of the error, and gets no code." if "error" in answer.carried else ""


def _swapped(stage: Stage, redirect_uri: str) -> Outcome:
    request = stage.print_shop.authorization_request("photos:read", redirect_uri=redirect_uri)
    return _tempted(stage, request, redirect_uri)


def another_port(stage: Stage) -> Outcome:
    """The same host and path, and a port at which Mallory’s program listens."""
    parts = urlsplit(stage.print_shop.redirect_uri)
    return _swapped(stage, f"http://{parts.hostname}:6666{parts.path}")


def by_prefix(stage: Stage) -> Outcome:
    """The registered URI, and then some more path."""
    return _swapped(stage, f"{stage.print_shop.redirect_uri}/../mallory")


def by_subdomain(stage: Stage) -> Outcome:
    """The registered host as the beginning of Mallory’s own."""
    parts = urlsplit(stage.print_shop.redirect_uri)
    return _swapped(stage, f"http://{parts.netloc.replace(':', '-')}.mallory.example{parts.path}")


def extra_parameter(stage: Stage) -> Outcome:
    """The registered URI with a query that it was not registered with."""
    return _swapped(stage, f"{stage.print_shop.redirect_uri}?next={MALLORYS_SITE}")


def pkce_plain(stage: Stage) -> Outcome:
    """The challenge is the verifier itself, so whoever sees the request can redeem the code."""
    request = stage.print_shop.authorization_request(
        "photos:read", code_challenge="m" * 43, code_challenge_method="plain"
    )
    return _tempted(stage, request, stage.print_shop.redirect_uri)


def pkce_none(stage: Stage) -> Outcome:
    """The challenge is cut out of the request on its way."""
    request = stage.print_shop.authorization_request(
        "photos:read", code_challenge=None, code_challenge_method=None
    )
    return _tempted(stage, request, stage.print_shop.redirect_uri)


def forged_consent(stage: Stage) -> Outcome:
    """Another site has Carol’s browser send the form that allows Mallory’s app everything."""
    app = stage.mallorys_app
    request = app.authorization_request(EVERY_SCOPE)
    asked = stage.carol.visit(request.url)
    if asked.page.form_with("decision") is None:
        raise CannotPlay("Carol was not asked for consent.")
    stage.carol.has_consented = True
    scopes = [("granted_scope", scope) for scope in EVERY_SCOPE.split()]
    form = Form(request.url, [("asked_scope", EVERY_SCOPE), *scopes, ("decision", "allow")])
    headers = LED_ASTRAY | {"Origin": MALLORYS_SITE, "Referer": f"{MALLORYS_SITE}/"}
    answer = stage.carol.browser.wire.send("POST", form.action, data=form.fields, headers=headers)
    has_code = "code" in answer.carried
    consequence = f"{'A code goes to Mallory’s app. ' if has_code else ''}{_listed(stage, app.client_id)}".strip()
    return answer.outcome(got_through=has_code, consequence=consequence)


def _listed(stage: Stage, client_id: str) -> str:
    """What Carol’s account says of that app; nothing where there is no such page."""
    apps = stage.carol.visit(f"{stage.addresses.authorization_server}/account/apps")
    if apps.status != HTTPStatus.OK:
        return ""
    is_listed = any(("client_id", client_id) in form.buttons for form in apps.page.forms)
    return f"Carol’s account {'lists' if is_listed else 'does not list'} Mallory’s app among those that she let in."


def open_redirect(stage: Stage) -> Outcome:
    """A link to the real login page that leads on to Mallory’s, where Carol is asked for her password once more."""
    browser = stage.browser()
    elsewhere = f"//{urlsplit(MALLORYS_SITE).netloc}/login"
    login = browser.open(
        f"{stage.addresses.authorization_server}/login?next={elsewhere}", **LED_ASTRAY
    )
    form = login.page.form_with("password")
    if form is None:
        raise CannotPlay("There was no login page.")
    fields = [(name, value) for name, value in form.fields if name not in ("username", "password")]
    credentials = [("username", stage.carol.username), ("password", stage.carol.password)]
    answer = browser.submit(
        login, Form(form.action, fields), *credentials, until=stage.addresses.authorization_server
    )
    if not answer.location:
        raise CannotPlay(f"Carol could not sign in: {answer.status}.")
    host = urlsplit(answer.location).netloc
    is_elsewhere = host != urlsplit(stage.addresses.authorization_server).netloc
    if is_elsewhere:
        return answer.outcome(
            got_through=True, consequence=f"Carol is signed in, and sent on to {host}."
        )
    dropped = (
        ""
        if _carries(form, login, elsewhere)
        else "The login form no longer carried where the link led. "
    )
    return answer.outcome(
        got_through=False, consequence=f"{dropped}Carol is signed in, and stays here."
    )


def _carries(form: Form, page: Answer, value: str) -> bool:
    """Whether that form of `page`, when sent, says `value`: in a field or in its address."""
    return value in unquote(form.action or page.url) or any(
        value in sent for _, sent in form.fields
    )


ATTACKS = (
    Attack(
        slug="redirect-uri-port",
        title="Swap the redirect URI: another port",
        aim=AIM,
        leg="auth",
        does="A program of Mallory’s runs on Carol’s machine. Her link, to the real Tripod ID, has the code sent to its port.",
        run=another_port,
        check="exact-redirect-uri",
        plain="authlib",
    ),
    Attack(
        slug="redirect-uri-prefix",
        title="Swap the redirect URI: by prefix",
        aim=AIM,
        leg="auth",
        does="Mallory appends a path to the registered URI, for a server that only compares how it begins.",
        run=by_prefix,
        check="exact-redirect-uri",
        plain="authlib",
    ),
    Attack(
        slug="redirect-uri-subdomain",
        title="Swap the redirect URI: by subdomain",
        aim=AIM,
        leg="auth",
        does="Mallory’s domain begins with the registered host, for a server that looks for it anywhere in the name.",
        run=by_subdomain,
        check="exact-redirect-uri",
        plain="authlib",
    ),
    Attack(
        slug="redirect-uri-parameter",
        title="Swap the redirect URI: by an extra parameter",
        aim=AIM,
        leg="auth",
        does="Mallory adds a query to the registered URI, for a client that redirects on to whatever stands in it.",
        run=extra_parameter,
        check="exact-redirect-uri",
        plain="authlib",
    ),
    Attack(
        slug="pkce-plain",
        title="Downgrade PKCE to plain",
        aim=AIM,
        leg="auth",
        does="Mallory rewrites the request on its way: the challenge is now a verifier that she knows.",
        run=pkce_plain,
        check="s256-required",
        plain="authlib",
    ),
    Attack(
        slug="pkce-none",
        title="Leave PKCE out",
        aim=AIM,
        leg="auth",
        does="Mallory cuts the challenge out of the request, so that the code needs no verifier.",
        run=pkce_none,
        check="s256-required",
        plain="authlib",
    ),
    Attack(
        slug="forged-consent",
        title="Forge the consent from another site",
        aim="POST /oauth/authorize",
        leg="auth",
        does="Mallory’s site has Carol’s browser send the form that allows her app all. SameSite would keep the cookie of "
        "Carol’s sign-in back; the lab sends it all the same, to see what stands behind.",
        run=forged_consent,
        check="form-token",
        plain="view",
    ),
    Attack(
        slug="open-redirect",
        title="Lead the sign-in astray",
        aim="POST /login",
        leg="auth",
        does="Mallory’s link leads to the real login page, and from there to a copy that asks for the password once more.",
        run=open_redirect,
        check="own-pages-only",
        plain="view",
    ),
)
