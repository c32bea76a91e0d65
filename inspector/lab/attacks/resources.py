"""Attacks on the resource API with an access token that is not good for what is tried (RFC 6750 §3.1, RFC 7662 §2.2)."""

from inspector.lab.answer import Answer
from inspector.lab.attack import Attack, CannotPlay, Outcome
from inspector.lab.stage import Stage

AIM = "GET /photos"


def _tried(answer: Answer, consequence: str = "") -> Outcome:
    got_through = answer.status < 300
    return answer.outcome(got_through=got_through, consequence="" if got_through else consequence)


def refresh_token_as_access_token(stage: Stage) -> Outcome:
    """A refresh token is for the authorization server alone."""
    return _tried(stage.ask_api(stage.tokens()["refresh_token"]))


def expired(stage: Stage) -> Outcome:
    """An access token, the moment after its time."""
    tokens = stage.tokens()
    _expect_to_work(stage, tokens["access_token"])
    stage.wait(tokens["expires_in"] + 1)
    return _tried(stage.ask_api(tokens["access_token"]))


def revoked(stage: Stage) -> Outcome:
    """Print Shop has been disconnected, and the access token has time left."""
    tokens = stage.tokens()
    _expect_to_work(stage, tokens["access_token"])
    if stage.print_shop.revoke(tokens["refresh_token"]).status != 200:
        raise CannotPlay("Print Shop could not revoke its token.")
    answer = stage.ask_api(tokens["access_token"])
    return _tried(
        answer,
        "The access token died with the refresh token that was revoked."
        if answer.status == 401
        else "",
    )


def write_with_a_read_only_token(stage: Stage) -> Outcome:
    """Reading was allowed; the token is used to write. The photo’s title is sent as it is, so that nothing is lost."""
    token = stage.tokens("photos:read")["access_token"]
    photo = _first_photo(stage, token)
    answer = stage.ask_api(token, f"/photos/{photo['id']}", "PATCH", json={"title": photo["title"]})
    return _tried(answer)


def another_persons_photo(stage: Stage) -> Outcome:
    """A good token of Mallory’s own, and the address of a photo of Carol’s."""
    carols = _first_photo(stage, stage.tokens("photos:read")["access_token"])
    own = stage.tokens("photos:read", app=stage.mallorys_app, person=stage.mallory)
    answer = stage.ask_api(own["access_token"], f"/photos/{carols['id']}")
    nothing = stage.ask_api(own["access_token"], f"/photos/{'0' * len(carols['id'])}")
    is_alike = (answer.status, answer.json) == (nothing.status, nothing.json)
    return _tried(
        answer, "The answer is the same as for a photo that does not exist." if is_alike else ""
    )


def _first_photo(stage: Stage, token: str) -> dict[str, str]:
    photos = stage.ask_api(token, by=stage.print_shop.wire).json.get("photos")
    if not photos:
        raise CannotPlay("Carol has no photos.")
    photo: dict[str, str] = photos[0]
    return photo


def _expect_to_work(stage: Stage, token: str) -> None:
    answer = stage.ask_api(token, by=stage.print_shop.wire)
    if answer.status != 200:
        raise CannotPlay(f"The token did not work in the first place: {answer.status}.")


ATTACKS = (
    Attack(
        slug="refresh-token-as-access-token",
        title="Present a refresh token as an access token",
        aim=AIM,
        leg="api",
        does="Mallory has a refresh token, which outlives every access token, and tries it at the photos.",
        run=refresh_token_as_access_token,
        check="access-tokens-only",
        plain="authlib",
    ),
    Attack(
        slug="expired-access-token",
        title="Use an access token after its time",
        aim=AIM,
        leg="api",
        does="Mallory has found an access token in an old log, and it has run out.",
        run=expired,
        check="expiry",
        waits=True,
    ),
    Attack(
        slug="revoked-access-token",
        title="Use an access token after its grant has ended",
        aim=AIM,
        leg="api",
        does="Carol has disconnected Print Shop. The access token that Mallory copied has time left.",
        run=revoked,
        check="grant-alive",
        plain="authlib",
    ),
    Attack(
        slug="write-with-a-read-only-token",
        title="Write with a token that may only read",
        aim="PATCH /photos/…",
        leg="api",
        does="Carol allowed reading. Mallory uses the token to rename a photo.",
        run=write_with_a_read_only_token,
        check="scope-needed",
        plain="authlib",
    ),
    Attack(
        slug="another-persons-photo",
        title="Ask for another person’s photo",
        aim="GET /photos/…",
        leg="api",
        does="Mallory’s own token is good, and she knows the address of one of Carol’s photos.",
        run=another_persons_photo,
        check="own-photos",
    ),
)
