"""The client's side of the resource API: `/me`, the photos and the images. It does not use Flask.

Each method takes an access token first, so that it can be passed to `client_app.page_access.call`.
`photo_documents.py` reads the answers, and `api_errors.py` has the errors.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any

import requests

from client_app.api_errors import PhotoApiUnreachableError, error_for
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
#: Seconds to connect, and to wait while the API decodes and re-encodes an uploaded image. Its own
#: limit is 38 seconds.
UPLOAD_TIMEOUT = (3.05, 45.0)


@dataclass(frozen=True)
class PhotoApi:
    """The API at `url`. `http` returns the session for the current thread."""

    url: str
    http: Callable[[], requests.Session]

    def document(self, access_token: str, path: str, **query: str) -> dict[str, Any]:
        """Return the JSON object at any path of the API that has no method here."""
        return read_as(read_object, self._ask("GET", path, access_token, params=query))

    def name(self, access_token: str) -> str:
        """Return the name of the user who owns the photos."""
        return read_as(read_name, self._ask("GET", "/me", access_token))

    def photos(self, access_token: str, after: str | None = None) -> PhotosPage:
        """Return a page of the user's photos: the newest ones, or those that follow `after`."""
        query = {}
        if after is not None:
            query["after"] = checked_id(after)
        return read_as(PhotosPage.read, self._ask("GET", "/photos", access_token, params=query))

    def photo(self, access_token: str, photo_id: str) -> Photo:
        """Return one photo, without its image."""
        response = self._ask("GET", f"/photos/{checked_id(photo_id)}", access_token)
        return read_as(Photo.read, response)

    def image(self, access_token: str, photo_id: str) -> Image:
        """Return the image of one photo as a stream. The caller closes it."""
        response = self._ask(
            "GET", f"/photos/{checked_id(photo_id)}/image", access_token, stream=True
        )
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type not in IMAGE_TYPES:
            response.close()
            raise PhotoApiUnreachableError(Reason.PHOTO_API_BAD_ANSWER, "it is not an image")
        return Image(content_type, response.iter_content(CHUNK), response.close)

    def whole_image(self, access_token: str, photo_id: str) -> tuple[str, int]:
        """Fetch the image of one photo completely; return its type and its number of bytes."""
        image = self.image(access_token, photo_id)
        try:
            with closing(image):
                return image.content_type, sum(map(len, image.chunks))
        except requests.RequestException as error:
            raise PhotoApiUnreachableError(
                Reason.PHOTO_API_NO_ANSWER, f"{type(error).__name__} within an image"
            ) from error

    def add(self, access_token: str, title: str, image: IO[bytes]) -> Photo:
        """Upload a photo.

        Read the file from its start, because `call` sends it again after a rejected token.
        """
        image.seek(0)
        # The API needs a file name but ignores it, so the user's own file name is not sent.
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
        """Change the title of a photo."""
        path = f"/photos/{checked_id(photo_id)}"
        return read_as(Photo.read, self._ask("PATCH", path, access_token, json={"title": title}))

    def delete(self, access_token: str, photo_id: str) -> None:
        """Delete a photo permanently."""
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
            raise error_for(response)
        return response
