"""Mask secrets so that equal values can still be recognized as equal.

A masked value reads `Splxl0••••••••~3fa9c1`: its first letters if it is long and random, eight
dots, and a fingerprint under a key of this run. The table in `parameters.py` says what is not
masked.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from config import DEMO_SUBJECTS, LAB_SUBJECTS
from inspector.record import query_strings
from inspector.record.exchange import Pairs
from inspector.record.limits import DEPTH, FIELDS
from inspector.record.openid_parameters import SIGNED_TOKENS
from inspector.record.parameter_kinds import Rule
from inspector.record.parameters import NAMES, find_parameter
from inspector.record.scrubbing import DOTS, Scrubber, is_escaped_deeper, unescaped
from web.request_id import is_acceptable

SHOWN = 6
#: A random value of at least this length is a code, a token or a secret. Ids are shorter.
LONG = 40
#: The parameters of codes, tokens and verifiers.
CREDENTIALS = {"code", "code_verifier", "access_token", "refresh_token", "token"}
#: The parameters that are needed unmasked until the message is transcribed.
KEPT = {"access_token", *SIGNED_TOKENS}
#: The usernames of the demo and the lab are public.
_USERNAMES = {*DEMO_SUBJECTS, *LAB_SUBJECTS}
_RANDOM = re.compile(rf"[A-Za-z0-9_-]{{{LONG},}}")
#: Characters that stand together, so that a token of several parts is masked as a whole.
_WORD = re.compile(r"""[^\s/?&=:;,"'()<>]+""")
#: A password may stand before an @ (RFC 3986 §3.2.1), with any characters in it.
_WITH_AT = re.compile(r"\S*@\S*")
#: A private-use URI scheme, which opens an app (RFC 8252 §7.1): a domain name in reverse order.
_PRIVATE_USE = re.compile(r"[a-z][a-z0-9-]{0,19}(\.[a-z0-9-]{1,39})+")
_IDENTIFIER = re.compile(rf"[A-Za-z][A-Za-z0-9_.\[\]-]{{,{LONG - 2}}}")


