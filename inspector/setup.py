"""Put the recorder around a leg, and the inspector's pages on Print Shop's application."""

from collections.abc import Callable

from flask import Flask

from config import ClientAppSettings, Settings
from inspector.record import recorder
from inspector.record.store import open_store


def watch(app: Flask, settings: Settings) -> None:
    """Record every request to `app` and its response."""
    recorder.watch(app, settings, open_store(settings))


def open_pages(
    app: Flask, settings: ClientAppSettings, treat_as_expired: Callable[[], None]
) -> None:
    """Add the inspector's pages to Print Shop's application, and links to them to its menu."""
    # The other legs have no pages.
    from inspector import links
    from inspector.draw import masked_text
    from inspector.export import views as export
    from inspector.views import Inspector, bp

    key = recorder.key_of_runs(settings)
    app.extensions["tripod.inspector"] = Inspector(
        open_store(settings), key, treat_as_expired, settings.issuer_name
    )
    app.register_blueprint(bp)
    app.register_blueprint(links.bp)
    app.register_blueprint(export.bp)
    app.context_processor(
        lambda: {
            "inspected": True,
            "link_to_exchange": links.link_to,
            "skipped_steps": links.explain_skipped_steps,
            "skipped_steps_of": links.skipped_steps_of,
        }
    )
    masked_text.init_app(app)
