"""Attacks with a stolen code at the token endpoint (RFC 6749 §4.1.3, §10.5; RFC 7636 §4.6).

Mallory has everything except what the check asks for. This includes Print Shop's secret.
"""

from functools import partial

from inspector.lab.attack import Attack, Group
from inspector.lab.http import Answer
from inspector.lab.outcome import CannotRun, Outcome
from inspector.lab.stage import MALLORYS_SITE, Code, Stage


def redeem_again(stage: Stage) -> Outcome:
    """Repeat a token request that Print Shop has sent."""
    code = stage.code()
    first = stage.print_shop.redeem(code.value, code.verifier)
    if "access_token" not in first.json:
        raise CannotRun(f"Print Shop received no tokens: {first.status} {first.error}")
    again = stage.thief.redeem(code.value, code.verifier)
    consequence = stage.describe_tokens(
        first.json,
        if_revoked="The grant ended. The tokens from the first use stopped working.",
        if_active="The tokens from the first use still work.",
    )
    return again.attempt("access_token" in again.json, if_stopped=consequence)


def redeem_without_verifier(stage: Stage) -> Outcome:
    """Redeem a code with the right secret and a wrong verifier."""
    code = stage.code()
    return _attempt(stage, code, stage.thief.redeem(code.value, "m" * 43))


def redeem_by_another_client(stage: Stage) -> Outcome:
    """Redeem a code with the right verifier, as another client."""
    code = stage.code()
    redirect_uri = stage.print_shop.redirect_uri
    stolen = stage.mallorys_app.redeem(code.value, code.verifier, redirect_uri=redirect_uri)
    return _attempt(stage, code, stolen)


def redeem_with_other_redirect_uri(stage: Stage) -> Outcome:
    """Redeem a code with the redirect URI of Mallory's site."""
    code = stage.code()
    redirect_uri = f"{MALLORYS_SITE}/callback"
    stolen = stage.thief.redeem(code.value, code.verifier, redirect_uri=redirect_uri)
    return _attempt(stage, code, stolen)


def _attempt(stage: Stage, code: Code, answer: Answer) -> Outcome:
    """Return the outcome, and whether Print Shop can still redeem the code."""
    consequence = "Print Shop can no longer redeem the code."
    if "access_token" in stage.print_shop.redeem(code.value, code.verifier).json:
        consequence = "Print Shop can still redeem the code. The failed attempt did no harm."
    return answer.attempt("access_token" in answer.json, if_stopped=consequence)


#: What these attacks have in common, unless an entry says otherwise.
attack = partial(Attack, aim="POST /oauth/token", leg="auth", plain="authlib", group=Group.CODES)

ATTACKS = (
    attack(
        slug="code-replay",
        title="Use a code twice",
        severity="medium",
        description="Mallory reads a whole token request in a log, with the secret and the "
        "verifier. Mallory sends it again.",
        run=redeem_again,
        check="code-once",
    ),
    attack(
        slug="code-without-verifier",
        title="Redeem a stolen code without its verifier",
        severity="medium",
        description="Mallory has stolen a code and Print Shop’s secret, "
        "but must guess the verifier.",
        run=redeem_without_verifier,
        check="verifier",
    ),
    attack(
        slug="code-of-another-client",
        title="Redeem a stolen code as another client",
        severity="medium",
        description="Mallory has stolen a code of Print Shop and its verifier. "
        "Mallory redeems it with the credentials of another app.",
        run=redeem_by_another_client,
        check="own-client",
    ),
    attack(
        slug="redirect-uri-at-token",
        title="Change the redirect URI at the token endpoint",
        severity="medium",
        description="Mallory redeems a stolen code with the redirect URI of another site.",
        run=redeem_with_other_redirect_uri,
        check="same-redirect-uri",
    ),
)
