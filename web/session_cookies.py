"""Session cookies that stay valid when a clock is set back.

The signature of a cookie contains the time at which it was made. `itsdangerous` rejects a time in
the future, so one second between the clocks of two nodes, or one correction by NTP, would sign
users out and lose their flows. Only this leg's key can make such a signature, so it is accepted.
"""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer


def init_app(app: Flask) -> None:
    """Use these cookies for the sessions of `app`."""
    app.session_interface = _SessionInterface()


class _SessionInterface(SecureCookieSessionInterface):
    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return Flask's serializer with a signer that tolerates times in the future."""
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = _Signer
        return serializer


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
