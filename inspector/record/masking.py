"""Masks what is secret, in such a way that equal values can still be seen to be equal.

A masked value reads `Splxl0••••••••~3fa9c1`: its first letters if it is long and random, eight dots, and a fingerprint under a
key of this run. Masking is by permission, not by prohibition: see `vocabulary.py`.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from config import DEMO_SUBJECTS, LAB_SUBJECTS
from inspector.record import query_strings
from inspector.record.exchange import Pairs
from inspector.record.limits import ADDRESSES as MOST_ADDRESSES
from inspector.record.limits import PAIRS
from inspector.record.parameters import ADDRESSES, CLEAR, NAMES, TIES, is_password
from inspector.record.scrubbing import DOTS, Scrubber, unescaped
from web.request_id import is_acceptable

SHOWN = 6
#: Of this length and longer, what is random is a code, a token or a secret; ids are shorter, but for the lab's.
LONG = 40
#: Usernames that everybody knows.
_USERNAMES = {*DEMO_SUBJECTS, *LAB_SUBJECTS}
_RANDOM = re.compile(rf"[A-Za-z0-9_-]{{{LONG},}}")
#: What stands together: of a token in several parts, no part is left.
_WORD = re.compile(r"""[^\s/?&=:;,"'()<>]+""")
#: Before an @ a password can stand (RFC 3986 §3.2.1), and have anything in it.
_WITH_AT = re.compile(r"\S*@\S*")
_IDENTIFIER = re.compile(rf"[A-Za-z][A-Za-z0-9_.\[\]-]{{,{LONG - 2}}}")


class Masker:
    """Masks the values of one exchange under `key`; its `scrubber` remembers what they were for as long as it lives.

    `ties` are the fingerprints by which this exchange belongs with others.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._addresses = 0
        self.scrubber = Scrubber()
        self.ties: dict[str, None] = {}

    def fingerprint(self, value: str, digits: int = 6) -> str:
        """The same for the same value and key, and nothing to guess the value by."""
        return hmac.digest(self._key, value.encode(errors="surrogatepass"), hashlib.sha256).hex()[
            :digits
        ]

    def secret(self, value: str) -> str:
        """`value`, masked."""
        if not value or self.scrubber.is_full:
            return DOTS if value else value
        masked = self._recognisable(value)
        self.scrubber.remember(value, masked)
        return masked

    def password(self, value: str) -> str:
        """Nothing of `value`, not even whether it is another's; nor wherever else it is, under whatever name."""
        if value:
            self.scrubber.remember(value, DOTS)
            self.scrubber.forget_fingerprint(self._recognisable(value))
        return DOTS

    def generated(self, value: str) -> str:
        """A secret that a server made, masked as one; what looks like anything else may be a password."""
        return self.secret(value) if _RANDOM.fullmatch(value) else self.password(value)

    def tie(self, kind: str, value: str) -> None:
        """Let this exchange belong with others that carry `value`."""
        if value and len(self.ties) < PAIRS:
            self.ties[self.tied(kind, value)] = None

    def tied(self, kind: str, value: str) -> str:
        """The tie that is made of `value`."""
        return f"{kind}:{self.fingerprint(value, 16)}"

    def fields(self, text: str, *, is_whole: bool = True) -> Pairs:
        """Those of a query or a form."""
        first, more = query_strings.read(text, is_whole=is_whole)
        return [*self.pairs(first), *more]

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> Pairs:
        """Parameters or fields."""
        return [(self.name(name, value), self.named(name, value)) for name, value in pairs]

    def name(self, name: str, value: object) -> str:
        """The name of a parameter, member or cookie; what nobody knows and what does not look like one may be a secret."""
        says_something = value.strip("=") if isinstance(value, str) else value is not None
        is_one = name in NAMES or (_IDENTIFIER.fullmatch(name) and says_something)
        return name if is_one or not name else self.password(name)

    def named(self, name: str, value: str) -> str:
        """The value of the parameter or member of that name."""
        if name in TIES:
            self.tie(TIES[name], value)
        if name == "code_verifier":
            self.tie("challenge", _s256(value))
        if is_password(name) or (name == "username" and value not in _USERNAMES):
            return self.password(value)  # people type the one into the field of the other
        if name in ADDRESSES:
            return self.address(value)
        return self.text(value) if name in CLEAR or name == "username" else self.secret(value)

    def text(self, text: str) -> str:
        """Something that is public, but for what in it looks like a token or a password: it is in the wrong place."""
        shown = _WITH_AT.sub(lambda found: self.password(found[0]), text) if "@" in text else text
        masked = (
            _WORD.sub(lambda found: self._unless_harmless(found[0]), shown)
            if _RANDOM.search(shown)
            else shown
        )
        return self.secret(text) if "%" in masked and _hides_something(masked) else masked

    def path(self, path: str) -> str:
        """Of an address; whole where a query is in it, in escapes."""
        plain = unescaped(path)
        return self.secret(path) if "?" in plain or "=" in plain else self.text(path)

    def address(self, address: str) -> str:
        """A URL or a path, with its query masked; what is none is masked whole, and so is one too many, in others or not."""
        self._addresses += 1
        parts = _split(address) if self._addresses <= MOST_ADDRESSES else None
        return self._address(parts) if parts else self.secret(address)

    def _address(self, parts: SplitResult) -> str:
        scheme = f"{parts.scheme}:" if parts.scheme else ""
        origin = f"{scheme}//{self.text(parts.netloc)}" if parts.netloc else ""
        asked = query_strings.written(self.fields(parts.query)) if parts.query else ""
        fragment = f"#{self.secret(parts.fragment)}" if parts.fragment else ""
        return f"{origin}{self.path(parts.path)}{'?' if asked else ''}{asked}{fragment}"

    def _unless_harmless(self, word: str) -> str:
        return self.secret(word) if _RANDOM.search(word) and not is_acceptable(word) else word

    def _recognisable(self, value: str) -> str:
        shown = value[:SHOWN] if _RANDOM.fullmatch(value) else ""
        return f"{shown}{DOTS}~{self.fingerprint(value)}"


def _hides_something(masked: str) -> bool:
    """Whether there is a token or a password in it once more, in escapes."""
    plain = unescaped(masked)
    return not all(map(is_acceptable, _RANDOM.findall(plain))) or plain.count("@") > masked.count(
        "@"
    )


def _split(address: str) -> SplitResult | None:
    """The parts of a page's address; None where it is none, or has a password in it."""
    try:
        parts = urlsplit(address)
        is_one = (parts.netloc or address.startswith("/")) and (
            parts.port is None or parts.port > 0
        )
    except ValueError:
        return None
    return (
        parts
        if is_one and "@" not in unescaped(address) and parts.scheme in ("", "http", "https")
        else None
    )


def _s256(verifier: str) -> str:
    """The challenge that a verifier belongs to (RFC 7636 §4.2)."""
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode(errors="replace")).digest())
        .rstrip(b"=")
        .decode()
    )
