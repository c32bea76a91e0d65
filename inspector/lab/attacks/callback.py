"""Attacks on the client’s redirection endpoint (RFC 6749 §10.12, RFC 9207, RFC 9700 §4.4, §4.5)."""

from urllib.parse import parse_qsl, urlencode

from inspector.lab.actors import LED_ASTRAY, MALLORY, Browser, Person
from inspector.lab.answer import Answer
from inspector.lab.attack import Attack, CannotPlay, Outcome
from inspector.lab.stage import MALLORYS_SITE, Stage

AIM = "GET /callback"


def _round_trip(stage: Stage, person: Person, browser: Browser) -> str:
    """Somebody connects the real Print Shop in a fresh browser; the callback that it is about to open."""
    user = Person(person.username, person.password, browser)
    callback = f"{stage.addresses.client}/callback"
    answer = user.allow(f"{stage.addresses.client}/connect", "profile photos:read", until=callback)
    person.has_consented = True
    if "code" not in answer.carried:
        raise CannotPlay(
            f"No code came back to Print Shop: {answer.status} {answer.error or answer.said}"
        )
    return answer.location


def _tried(stage: Stage, browser: Browser, callback: str, **headers: str) -> tuple[Answer, str]:
    """What Print Shop answers to that callback, and whose album it shows in that browser afterwards."""
    answer = browser.wire.send("GET", callback, headers=headers)
    return answer, browser.open(f"{stage.addresses.client}/photos").page.heading


def _nobodys(album: str) -> str:
    return (
        ""
        if "Carol" in album or "Mallory" in album
        else "In Carol’s browser, Print Shop shows nobody’s album."
    )


def forged_callback(stage: Stage) -> Outcome:
    """Mallory’s own code, in Carol’s browser: Carol is to fill Mallory’s album."""
    mallorys = _round_trip(stage, stage.mallory, stage.browser(MALLORY))
    carols = stage.browser()
    carols.wire.send(
        "GET", f"{stage.addresses.client}/connect"
    )  # Carol has a round trip of her own under way
    answer, album = _tried(stage, carols, mallorys, **LED_ASTRAY)
    got_through = "Mallory" in album
    return answer.outcome(got_through=got_through, consequence=_nobodys(album))


def callback_in_another_browser(stage: Stage) -> Outcome:
    """Carol’s whole callback, before she opens it, in Mallory’s browser: Mallory is to see Carol’s photos."""
    carols, mallorys = stage.browser(), stage.browser(MALLORY)
    callback = _round_trip(stage, stage.carol, carols)
    mallorys.wire.send("GET", f"{stage.addresses.client}/connect")
    answer, album = _tried(stage, mallorys, callback)
    got_through = "Carol" in album
    _, carols_album = _tried(stage, carols, callback)
    goes_on = not got_through and "Carol" in carols_album
    consequence = (
        "Mallory does not see Carol’s album, and Carol’s own round trip goes on." if goes_on else ""
    )
    return answer.outcome(got_through=got_through, consequence=consequence)


def mix_up(stage: Stage) -> Outcome:
    """Carol’s code and state come back in the name of another server: whose token endpoint is the code for?"""
    carols = stage.browser()
    callback = _round_trip(stage, stage.carol, carols)
    address, _, query = callback.partition("?")
    parameters = [pair for pair in parse_qsl(query) if pair[0] != "iss"]
    forged = f"{address}?{urlencode([*parameters, ('iss', MALLORYS_SITE)])}"
    answer, album = _tried(stage, carols, forged, **LED_ASTRAY)
    got_through = "Carol" in album
    return answer.outcome(got_through=got_through, consequence=_nobodys(album))


ATTACKS = (
    Attack(
        slug="forged-callback",
        title="Forge a callback",
        aim=AIM,
        leg="client",
        does="Mallory has Carol’s browser open a callback with Mallory’s code, so that Carol works in Mallory’s album.",
        run=forged_callback,
        check="state",
    ),
    Attack(
        slug="callback-in-another-browser",
        title="Replay a callback in another browser",
        aim=AIM,
        leg="client",
        does="Mallory reads Carol’s callback, code and state and all, and opens it in her own browser before Carol does.",
        run=callback_in_another_browser,
        check="state",
    ),
    Attack(
        slug="mix-up",
        title="Mix up the authorization servers",
        aim=AIM,
        leg="client",
        does="A response comes back to Carol’s browser, with her state, in the name of Mallory’s authorization server.",
        run=mix_up,
        check="issuer",
    ),
)
