"""The request as Authlib sees it, whichever way it came: from a query or from a form."""

from collections.abc import Mapping

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import OAuth2Payload

#: Authlib requires https, and the settings have checked the real address.
_SECURE = "https://tripod.example"


class _Payload(OAuth2Payload):  # type: ignore[misc]  # Authlib is untyped
    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    @property
    def data(self) -> Mapping[str, str]:
        """The parameters."""
        return self._parameters

    @property
    def datalist(self) -> dict[str, list[str]]:
        """The values of each parameter. No parameter is repeated: that was checked before."""
        return {name: [value] for name, value in self._parameters.items()}


class ProtocolRequest(OAuth2Request):  # type: ignore[misc]
    """The parameters of either the query or the form. Authlib would merge both.

    A parameter without a value MUST be treated as if it were omitted (RFC 6749 §3.1, §3.2).
    `values` are all values of each parameter; Authlib sees the first of them. `address` is where
    the request came from.
    """

    def __init__(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, list[str]],
        authorization: str | None = None,
        address: str = "",
    ) -> None:
        super().__init__(method, _SECURE)
        self.path = path
        self.authorization = authorization
        self.address = address
        with_value = ((name, list(filter(None, values))) for name, values in parameters.items())
        self.values = {name: values for name, values in with_value if values}
        self._form = {name: values[0] for name, values in self.values.items()}
        self.payload = _Payload(self._form)

    @property
    def form(self) -> dict[str, str]:
        """The first value of each parameter, under the name by which Authlib asks for a form."""
        return self._form
