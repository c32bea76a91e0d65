"""Session cookies that stay valid when a clock is set back, and that no other site replaces.

The signature of a cookie contains the time at which it was made. `itsdangerous` rejects a time in
the future, so one second between the clocks of two nodes, or one correction by NTP, would sign
users out and lose their flows. Only this leg's key can make such a signature, so it is accepted.

`web/request_origin.py` decides which responses may change the cookie.
"""

from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from web import request_origin


def init_app(app: Flask) -> None:
    """Use these cookies for the sessions of `app`."""
    app.session_interface = _SessionInterface()


class _SessionInterface(SecureCookieSessionInterface):
    _serializer: URLSafeTimedSerializer | None = None

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of the cookie, or a new one if the client sent no cookie at all."""
        if app.secret_key and "Cookie" not in request.headers:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session has changed and the request may change the cookie."""
        if request_origin.may_change_cookies():
            super().save_session(app, session, response)
        elif session.accessed:
            response.vary.add("Cookie")

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return Flask's serializer, made once, whose signer tolerates times in the future."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
            if self._serializer is not None:
                self._serializer.signer = _Signer
        return self._serializer


class _Signer(TimestampSigner):
    def unsign(  # type: ignore[override]  # it has one overload for each kind of result
        self, signed_value: str | bytes, max_age: int | None = None, **options: Any
    ) -> Any:
        """Return the signed value; reject one that is older than `max_age` seconds."""
        try:
            return super().unsign(signed_value, max_age, **options)
        except SignatureExpired as error:
            is_from_the_future = (
                error.date_signed is not None
                and error.date_signed.timestamp() > self.get_timestamp()
            )
            if not is_from_the_future:
                raise
            return super().unsign(signed_value, None, **options)
