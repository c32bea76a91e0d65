"""The middleware around Print Shop: it runs a request in steps if the browser turned them on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import get_input_stream

from inspector.record.recorder import NOT_RECORDED, read_wire
from inspector.stepping.runs import Runs
from web import peers
from web.addresses import escape_path, escape_query

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: The cookie of a browser that turned step mode on. Its value is random and names the browser.
COOKIE = "tripod_steps"
#: The address of the pages of the steps.
PATH = "/inspector/step"


@dataclass
class Stepper:
    """The middleware. `issuer` is the origin of the authorization server."""

    application: "WSGIApplication"
    leg: str
    issuer: str
    runs: Runs
    headers: Mapping[str, str]

    def __call__(self, wsgi: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer the request, or show the step that waits.

        The address of a step contains neither the code nor anything else of the request.
        """
        browser = Request(wsgi).cookies.get(COOKIE)
        if not browser or not _is_page(wsgi) or not peers.is_on_this_machine(wsgi):
            return self.application(wsgi, start_response)
        target = _repeatable_target(wsgi)
        ready = self.runs.take_answer(browser, target)
        if ready is not None:
            return ready.send(start_response)
        run = self.runs.begin(browser, read_wire(self.leg, wsgi), target)
        if run is None:
            return self.application(wsgi, start_response)
        run.start(self.application, _detach(wsgi), self.issuer)
        run.wait_for_step()
        answer = run.fresh_answer
        if answer is not None:
            self.runs.forget(run)
            return answer.send(start_response)
        location = {"Location": f"{PATH}/{run.id}"}
        redirect = Response(status=HTTPStatus.SEE_OTHER, headers={**self.headers, **location})
        return redirect(wsgi, start_response)


def _is_page(wsgi: "WSGIEnvironment") -> bool:
    """Return whether the browser will show the response. A picture cannot show a step."""
    is_shown = "text/html" in wsgi.get("HTTP_ACCEPT", "")
    mode = wsgi.get("HTTP_SEC_FETCH_MODE", "navigate")
    is_request = wsgi["REQUEST_METHOD"] in ("GET", "POST")
    is_stepped = not wsgi["PATH_INFO"].startswith(NOT_RECORDED)
    return is_request and is_shown and is_stepped and mode == "navigate"


def _repeatable_target(wsgi: "WSGIEnvironment") -> str | None:
    """Return path and query of a GET request, or None if the browser must not repeat them."""
    query = wsgi.get("QUERY_STRING", "")
    if wsgi["REQUEST_METHOD"] != "GET" or "code" in parse_qs(query, keep_blank_values=True):
        return None
    path = escape_path(wsgi["PATH_INFO"].encode("latin-1")).lstrip("/")
    return f"/{path}?{escape_query(query)}".rstrip("?")


def _detach(wsgi: "WSGIEnvironment") -> "WSGIEnvironment":
    """Return a copy of the request that outlives its connection."""
    return {**wsgi, "wsgi.input": BytesIO(get_input_stream(wsgi).read())}
