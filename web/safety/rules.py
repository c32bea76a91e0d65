"""The table of rules. `python app.py check` prints it, and `docs/security.md` shows it."""

from web.safety.browser_rules import BROWSER_RULES
from web.safety.identity_rules import IDENTITY_RULES
from web.safety.settings_rules import SETTINGS_RULES
from web.safety.store_rules import STORE_RULES
from web.safety.token_rules import TOKEN_RULES

RULES = (*SETTINGS_RULES, *STORE_RULES, *BROWSER_RULES, *TOKEN_RULES, *IDENTITY_RULES)
