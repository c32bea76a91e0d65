"""The pages of a developer: the developer's own clients, and how to connect one.

Every address with a client's identifier answers 404 unless the signed-in user owns the client,
for GET and for POST. A secret is shown only on the page that answers the form, and is stored
nowhere in clear.
"""

from http import HTTPStatus

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from auth_server import clients, developer, password_confirmation, removal
from auth_server.context import get_settings
from auth_server.digests import new_identifier
from auth_server.errors import RegistrationError
from auth_server.models import Client
from auth_server.password_errors import PasswordRefused
from auth_server.registration_form import RegistrationForm
from auth_server.scopes import SCOPES
from auth_server.signed_in_user import SignedInUser
from auth_server.snippets import snippets_for
from auth_server.views.blueprint import bp
from auth_server.views.signed_in import for_signed_in
from web.database import end_transaction, get_database, get_db, writing
from web.pages import form_page, page


@bp.get("/developer/apps")
@for_signed_in
def developer_apps(user: SignedInUser) -> ResponseReturnValue:
    """Show the developer's own clients."""
    return _apps_page(user)


@bp.get("/developer/apps/new")
@for_signed_in
def new_developer_app(user: SignedInUser) -> ResponseReturnValue:
    """Show the form for a new client."""
    return _new_page(user, RegistrationForm(), new_identifier())


@bp.post("/developer/apps/new")
@writing
@for_signed_in
def register_developer_app(user: SignedInUser) -> ResponseReturnValue:
    """Register a client. Only the response shows its secret."""
    db, form = get_db(), RegistrationForm.read(request.form)
    form_id = request.form.get("form_id") or new_identifier()
    try:
        client, secret = developer.register(db, user, form, form_id)
    except developer.AlreadySubmitted:
        return _redirect_to_apps("registered before")
    except RegistrationError as error:
        return _new_page(user, form, form_id, error)
    db.commit()
    return _apps_page(user, client, secret)


@bp.get("/developer/apps/<client_id>")
@for_signed_in
def developer_app(user: SignedInUser, client_id: str) -> ResponseReturnValue:
    """Show one client: its metadata in a form, and the snippets without its secret."""
    client = _own_client(user, client_id)
    return _edit_page(user, client, RegistrationForm.of(client))


@bp.post("/developer/apps/<client_id>")
@writing
@for_signed_in
def update_developer_app(user: SignedInUser, client_id: str) -> ResponseReturnValue:
    """Change the metadata of a client. The user confirms other redirect URIs."""
    db, form = get_db(), RegistrationForm.read(request.form)
    client = _own_client(user, client_id, lock=True)
    try:
        if developer.changes_redirect_uris(client, form):
            password_confirmation.confirm(db, user)
            client = _own_client(user, client_id, lock=True)
        clients.update_client(db, client, form.metadata)
    except RegistrationError as error:
        return _edit_page(user, client, form, error)
    except PasswordRefused as refusal:
        return _edit_page(user, client, form, refusal=refusal)
    db.commit()
    return _redirect_to_apps("saved", client.name)


@bp.get("/developer/apps/<client_id>/secret")
@for_signed_in
def new_developer_secret(user: SignedInUser, client_id: str) -> ResponseReturnValue:
    """Ask whether to replace the secret. A public client has none."""
    return _secret_page(user, _own_client(user, client_id))


@bp.post("/developer/apps/<client_id>/secret")
@writing
@for_signed_in
def renew_developer_secret(user: SignedInUser, client_id: str) -> ResponseReturnValue:
    """Give the client a new secret. Only the response shows it. The user confirms this."""
    db, client = get_db(), _own_client(user, client_id)
    try:
        password_confirmation.confirm(db, user)
        client = _own_client(user, client_id, lock=True)
        secret = developer.renew_secret(db, client, request.form.get("replaced", ""))
    except developer.AlreadySubmitted:
        return _redirect_to_apps("renewed before", client.name)
    except RegistrationError:
        return _secret_page(user, client, HTTPStatus.BAD_REQUEST)
    except PasswordRefused as refusal:
        return _secret_page(user, client, refusal=refusal)
    db.commit()
    return _apps_page(user, client, secret, renewed=True)


