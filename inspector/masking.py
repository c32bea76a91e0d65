"""Masks what is secret, in such a way that equal values can still be seen to be equal.

A masked value reads `Splxl0••••••••~3fa9c1`: its first letters if it is long and random, eight dots, and a fingerprint under a
key of this run. Masking is by permission, not by prohibition: see `vocabulary.py`.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from config import DEMO_SUBJECTS, LAB_SUBJECTS
from inspector.exchange import Pairs
from inspector.query import written
from inspector.vocabulary import ADDRESSES, CLEAR, PASSWORDS, TIES

DOTS = "•" * 8
SHOWN = 6
#: Of this length and longer, what is random is a code, a token or a secret; ids are shorter.
LONG = 40
#: What is shorter is not looked for elsewhere: it would be found in words.
SCRUBBED = 8
#: Usernames that everybody knows.
_NAMES = {*DEMO_SUBJECTS, *LAB_SUBJECTS}
_RANDOM = re.compile(rf"[A-Za-z0-9_-]{{{LONG},}}")


class Masker:
    """Masks the values of one exchange under `key`, and remembers what they were for as long as it lives.

    `ties` are the fingerprints by which this exchange belongs with others.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._masked: dict[str, str] = {}  # what was masked, in each of its spellings, and as what
        self._known: re.Pattern[str] | None = None  # any of them; compiled when it is looked for
        self.ties: dict[str, None] = {}

    def fingerprint(self, value: str, digits: int = 6) -> str:
        """The same for the same value and key, and nothing to guess the value by."""
        return hmac.digest(self._key, value.encode(errors="surrogatepass"), hashlib.sha256).hex()[:digits]

    def secret(self, value: str) -> str:
        """`value`, masked."""
        if not value:
            return value
        shown = value[:SHOWN] if _RANDOM.fullmatch(value) else ""
        masked = f"{shown}{DOTS}~{self.fingerprint(value)}"
        self._remember(value, masked)
        return masked

    def password(self, value: str) -> str:
        """Nothing of `value`, not even whether it is another's."""
        self._remember(value, DOTS)
        return DOTS

    def tie(self, kind: str, value: str) -> None:
        """Let this exchange belong with others that carry `value`."""
        if value:
            self.ties[self.tied(kind, value)] = None

    def tied(self, kind: str, value: str) -> str:
        """The tie that is made of `value`."""
        return f"{kind}:{self.fingerprint(value, 16)}"

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> Pairs:
        """Parameters or fields; a name that nobody knows may be a secret in the wrong place."""
        return [(self.name(name), self.named(name, value)) for name, value in pairs]

    def name(self, name: str) -> str:
        """The name of a parameter, member or cookie, unless it is so long that it may be a secret."""
        return name if name in CLEAR or len(name) < LONG else self.secret(name)

    def named(self, name: str, value: str) -> str:
        """The value of the parameter or member of that name."""
        if name in TIES:
            self.tie(TIES[name], value)
        if name == "code_verifier":
            self.tie("challenge", _s256(value))
        if name in PASSWORDS or (name == "username" and value not in _NAMES):
            return self.password(value)  # people type the one into the field of the other
        if name in ADDRESSES:
            return self.address(value)
        return self.text(value) if name in CLEAR or name == "username" else self.secret(value)

    def text(self, text: str) -> str:
        """Something that is public, but for what in it is as long and random as a token: it is in the wrong place."""
        return _RANDOM.sub(lambda found: self.secret(found[0]), text)

    def address(self, address: str) -> str:
        """A URL or a path, with its query masked; what is none is masked whole."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return self.secret(address)
        is_one = parts.netloc or address.startswith("/")
        if not is_one or "@" in parts.netloc or parts.scheme not in ("", "http", "https"):
            return self.secret(address)
        scheme = f"{parts.scheme}:" if parts.scheme else ""
        origin = f"{scheme}//{self.text(parts.netloc)}" if parts.netloc else ""
        query = self.query(parts.query)
        fragment = f"#{self.secret(parts.fragment)}" if parts.fragment else ""
        return f"{origin}{self.path(parts.path)}{'?' if query else ''}{query}{fragment}"

    def query(self, query: str) -> str:
        """As it stands in an address."""
        return written(self.pairs(parse_qsl(query, keep_blank_values=True)))

    def path(self, path: str) -> str:
        """With parts that look random masked: there is no telling what somebody pastes into an address."""
        return self.text(path)

    def scrub(self, text: str) -> str:
        """`text`, without any value that has been masked so far, however it is written in it."""
        if self._masked and self._known is None:
            longest_first = sorted(self._masked, key=len, reverse=True)
            self._known = re.compile("|".join(map(re.escape, longest_first)))
        scrubbed = self._known.sub(lambda found: self._masked[found[0]], text) if self._known else text
        return scrubbed.encode(errors="replace").decode()  # half characters, which JSON can hold and no page can

    def _remember(self, value: str, masked: str) -> None:
        plain = [form for form in (value, unquote(value)) if len(form) >= SCRUBBED]
        self._masked |= dict.fromkeys([*plain, *(quote(form, "", errors="replace") for form in plain)], masked)
        self._known = None


def _s256(verifier: str) -> str:
    """The challenge that a verifier belongs to (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode(errors="replace")).digest()).rstrip(b"=").decode()
