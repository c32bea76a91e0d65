"""The WSGI environment of a request that an ASGI server has received (PEP 3333)."""

import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SEPARATORS = {"HTTP_COOKIE": "; "}


def make_environ(asgi_scope: MutableMapping[str, Any]) -> "WSGIEnvironment":
    """Return the WSGI environment of a request; `wsgi.input` is missing.

    A request on a Unix socket has the client "".
    """
    client, server = asgi_scope["client"] or ("", ""), asgi_scope["server"] or ("", "")
    wsgi: WSGIEnvironment = {
        "REQUEST_METHOD": asgi_scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(asgi_scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": asgi_scope["query_string"].decode("latin-1"),
        "REMOTE_ADDR": client[0],
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{asgi_scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": asgi_scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    for name, encoded in asgi_scope["headers"]:
        variable = _name_variable(name)
        if variable is None:
            continue
        value = encoded.decode("latin-1")
        if variable in wsgi:
            value = wsgi[variable] + _SEPARATORS.get(variable, ", ") + value
        wsgi[variable] = value
    return wsgi


@lru_cache(maxsize=256)
def _name_variable(header: bytes) -> str | None:
    """Return the name of the variable of a header, or None if the header is dropped.

    `X_Forwarded_For` would have the variable of `X-Forwarded-For`, which a proxy has checked.
    """
    if b"_" in header:
        return None
    variable = header.decode("latin-1").upper().replace("-", "_")
    if variable in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        return variable
    return f"HTTP_{variable}"
