"""Attacks on the client's redirection endpoint (RFC 6749 §10.12, RFC 9207, RFC 9700 §4.4, §4.5)."""

from functools import partial
from urllib.parse import parse_qsl, urlencode

from inspector.lab.actors import LURED, MALLORY, Browser, Person
from inspector.lab.attack import Attack, Group
from inspector.lab.http import Answer
from inspector.lab.outcome import CannotRun, Outcome
from inspector.lab.stage import MALLORYS_SITE, Stage


def _capture_callback(stage: Stage, person: Person, browser: Browser) -> str:
    """Connect Print Shop in a new browser; return the callback URL before it is opened."""
    user = Person(person.username, person.password, browser)
    callback = f"{stage.addresses.client}/callback"
    answer = user.allow(f"{stage.addresses.client}/connect", "profile photos:read", until=callback)
    person.has_consented = True
    if "code" not in answer.redirect_parameters:
        message = answer.error or answer.description
        raise CannotRun(f"Print Shop received no code: {answer.status} {message}")
    return answer.location


def _open_callback(
    stage: Stage, browser: Browser, callback: str, **headers: str
) -> tuple[Answer, str]:
    """Open the callback; return the answer, and the heading of the album page afterwards."""
    answer = browser.sender.send("GET", callback, headers=headers)
    return answer, browser.open(f"{stage.addresses.client}/photos").page.heading


def _describe_album(heading: str) -> str:
    if "Carol" in heading or "Mallory" in heading:
        return ""
    return "Print Shop shows no album in Carol’s browser."


def forge_callback(stage: Stage) -> Outcome:
    """Open a callback with Mallory's code in Carol's browser."""
    mallorys_callback = _capture_callback(stage, stage.mallory, stage.browser(MALLORY))
    carols_browser = stage.browser()
    # Carol has started a flow, so that Print Shop expects a callback in this browser.
    carols_browser.sender.send("GET", f"{stage.addresses.client}/connect")
    answer, album = _open_callback(stage, carols_browser, mallorys_callback, **LURED)
    return answer.outcome(has_succeeded="Mallory" in album, consequence=_describe_album(album))


def open_callback_in_another_browser(stage: Stage) -> Outcome:
    """Open Carol's callback in Mallory's browser, before Carol's browser opens it."""
    carols_browser, mallorys_browser = stage.browser(), stage.browser(MALLORY)
    callback = _capture_callback(stage, stage.carol, carols_browser)
    mallorys_browser.sender.send("GET", f"{stage.addresses.client}/connect")
    answer, album = _open_callback(stage, mallorys_browser, callback)
    _, carols_album = _open_callback(stage, carols_browser, callback)
    consequence = ""
    if "Carol" in carols_album:
        consequence = "Mallory does not see Carol’s album, and Carol’s own flow continues."
    return answer.attempt("Carol" in album, if_stopped=consequence)


def mix_up_issuers(stage: Stage) -> Outcome:
    """Return Carol's code and state in the name of another issuer."""
    carols_browser = stage.browser()
    callback = _capture_callback(stage, stage.carol, carols_browser)
    address, _, query = callback.partition("?")
    parameters = [pair for pair in parse_qsl(query) if pair[0] != "iss"]
    forged = f"{address}?{urlencode([*parameters, ('iss', MALLORYS_SITE)])}"
    answer, album = _open_callback(stage, carols_browser, forged, **LURED)
    return answer.outcome(has_succeeded="Carol" in album, consequence=_describe_album(album))


#: What these attacks have in common, unless an entry says otherwise.
attack = partial(Attack, aim="GET /callback", leg="client", uses_carols_browser=True)

ATTACKS = (
    attack(
        slug="forged-callback",
        title="Forge a callback",
        group=Group.SESSIONS,
        severity="medium",
        description="Mallory makes Carol’s browser open a callback with Mallory’s code. "
        "Carol would then work in Mallory’s album.",
        run=forge_callback,
        check="state",
    ),
    attack(
        slug="callback-in-another-browser",
        title="Open a callback in another browser",
        group=Group.SESSIONS,
        severity="high",
        uses_carols_browser=False,
        description="Mallory reads Carol’s callback with its code and state. "
        "Mallory opens it in another browser before Carol does.",
        run=open_callback_in_another_browser,
        check="state",
    ),
    attack(
        slug="mix-up",
        title="Mix up the authorization servers",
        group=Group.FRONT_CHANNEL,
        severity="high",
        description="Carol’s browser receives an authorization response with the right state. "
        "The response names Mallory’s authorization server as the issuer.",
        run=mix_up_issuers,
        check="issuer",
    ),
)
