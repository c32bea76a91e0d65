"""The OpenID providers: Tripod, and one that is certified, which shows that a test is right."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import requests
from world.node import running_program
from world.processes import Running, run, running_legs


@dataclass(frozen=True)
class Registration:
    """What a client knows after its registration. A public client has no secret."""

    client_id: str
    client_secret: str = ""


@dataclass(frozen=True)
class Wanted:
    """What a client asks for when it is registered."""

    redirect_uri: str
    post_logout_redirect_uri: str
    scope: str
    auth_method: str
    id_token_alg: str


class Provider(Protocol):
    """An OpenID provider that runs."""

    issuer: str

    def register(self, wanted: Wanted) -> Registration:
        """Register a client."""


@dataclass
class Tripod:
    """The three legs. The operator registers the clients."""

    legs: Running

    @property
    def issuer(self) -> str:
        return self.legs.auth_server_url

    def register(self, wanted: Wanted) -> Registration:
        options = {
            "--name": "A relying party",
            "--redirect-uri": wanted.redirect_uri,
            "--post-logout-redirect-uri": wanted.post_logout_redirect_uri,
            "--scope": wanted.scope,
            "--id-token-alg": wanted.id_token_alg,
        }
        arguments = [word for option in options.items() for word in option]
        if wanted.auth_method == "none":
            arguments.append("--public")
        created = run(
            *("-m", "flask", "--app", "app:create_auth_server", "clients", "create", "--json"),
            *arguments,
            env=self.legs.env,
        )
        assert created.returncode == 0, created.stderr
        return read_registration(json.loads(created.stdout))


@dataclass
class CertifiedServer:
    """npm's oidc-provider. Clients register themselves (RFC 7591)."""

    issuer: str

    def register(self, wanted: Wanted) -> Registration:
        metadata = {
            "redirect_uris": [wanted.redirect_uri],
            "post_logout_redirect_uris": [wanted.post_logout_redirect_uri],
            "scope": f"{wanted.scope} offline_access",
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": wanted.auth_method,
            "id_token_signed_response_alg": wanted.id_token_alg,
            "application_type": "native",  # for http on loopback
        }
        created = requests.post(f"{self.issuer}/reg", json=metadata, timeout=10)
        assert created.status_code == 201, created.text
        return read_registration(created.json())


def read_registration(document: dict[str, Any]) -> Registration:
    """Read the names of RFC 7591."""
    return Registration(document["client_id"], document.get("client_secret", ""))


@contextmanager
def running_tripod(folder: Path) -> Iterator[Tripod]:
    with running_legs(folder) as legs:
        yield Tripod(legs)


@contextmanager
def running_certified_server(folder: Path) -> Iterator[CertifiedServer]:
    """Run the program in `folder`, which has its packages."""
    with running_program(folder, "certified_server.mjs") as output:
        yield CertifiedServer(output.read_text().splitlines()[0])
