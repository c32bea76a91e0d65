"""A round trip as a page without a server: one HTML file with its styles and without scripts."""

from collections.abc import Sequence
from pathlib import Path

from flask import current_app, render_template
from markupsafe import Markup

from inspector.page import Choice, FlowPage
from inspector.read.flows import Flow
from inspector.read.parties import EVERYONE

_STYLES = ("base", "inspector", "masked", "export")


class ExportedPage(FlowPage):
    """The whole flow. Its links stay within the file."""

    def __init__(self, flow: Flow, now: float, server_name: str) -> None:
        choice = Choice(EVERYONE, message=None, exchange=None, unfolded=True)
        super().__init__(flow, choice, now, server_name)

    def link_to(self, n: int) -> str:
        """Return the place of message `n` in the file."""
        return f"#message-{n}"


def render(page: ExportedPage) -> str:
    """Return the file."""
    folder = Path(str(current_app.static_folder)) / "css"
    return render_template("inspector/export.html", shown=page, styles=read_styles(folder, _STYLES))


def read_styles(folder: Path, names: Sequence[str]) -> Markup:
    """Return these style sheets, which are files of this project, as one."""
    sheets = "\n".join((folder / f"{name}.css").read_text() for name in names)
    return Markup(sheets)  # noqa: S704 - it is this project's own text
