"""Read the JSON of other servers, and name what is wrong with it without repeating a value.

A value could be a token. `client_app/oauth.py` has its own reader, since people copy that file.
"""

import json
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import requests

    from web.http_client import Response

_MEDIA_TYPE = re.compile(r"[a-z]{1,20}[ /][a-z0-9.+-]{1,40}", re.I)
_KINDS = {
    "NoneType": "missing",
    "bool": "a boolean",
    "str": "a string",
    "list": "an array",
    "dict": "an object",
}

Answer: TypeAlias = "Response | requests.Response"


def parse(response: Answer) -> object:
    """Return the JSON value of a response in any Unicode encoding, or None.

    The media type does not matter, because many servers send a wrong one. A value with an
    unpaired surrogate is not text, and no page and no database would take it.
    """
    try:
        content = response.content.decode(json.detect_encoding(response.content))
        value: object = json.loads(content)
        if "\\u" in content:
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except (ValueError, RecursionError, OSError):
        return None


def name_kind(value: object) -> str:
    """Return the kind of a JSON value, such as "an array"; "missing" for null."""
    return _KINDS.get(type(value).__name__, "a number")


def describe(response: Answer) -> str:
    """Return the status, the media type and the length of a response."""
    media_type = response.headers.get("Content-Type", "no type").partition(";")[0]
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = "an unusual type"
    return f"status {response.status_code}, {media_type}, {len(response.content)} bytes"
