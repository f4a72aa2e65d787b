"""What a relative may know of how things are: everything that is known, cut down to the level the resident chose.

Unknown is never shown as well: an open alert, a home that is not heard and a hub that does not judge each come first.
Moments are coarse here already, so that whatever is made of a glimpse (a page, a push, a letter) can't tell more.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from models.day import Doing, Span, at_level, without_chair
from models.health import Heard, Why
from models.hours import Hours, midnight, part_of, part_starts, reaches_into
from models.morning import Compared, compared, minute_of, morning
from models.people import Level
from models.privacy import Data


class Tone(StrEnum):
    """What a page looks like; the sentence says it too."""

    PRIVATE = "private"
    WELL = "well"
    CHECKING = "checking"
    UNHEARD = "unheard"
    UNKNOWN = "unknown"


class Lack(StrEnum):
    """Why we can't say how things are, though the home is heard."""

    STOPPED = "our own watch has stopped"
    NOTHING = "the home has told us nothing so far"
    BEHIND = "our own watch is behind"
    NOT_COME = "what we would expect has not come"


class Grain(StrEnum):
    """How finely a moment may be told."""

    MINUTE = "to the minute"
    HALF_HOUR = "to the half hour"
    PART = "by the part of the day"


@dataclass(frozen=True, slots=True)
class At:
    """A moment, as fine as its grain and no finer."""

    at: datetime
    grain: Grain


@dataclass(frozen=True, slots=True)
class Known:
    """What is known now. `spans` are of the last hours, in full detail; `judged` is whether the hub's watch runs.

    `expected_by` is when the next sign of life is due, where the watch has said so of this very silence. Until
    `fine_until` it may go on without anybody having to look into it. `up` is when they were up today, `mornings` when
    they were up on others (minutes of the home's clock). `reaches` is how a press still reaches us ('' if that is not
    known), and `alert_since` an open alert's beginning. In hours that are `unshared` the resident shared nothing with
    the reader; spans, `up`, `mornings` and `looked_into` are without what was in them. `people` live there; `pets` and
    `visits` are as a home has them.
    """

    called: str
    now: datetime
    zone: str
    spans: Sequence[Span]
    last_sign: datetime | None
    expected_by: datetime | None
    fine_until: datetime | None
    heard: Heard
    why: Why | None
    judged: bool
    alert_since: datetime | None = None
    looked_into: bool = False
    room: str = ""
    up: datetime | None = None
    mornings: Sequence[int] = ()
    reaches: str = ""
    unshared: Sequence[Hours] = ()
    people: int = 1
    pets: bool = False
    visits: bool = False


@dataclass(frozen=True, slots=True)
class Glimpse:
    """Of `Known` what a reader may see; None or blank is what they don't, or what is not known. `in_part` is whether
    something of this day was not shared with them, `morning_in_part` whether that was since people get up. Where more
    `people` than one live, when the resident was up is not known, nor since when they have been in bed or in a chair:
    no sensor says whose sign of life it is.
    """

    tone: Tone
    called: str
    now: datetime
    zone: str
    why: Why | None = None
    unheard_since: datetime | None = None
    reaches: str = ""
    lack: Lack | None = None
    alert_since: datetime | None = None
    looked_into: bool = False
    doing: Doing | None = None
    since: At | None = None
    up: At | None = None
    compared: Compared | None = None
    last: At | None = None
    room: str = ""
    due: At | None = None
    in_part: bool = False
    morning_in_part: bool = False
    people: int = 1
    pets: bool = False
    visits: bool = False


LATE = timedelta(minutes=2)
"""How long after a sign of life was due it is still waited for that the watch has said so."""
LOOKED_AT_WITHIN = timedelta(minutes=15)
"""By then the watch has read how long a silence may last; until then nothing is claimed about its end."""


def glimpse(known: Known, shown: AbstractSet[Data]) -> Glimpse:
    """For a reader who may see `shown`."""
    if Data.STANDING not in shown:
        return Glimpse(Tone.PRIVATE, known.called, known.now, known.zone)
    seen = Glimpse(_tone(known), known.called, known.now, known.zone, why=known.why, reaches=known.reaches)
    begun = midnight(known.now, known.zone), morning(known.now, known.zone)
    today, risen = (reaches_into(known.unshared, start, known.now) for start in begun)
    seen = replace(seen, in_part=today, morning_in_part=risen)
    seen = replace(seen, people=known.people, pets=known.pets, visits=known.visits)
    lack, known = _lack(known), _as_shared(known)
    if known.why:
        seen = replace(seen, unheard_since=known.heard.until)
    if seen.tone is Tone.CHECKING:
        return replace(seen, alert_since=known.alert_since if Data.ALERTS in shown else None)
    if seen.tone is Tone.UNKNOWN:
        return replace(seen, lack=lack)
    seen = replace(seen, looked_into=known.looked_into)
    grain = grain_of(shown)
    return seen if grain is None else _finer(seen, known, grain)


