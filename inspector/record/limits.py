"""Limits of what is stored of a message, so that no message can fill the recording.

Texts are cut after everything secret was masked. A secret that was cut first could not be found.
"""

#: Fields of a query or a form, headers, cookies and events of one exchange.
FIELDS = 100
#: Values of a JSON document.
VALUES = 500
#: Secrets of one exchange that can be told apart. Further ones are masked without a fingerprint.
SECRETS = 300
#: Addresses within an address. What is deeper is masked as a whole.
DEPTH = 2
#: Escapes within escapes. Each address escapes the values in its query, also the outermost one.
ESCAPES = DEPTH + 1
#: Nested objects and lists of a JSON document. Deeper ones are omitted.
JSON_DEPTH = 3

#: Characters of a text.
TEXT = 2000
#: Characters of a header that is free text.
HEADER = 300
METHOD = 32
HOST = 255
MEDIA_TYPE = 80
TITLE = 120
#: Characters of a JSON document.
EXCERPT = 4096

#: Marks an omission.
ELLIPSIS = "…"


def cut(text: str, most: int) -> str:
    """Return `text`, shortened to `most` characters."""
    if len(text) <= most:
        return text
    return text[: most - 1] + ELLIPSIS
