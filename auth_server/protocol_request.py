"""The request as Authlib sees it, whichever way it came: from a query or from a form."""

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import OAuth2Payload
from werkzeug.datastructures import MultiDict

#: Authlib requires https, and the settings have checked the real address.
_SECURE = "https://tripod.example"


class _Payload(OAuth2Payload):  # type: ignore[misc]  # Authlib is untyped
    def __init__(self, parameters: MultiDict[str, str]) -> None:
        self._parameters = parameters

    @property
    def data(self) -> MultiDict[str, str]:
        """The parameters."""
        return self._parameters

    @property
    def datalist(self) -> dict[str, list[str]]:
        """The values of each parameter."""
        return self._parameters.to_dict(flat=False)


class ProtocolRequest(OAuth2Request):  # type: ignore[misc]
    """The parameters of either the query or the form. Authlib would merge both.

    A parameter without a value MUST be treated as if it were omitted (RFC 6749 §3.1, §3.2).
    """

    def __init__(
        self,
        method: str,
        path: str,
        parameters: MultiDict[str, str],
        authorization: str | None = None,
    ) -> None:
        super().__init__(method, _SECURE)
        self.path = path
        self.authorization = authorization
        self.payload = _Payload(
            MultiDict((name, value) for name, value in parameters.items(multi=True) if value)
        )

    @property
    def form(self) -> MultiDict[str, str]:
        """The parameters, under the name by which Authlib asks for those of a form."""
        parameters: MultiDict[str, str] = self.payload.data
        return parameters
