"""Why a password was not accepted."""

from http import HTTPStatus


class PasswordRefused(Exception):
    """A password that was not accepted, with the sentence for the user.

    `retry_after` is in seconds. It is 0 when the password is wrong.
    """

    def __init__(self, status: HTTPStatus, sentence: str, retry_after: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after


class TooBusy(PasswordRefused):
    """So many passwords are being hashed that this one was not checked."""

    def __init__(self, retry_after: int) -> None:
        sentence = f"Too many users are signing in. Try again in {retry_after} seconds."
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, sentence, retry_after)
