"""The resource API as this client sees it: `/me`, the photos, and the images. Knows access tokens, and no Flask.

Each method takes an access token first, so that `client_app.page_access.call` can be handed it as it is. What the API answers is
read in `photo_documents.py`, what it refuses in `api_errors.py`.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any

import requests

from client_app.api_errors import PhotoApiUnreachableError, refusal
from client_app.photo_documents import (
    IMAGE_TYPES,
    Image,
    Photo,
    PhotosPage,
    checked_id,
    read_as,
    read_name,
    read_object,
)
from client_app.reasons import Reason

CHUNK = 64 * 1024
#: Seconds to connect, and to wait for the answer to an upload: the API decodes the image and writes it anew.
UPLOAD_TIMEOUT = (3.05, 30.0)


@dataclass(frozen=True)
class PhotoApi:
    """The API at `url`. `http` gives the session to use: one of each thread's own."""

    url: str
    http: Callable[[], requests.Session]

    def document(self, access_token: str, path: str, **query: str) -> dict[str, Any]:
        """The JSON object at any path of the API, for what has no method of its own here."""
        return read_as(read_object, self._ask("GET", path, access_token, params=query))

    def name(self, access_token: str) -> str:
        """The name of the person whose photos these are."""
        return read_as(read_name, self._ask("GET", "/me", access_token))

    def photos(self, access_token: str, after: str | None = None) -> PhotosPage:
        """A page of the person's photos."""
        query = {"after": checked_id(after)} if after is not None else {}
        return read_as(PhotosPage.read, self._ask("GET", "/photos", access_token, params=query))

    def photo(self, access_token: str, photo_id: str) -> Photo:
        """One photo, without its image."""
        return read_as(
            Photo.read, self._ask("GET", f"/photos/{checked_id(photo_id)}", access_token)
        )

    def image(self, access_token: str, photo_id: str) -> Image:
        """One photo's image, unread: it passes through in pieces."""
        response = self._ask(
            "GET", f"/photos/{checked_id(photo_id)}/image", access_token, stream=True
        )
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type not in IMAGE_TYPES:
            response.close()
            raise PhotoApiUnreachableError(Reason.PHOTO_API_BAD_ANSWER, "that is not an image")
        return Image(content_type, response.iter_content(CHUNK), response.close)

    def whole_image(self, access_token: str, photo_id: str) -> tuple[str, int]:
        """The type of one photo's image and the bytes of it that arrived, once all have."""
        image = self.image(access_token, photo_id)
        try:
            with closing(image):
                return image.content_type, sum(map(len, image.chunks))
        except requests.RequestException as error:
            raise PhotoApiUnreachableError(
                Reason.PHOTO_API_NO_ANSWER, f"{type(error).__name__} within an image"
            ) from error

    def add(self, access_token: str, title: str, image: IO[bytes]) -> Photo:
        """Upload a photo. It is sent from its beginning, since it may be sent again with a better token."""
        image.seek(0)
        # The API wants a file's name and heeds none, so the person's own stays here.
        parts = {"image": ("image", image, "application/octet-stream")}
        response = self._ask(
            "POST",
            "/photos",
            access_token,
            data={"title": title},
            files=parts,
            timeout=UPLOAD_TIMEOUT,
        )
        return read_as(Photo.read, response)

    def rename(self, access_token: str, photo_id: str, title: str) -> Photo:
        """Give a photo another title."""
        return read_as(
            Photo.read,
            self._ask(
                "PATCH", f"/photos/{checked_id(photo_id)}", access_token, json={"title": title}
            ),
        )

    def delete(self, access_token: str, photo_id: str) -> None:
        """Delete a photo for good."""
        self._ask("DELETE", f"/photos/{checked_id(photo_id)}", access_token)

    def _ask(self, method: str, path: str, access_token: str, **options: Any) -> requests.Response:
        """R1 – The client sends the access token to the resource API (RFC 6750 §2.1)."""
        headers = {"Authorization": f"Bearer {access_token}", "Accept-Encoding": "identity"}
        try:
            response = self.http().request(method, self.url + path, headers=headers, **options)
        except requests.RequestException as error:
            raise PhotoApiUnreachableError(
                Reason.PHOTO_API_NO_ANSWER, f"{type(error).__name__} at {path}"
            ) from error
        if response.status_code not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
            raise refusal(response)
        return response
