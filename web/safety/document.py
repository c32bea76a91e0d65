"""Write the table of rules into `docs/security.md`: `python -m web.safety.document`."""

from collections.abc import Iterable

from config import PROJECT_ROOT
from web.safety.browser_rules import BROWSER_RULES
from web.safety.identity_rules import IDENTITY_RULES
from web.safety.rule import Rule
from web.safety.settings_rules import SETTINGS_RULES
from web.safety.store_rules import STORE_RULES
from web.safety.token_rules import TOKEN_RULES

PATH = PROJECT_ROOT / "docs" / "security.md"
BEGIN = "<!-- The tables are written by `python -m web.safety.document`. -->\n"
END = "<!-- End of the tables. -->\n"
_TABLES = (
    ("Settings and this machine", SETTINGS_RULES),
    ("Databases and registrations", STORE_RULES),
    ("Pages and requests of the browser", BROWSER_RULES),
    ("Codes, tokens and clients", TOKEN_RULES),
    ("ID tokens", IDENTITY_RULES),
)
_HEAD = (
    "| rule | threat | defence | RFC 9700 | file | test | attacks in the lab |\n"
    "|---|---|---|---|---|---|---|\n"
)
#: The lab in the demo, at its default address.
_LAB = "http://127.0.0.1:9001/inspector/lab"


def make_tables() -> str:
    """Return the tables as the document has them."""
    return "\n".join(f"### {title}\n\n{_make_table(rules)}" for title, rules in _TABLES)


def write() -> None:
    """Replace the tables in the document."""
    text = PATH.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PATH.write_text(f"{before}{BEGIN}\n{make_tables()}\n{END}{after}")


def _make_table(rules: Iterable[Rule]) -> str:
    return _HEAD + "".join(map(_make_row, rules))


def _make_row(rule: Rule) -> str:
    section = "–"
    if rule.section:
        section = f"§{rule.section}"
    path, _, name = rule.test.partition("::")
    test = f"[{name}](../{path})"
    attacks = ", ".join(f"[{slug}]({_LAB}?attack={slug})" for slug in rule.attacks) or "–"
    cells = (f"`{rule.slug}`", rule.threat, rule.defence, section, _link(rule.file), test, attacks)
    return f"| {' | '.join(cells)} |\n"


def _link(path: str) -> str:
    return f"[`{path}`](../{path})"


if __name__ == "__main__":
    write()
