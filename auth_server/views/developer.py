"""The pages of a developer: her own clients, and how to connect one. Of anybody else's client they know nothing.

Every address with a client's identifier in it answers 404 unless the client is her own, whatever the method. A secret is on
the page that answers the form and nowhere else, so that nothing but the developer's screen ever has it.
"""

from http import HTTPStatus

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from auth_server import clients, developer
from auth_server.context import get_settings
from auth_server.digests import new_identifier
from auth_server.errors import RegistrationError
from auth_server.models import Client, User
from auth_server.registration_form import RegistrationForm
from auth_server.scopes import SCOPES
from auth_server.snippets import snippets_for
from auth_server.views import bp
from auth_server.views.signed_in import for_signed_in
from web.database import get_db, writing
from web.pages import page


@bp.get("/developer/apps")
@for_signed_in
def developer_apps(user: User) -> ResponseReturnValue:
    """The developer's own clients."""
    return _apps_page(user)


@bp.get("/developer/apps/new")
@for_signed_in
def new_developer_app(user: User) -> ResponseReturnValue:
    """The form for a new client."""
    return _new_page(user, RegistrationForm(), new_identifier())


@bp.post("/developer/apps/new")
@writing
@for_signed_in
def register_developer_app(user: User) -> ResponseReturnValue:
    """Register a client. Its secret is on the page that answers, this once."""
    db, form = get_db(), RegistrationForm.read(request.form)
    form_id = request.form.get("form_id") or new_identifier()
    try:
        client, secret = developer.register(db, user, form, form_id)
    except developer.AlreadySubmitted:
        return _back_to_the_list("registered before")
    except RegistrationError as error:
        return _new_page(user, form, form_id, error)
    db.commit()
    return _apps_page(user, client, secret)


@bp.get("/developer/apps/<client_id>")
@for_signed_in
def developer_app(user: User, client_id: str) -> ResponseReturnValue:
    """One client: what is registered of it, to change, and the snippets without its secret."""
    client = _own_client(user, client_id)
    return _edit_page(client, RegistrationForm.of(client))


@bp.post("/developer/apps/<client_id>")
@writing
@for_signed_in
def update_developer_app(user: User, client_id: str) -> ResponseReturnValue:
    """Change what is registered."""
    db, form = get_db(), RegistrationForm.read(request.form)
    client = _own_client(user, client_id, lock=True)
    try:
        clients.update_client(db, client, form.metadata)
    except RegistrationError as error:
        return _edit_page(client, form, error)
    db.commit()
    return _back_to_the_list("saved", client.name)


@bp.get("/developer/apps/<client_id>/secret")
@for_signed_in
def new_developer_secret(user: User, client_id: str) -> ResponseReturnValue:
    """Is the old secret to die? A public client has none."""
    client = _own_client(user, client_id)
    return page("developer_secret.html", client=client, replaced=developer.secret_name(client))


@bp.post("/developer/apps/<client_id>/secret")
@writing
@for_signed_in
def renew_developer_secret(user: User, client_id: str) -> ResponseReturnValue:
    """Give the client a new secret, which is on the page that answers, this once."""
    db, client = get_db(), _own_client(user, client_id, lock=True)
    try:
        secret = developer.renew_secret(db, client, request.form.get("replaced", ""))
    except developer.AlreadySubmitted:
        return _back_to_the_list("renewed before", client.name)
    except RegistrationError:
        return page("developer_secret.html", HTTPStatus.BAD_REQUEST, client=client)
    db.commit()
    return _apps_page(user, client, secret, renewed=True)


@bp.get("/developer/apps/<client_id>/delete")
@for_signed_in
def developer_app_to_delete(user: User, client_id: str) -> ResponseReturnValue:
    """Is it to be deleted?"""
    return page("developer_delete.html", client=_own_client(user, client_id))


@bp.post("/developer/apps/<client_id>/delete")
@writing
@for_signed_in
def delete_developer_app(user: User, client_id: str) -> ResponseReturnValue:
    """Delete the client: its grants end, its tokens are dead."""
    db, client = get_db(), _own_client(user, client_id, lock=True)
    clients.delete_client(db, client.client_id)
    db.commit()
    return _back_to_the_list("deleted", client.name)


@bp.get("/developer/connect")
def developer_connect() -> ResponseReturnValue:
    """What a client has to do here, and which switch it is in the libraries that people use."""
    return page("developer_connect.html", api=get_settings().resource_api_url)


def _own_client(user: User, client_id: str, *, lock: bool = False) -> Client:
    client = developer.own_client(get_db(), user, client_id, lock=lock)
    if client is None:
        abort(HTTPStatus.NOT_FOUND)
    return client


def _back_to_the_list(outcome: str, name: str = "") -> ResponseReturnValue:
    flash(name, outcome)
    return redirect(url_for("auth_server.developer_apps"), HTTPStatus.SEE_OTHER)


def _apps_page(
    user: User, client: Client | None = None, secret: str | None = None, *, renewed: bool = False
) -> ResponseReturnValue:
    """The list; above it the client in hand, if there is one, with its secret."""
    return page(
        "developer_apps.html",
        clients=developer.own_clients(get_db(), user),
        limit=developer.MAX_CLIENTS,
        client=client,
        secret=secret,
        renewed=renewed,
        snippets=client and snippets_for(client, get_settings(), secret),
    )


def _new_page(
    user: User, form: RegistrationForm, form_id: str, error: RegistrationError | None = None
) -> ResponseReturnValue:
    return page(
        "developer_new.html",
        HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK,
        form=form,
        form_id=form_id,
        scopes=SCOPES,
        error=error,
        has_room=developer.can_register(get_db(), user),
        limit=developer.MAX_CLIENTS,
    )


def _edit_page(
    client: Client, form: RegistrationForm, error: RegistrationError | None = None
) -> ResponseReturnValue:
    return page(
        "developer_app.html",
        HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK,
        client=client,
        form=form,
        scopes=SCOPES,
        error=error,
        snippets=snippets_for(client, get_settings()),
    )
