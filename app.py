"""The composition root: a factory for each leg, and a command that serves all three. Nothing imports this file."""

import os
import sys
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, NoReturn, TypeVar

import click
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy.exc import DatabaseError

from config import (
    PROJECT_ROOT,
    AuthServerSettings,
    ClientAppSettings,
    ResourceApiSettings,
    Settings,
)
from web import event_log, serving
from web.environment import ConfigurationError

S = TypeVar("S", bound=Settings)

USAGE = "usage: python app.py [auth-server | client-app | resource-api | doctor | lab]"


class Leg(NamedTuple):
    """A leg as the command line knows it. TRIPOD_NAME replaces the name of the authorization server."""

    name: str
    role: str
    factory: str
    settings_class: type[Settings]


LEGS = {
    "auth-server": Leg(
        "Tripod ID", "authorization server", "app:create_auth_server", AuthServerSettings
    ),
    "client-app": Leg("Print Shop", "client", "app:create_client_app", ClientAppSettings),
    "resource-api": Leg(
        "Photo API", "resource server", "app:create_resource_api", ResourceApiSettings
    ),
}


# Each factory imports its leg itself, so that a process loads one leg and no other.


def create_auth_server() -> Flask:
    """Tripod ID, the authorization server."""
    with _one_line_when_it_cannot_start():
        from auth_server import create_app

        settings = _prepared(AuthServerSettings)
        return _watched(create_app(settings), settings)


def create_client_app() -> Flask:
    """Print Shop, the client."""
    with _one_line_when_it_cannot_start():
        from client_app import create_app

        settings = _prepared(ClientAppSettings)
        app = _watched(create_app(settings), settings)
        if settings.demo:
            from client_app.page_access import current_access
            from inspector import open_pages, open_store
            from inspector.lab.opening import open_live_lab

            open_pages(app, settings, treat_as_expired=lambda: current_access().treat_as_expired())
            open_live_lab(app, settings, open_store(settings))
        return app


def create_resource_api() -> Flask:
    """Photo API, the resource server."""
    with _one_line_when_it_cannot_start():
        from resource_api import create_app

        settings = _prepared(ResourceApiSettings)
        return _watched(create_app(settings), settings)


def _prepared(settings_class: type[S]) -> S:
    """The leg's settings, with its event log going where they say."""
    settings = settings_class.load(serving=_is_made_to_serve())
    event_log.write_to(
        settings.instance_path / f"{settings.leg}.events.jsonl" if settings.demo else None
    )
    return settings


def _watched(app: Flask, settings: Settings) -> Flask:
    """The leg, with the inspector's recorder around it in the demo. The leg itself does not know."""
    if settings.demo:
        from inspector import watch

        watch(app, settings)
    return app


def _is_made_to_serve() -> bool:
    """True unless the flask command makes the application to run another command than `run`."""
    context = click.get_current_context(silent=True)
    return context is None or context.find_object(ScriptInfo) is None or context.info_name == "run"


@contextmanager
def _one_line_when_it_cannot_start() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        _stop(str(error), serving.CANNOT_START)
    except DatabaseError as error:
        _stop(
            f"the database does not open: {' '.join(str(error.orig).split())}", serving.CANNOT_START
        )
    except OSError as error:
        _stop(f"cannot start: {error}", serving.CANNOT_START)


def _stop(line: str, status: int) -> NoReturn:
    print(f"tripod: {line}", file=sys.stderr, flush=True)
    sys.exit(status)


def main(arguments: Sequence[str]) -> None:
    """Serve the three legs, or the one that is named, until Ctrl-C; say what would keep them from it; or attack them."""
    if len(arguments) > 1 or not set(arguments) <= {*LEGS, "doctor", "lab"}:
        print(USAGE, file=sys.stderr)
        sys.exit(2)
    if not os.environ.get("TRIPOD_DEMO", "").strip():
        os.environ["TRIPOD_DEMO"] = "1"
    if "doctor" in arguments:
        sys.exit(_consult_the_doctor())
    if "lab" in arguments:
        sys.exit(_run_the_lab())
    with _one_line_when_it_cannot_start():
        settings = {name: LEGS[name].settings_class.load() for name in arguments or LEGS}
        _record_anew(list(settings.values()))
    try:
        serving.serve(
            [_program(LEGS[name], its) for name, its in settings.items()], lambda: _invite(settings)
        )
    except serving.ServingError as error:
        _stop(str(error), error.status)


def _record_anew(settings: Sequence[Settings]) -> None:
    """Begin a new recording in the demo, unless a leg is added to others that run."""
    if len(settings) == len(LEGS) and all(its.demo for its in settings):
        from inspector import open_store

        open_store(settings[0]).begin()


def _consult_the_doctor() -> int:
    """Print what would trip a newcomer, a line each; the exit status is 1 when there is anything."""
    from client_app import doctor as client_doctor
    from web import doctor
    from web.back_channel import BackChannel

    with _one_line_when_it_cannot_start():
        settings = [leg.settings_class.load() for leg in LEGS.values()]
    http = BackChannel().session()
    found = list(doctor.find_problems(settings, PROJECT_ROOT / "requirements.txt", http))
    client_settings = next(its for its in settings if isinstance(its, ClientAppSettings))
    if any(doctor.is_served(its, http) for its in settings):
        found += client_doctor.find_problems(client_settings, http)
    print("\n".join(found or ["Nothing to complain about."]))
    return bool(found)


def _run_the_lab() -> int:
    """Run every attack against legs that are started for it, and print the table; 1 when one got through."""
    from inspector.lab import run, throwaway
    from inspector.lab.stage import stage_for

    try:
        with throwaway.legs(os.environ) as settings:
            return run.main(stage_for(settings))
    except throwaway.DidNotStart as reason:
        _stop(f"the legs for the lab did not start: {reason}", serving.CANNOT_START)


def _program(leg: Leg, settings: Settings) -> serving.Program:
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


def _invite(settings: Mapping[str, Settings]) -> None:
    print(_invitation(settings), flush=True)
    if "client-app" in settings and _has_a_desktop():
        webbrowser.open(settings["client-app"].url)


def _has_a_desktop() -> bool:
    """Whether somebody sits before it: a text browser in the terminal is not what she wants to have opened."""
    has_windows = sys.platform in ("darwin", "win32") or {"DISPLAY", "WAYLAND_DISPLAY"} & set(
        os.environ
    )
    return bool(has_windows) and sys.stdout.isatty()


def _invitation(settings: Mapping[str, Settings]) -> str:
    lines = [""]
    if "client-app" in settings:
        lines.append(f"Open {settings['client-app'].url} in a browser.")
        lines += _sights(settings["client-app"])
    if "auth-server" in settings and settings["auth-server"].demo:
        lines.append("Demo accounts: alice / wonderland, bob / builder.")
    lines.append("Ctrl-C stops them." if len(settings) > 1 else "Ctrl-C stops it.")
    return "\n".join(lines)


def _sights(settings: Settings) -> Iterator[str]:
    if settings.demo:
        from inspector.lab.home import is_at_home

        has_lab = isinstance(settings, ClientAppSettings) and is_at_home(settings)
        attacks = f", and see attacks fail at {settings.url}/inspector/lab" if has_lab else ""
        yield f"Watch every message at {settings.url}/inspector{attacks}."


if __name__ == "__main__":
    main(sys.argv[1:])
