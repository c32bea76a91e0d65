"""Metrics for Prometheus: requests, events and database connections of this process.

`app.py` imports this module only when TRIPOD_METRICS_BIND is set. Each process listens on a port of
its own, the first free one from that of the setting. So no process writes figures for another one,
and a killed process leaves nothing behind. Labels are routes, codes and other constants of this
project: never a name, an address or a secret.
"""

import errno
import logging
import time
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, request, request_started
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import event
from sqlalchemy.pool import QueuePool
from werkzeug.wsgi import ClosingIterator

from web import entrance, event_log
from web.database import Database
from web.environment import ConfigurationError
from web.waiting import WouldWait

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: How many ports are tried, so how many processes of all legs one machine can have.
MOST_PROCESSES = 64
#: A client chooses the path and the method, so everything that is not known is one value.
UNKNOWN = "unknown"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ROUTE = "tripod.route"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def watch(app: Flask, address: tuple[str, int]) -> None:
    """Measure `app`, and answer `GET /metrics` on the first free port from that of `address`.

    :raises ConfigurationError: when this process cannot listen there.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    _count_events(app.name, registry)
    database: Database | None = app.extensions.get("tripod.database")
    if database is not None:
        registry.register(_Connections(app.name, database))
    request_started.connect(_note_route, app)
    app.wsgi_app = _MeasuredRequests(app, registry)  # type: ignore[assignment, method-assign]
    _listen(registry, *address)


def _listen(registry: CollectorRegistry, host: str, first: int) -> None:
    last = min(first + MOST_PROCESSES, 2**16) - 1
    for port in range(first, last + 1):
        try:
            start_http_server(port, host, registry)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ConfigurationError(
                    f"TRIPOD_METRICS_BIND: cannot listen on {host} port {port}: {error.strerror}."
                ) from None
        else:
            return
    raise ConfigurationError(
        f"TRIPOD_METRICS_BIND: no port from {first} to {last} is free on {host}."
    )


class _MeasuredRequests:
    """The middleware that measures each request until its response is sent."""

    def __init__(self, app: Flask, registry: CollectorRegistry) -> None:
        self._application: WSGIApplication = app.wsgi_app
        self._leg = app.name
        self._machine_paths = entrance.machine_paths(app)
        self._in_progress = Gauge(
            "tripod_http_requests_in_progress",
            "Requests that are being answered.",
            ["leg"],
            registry=registry,
        ).labels(self._leg)
        self._seconds = Histogram(
            "tripod_http_request_duration_seconds",
            "Time until the response was sent.",
            ["leg", "method", "route", "status"],
            buckets=_SECONDS,
            registry=registry,
        )

    def __call__(self, wsgi: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer the request, and measure it."""
        begun_at = time.perf_counter()
        status = "500"

        def start(line: str, *arguments: Any) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, *arguments)

        def end() -> None:
            self._in_progress.dec()
            labels = (self._leg, _method(wsgi), self._route(wsgi), status)
            self._seconds.labels(*labels).observe(time.perf_counter() - begun_at)

        self._in_progress.inc()
        try:
            response = self._application(wsgi, start)
        except WouldWait:  # A thread runs it again.
            self._in_progress.dec()
            raise
        except BaseException:
            end()
            raise
        return ClosingIterator(response, end)

    def _route(self, wsgi: "WSGIEnvironment") -> str:
        """Return the rule of the route. The entrance answers some paths before Flask."""
        route: str | None = wsgi.get(_ROUTE)
        if route is None and wsgi["PATH_INFO"] in self._machine_paths:
            route = wsgi["PATH_INFO"]
        return route or UNKNOWN


def _method(wsgi: "WSGIEnvironment") -> str:
    if wsgi["REQUEST_METHOD"] in _METHODS:
        return str(wsgi["REQUEST_METHOD"])
    return UNKNOWN


def _note_route(_app: Flask, **_about: object) -> None:
    if request.url_rule is not None:
        request.environ[_ROUTE] = request.url_rule.rule


def _count_events(leg: str, registry: CollectorRegistry) -> None:
    """Count the events of the event log, and those that are too frequent for it."""
    events = Counter(
        "tripod_events", "Events by reason code.", ["leg", "event", "reason"], registry=registry
    )
    event_log.logger.addHandler(_EventCounter(leg, events))
    event_log.counters.append(lambda name: events.labels(leg, name, "").inc())


class _EventCounter(logging.Handler):
    def __init__(self, leg: str, events: Counter) -> None:
        super().__init__()
        self._leg = leg
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        """Count the event. Its reason is a label only when it is one of the reason codes."""
        fields = getattr(record, "fields", {})
        reason = fields.get("reason") or ""
        if reason and not isinstance(reason, StrEnum):
            reason = UNKNOWN
        self._events.labels(self._leg, record.getMessage(), str(reason)).inc()


class _Connections(Collector):
    """The open connections to the database, counted when they are asked for."""

    def __init__(self, leg: str, database: Database) -> None:
        self._leg = leg
        self._pool = database.engine.pool
        self._kept: Tally[str] = Tally()
        event.listen(database.thread_engine, "connect", partial(self._change_kept, 1))
        event.listen(database.thread_engine, "close", partial(self._change_kept, -1))

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the number of connections in each state."""
        connections = GaugeMetricFamily(
            "tripod_database_connections", "Open connections.", labels=["leg", "state"]
        )
        if isinstance(self._pool, QueuePool):
            connections.add_metric([self._leg, "in_use"], self._pool.checkedout())
            connections.add_metric([self._leg, "idle"], self._pool.checkedin())
        connections.add_metric([self._leg, "kept_by_threads"], self._kept["open"])
        yield connections

    def _change_kept(self, by: int, *_about: object) -> None:
        self._kept["open"] += by