class Masker:
    """Masks the values of one exchange under `key`, which has at most 64 bytes.

    `scrubber` has the values that were masked. `ties` are the fingerprints by which this exchange
    belongs together with others. `credentials` are codes, tokens and verifiers by their masks, each
    with its tie. `kept` has the access token and the signed tokens by their parameters' names.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._masks: dict[str, str] = {}
        self._passwords: set[str] = set()
        self.scrubber = Scrubber()
        self.ties: dict[str, None] = {}
        self.credentials: dict[str, tuple[str, str]] = {}
        self.kept: dict[str, str] = {}

    def fingerprint(self, value: str, digits: int = 6) -> str:
        """Return the fingerprint, which is equal for equal values and keys."""
        content = value.encode(errors="surrogatepass")
        return hashlib.blake2b(content, key=self._key, digest_size=8).hexdigest()[:digits]

    def secret(self, value: str) -> str:
        """Return `value` masked, with its fingerprint if there is room to remember it."""
        if not value:
            return value
        if value in self._passwords or self.scrubber.is_full:
            return DOTS
        masked = self._with_fingerprint(value)
        self._masks[value] = masked
        self.scrubber.remember(value, masked)
        return masked

    def password(self, value: str) -> str:
        """Return dots, and have `value` masked without a fingerprint everywhere.

        A fingerprint would show who has the same password.
        """
        if value:
            self._passwords.add(value)
            self.scrubber.remember(value, DOTS)
            if value in self._masks:
                self.scrubber.forget_fingerprint(self._masks[value])
                self.credentials.pop(self._masks[value], None)
        return DOTS

    def generated(self, value: str) -> str:
        """Mask a secret of a server. A value that is not random may be a password."""
        if _RANDOM.fullmatch(value):
            return self.secret(value)
        return self.password(value)

    def tie(self, kind: str, value: str) -> str:
        """Tie this exchange to all others with `value`, and return the tie."""
        tied = self.tied(kind, value)
        if value and len(self.ties) < FIELDS:
            self.ties[tied] = None
        return tied

    def tied(self, kind: str, value: str) -> str:
        """Return the tie of `value`."""
        return f"{kind}:{self.fingerprint(value, 16)}"

    def fields(self, text: str, *, is_whole: bool = True, depth: int = 0) -> Pairs:
        """Return the masked fields of a query or a form, which lies in `depth` addresses."""
        first, more = query_strings.read(text, is_whole=is_whole)
        return [*self.pairs(first, depth), *more]

    def pairs(self, pairs: Iterable[tuple[str, str]], depth: int = 0) -> Pairs:
        """Return parameters or fields masked."""
        return [(self.name(name, value), self.named(name, value, depth)) for name, value in pairs]

    def name(self, name: str, value: object) -> str:
        """Return the name, or dots if it is unknown and may be a misplaced secret."""
        if name in NAMES or not name:
            return name
        has_value = value is not None
        if isinstance(value, str):
            has_value = value.strip("=") != ""
        if has_value and _IDENTIFIER.fullmatch(name):
            return name
        return self.password(name)

    def named(self, name: str, value: str, depth: int = 0) -> str:
        """Return the value of a parameter or member, masked by the rule of its name."""
        parameter = find_parameter(name)
        tie = self._tie_named(name, parameter.tie, value)
        if name in KEPT:
            self.kept[name] = value
        match parameter.rule:
            case Rule.CLEAR:
                return self.text(value)
            case Rule.ADDRESS:
                return self.address(value, depth)
            case Rule.USERNAME:
                return self._username(value)
            case Rule.PASSWORD:
                return self.password(value)
        if name in CREDENTIALS:
            return self._credential(tie, value)
        return self.secret(value)

    def text(self, text: str) -> str:
        """Return a public text, without what looks like a token or a password in it."""
        masked = text
        if "@" in masked:
            masked = _WITH_AT.sub(lambda found: self.password(found[0]), masked)
        if len(masked) >= LONG and _RANDOM.search(masked):
            masked = _WORD.sub(lambda found: self._word(found[0]), masked)
        if "%" in masked and _hides_something(masked):
            return self.secret(text)
        return masked

    def path(self, path: str) -> str:
        """Return the path of an address. It is masked as a whole if it has an escaped query."""
        plain = unescaped(path)
        if "?" in plain or "=" in plain:
            return self.secret(path)
        return self.text(path)

    def address(self, address: str, depth: int = 0) -> str:
        """Return a URL or path with a masked query, or all of it masked if it is no address.

        `depth` is the number of addresses around it. More than `DEPTH` are not read.
        """
        if depth > DEPTH:
            return self.secret(address)
        parts = _split(address)
        if parts is None:
            return self.secret(address)
        written = self.path(parts.path)
        if parts.netloc:
            written = f"//{self.text(parts.netloc)}{written}"
        if parts.scheme:
            written = f"{parts.scheme}:{written}"
        if parts.query:
            fields = self.fields(parts.query, depth=depth + 1)
            written = f"{written}?{query_strings.written(fields)}"
        if parts.fragment:
            written = f"{written}#{self.secret(parts.fragment)}"
        return written

    def _tie_named(self, name: str, kind: str, value: str) -> str:
        """Tie this exchange by the value of a parameter, and return the tie, or ""."""
        if name == "code_verifier":
            return self.tie("challenge", s256(value))
        if kind:
            return self.tie(kind, value)
        return ""

    def _credential(self, tie: str, value: str) -> str:
        """Return `value` masked, and remember it with its tie if it has a fingerprint."""
        masked = self.secret(value)
        if masked not in ("", DOTS):
            self.credentials[masked] = tie, value
        return masked

    def _username(self, value: str) -> str:
        """Return a public username. Any other value may be a password in the wrong field."""
        if value in _USERNAMES:
            return self.text(value)
        return self.password(value)

    def _word(self, word: str) -> str:
        if _RANDOM.search(word) and not is_acceptable(word):
            return self.secret(word)
        return word

    def _with_fingerprint(self, value: str) -> str:
        shown = ""
        if _RANDOM.fullmatch(value):
            shown = value[:SHOWN]
        return f"{shown}{DOTS}~{self.fingerprint(value)}"


def _hides_something(masked: str) -> bool:
    """Return whether escapes hide a token or a password, or are too deep to know it."""
    plain = unescaped(masked)
    if is_escaped_deeper(masked) or plain.count("@") > masked.count("@"):
        return True
    return not all(map(is_acceptable, _RANDOM.findall(plain)))


def _split(address: str) -> SplitResult | None:
    """Return the parts of a page's address, or None if it is none or may contain a password."""
    try:
        parts = urlsplit(address)
        has_valid_port = parts.port != 0
    except ValueError:
        return None
    is_address = bool(parts.netloc) or address.startswith("/")
    is_page = is_address and parts.scheme in ("", "http", "https")
    is_app = bool(_PRIVATE_USE.fullmatch(parts.scheme)) and f"{parts.path}/".startswith("/")
    if (is_page or is_app) and has_valid_port and "@" not in unescaped(address):
        return parts
    return None


def s256(verifier: str) -> str:
    """Return the S256 challenge of the verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
