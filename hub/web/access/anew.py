"""That habits are being learned anew, in words for whoever answers alerts. It is nobody's data."""

from hub.loops import HowFar, learned_anew
from hub.store.records import Records
from models.detection import coldstart
from models.home import Home


def how_far(records: Records) -> str:
    """'' while nothing has to be."""
    told = learned_anew(records.loops())
    return _in_words(told) if told else ""


def _in_words(told: HowFar) -> str:
    """By hundredths, so that a console is not drawn anew for every few homes."""
    step = max(told.homes // 100, 1)
    return (
        "What is usual in each home is being learned anew, as after an update or an import: learned in "
        f"{told.known // step * step:,} of {told.homes:,} homes so far. Every home is watched meanwhile; in the others "
        "an alert about silence may come sooner or later than it used to."
    )


def of_home(records: Records, home: Home) -> str:
    """Where nothing is known yet of a home that has a past."""
    told = records.expectation(home.id)
    return coldstart.ANEW if told and told.known_since is None and learned_anew(records.loops()) else ""
