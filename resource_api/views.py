"""The endpoints of the resource API.

Each view reads the request, queries the database, commits if it wrote, and returns a response.
"""

import json
import re
from http import HTTPStatus
from typing import IO

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import UnsupportedMediaType

from config import ResourceApiSettings
from resource_api import photos
from resource_api.addresses import absolute_url
from resource_api.decoders import Decoders
from resource_api.errors import InvalidRequest
from resource_api.images import CleanImage
from resource_api.photos import Photo
from resource_api.protection import REALM, list_required_scopes, require_scope, resource_owner
from resource_api.representation import IMAGE_PATH, Json, represent
from resource_api.scopes import PHOTOS_READ, PHOTOS_WRITE, PROFILE
from web import text
from web.application import MAX_FORM_BYTES
from web.canonical_host import for_machines
from web.cors import for_browser_clients
from web.database import get_database, get_reader, get_transaction, writing
from web.pages import page

_LIMIT = re.compile(r"[1-9][0-9]?|100")

bp = Blueprint("resource_api", __name__)


@bp.get("/")
def home() -> tuple[str, int]:
    """Show the only page for users, which explains what this server is."""
    return page("home.html")


@bp.get("/.well-known/oauth-protected-resource")
@for_browser_clients("*")
@for_machines
def protected_resource_metadata() -> Json:
    """Return the authorization server and the scopes of this API (RFC 9728 §3.2)."""
    settings: ResourceApiSettings = current_app.extensions["tripod.settings"]
    return {
        "resource": settings.resource_api_url,
        "authorization_servers": [settings.auth_server_url],
        "scopes_supported": list_required_scopes(current_app),
        "bearer_methods_supported": ["header"],
        "resource_name": REALM,
    }


@bp.get("/me")
@require_scope(PROFILE)
def show_resource_owner() -> Json:
    """Return the subject, username and name of the resource owner."""
    owner = resource_owner()
    return {"sub": owner.sub, "username": owner.username, "name": owner.name}


@bp.get("/photos")
@require_scope(PHOTOS_READ)
def list_photos() -> Json:
    """R3 – Return the resource: the resource owner's photos, newest first (RFC 6749 §7)."""
    limit, after = _read_limit(), _read_argument("after")
    page_of_photos, next_after = photos.list_page(
        get_transaction(), resource_owner().sub, limit=limit, after=after
    )
    next_page = None
    if next_after is not None:
        next_page = absolute_url("list_photos", limit=limit, after=next_after)
    return {"photos": [represent(photo) for photo in page_of_photos], "next": next_page}


@bp.get("/photos/<photo_id>")
@require_scope(PHOTOS_READ)
def show_photo(photo_id: str) -> Json:
    """Return the description of one photo."""
    return represent(photos.find(get_transaction(), resource_owner().sub, photo_id))


@bp.get(IMAGE_PATH.format("<photo_id>"))
@require_scope(PHOTOS_READ)
def show_image(photo_id: str) -> Response:
    """Return the image of one photo, in parts."""
    photo = photos.find(get_transaction(), resource_owner().sub, photo_id)
    return Response(
        photos.read_image(get_database(), photo),
        mimetype=photo.content_type,
        headers={"Content-Disposition": "inline", "Content-Length": str(photo.size)},
    )


@bp.post("/photos")
@require_scope(PHOTOS_WRITE)
def add_photo() -> tuple[Json, int, dict[str, str]]:
    """Store a photo from multipart/form-data."""
    upload, owner = _read_image(), resource_owner().sub
    title = photos.check_title(request.form.get("title"))
    # Without room for another photo, the image is not decoded.
    photos.check_room(get_reader(), owner)
    decoders: Decoders = current_app.extensions["resource_api.decoders"]
    # This is the slow part, so it comes before the transaction.
    photo = _store_photo(owner, title, decoders.clean(upload, owner))
    return (
        represent(photo),
        HTTPStatus.CREATED,
        {"Location": absolute_url("show_photo", photo_id=photo.id)},
    )


@writing
def _store_photo(owner: str, title: str, image: CleanImage) -> Photo:
    photo = photos.add(get_transaction(), owner, title, image)
    get_transaction().commit()
    return photo


@bp.patch("/photos/<photo_id>")
@require_scope(PHOTOS_WRITE)
@writing
def rename_photo(photo_id: str) -> Json:
    """Rename a photo."""
    title = photos.check_title(_read_json_object().get("title"))
    photo = photos.rename(get_transaction(), resource_owner().sub, photo_id, title)
    get_transaction().commit()
    return represent(photo)


@bp.delete("/photos/<photo_id>")
@require_scope(PHOTOS_WRITE)
@writing
def delete_photo(photo_id: str) -> tuple[str, int]:
    """Delete a photo and its image."""
    photos.remove(get_transaction(), resource_owner().sub, photo_id)
    get_transaction().commit()
    return "", HTTPStatus.NO_CONTENT


def _read_argument(name: str) -> str | None:
    values = request.args.getlist(name)
    if len(values) > 1:
        raise InvalidRequest(f"{name} must be given once.")
    return next(iter(values), None)


def _read_limit() -> int:
    limit = _read_argument("limit")
    if limit is None:
        return 50
    if not _LIMIT.fullmatch(limit):
        raise InvalidRequest("limit must be a whole number from 1 to 100.")
    return int(limit)


def _read_image() -> IO[bytes]:
    uploads = [upload for upload in request.files.getlist("image") if upload.filename]
    if len(uploads) != 1:
        raise InvalidRequest("Send multipart/form-data with one file named image.")
    return uploads[0].stream


def _read_json_object() -> Json:
    """Return the JSON object in the body.

    :raises InvalidRequest: when the body is not a JSON object.
    :raises UnsupportedMediaType: when the content type is not JSON.
    """
    request.max_content_length = MAX_FORM_BYTES
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        # Flask would accept UTF-16 too; RFC 8259 §8.1 allows only UTF-8.
        body = json.loads(text.decode_utf8(request.get_data()))
    except (ValueError, RecursionError):  # Deeply nested brackets cause the latter.
        body = None
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return body
