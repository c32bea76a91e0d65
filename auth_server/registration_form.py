"""The form in which a developer describes a client, as it was typed."""

from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from auth_server.client_metadata import ClientMetadata
from auth_server.models import Client
from auth_server.scopes import EMAIL, OPENID, SCOPES, scope_list, scope_text

CONFIDENTIAL, PUBLIC = "confidential", "public"
#: The type cannot be changed, so the form of a registered client has none.
_AUTH_METHODS = {PUBLIC: "none"}


def _harmless_scope() -> str:
    """Return the scopes that are ticked in an empty form: those without a warning.

    Only some clients need an ID token, so a developer ticks the scopes for that.
    """
    harmless = {name for name, scope in SCOPES.items() if not scope.warning}
    return scope_text(harmless - {OPENID, EMAIL})


@dataclass(frozen=True)
class RegistrationForm:
    """The fields of the form. `redirect_uris` has one URI per line."""

    name: str = ""
    homepage: str = ""
    redirect_uris: str = ""
    scope: str = field(default_factory=_harmless_scope)
    type: str = CONFIDENTIAL

    @classmethod
    def read(cls, form: MultiDict[str, str]) -> "RegistrationForm":
        """Return the fields that were sent."""
        return cls(
            name=form.get("name", ""),
            homepage=form.get("homepage", "").strip(" "),
            redirect_uris=form.get("redirect_uris", ""),
            scope=" ".join(form.getlist("scope")),
            type=form.get("type", ""),
        )

    @classmethod
    def of(cls, client: Client) -> "RegistrationForm":
        """Return the fields that are registered of `client`."""
        client_type = CONFIDENTIAL
        if client.is_public:
            client_type = PUBLIC
        return cls(
            name=client.name,
            homepage=client.homepage or "",
            redirect_uris="\n".join(client.redirect_uris),
            scope=client.scope,
            type=client_type,
        )

    @property
    def scopes(self) -> list[str]:
        """The scopes that are ticked."""
        return scope_list(self.scope)

    @property
    def metadata(self) -> ClientMetadata:
        """The metadata to register."""
        lines = (line.strip(" ") for line in self.redirect_uris.replace("\r\n", "\n").split("\n"))
        return ClientMetadata(
            name=self.name,
            redirect_uris=[line for line in lines if line],
            scope=self.scope,
            homepage=self.homepage,
            auth_method=_AUTH_METHODS.get(self.type),
        )

    @property
    def objections(self) -> dict[str, str]:
        """What is wrong with the form for a new client, by field."""
        metadata = self.metadata
        found = metadata.objections(is_public=metadata.is_public)
        if self.type not in (CONFIDENTIAL, PUBLIC):
            found["type"] = "Choose where it runs."
        return found
