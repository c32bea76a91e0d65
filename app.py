"""The composition root: a factory for each leg, and the command that serves all three.

Nothing imports this file.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from config import (
    PROJECT_ROOT,
    AuthServerSettings,
    ClientAppSettings,
    ResourceApiSettings,
    Settings,
)
from web import desktop, serving
from web.failed_start import exit_when_it_cannot_start, exit_with_line
from web.source_files import SourceFiles

if TYPE_CHECKING:
    from flask import Flask

S = TypeVar("S", bound=Settings)

USAGE = (
    "usage: python app.py [auth-server | client-app | resource-api | doctor | lab | check [LEG] |"
    " new page NAME]"
)
#: The folders whose Python files the legs are made of.
SOURCES = ("auth_server", "client_app", "inspector", "migrations", "resource_api", "web")
NO_PROBLEMS = "No problems found."


class Leg(NamedTuple):
    """A leg as the command line knows it; TRIPOD_NAME changes the authorization server's name."""

    name: str
    role: str
    factory: str
    settings_class: type[Settings]


LEGS = {
    "auth-server": Leg(
        "Tripod ID", "authorization server", "app:asgi_auth_server", AuthServerSettings
    ),
    "client-app": Leg("Print Shop", "client", "app:asgi_client_app", ClientAppSettings),
    "resource-api": Leg(
        "Photo API", "resource server", "app:asgi_resource_api", ResourceApiSettings
    ),
}


# Each factory imports its leg itself, so that a process loads only the leg that it serves, and the
# process that watches over the legs loads none.


def create_auth_server() -> "Flask":
    """Return the authorization server as a WSGI application."""
    with exit_when_it_cannot_start():
        from auth_server import create_app

        return _create(create_app, AuthServerSettings)


def create_client_app() -> "Flask":
    """Return Print Shop, the client, as a WSGI application."""
    with exit_when_it_cannot_start():
        from client_app import create_app

        app = _create(create_app, ClientAppSettings)
        settings: ClientAppSettings = app.extensions["tripod.settings"]
        if settings.demo:
            from client_app import page_access, return_to, session_store
            from inspector.lab.setup import add_lab
            from inspector.setup import open_pages
            from inspector.stepping.setup import add_steps
            from inspector.tools import add_tools

            open_pages(app, settings, lambda: page_access.current_access().treat_as_expired())
            return_to.allow_return(app.view_functions["inspector.page"])
            add_lab(app, settings, os.environ)
            add_steps(app, settings, keep_alive=session_store.renew_lease)
            add_tools(app, settings, ResourceApiSettings.load())
        return app


def create_resource_api() -> "Flask":
    """Return Photo API, the resource server, as a WSGI application."""
    with exit_when_it_cannot_start():
        from resource_api import create_app

        return _create(create_app, ResourceApiSettings)


# The same applications for an ASGI server, which waits for slow clients without taking a thread.
asgi_auth_server = serving.as_asgi(create_auth_server)
asgi_client_app = serving.as_asgi(create_client_app)
asgi_resource_api = serving.as_asgi(create_resource_api)


def _create(create_app: Callable[[S], "Flask"], settings_class: type[S]) -> "Flask":
    """Return a leg, with its event log where its settings say, and recorded in the demo."""
    from web import event_log, service_threads

    serves = serving.is_serving()
    settings = settings_class.load(serving=serves)
    log_file = None
    if settings.demo:
        log_file = settings.instance_path / f"{settings.leg}.events.jsonl"
    event_log.write_to(log_file)
    app = service_threads.start_with_first_request(create_app(settings))
    if settings.demo:
        from inspector.setup import watch

        watch(app, settings)
    if serves and settings.metrics_bind:
        from web import metrics

        metrics.watch(app, settings.metrics_bind)
    return app


def main(arguments: Sequence[str]) -> None:
    """Run the command that `arguments` name.

    No argument serves the three legs until Ctrl-C, and the name of a leg serves that leg. `doctor`
    reports common setup problems, `lab` runs the attacks. `check` judges whether an installation is
    safe, or only the legs that follow it. `new page NAME` adds a page to Print Shop.
    """
    command, rest = arguments[:1], arguments[1:]
    is_page = rest[:1] == ["page"] and len(rest) == 2
    fitting = {"check": set(rest) <= set(LEGS), "new": is_page}.get("".join(command), not rest)
    if not fitting or not set(command) <= {*LEGS, *COMMANDS}:
        print(USAGE, file=sys.stderr)
        sys.exit(2)
    if isinstance(sys.stdout, TextIOWrapper):  # TRIPOD_NAME may not fit the terminal's encoding.
        sys.stdout.reconfigure(errors="replace")
    if not os.environ.get("TRIPOD_DEMO", "").strip():
        os.environ["TRIPOD_DEMO"] = "1"
    for name in command:
        if name in COMMANDS:
            sys.exit(COMMANDS[name](rest or list(LEGS)))
    _serve(command or list(LEGS))


