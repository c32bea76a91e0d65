"""Attacks on the resource API with an unsuitable token (RFC 6750 §3.1, RFC 7662 §2.2)."""

from functools import partial
from http import HTTPStatus

from inspector.lab.attack import Attack, Group
from inspector.lab.http import Answer
from inspector.lab.outcome import CannotRun, Outcome
from inspector.lab.stage import Stage
from inspector.lab.temporary_legs import ACCESS_TOKEN_LIFETIME


def _attempt(answer: Answer, if_stopped: str = "") -> Outcome:
    is_success = answer.status < HTTPStatus.MULTIPLE_CHOICES
    return answer.attempt(is_success, if_stopped=if_stopped)


def use_refresh_token(stage: Stage) -> Outcome:
    """Present a refresh token to the resource API."""
    return _attempt(stage.call_api(stage.tokens()["refresh_token"]))


def use_expired_token(stage: Stage) -> Outcome:
    """Present an access token one second after it expired."""
    tokens = stage.tokens()
    _require_working(stage, tokens["access_token"])
    stage.wait(tokens["expires_in"] + 1)
    return _attempt(stage.call_api(tokens["access_token"]))


def use_revoked_token(stage: Stage) -> Outcome:
    """Present an unexpired access token after Print Shop has revoked the refresh token."""
    tokens = stage.tokens()
    _require_working(stage, tokens["access_token"])
    if stage.print_shop.revoke(tokens["refresh_token"]).status != HTTPStatus.OK:
        raise CannotRun("Print Shop could not revoke its token.")
    answer = stage.call_api(tokens["access_token"])
    consequence = ""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        consequence = "The access token stopped working when the refresh token was revoked."
    return _attempt(answer, consequence)


def write_with_read_only_token(stage: Stage) -> Outcome:
    """Rename a photo with a read-only token, to the same title, so that no data is lost."""
    token = stage.tokens("photos:read")["access_token"]
    photo = _first_photo(stage, token)
    path, change = f"/photos/{photo['id']}", {"title": photo["title"]}
    return _attempt(stage.call_api(token, path, "PATCH", json=change))


def read_photo_of_another_user(stage: Stage) -> Outcome:
    """Request a photo of Carol's with an access token of Mallory's."""
    photo_id = _first_photo(stage, stage.tokens("photos:read")["access_token"])["id"]
    own = stage.tokens("photos:read", app=stage.mallorys_app, person=stage.mallory)
    token = own["access_token"]
    answer = stage.call_api(token, f"/photos/{photo_id}")
    missing = stage.call_api(token, f"/photos/{'0' * len(photo_id)}")
    consequence = ""
    if (answer.status, answer.json) == (missing.status, missing.json):
        consequence = "The answer is the same as for a photo that does not exist."
    return _attempt(answer, consequence)


def _first_photo(stage: Stage, token: str) -> dict[str, str]:
    photos = stage.call_api(token, by=stage.print_shop.sender).json.get("photos")
    if not photos:
        raise CannotRun("Carol has no photos.")
    photo: dict[str, str] = photos[0]
    return photo


def _require_working(stage: Stage, token: str) -> None:
    answer = stage.call_api(token, by=stage.print_shop.sender)
    if answer.status != HTTPStatus.OK:
        raise CannotRun(f"The access token did not work before the attack: {answer.status}.")


#: What these attacks have in common, unless an entry says otherwise.
attack = partial(Attack, aim="GET /photos", leg="api", plain="authlib", group=Group.ACCESS_TOKENS)

ATTACKS = (
    attack(
        slug="refresh-token-as-access-token",
        title="Present a refresh token as an access token",
        severity="high",
        description="Mallory has a refresh token, which is valid longer than any access token. "
        "Mallory calls the API with it.",
        run=use_refresh_token,
        check="access-tokens-only",
    ),
    attack(
        slug="expired-access-token",
        title="Use an expired access token",
        severity="high",
        description="Mallory has found an access token in an old log. It has expired.",
        run=use_expired_token,
        check="expiry",
        own_legs="It waits until an access token has expired, on servers of its own whose tokens "
        f"live for {ACCESS_TOKEN_LIFETIME} seconds.",
        plain=None,
    ),
    attack(
        slug="revoked-access-token",
        title="Use an access token after its grant has ended",
        severity="high",
        description="Carol has disconnected Print Shop. "
        "The access token that Mallory copied has not expired yet.",
        run=use_revoked_token,
        check="grant-alive",
    ),
    attack(
        slug="write-with-a-read-only-token",
        title="Write with a read-only token",
        severity="high",
        aim="PATCH /photos/…",
        description="Carol granted read access. Mallory uses the token to rename a photo.",
        run=write_with_read_only_token,
        check="scope-needed",
    ),
    attack(
        slug="another-persons-photo",
        title="Request another user’s photo",
        severity="high",
        aim="GET /photos/…",
        description="Mallory has a valid token, and knows the address of a photo of Carol’s.",
        run=read_photo_of_another_user,
        check="own-photos",
        plain=None,
    ),
)
