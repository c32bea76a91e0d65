"""What a developer types about a client, kept as it was typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from werkzeug.datastructures import MultiDict

from auth_server.client_metadata import objections
from auth_server.models import Client
from auth_server.scopes import scope_list

CONFIDENTIAL, PUBLIC = "confidential", "public"


class Registration(TypedDict):
    """The fields that are registered, in the words of `registrations`."""

    name: str
    homepage: str
    redirect_uris: Sequence[str]
    scope: str


@dataclass(frozen=True)
class RegistrationForm:
    """The fields of the form. Redirect URIs come one per line."""

    name: str = ""
    homepage: str = ""
    redirect_uris: str = ""
    scope: str = "profile photos:read"
    type: str = CONFIDENTIAL

    @classmethod
    def read(cls, form: MultiDict[str, str]) -> "RegistrationForm":
        """What was sent."""
        return cls(
            name=form.get("name", ""),
            homepage=form.get("homepage", "").strip(" "),
            redirect_uris=form.get("redirect_uris", ""),
            scope=" ".join(form.getlist("scope")),
            type=form.get("type", ""),
        )

    @classmethod
    def of(cls, client: Client) -> "RegistrationForm":
        """What is registered of `client`."""
        return cls(
            name=client.name,
            homepage=client.homepage or "",
            redirect_uris="\n".join(client.redirect_uris),
            scope=client.scope,
            type=PUBLIC if client.is_public else CONFIDENTIAL,
        )

    @property
    def scopes(self) -> list[str]:
        return scope_list(self.scope)

    @property
    def is_public(self) -> bool:
        return self.type == PUBLIC

    @property
    def registration(self) -> Registration:
        lines = (line.strip(" ") for line in self.redirect_uris.replace("\r\n", "\n").split("\n"))
        uris = [line for line in lines if line]
        return {
            "name": self.name,
            "homepage": self.homepage,
            "redirect_uris": uris,
            "scope": self.scope,
        }

    @property
    def objections(self) -> dict[str, str]:
        """What is wrong with it, by field, for a new client."""
        found = objections(**self.registration)
        if self.type not in (CONFIDENTIAL, PUBLIC):
            found["type"] = "Choose where it runs."
        return found
