"""The kinds of entries in the tables of parameters: how a value is recorded, and what it means."""

from dataclasses import dataclass
from enum import Enum, auto

#: The specifications of OpenID Connect, by the names under which the pages show them.
OPENID = "OpenID Connect Core"
DISCOVERY = "OpenID Connect Discovery"
LOGOUT = "OpenID Connect RP-Initiated Logout"
BACK_CHANNEL_LOGOUT = "OpenID Connect Back-Channel Logout"
_OPENID_PAGES = {
    OPENID: "core",
    DISCOVERY: "discovery",
    LOGOUT: "rpinitiated",
    BACK_CHANNEL_LOGOUT: "backchannel",
}


@dataclass(frozen=True)
class Section:
    """A section of an RFC or of a specification of OpenID Connect.

    `anchor` is its name in the address of a specification of OpenID Connect.
    """

    document: str
    number: str
    anchor: str = ""

    @property
    def url(self) -> str:
        """The address of the section."""
        page = _OPENID_PAGES.get(self.document)
        if page:
            return f"https://openid.net/specs/openid-connect-{page}-1_0.html#{self.anchor}"
        document = self.document.replace(" ", "").lower()
        return f"https://www.rfc-editor.org/rfc/{document}#section-{self.number}"

    def __str__(self) -> str:
        return f"{self.document}, {self.number}"


class Rule(Enum):
    """How the value of a parameter or header is recorded."""

    #: As it is, except for tokens and passwords in it.
    CLEAR = auto()
    #: As an address: the values in its query follow the rules of their own names.
    ADDRESS = auto()
    #: In clear if it is a username of the demo, or else like a password.
    USERNAME = auto()
    #: Masked, with everything inside it.
    SECRET = auto()
    #: The same without a fingerprint, from which a value that a user chose could be guessed.
    PASSWORD = auto()
    #: Masked.
    MASKED = auto()


@dataclass(frozen=True)
class Parameter:
    """How a value is recorded, and what it means.

    Messages that share a value belong to one flow if `tie`, the kind of the value, is not empty.
    """

    rule: Rule
    words: str = ""
    section: Section | None = None
    tie: str = ""


def rfc(number: int, section: str) -> Section:
    """Return the section with this number of RFC `number`."""
    return Section(f"RFC {number}", section)


def clear(words: str, section: Section | None) -> Parameter:
    """Return the entry of a value that is recorded as it is."""
    return Parameter(Rule.CLEAR, words, section)


def address(words: str, section: Section) -> Parameter:
    """Return the entry of an address."""
    return Parameter(Rule.ADDRESS, words, section)


def secret(words: str, section: Section | None, tie: str = "") -> Parameter:
    """Return the entry of a secret, which ties messages if `tie` is its kind."""
    return Parameter(Rule.SECRET, words, section, tie)


def unexplained(rule: Rule, *names: str) -> dict[str, Parameter]:
    """Return entries without an explanation."""
    return dict.fromkeys(names, Parameter(rule))
