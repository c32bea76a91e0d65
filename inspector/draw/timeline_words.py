"""The token timeline in sentences: the picture's text, for those who do not see it, and in short for those who do."""

from collections.abc import Sequence

from inspector.read.token_lives import AccessToken, RefreshLife

_SMALL = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def timeline_words(access: Sequence[AccessToken], refresh: RefreshLife, now: float) -> str:
    """The picture in sentences."""
    if not access:
        return "The code has not been redeemed, so there are no tokens."
    if refresh.ended is not None:
        because = f": {refresh.why}" if refresh.why else ""
        return f"The grant has ended, and with it {_all_tokens(len(access))}{because}."
    sentences = [
        _about_the_last(access, now),
        _about_those_before(access[:-1], now),
        _about_refresh(refresh.left(now)),
    ]
    return " ".join(filter(None, sentences))


def duration(seconds: float) -> str:
    """`1:30`, or hours where there are many."""
    if seconds >= 7200:
        return f"{seconds / 3600:.0f} hours"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _about_the_last(access: Sequence[AccessToken], now: float) -> str:
    left = access[-1].end - now
    return (
        f"Access token {len(access)} {f'has {duration(left)} left' if left > 0 else 'has run out'}."
    )


def _about_those_before(before: Sequence[AccessToken], now: float) -> str:
    if not before:
        return ""
    number, working = len(before), sum(token.works_on(now) for token in before)
    replaced = (
        f"{_number(number).capitalize()} before it {'was' if number == 1 else 'were'} replaced"
    )
    return (
        f"{replaced}; {_who(working, number)} still {'works' if working == 1 else 'work'}."
        if working
        else f"{replaced}."
    )


def _who(some: int, of: int) -> str:
    if some == of:
        return "it" if of == 1 else "all of them"
    return f"{_number(some)} of them"


def _all_tokens(number: int) -> str:
    return {1: "its tokens", 2: "both pairs of tokens"}.get(
        number, f"all {_number(number)} pairs of tokens"
    )


def _about_refresh(left: float | None) -> str:
    if left is None:
        return "How long the refresh token lives was not recorded."
    return (
        f"The refresh token lasts another {duration(left)}."
        if left
        else "The refresh token has run out as well."
    )


def _number(number: int) -> str:
    return _SMALL[number] if number < len(_SMALL) else str(number)
