"""The JSON that describes a photo, the same at every endpoint."""

from resource_api.photos import Photo
from web.leg_settings import current_settings

IMAGE_PATH = "/photos/{}/image"

Json = dict[str, object]


def represent(photo: Photo) -> Json:
    """Return the description of a photo, with the absolute URL of its image."""
    return {
        "id": photo.id,
        "title": photo.title,
        "content_type": photo.content_type,
        "width": photo.width,
        "height": photo.height,
        "size": photo.size,
        "created_at": photo.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "image": current_settings().url + IMAGE_PATH.format(photo.id),
    }
