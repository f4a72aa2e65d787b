"""Questions that relatives ask, answered out of what they may see: a glimpse of now, and one of the night."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from models.day import Doing, Span
from models.glimpse import Glimpse, Grain, Tone, grain_of
from models.hours import local, moment, part_of
from models.privacy import Data
from models.sentence import others, sentence
from models.telling import moment_in_words, say

FROM_HOUR, UNTIL_HOUR = 23, 6
"""Of the home's clock: between them a night is judged, for most people are in bed then."""
HEARD_SHARE, QUIET_SHARE = 0.75, 0.85

UP_BY_ITSELF = (Doing.UP, Doing.IN_CHAIR, Doing.OUT)
"""Whoever does that is not in bed, whether or not it is known since when."""


@dataclass(frozen=True, slots=True)
class Night:
    """The last night: None for `quiet` where it could not be heard well enough, or (`unshared`) where too much of it
    was not shared with the reader. `stirs` is how often somebody was up in it, None for whoever may not know that.
    """

    quiet: bool | None
    stirs: int | None = None
    unshared: bool = False


def night_before(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The last night that is over, or as far as this one has come."""
    here = local(now, zone)
    evening = here.date() - timedelta(days=1)
    start = moment(evening, FROM_HOUR, zone)
    return start, max(min(moment(here.date(), UNTIL_HOUR, zone), now), start)


def night(spans: Sequence[Span], start: datetime, end: datetime, shown: AbstractSet[Data]) -> Night:
    """From the ribbon in full detail; being in bed and being quiet look alike where no sensor is in the bed."""
    within = [(min(one.end, end) - max(one.start, start), one) for one in spans if one.end > start and one.start < end]
    whole = (end - start) / timedelta(seconds=1)
    share = {
        doing: sum((length for length, one in within if one.doing is doing), timedelta(0)) / timedelta(seconds=1)
        for doing in Doing
    }
    unknown = share[Doing.UNHEARD] + share[Doing.UNWATCHED] + share[Doing.UNSHARED]
    if whole <= 0 or unknown > (1 - HEARD_SHARE) * whole or not within:
        return Night(None, unshared=2 * share[Doing.UNSHARED] > unknown)
    quiet = share[Doing.IN_BED] + share[Doing.IN_CHAIR] + share[Doing.QUIET] >= QUIET_SHARE * (whole - unknown)
    places = [one.doing for _, one in within]
    stirs = sum(a is not Doing.UP and b is Doing.UP for a, b in pairwise(places))
    return Night(quiet, None if grain_of(shown) in (None, Grain.PART) else stirs)


def answers(seen: Glimpse, last_night: Night, language: str = "en") -> list[tuple[str, str]]:
    """Each question with its answer, in order; whoever may not know is told that."""
    asked = [("ask.sleep", _slept(seen, last_night, language)), ("ask.up", _up(seen, language))]
    asked += [("ask.home", _home(seen, language)), ("ask.heard", _heard(seen, language))]
    return [(say(key, language, called=seen.called), answer) for key, answer in asked]


def _now(seen: Glimpse, language: str) -> str:
    """Why nothing can be said of now; '' where it can."""
    if seen.tone is Tone.WELL:
        return "" if seen.doing else say("ask.private", language)
    return sentence(seen, language).whole


def _slept(seen: Glimpse, last_night: Night, language: str) -> str:
    if seen.tone is Tone.WELL and seen.doing is None:
        return say("ask.private", language)
    if seen.tone is Tone.PRIVATE:
        return sentence(seen, language).whole
    if last_night.quiet is None:
        return say("ask.private" if last_night.unshared else "ask.sleep.unknown", language)
    said = say("ask.sleep.quiet" if last_night.quiet else "ask.sleep.restless", language)
    more = {None: "", 0: "", 1: say("ask.sleep.once", language)}
    stirs = more.get(last_night.stirs, say("ask.sleep.times", language, number=last_night.stirs))
    return " ".join(one for one in (said, stirs, *others(seen, language)) if one)


def _up(seen: Glimpse, language: str) -> str:
    if no := _now(seen, language):
        return no
    if seen.people > 1 or (seen.up is None and seen.doing in UP_BY_ITSELF):
        return _with_others(seen, language)
    if seen.up is None:
        return say("ask.private" if seen.morning_in_part else "ask.up.no", language)
    by_night = part_of(seen.now, seen.zone) == "night"
    if seen.doing is Doing.IN_BED or (by_night and seen.doing is Doing.QUIET):
        return f"{sentence(seen, language).head}."
    at = moment_in_words(seen.up, seen.now, seen.zone, language)
    perhaps = others(seen, language)
    return " ".join([say("ask.up.yes.perhaps" if perhaps else "ask.up.yes", language, at=at), *perhaps])


def _with_others(seen: Glimpse, language: str) -> str:
    """How things are now, and whose signs of life that may rest on."""
    if seen.doing is Doing.UNSHARED:
        return say("ask.private", language)
    return " ".join([f"{sentence(seen, language).head}.", *others(seen, language)])


def _home(seen: Glimpse, language: str) -> str:
    if no := _now(seen, language):
        return no
    if seen.doing is Doing.OUT and seen.people > 1:
        return _with_others(seen, language)
    if seen.doing is Doing.OUT:
        return " ".join([say("ask.home.out", language), *others(seen, language)])
    last = moment_in_words(seen.last, seen.now, seen.zone, language) if seen.last else ""
    if not last or seen.doing is Doing.UNWATCHED:
        return say("ask.home.unknown", language)
    said = say("ask.home.somebody" if seen.people > 1 else "ask.home.yes", language, at=last)
    return " ".join([said, *others(seen, language)])


def _heard(seen: Glimpse, language: str) -> str:
    if seen.tone is Tone.PRIVATE or seen.why:
        return sentence(seen, language).whole
    return say("ask.heard.yes", language)
