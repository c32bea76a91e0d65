"""The tools that an agent can call. Each one does what an endpoint of the API does.

It needs the scope of that endpoint, and finds only the resource owner's photos.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from resource_api import photos
from resource_api.errors import InvalidRequest
from resource_api.mcp import schemas
from resource_api.protection import resource_owner
from resource_api.representation import Json, represent
from resource_api.scopes import PHOTOS_READ, PHOTOS_WRITE
from web.database import get_transaction, writing

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Tool:
    """A tool, with the scope that a call needs. `run` returns what `returns` describes."""

    name: str
    title: str
    description: str
    scope: str
    takes: Json
    returns: Json
    annotations: Json
    run: Callable[[Arguments], Json]

    def describe(self) -> Json:
        """Return the definition of the tool (MCP, Tools, "Data Types")."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.takes,
            "outputSchema": self.returns,
            "annotations": self.annotations,
        }

    def check_names(self, arguments: Arguments) -> None:
        """Raise InvalidRequest when the tool does not take an argument."""
        names = self.takes["properties"]
        assert isinstance(names, dict)  # noqa: S101 - for the type checker
        if not arguments.keys() <= names.keys():
            raise InvalidRequest(f"{self.name} takes only these arguments: {', '.join(names)}.")


def _list_photos(arguments: Arguments) -> Json:
    limit, after = _read_limit(arguments), arguments.get("after")
    if not isinstance(after, str | None):
        raise InvalidRequest("after must be a string.")
    found, next_after = photos.list_page(
        get_transaction(), resource_owner().sub, limit=limit, after=after
    )
    return {"photos": [represent(photo) for photo in found], "next_after": next_after}


def _show_photo(arguments: Arguments) -> Json:
    photo_id = _read_photo_id(arguments)
    return represent(photos.find(get_transaction(), resource_owner().sub, photo_id))


@writing
def _rename_photo(arguments: Arguments) -> Json:
    photo_id, title = _read_photo_id(arguments), photos.check_title(arguments.get("title"))
    photo = photos.rename(get_transaction(), resource_owner().sub, photo_id, title)
    get_transaction().commit()
    return represent(photo)


def _read_limit(arguments: Arguments) -> int:
    limit = arguments.get("limit", 50)
    # A bool is an int in Python. 50.0 is an integer for JSON Schema.
    if isinstance(limit, bool) or limit not in range(1, 101):
        raise InvalidRequest("limit must be a whole number from 1 to 100.")
    return int(limit)


def _read_photo_id(arguments: Arguments) -> str:
    photo_id = arguments.get("id")
    if not isinstance(photo_id, str):
        raise InvalidRequest("id must be a string.")
    return photo_id


_READS: Json = {"readOnlyHint": True, "openWorldHint": False}
_CHANGES: Json = {
    "readOnlyHint": False,
    "destructiveHint": True,  # The earlier title is lost.
    "idempotentHint": True,
    "openWorldHint": False,
}

TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            name="list_photos",
            title="List photos",
            description="List the photos of the user, newest first.",
            scope=PHOTOS_READ,
            takes=schemas.describe_object([], limit=schemas.LIMIT, after=schemas.AFTER),
            returns=schemas.PAGE_OF_PHOTOS,
            annotations=_READS,
            run=_list_photos,
        ),
        Tool(
            name="show_photo",
            title="Show a photo",
            description="Show the title, the size and the date of one photo.",
            scope=PHOTOS_READ,
            takes=schemas.describe_object(["id"], id=schemas.PHOTO_ID),
            returns=schemas.PHOTO,
            annotations=_READS,
            run=_show_photo,
        ),
        Tool(
            name="rename_photo",
            title="Rename a photo",
            description="Give one photo another title.",
            scope=PHOTOS_WRITE,
            takes=schemas.describe_object(
                ["id", "title"], id=schemas.PHOTO_ID, title=schemas.TITLE
            ),
            returns=schemas.PHOTO,
            annotations=_CHANGES,
            run=_rename_photo,
        ),
    )
}
