"""How much of a message is kept: enough to read it, and so little that nobody can fill the recording with one.

Texts are cut when everything secret has been taken out of them, or half a secret would not be known for one.
"""

#: Fields of a query or a form, and cookies.
PAIRS = 100
#: Values of a JSON document.
VALUES = 500
#: Secrets of one exchange that are told apart; what comes after them is masked whole.
SECRETS = 300
#: Addresses in one exchange, those in others too.
ADDRESSES = 30
#: How deep the members of a JSON document may lie in others, and escapes in escapes.
DEPTH = 5

#: Characters of a text.
TEXT = 2000
#: Of a header that is free text.
HEADER = 300
METHOD = 32
HOST = 255
MEDIA_TYPE = 80
TITLE = 120
#: Of a JSON document.
EXCERPT = 4096

#: In the place of what is left out.
ELLIPSIS = "…"


def cut(text: str, most: int) -> str:
    """`text`, or as much of it as `most` characters hold."""
    return text if len(text) <= most else text[: most - 1] + ELLIPSIS