def _as_shared(known: Known) -> Known:
    """Neither moments in hours that were not shared, nor any before, by which nothing was noticed in those."""
    last = last_told(known.last_sign, known.unshared)
    raised = known.alert_since and not reaches_into(known.unshared, known.alert_since, known.alert_since)
    return replace(
        known,
        last_sign=last,
        expected_by=known.expected_by if last else None,
        room=known.room if last else "",
        heard=replace(known.heard, until=last_told(known.heard.until, known.unshared)),
        alert_since=known.alert_since if raised else None,
    )


def last_told(at: datetime | None, unshared: Sequence[Hours]) -> datetime | None:
    """When something was last so, as far as that was since the reader was shared everything again."""
    return None if at is None or any(at < over for _, over in unshared) else at


def grain_of(shown: AbstractSet[Data]) -> Grain | None:
    """None for who may know of no moment at all."""
    for data, grain in ((Data.TIMES, Grain.MINUTE), (Data.ROOMS, Grain.HALF_HOUR), (Data.PARTS_OF_DAY, Grain.PART)):
        if data in shown:
            return grain
    return None


def _tone(known: Known) -> Tone:
    if known.alert_since:
        return Tone.CHECKING
    if known.why:
        return Tone.UNHEARD
    return Tone.UNKNOWN if _lack(known) else Tone.WELL


def _lack(known: Known) -> Lack | None:
    if not known.judged:
        return Lack.STOPPED
    if known.last_sign is None or known.fine_until is None:
        return Lack.NOTHING
    if known.now > known.fine_until:
        return Lack.NOT_COME if known.expected_by else Lack.BEHIND
    return None


def _finer(seen: Glimpse, known: Known, grain: Grain) -> Glimpse:
    last = _at(known.last_sign, known, grain)
    if seen.tone is Tone.UNHEARD:
        return replace(seen, last=last)
    doing, since = _part(known) if grain is Grain.PART else _lasting(known, grain)
    up = known.up if known.people == 1 else None
    seen = replace(seen, doing=doing, since=_at(since, known, grain), last=last, up=_at(up, known, grain))
    if grain is Grain.PART:
        return seen
    due = _at(known.expected_by, known, grain)
    among = compared(minute_of(up, known.zone), known.mornings) if up else None
    return replace(seen, due=due, room=known.room, compared=among)


def rounded(at: datetime, now: datetime, zone: str, shown: AbstractSet[Data]) -> At | None:
    """A moment as whoever may see `shown` is told it; None for who may know of none."""
    grain = grain_of(shown)
    return _coarse(at, now, zone, grain) if grain else None


def _at(at: datetime | None, known: Known, grain: Grain) -> At | None:
    return None if at is None else _coarse(at, known.now, known.zone, grain)


def _coarse(at: datetime, now: datetime, zone: str, grain: Grain) -> At:
    """No finer than the ribbon that stands beside it: two roundings of one moment would together tell more than each.

    What is past is not said to be to come, nor the other way round.
    """
    if grain is Grain.PART:
        return At(max(begun for begun in part_starts(at, at, zone) if begun <= at), grain)
    if grain is Grain.MINUTE:
        return At(at, grain)
    half = round(at.timestamp() / 1800) * 1800
    half += 1800 if at > now >= _utc(half, at) else 0
    half -= 1800 if at <= now < _utc(half, at) else 0
    return At(_utc(half, at), grain)


def _utc(moment: float, like: datetime) -> datetime:
    return datetime.fromtimestamp(moment, like.tzinfo)


def _part(known: Known) -> tuple[Doing, datetime | None]:
    """What filled most of this part of the day so far."""
    starts = part_starts(known.now - timedelta(days=1), known.now, known.zone)
    began = max(at for at in starts if at <= known.now)
    while part_of(began - timedelta(minutes=1), known.zone) == part_of(known.now, known.zone):
        began = max(at for at in starts if at < began)
    until = max(known.spans[-1].end, began) if known.spans else began
    parts = at_level(known.spans, Level.PARTS_OF_DAY, [began, until])
    return (parts[-1].doing if parts else Doing.QUIET), began


def _lasting(known: Known, grain: Grain) -> tuple[Doing, datetime | None]:
    """What the last spans show, and since when (None: before them). A quiet spell does not end being up; whoever is out
    is so since the door moved last, which may be before the spans begin.
    """
    spans = known.spans if grain is Grain.MINUTE else without_chair(known.spans)
    if not spans:
        return Doing.QUIET, None
    last = spans[-1].doing
    if last is Doing.OUT:
        return last, known.last_sign
    if known.people > 1:
        return last, None
    same = {Doing.UP, Doing.QUIET, Doing.IN_CHAIR} if last in (Doing.UP, Doing.QUIET) else {last}
    before = [place for place, span in enumerate(spans) if span.doing not in same]
    known_since = before and spans[before[-1]].doing is not Doing.UNSHARED
    return last, spans[before[-1] + 1].start if known_since else None
