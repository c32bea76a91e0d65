"""See it and break it: the inspector records what crosses the wire, draws it, and runs the lab. Demo only.

The legs do not know that they are watched: `app.py` puts the recorder around each of them, and the pages on Print Shop's
application.
"""

from collections.abc import Callable

from flask import Flask

from config import ClientAppSettings, Settings
from inspector.draw import masked_text
from inspector.record import recorder
from inspector.record.store import Store
from inspector.views import Inspector, bp

FILE = "inspector.db"


def watch(app: Flask, settings: Settings) -> None:
    """Record every message that `app` gets and answers, from now on."""
    recorder.watch(app, settings, open_store(settings))


def open_store(settings: Settings) -> Store:
    """The recording of this run, shared by the legs' processes."""
    return Store(settings.instance_path / FILE)


def open_pages(
    app: Flask, settings: ClientAppSettings, treat_as_expired: Callable[[], None]
) -> None:
    """Put the inspector's pages on Print Shop's application, and links to them into its menu."""
    key = recorder.key_of_runs(settings)
    app.extensions["tripod.inspector"] = Inspector(open_store(settings), key, treat_as_expired)
    app.register_blueprint(bp)
    app.context_processor(lambda: {"inspected": True})
    masked_text.init_app(app)
