"""`python app.py check`: whether an installation outside the demo is safe.

`rules.py` is the one table of threats and defences; `docs/security.md` shows the same table.
"""
