"""The command `python app.py new page NAME`: add a page to Print Shop.

It writes the view, the template and a test, as the recipe in the README prints them, and adds the
page to the two lists of pages.
"""

import builtins
import keyword
import re
from pathlib import Path

from web.failed_start import exit_with_line

VIEWS = Path("client_app/views")
VIEW_LIST = VIEWS / "__init__.py"
VISITED_PAGES = Path("tests/test_accessibility.py")
MAX_LENGTH = 30
_NAME = re.compile(r"[a-z]+(_[a-z]+)*")
#: Names that the view imports, and addresses that no file in `VIEWS` has.
_USED = {"bp", "call", "needs", "page", "print_shop"}
_ADDRESSES = {"healthz", "inspector", "livez", "static", "theme"}
_LISTED = re.compile(r"from client_app\.views import \((?P<rest>.*?)\n(?P<names>.*?)\)", re.DOTALL)

_VIEW = '''\
"""The page at /{name}."""

from client_app.page_access import call, needs
from client_app.print_shop import print_shop
from client_app.views.blueprint import bp
from web.pages import page


@bp.get("/{name}")
@needs("profile")
def {name}() -> tuple[str, int]:
    """Show the user's name, as Photo API returns it."""
    return page("{name}.html", name=call(print_shop().api.name))
'''
_TEMPLATE = """\
{{% extends 'client_app/_site.html' %}}
{{% block title %}}{title}{{% endblock %}}
{{% block main %}}<h1>You are {{{{ name }}}}.</h1>{{% endblock %}}
"""
_TEST = '''\
"""`GET /{name}`: the page shows the user's name."""


def test_the_page_shows_the_name_of_the_user(alices_browser):
    assert "You are Alice Liddell." in alices_browser.get("/{name}").text


def test_the_page_requires_a_connection(browser):
    assert browser.get("/{name}").status_code == 403
'''
_ENTRY = """\
    Entry(
        "client_app/{name}",
        "You are",
        lambda visit: visit.connect("alice").print_shop("/{name}"),
    ),
"""


class PageRefused(Exception):
    """The page cannot be added. The message is one line; no file was changed."""


def run(root: Path, name: str) -> int:
    """Add the page and print the names of the files, or print why it cannot be added."""
    try:
        files = add_page(root, name)
    except PageRefused as refusal:
        exit_with_line(str(refusal), 2)
    print("\n".join(f"wrote {path.as_posix()}" for path in files))
    print(f"Open /{name} at Print Shop. A running demo shows the page after a moment.")
    return 0


def add_page(root: Path, name: str) -> list[Path]:
    """Add a page of this name to the project in `root`, and return the files that changed.

    :raises PageRefused: when the name cannot be used, or a file of the project is not as expected.
    """
    _check_name(root, name)
    values = {"name": name, "title": name.replace("_", " ").capitalize()}
    files = {
        VIEWS / f"{name}.py": _VIEW.format(**values),
        Path(f"templates/client_app/{name}.html"): _TEMPLATE.format(**values),
        Path(f"tests/client_app/test_{name}_page.py"): _TEST.format(**values),
    }
    for path in files:
        if (root / path).exists():
            raise PageRefused(f"{path} exists already. Choose another name.")
    files[VIEW_LIST] = _add_to_list(_read(root, VIEW_LIST), name)
    files[VISITED_PAGES] = _add_entry(_read(root, VISITED_PAGES), _ENTRY.format(**values))
    for path, content in files.items():
        (root / path).write_text(content, encoding="utf-8")
    return list(files)


def _check_name(root: Path, name: str) -> None:
    """Refuse a name that is not valid, or that is already used."""
    if not _NAME.fullmatch(name) or len(name) > MAX_LENGTH:
        raise PageRefused(
            f"{name!r} cannot be the name of a page. Use at most {MAX_LENGTH} lower-case letters, "
            "with single underscores between words."
        )
    if keyword.iskeyword(name) or hasattr(builtins, name) or name in _USED:
        raise PageRefused(f"{name!r} has a meaning in Python code. Choose another name.")
    taken = re.compile(rf"def {name}\(|\(\"/{name}[\"/]")
    sources = (path.read_text(encoding="utf-8") for path in (root / VIEWS).glob("*.py"))
    if name in _ADDRESSES or any(map(taken.search, sources)):
        raise PageRefused(f"Print Shop has {name!r} already. Choose another name.")


def _read(root: Path, path: Path) -> str:
    try:
        return (root / path).read_text(encoding="utf-8")
    except OSError as error:
        raise PageRefused(f"{path} cannot be read: {error.strerror}.") from error


def _add_to_list(source: str, name: str) -> str:
    """Return the source of the package of views with an import of this view."""
    found = _LISTED.search(source)
    if found is None:
        raise PageRefused(f"{VIEW_LIST} has no list of views.")
    names = sorted({*found["names"].replace(",", " ").split(), name})
    lines = "".join(f"    {each},\n" for each in names)
    return source[: found.start("names")] + lines + source[found.end("names") :]


def _add_entry(source: str, entry: str) -> str:
    """Return the source of the test that visits every page, with this page."""
    before, begin, rest = source.partition("\nPAGES = [\n")
    entries, end, after = rest.partition("\n]\n")
    if not end:
        raise PageRefused(f"{VISITED_PAGES} has no list of pages.")
    return f"{before}{begin}{entries}\n{entry.rstrip()}{end}{after}"
