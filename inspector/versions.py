"""Answer with a page, or with 304 if the browser has this version of it."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, make_response, request


def unless_seen(version: str, render: Callable[[], str]) -> Response:
    """Return the page that `render` returns, unless the browser has the same `version`."""
    if request.if_none_match.contains_weak(version):
        return Response(status=HTTPStatus.NOT_MODIFIED)
    response = make_response(render())
    response.set_etag(version, weak=True)
    return response
