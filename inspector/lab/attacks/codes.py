"""Attacks with a stolen authorization code, at the token endpoint (RFC 6749 §4.1.3, §10.5; RFC 7636 §4.6).

The thief has everything but what the one check asks for, Print Shop’s secret included: the worst case.
"""

from inspector.lab.answer import Answer
from inspector.lab.attack import Attack, CannotPlay, Outcome
from inspector.lab.fate import fate_of
from inspector.lab.stage import MALLORYS_SITE, Stage

AIM = "POST /oauth/token"


def _tried(answer: Answer, consequence: str = "") -> Outcome:
    got_through = "access_token" in answer.json
    return answer.outcome(got_through=got_through, consequence="" if got_through else consequence)


def replay(stage: Stage) -> Outcome:
    """The very request that Print Shop has sent, once more."""
    code = stage.code()
    first = stage.print_shop.redeem(code.value, code.verifier)
    if "access_token" not in first.json:
        raise CannotPlay(f"Print Shop got no tokens: {first.status} {first.error}")
    again = stage.thief.redeem(code.value, code.verifier)
    fate = fate_of(
        first.json,
        stage,
        dead="The tokens that the first use bought are dead, and with them the grant.",
        alive="The tokens that the first use bought live on.",
    )
    return _tried(again, fate)


def without_verifier(stage: Stage) -> Outcome:
    """The code and the secret, and a verifier that is made up."""
    code = stage.code()
    return _tried(
        stage.thief.redeem(code.value, "m" * 43), _still_good(stage, code.value, code.verifier)
    )


def by_another_client(stage: Stage) -> Outcome:
    """Everything right, verifier included, but for who asks."""
    code = stage.code()
    stolen = stage.mallorys_app.redeem(
        code.value, code.verifier, redirect_uri=stage.print_shop.redirect_uri
    )
    return _tried(stolen, _still_good(stage, code.value, code.verifier))


def other_redirect_uri(stage: Stage) -> Outcome:
    """As if the code had been sent to Mallory’s site."""
    code = stage.code()
    stolen = stage.thief.redeem(code.value, code.verifier, redirect_uri=f"{MALLORYS_SITE}/callback")
    return _tried(stolen, _still_good(stage, code.value, code.verifier))


def _still_good(stage: Stage, code: str, verifier: str) -> str:
    """Whether the one whose code it is was harmed by the attempt."""
    is_good = "access_token" in stage.print_shop.redeem(code, verifier).json
    return f"Print Shop {'could still redeem it: a failed guess harms nobody' if is_good else 'cannot redeem it any more'}."


ATTACKS = (
    Attack(
        slug="code-replay",
        title="Use a code twice",
        aim=AIM,
        leg="auth",
        does="Mallory has read the whole token request in some log, secret and verifier and all, and sends it again.",
        run=replay,
        check="code-once",
        plain="authlib",
    ),
    Attack(
        slug="code-without-verifier",
        title="Redeem a stolen code without its verifier",
        aim=AIM,
        leg="auth",
        does="Mallory has caught a code, and has Print Shop’s secret as well. The verifier she has to make up.",
        run=without_verifier,
        check="verifier",
        plain="authlib",
    ),
    Attack(
        slug="code-of-another-client",
        title="Redeem a stolen code as another client",
        aim=AIM,
        leg="auth",
        does="Mallory has caught a code of Print Shop’s, and its verifier, and redeems it under the name of her own app.",
        run=by_another_client,
        check="own-client",
        plain="authlib",
    ),
    Attack(
        slug="redirect-uri-at-token",
        title="Change the redirect URI at the token endpoint",
        aim=AIM,
        leg="auth",
        does="Mallory redeems a stolen code as if it had been sent to her own site.",
        run=other_redirect_uri,
        check="same-redirect-uri",
        plain="authlib",
    ),
)