@bp.get("/developer/apps/<client_id>/delete")
@for_signed_in
def developer_app_to_delete(user: SignedInUser, client_id: str) -> ResponseReturnValue:
    """Ask whether to delete the client."""
    return page("developer_delete.html", client=_own_client(user, client_id))


@bp.post("/developer/apps/<client_id>/delete")
@writing
@for_signed_in
def delete_developer_app(user: SignedInUser, client_id: str) -> ResponseReturnValue:
    """Delete the client. Its grants end, and its tokens stop working."""
    name = _own_client(user, client_id).name
    end_transaction()  # Each step of the removal is a transaction of its own.
    try:
        removal.remove_client(get_database(), client_id)
    except RegistrationError:  # Another request has removed it.
        abort(HTTPStatus.NOT_FOUND)
    return _redirect_to_apps("deleted", name)


@bp.get("/developer/connect")
def developer_connect() -> ResponseReturnValue:
    """Show how to connect a client, with plain requests and with common libraries."""
    return page("developer_connect.html", api=get_settings().resource_api_url)


def _own_client(user: SignedInUser, client_id: str, *, lock: bool = False) -> Client:
    client = developer.own_client(get_db(), user, client_id, lock=lock)
    if client is None:
        abort(HTTPStatus.NOT_FOUND)
    return client


def _redirect_to_apps(outcome: str, name: str = "") -> ResponseReturnValue:
    flash(name, outcome)
    return redirect(url_for("auth_server.developer_apps"), HTTPStatus.SEE_OTHER)


def _apps_page(
    user: SignedInUser,
    client: Client | None = None,
    secret: str | None = None,
    *,
    renewed: bool = False,
) -> ResponseReturnValue:
    """Show the clients, and above them `client`, if given, with its new secret."""
    snippets = None
    if client is not None:
        snippets = snippets_for(client, get_settings(), secret)
    return page(
        "developer_apps.html",
        clients=developer.own_clients(get_db(), user),
        limit=developer.MAX_CLIENTS,
        client=client,
        secret=secret,
        renewed=renewed,
        snippets=snippets,
    )


def _new_page(
    user: SignedInUser, form: RegistrationForm, form_id: str, error: RegistrationError | None = None
) -> ResponseReturnValue:
    return page(
        "developer_new.html",
        _form_status(error),
        form=form,
        form_id=form_id,
        scopes=SCOPES,
        error=error,
        has_room=developer.can_register(get_db(), user),
        limit=developer.MAX_CLIENTS,
    )


def _form_status(error: RegistrationError | None) -> HTTPStatus:
    if error is None:
        return HTTPStatus.OK
    return HTTPStatus.BAD_REQUEST


def _edit_page(
    user: SignedInUser,
    client: Client,
    form: RegistrationForm,
    error: RegistrationError | None = None,
    refusal: PasswordRefused | None = None,
) -> ResponseReturnValue:
    status, retry_after = _refusal_status(refusal, _form_status(error))
    return form_page(
        "developer_app.html",
        status,
        retry_after=retry_after,
        client=client,
        form=form,
        scopes=SCOPES,
        error=error,
        refusal=refusal,
        asks_password=password_confirmation.is_needed(user),
        user=user,
        snippets=snippets_for(client, get_settings()),
    )


def _secret_page(
    user: SignedInUser,
    client: Client,
    status: HTTPStatus = HTTPStatus.OK,
    refusal: PasswordRefused | None = None,
) -> ResponseReturnValue:
    status, retry_after = _refusal_status(refusal, status)
    return form_page(
        "developer_secret.html",
        status,
        retry_after=retry_after,
        client=client,
        replaced=developer.secret_name(client),
        refusal=refusal,
        asks_password=password_confirmation.is_needed(user),
        user=user,
    )


def _refusal_status(refusal: PasswordRefused | None, status: HTTPStatus) -> tuple[HTTPStatus, int]:
    """Return the status of the page and the seconds to wait: `status` and 0 without a refusal."""
    if refusal is None:
        return status, 0
    return refusal.status, refusal.retry_after
