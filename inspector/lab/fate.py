"""What became of tokens, as whoever holds them finds out."""

from typing import Any

from inspector.lab.stage import Stage


def fate_of(tokens: dict[str, Any], stage: Stage, *, dead: str, alive: str) -> str:
    """`dead` when neither of them is good for anything any more, `alive` when both still are; else there is no telling."""
    opened = stage.ask_api(tokens["access_token"], by=stage.print_shop.wire).status
    bought = stage.print_shop.refresh(tokens["refresh_token"]).status
    return {(401, 400): dead, (200, 200): alive}.get((opened, bought), "")
