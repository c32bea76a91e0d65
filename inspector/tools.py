"""Add the tools for a recorded message: reveal its values, and send it again."""

from flask import Flask

from config import ClientAppSettings, ResourceApiSettings
from inspector.lab.targets import has_lab
from inspector.read.steps import sent_again_from
from inspector.replay import views as replay
from inspector.replay.sender import Sender
from inspector.reveal import views as reveal
from inspector.reveal.introspection import Introspection
from inspector.reveal.vault import Vault
from inspector.views import Inspector
from web.back_channel import BackChannel
from web.clock import now


def add_tools(
    app: Flask,
    settings: ClientAppSettings,
    api: ResourceApiSettings,
    back_channel: BackChannel | None = None,
) -> None:
    """Add the tools to the inspector's pages. `back_channel` sends requests to the legs.

    There are none if Print Shop uses other servers than the demo's own legs.
    """
    if not has_lab(settings):
        return
    inspector: Inspector = app.extensions["tripod.inspector"]
    channel = back_channel or BackChannel()
    vault = _vault(inspector, settings, api, channel)
    app.extensions["tripod.vault"] = vault
    app.extensions["tripod.replay"] = _replay(inspector, settings, api, channel, vault)
    app.register_blueprint(reveal.bp)
    app.register_blueprint(replay.bp)
    app.add_template_global(reveal.values_of, "values_to_reveal")
    app.add_template_global(replay.can_be_sent_again, "can_be_sent_again")
    app.add_template_global(sent_again_from, "sent_again_from")


def _vault(
    inspector: Inspector,
    settings: ClientAppSettings,
    api: ResourceApiSettings,
    channel: BackChannel,
) -> Vault:
    introspection = Introspection(
        f"{settings.auth_server_url}/oauth/introspect",
        api.introspection_client_id,
        api.introspection_client_secret,
        channel.session,
    )
    return Vault(
        inspector.store,
        inspector.flows,
        inspector.key,
        introspection,
        settings.issuer_name,
        clock=lambda: now().timestamp(),
    )


def _replay(
    inspector: Inspector,
    settings: ClientAppSettings,
    api: ResourceApiSettings,
    channel: BackChannel,
    vault: Vault,
) -> replay.Replay:
    sender = Sender(
        origins={
            "auth_server": settings.auth_server_url,
            "resource_api": settings.resource_api_url,
        },
        client_secrets={
            settings.client_id: settings.client_secret,
            api.introspection_client_id: api.introspection_client_secret,
        },
        vault=vault,
        store=inspector.store,
        http=channel.session,
    )
    return replay.Replay(vault, sender, settings.issuer_name)
