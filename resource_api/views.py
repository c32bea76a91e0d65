"""What the resource API answers. Each view reads, asks, commits if it wrote, and answers."""

import re
from datetime import UTC
from http import HTTPStatus
from typing import IO

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import BadRequest

from config import ResourceApiSettings
from resource_api import images, photos
from resource_api.addresses import absolute_url
from resource_api.errors import InvalidRequest
from resource_api.models import Photo
from resource_api.protection import REALM, list_required_scopes, require_scope, resource_owner
from web import MAX_FORM_BYTES
from web.canonical_host import for_machines
from web.database import get_db, writing
from web.pages import page

PROFILE = "profile"
PHOTOS_READ = "photos:read"
PHOTOS_WRITE = "photos:write"

_LIMIT = re.compile(r"[1-9][0-9]?|100")

Json = dict[str, object]

bp = Blueprint("resource_api", __name__)


@bp.get("/")
def home() -> tuple[str, int]:
    """For a person who followed the link in a page's header: what this is, and that there is nothing to see."""
    return page("home.html")


@bp.get("/.well-known/oauth-protected-resource")
@for_machines
def protected_resource_metadata() -> Json:
    """Which authorization server to ask for a token, and for what (RFC 9728 §3.2)."""
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
def me() -> Json:
    """Who the resource owner is."""
    owner = resource_owner()
    return {"sub": owner.sub, "username": owner.username, "name": owner.name}


@bp.get("/photos")
@require_scope(PHOTOS_READ)
def photo_list() -> Json:
    """R3 – The resource comes back: the resource owner's photos, newest first (RFC 6749 §7)."""
    limit, after = _presented_limit(), _presented_argument("after")
    page_of_photos, rest = photos.listed(get_db(), resource_owner().sub, limit=limit, after=after)
    following = absolute_url("photo_list", limit=limit, after=rest) if rest else None
    return {"photos": [_representation(photo) for photo in page_of_photos], "next": following}


@bp.get("/photos/<photo_id>")
@require_scope(PHOTOS_READ)
def photo(photo_id: str) -> Json:
    """What is known of one photo."""
    return _representation(photos.found(get_db(), resource_owner().sub, photo_id))


@bp.get("/photos/<photo_id>/image")
@require_scope(PHOTOS_READ)
def photo_image(photo_id: str) -> Response:
    """The image itself."""
    found = photos.found_with_image(get_db(), resource_owner().sub, photo_id)
    return Response(
        found.image.data, mimetype=found.content_type, headers={"Content-Disposition": "inline"}
    )


@bp.post("/photos")
@require_scope(PHOTOS_WRITE)
@writing
def new_photo() -> tuple[Json, int, dict[str, str]]:
    """Keep a photo that the client brings, as multipart/form-data."""
    upload = _presented_image()
    title = photos.checked_title(request.form.get("title"))
    image = images.clean(upload)  # the slow part, so before the database is asked for anything
    photo = photos.add(get_db(), resource_owner().sub, title, image)
    get_db().commit()
    return (
        _representation(photo),
        HTTPStatus.CREATED,
        {"Location": absolute_url("photo", photo_id=photo.id)},
    )


@bp.patch("/photos/<photo_id>")
@require_scope(PHOTOS_WRITE)
@writing
def new_title(photo_id: str) -> Json:
    """Rename a photo."""
    title = photos.checked_title(_presented_object().get("title"))
    photo = photos.rename(get_db(), resource_owner().sub, photo_id, title)
    get_db().commit()
    return _representation(photo)


@bp.delete("/photos/<photo_id>")
@require_scope(PHOTOS_WRITE)
@writing
def photo_removal(photo_id: str) -> tuple[str, int]:
    """Delete a photo and its image."""
    photos.remove(get_db(), resource_owner().sub, photo_id)
    get_db().commit()
    return "", HTTPStatus.NO_CONTENT


def _representation(photo: Photo) -> Json:
    created_at = (
        photo.created_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )
    return {
        "id": photo.id,
        "title": photo.title,
        "content_type": photo.content_type,
        "width": photo.width,
        "height": photo.height,
        "size": photo.size,
        "created_at": created_at,
        "image": absolute_url("photo_image", photo_id=photo.id),
    }


def _presented_argument(name: str) -> str | None:
    values = request.args.getlist(name)
    if len(values) > 1:
        raise InvalidRequest(f"{name} must be given once.")
    return values[0] if values else None


def _presented_limit() -> int:
    limit = _presented_argument("limit")
    if limit is None:
        return 50
    if not _LIMIT.fullmatch(limit):
        raise InvalidRequest("limit must be a whole number from 1 to 100.")
    return int(limit)


def _presented_image() -> IO[bytes]:
    uploads = [upload for upload in request.files.getlist("image") if upload.filename]
    if len(uploads) != 1:
        raise InvalidRequest("Send multipart/form-data with one file named image.")
    return uploads[0].stream


def _presented_object() -> Json:
    """The JSON object in the body. What is not JSON at all by its own account is refused with 415."""
    request.max_content_length = MAX_FORM_BYTES
    try:
        body = request.get_json()
    except (BadRequest, RecursionError):  # the latter from brackets in brackets in brackets
        body = None
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return body
