"""The JSON Schemas (2020-12) of what the tools take and return."""

from resource_api.models import TITLE_LENGTH
from resource_api.representation import Json

PHOTO_ID: Json = {"type": "string", "description": "The id of the photo, as list_photos returns it"}
TITLE: Json = {
    "type": "string",
    "minLength": 1,
    "maxLength": TITLE_LENGTH,
    "description": "The new title, one line of text",
}
LIMIT: Json = {
    "type": "integer",
    "minimum": 1,
    "maximum": 100,
    "default": 50,
    "description": "The most photos to return",
}
AFTER: Json = {
    "type": "string",
    "description": "Return the photos after the one with this id, for the next page",
}


def describe_object(required: list[str], **properties: Json) -> Json:
    """Return the schema of an object that has no other members than `properties`."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


PHOTO = describe_object(
    ["id", "title", "content_type", "width", "height", "size", "created_at", "image"],
    id={"type": "string"},
    title={"type": "string"},
    content_type={"type": "string"},
    width={"type": "integer", "description": "In pixels"},
    height={"type": "integer", "description": "In pixels"},
    size={"type": "integer", "description": "In bytes"},
    created_at={"type": "string", "format": "date-time"},
    image={
        "type": "string",
        "format": "uri",
        "description": "The address of the image, which needs the same access token",
    },
)
PAGE_OF_PHOTOS = describe_object(
    ["photos", "next_after"],
    photos={"type": "array", "items": PHOTO},
    next_after={
        "type": ["string", "null"],
        "description": "The value of after for the next page, or null on the last page",
    },
)
