"""Put step mode around Print Shop's application, and its pages on it."""

from collections.abc import Callable

from flask import Flask

from config import ClientAppSettings
from inspector.stepping.messages import origin_of
from inspector.stepping.middleware import Stepper
from inspector.stepping.run import wait_before_sending
from inspector.stepping.runs import Runs
from inspector.stepping.views import Stepping, bp, is_on
from web import back_channel
from web.headers import make_headers


def add_steps(app: Flask, settings: ClientAppSettings, keep_alive: Callable[[], None]) -> None:
    """Add step mode, which each browser can turn on.

    `keep_alive` renews what a request holds while it waits, in the thread of that request.
    """
    runs = Runs(keep_alive)
    app.extensions["tripod.stepping"] = Stepping(
        runs,
        {
            origin_of(settings.issuer): "auth_server",
            settings.auth_server_url: "auth_server",
            settings.resource_api_url: "resource_api",
        },
    )
    app.wsgi_app = Stepper(  # type: ignore[assignment, method-assign]
        app.wsgi_app, settings.leg, origin_of(settings.issuer), runs, make_headers(settings)
    )
    if wait_before_sending not in back_channel.before_sending:
        back_channel.before_sending.append(wait_before_sending)
    app.register_blueprint(bp)
    app.context_processor(lambda: {"has_steps": is_on()})
