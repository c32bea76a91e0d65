"""Attacks with a refresh token (RFC 6749 §6, §10.4; RFC 9700 §4.14)."""

from inspector.lab.answer import Answer
from inspector.lab.attack import Attack, CannotPlay, Outcome
from inspector.lab.fate import fate_of
from inspector.lab.stage import Stage

AIM = "POST /oauth/token"


def scope_raised(stage: Stage) -> Outcome:
    """Carol allowed reading; the refresh asks for writing."""
    tokens = stage.tokens("photos:read")
    answer = stage.thief.refresh(tokens["refresh_token"], scope="photos:read photos:write")
    got_through = "photos:write" in str(answer.json.get("scope", "")).split()
    return answer.outcome(
        got_through=got_through, consequence="" if got_through else _works(stage, tokens)
    )


def replayed(stage: Stage) -> Outcome:
    """Print Shop has used the token, and its successor: the third use of one family can be nobody’s but a thief’s."""
    first = stage.tokens()
    second = _refreshed(stage.print_shop.refresh(first["refresh_token"]))
    third = _refreshed(stage.print_shop.refresh(second["refresh_token"]))
    stolen = stage.thief.refresh(first["refresh_token"])
    got_through = "access_token" in stolen.json
    fate = fate_of(
        third,
        stage,
        dead="Print Shop’s newest tokens are dead, and with them the grant.",
        alive="Print Shop’s newest tokens live on, and with them the grant.",
    )
    return stolen.outcome(got_through=got_through, consequence="" if got_through else fate)


def of_another_client(stage: Stage) -> Outcome:
    """Carol’s token for Print Shop, presented by Mallory’s app."""
    tokens = stage.tokens()
    answer = stage.mallorys_app.refresh(tokens["refresh_token"])
    got_through = "access_token" in answer.json
    return answer.outcome(
        got_through=got_through, consequence="" if got_through else _works(stage, tokens)
    )


def within_the_grace(stage: Stage) -> Outcome:
    """The thief is just as the owner would be whose answer was lost: same token, same secret, in time."""
    first = stage.tokens()
    second = _refreshed(stage.print_shop.refresh(first["refresh_token"]))
    stolen = stage.thief.refresh(first["refresh_token"])
    if "access_token" not in stolen.json:
        return stolen.outcome(got_through=False, consequence="The grace is turned off.")
    owner = stage.print_shop.refresh(second["refresh_token"])
    is_dead = stage.ask_api(stolen.json["access_token"]).status == 401
    ends = owner.status == 400 and is_dead
    consequence = (
        "Mallory reads until Print Shop comes next; then the grant ends, and her tokens with it."
        if ends
        else ""
    )
    return stolen.outcome(got_through=True, consequence=consequence)


def _works(stage: Stage, tokens: dict[str, str]) -> str:
    """Whether the one whose token it is was harmed by the attempt."""
    works = "access_token" in stage.print_shop.refresh(tokens["refresh_token"]).json
    return f"Print Shop’s refresh token {'still works: a refused request spends nothing' if works else 'works no more'}."


def _refreshed(answer: Answer) -> dict[str, str]:
    if "refresh_token" not in answer.json:
        raise CannotPlay(f"Print Shop could not refresh: {answer.status} {answer.error}")
    return answer.json


ATTACKS = (
    Attack(
        slug="scope-raised",
        title="Raise the scope at a refresh",
        aim=AIM,
        leg="auth",
        does="Carol allowed reading. Mallory, with the refresh token and the secret, asks for a token that writes.",
        run=scope_raised,
        check="scope-as-granted",
        plain="authlib",
    ),
    Attack(
        slug="refresh-replayed",
        title="Replay a stolen refresh token",
        aim=AIM,
        leg="auth",
        does="Mallory has stolen a refresh token and the secret, but Print Shop has used the token since, and its successor.",
        run=replayed,
        check="refresh-once",
        plain="authlib",
    ),
    Attack(
        slug="refresh-of-another-client",
        title="Use another client’s refresh token",
        aim=AIM,
        leg="auth",
        does="Mallory presents Print Shop’s refresh token under the name of her own app.",
        run=of_another_client,
        check="own-client",
        section="6",
        plain="authlib",
    ),
    Attack(
        slug="secret-and-token-in-time",
        title="Have the token, the secret, and be in time",
        aim=AIM,
        leg="auth",
        does="Mallory has the refresh token and the secret, and comes within the grace, before Print Shop uses the successor.",
        run=within_the_grace,
        check=None,
    ),
)