def _serve(names: Sequence[str]) -> None:
    with exit_when_it_cannot_start():
        settings = {name: LEGS[name].settings_class.load() for name in names}
    sources = None
    if all(own.reload for own in settings.values()):
        sources = SourceFiles(PROJECT_ROOT, SOURCES)
    programs = [_describe_program(LEGS[name], own) for name, own in settings.items()]
    try:
        serving.serve(
            programs,
            before_start=lambda: _begin_recording(list(settings.values())),
            on_ready=lambda: _show_next_steps(settings),
            sources=sources,
        )
    except serving.ServingError as error:
        exit_with_line(str(error), error.status)


def _begin_recording(settings: Sequence[Settings]) -> None:
    """Begin a new recording in the demo, unless a leg is added to others that run."""
    if len(settings) < len(LEGS) or not all(own.demo for own in settings):
        return
    from inspector.record.store import open_store

    with exit_when_it_cannot_start():
        open_store(settings[0]).begin()


def _run_doctor(_legs: Sequence[str]) -> int:
    """Print common setup problems, one line each; return 1 when there are any."""
    from client_app import doctor as client_doctor
    from web import doctor
    from web.back_channel import BackChannel

    with exit_when_it_cannot_start():
        settings = [leg.settings_class.load() for leg in LEGS.values()]
    http = BackChannel().session()
    problems = list(doctor.find_problems(settings, PROJECT_ROOT / "requirements.txt", http))
    client_settings = next(own for own in settings if isinstance(own, ClientAppSettings))
    if any(doctor.is_served(own, http) for own in settings):
        problems += client_doctor.find_problems(client_settings, http)
    print("\n".join(problems or [NO_PROBLEMS]))
    return int(bool(problems))


def _run_lab(_legs: Sequence[str]) -> int:
    """Start legs for the lab, run every attack and print the table; return 1 if one succeeded."""
    from inspector.lab import run, temporary_legs

    try:
        with temporary_legs.legs(os.environ) as stage:
            return run.main(stage)
    except temporary_legs.DidNotStart as reason:
        exit_with_line(f"the legs for the lab did not start: {reason}", serving.CANNOT_START)


def _run_check(legs: Sequence[str]) -> int:
    """Print one line for each rule of a safe installation; return 1 when one is broken."""
    from web.safety import command

    return command.run(legs)


def _run_new(words: Sequence[str]) -> int:
    """Add a page to Print Shop."""
    from client_app.new_page import run

    return run(PROJECT_ROOT, words[-1])


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "doctor": _run_doctor,
    "lab": _run_lab,
    "check": _run_check,
    "new": _run_new,
}


def _describe_program(leg: Leg, settings: Settings) -> serving.Program:
    name = leg.name
    if isinstance(settings, AuthServerSettings):
        name = settings.name
    return serving.Program(
        name=name,
        factory=leg.factory,
        directory=PROJECT_ROOT,
        address=settings.bind_address,
        setting=f"TRIPOD_{settings.leg.upper()}_URL",
        greeting=f"{name:<11} {leg.role:<22}{settings.url}",
    )


def _show_next_steps(settings: Mapping[str, Settings]) -> None:
    """Print what to do next, and open Print Shop in a browser if there is a desktop."""
    print("\n".join(["", *_list_hints(settings)]), flush=True)
    if "client-app" in settings:
        desktop.open_in_browser(settings["client-app"].url, os.environ)


def _list_hints(settings: Mapping[str, Settings]) -> Iterator[str]:
    if "client-app" in settings:
        yield f"Open {settings['client-app'].url} in a browser."
        yield from _list_inspector_hints(settings["client-app"])
    if "auth-server" in settings and settings["auth-server"].demo:
        yield "Demo accounts: alice / wonderland, bob / builder."
    if len(settings) > 1:
        yield "Ctrl-C stops them."
    else:
        yield "Ctrl-C stops it."


def _list_inspector_hints(settings: Settings) -> Iterator[str]:
    if not settings.demo:
        return
    from inspector.lab.targets import has_lab

    inspector = f"{settings.url}/inspector"
    if isinstance(settings, ClientAppSettings) and has_lab(settings):
        yield f"Watch every message at {inspector}, and see attacks fail at {inspector}/lab."
    else:
        yield f"Watch every message at {inspector}."


if __name__ == "__main__":
    main(sys.argv[1:])
