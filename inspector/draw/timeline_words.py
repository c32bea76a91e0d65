"""Describe the token timeline in sentences, as its text version and as a short summary."""

from collections.abc import Sequence

from inspector.read.token_lives import AccessToken, RefreshTokens

_NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


def timeline_words(access: Sequence[AccessToken], refresh: RefreshTokens, now: float) -> str:
    """Return the timeline in sentences."""
    if not access:
        return "The code has not been redeemed, so there are no tokens."
    if refresh.ended is not None:
        return _about_the_end(len(access), refresh)
    sentences = [
        _about_the_last(access, now),
        _about_replaced(access[:-1], now),
        _about_refresh(refresh.seconds_left(now)),
    ]
    return " ".join(filter(None, sentences))


def duration(seconds: float) -> str:
    """Return `1:30` for 90 seconds, or a number of hours from two hours on."""
    if seconds >= 7200:
        return f"{seconds / 3600:.0f} hours"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _about_the_end(pairs: int, refresh: RefreshTokens) -> str:
    tokens = {1: "its tokens", 2: "both pairs of tokens"}.get(
        pairs, f"all {_number(pairs)} pairs of tokens"
    )
    sentence = f"The grant has ended, and with it {tokens}"
    if refresh.why:
        sentence = f"{sentence}: {refresh.why}"
    return f"{sentence}."


def _about_the_last(access: Sequence[AccessToken], now: float) -> str:
    seconds_left = access[-1].end - now
    if seconds_left <= 0:
        return f"Access token {len(access)} has expired."
    sentence = f"Access token {len(access)} expires in {duration(seconds_left)}."
    if access[-1].is_discarded:
        return f"{sentence} The inspector received it and did not keep it."
    return sentence


def _about_replaced(replaced: Sequence[AccessToken], now: float) -> str:
    if not replaced:
        return ""
    working = sum(token.works_after_replacement(now) for token in replaced)
    if len(replaced) == 1:
        sentence = "One earlier token was replaced"
    else:
        sentence = f"{_number(len(replaced)).capitalize()} earlier tokens were replaced"
    if working:
        sentence = f"{sentence}; {_which(working, len(replaced))}"
    return f"{sentence}."


def _which(working: int, replaced: int) -> str:
    if working == replaced == 1:
        return "it still works"
    if working == replaced:
        return "all of them still work"
    if working == 1:
        return "one of them still works"
    return f"{_number(working)} of them still work"


def _about_refresh(seconds_left: float | None) -> str:
    if seconds_left is None:
        return "The lifetime of the refresh token was not recorded."
    if not seconds_left:
        return "The refresh token has expired too."
    return f"The refresh token expires in {duration(seconds_left)}."


def _number(number: int) -> str:
    if number < len(_NUMBERS):
        return _NUMBERS[number]
    return str(number)
