"""A day as a ribbon: in bed or in a chair, up (in which room), out, quiet, unwatched, unheard; as one may see it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from models.home import Home, Sensor
from models.hours import Hours
from models.observation import SensorKind, What
from models.people import Level


class Doing(StrEnum):
    IN_BED = "in bed"
    IN_CHAIR = "in the chair"
    UP = "up"
    OUT = "out"
    QUIET = "quiet"
    UNWATCHED = "not looked at"
    UNSHARED = "not shared"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Seen:
    """An observation as the ribbon needs it: when, what, and by which sensor."""

    at: datetime
    what: What
    sensor: str


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end` the person was `doing`; `room` where it is known and may be shown."""

    start: datetime
    end: datetime
    doing: Doing
    room: str | None = None


QUIET_AFTER = timedelta(minutes=45)
"""A room without a sign of life for this long is shown as quiet, not as the person being up in it."""

SAT_AT_MOST = timedelta(hours=4)
"""A chair that says it is taken is believed for so long without any other sign of life: a mat may stick."""

UP_SHARE = 0.25
"""A walk to the bathroom does not make it a night spent up."""


def ribbon(
    home: Home, seen: Sequence[Seen], start: datetime, end: datetime, heard_until: datetime | None
) -> list[Span]:
    """Spans that cover [start, end) without gap or overlap, from observations in order of time.

    Observations before `start` say how the day began. After `heard_until` nothing is known, so the rest is unheard.
    Where more than one lives, somebody in bed hides nobody who stirs elsewhere.
    """
    known_end = min(end, max(start, heard_until)) if heard_until else start
    spans = [span for span in _spans(home, seen, known_end) if span.end > start and span.start < known_end]
    clipped = [replace(span, start=max(span.start, start), end=min(span.end, known_end)) for span in spans]
    if not clipped and known_end > start:
        clipped = [Span(start, known_end, Doing.QUIET)]
    elif clipped and clipped[0].start > start:
        clipped.insert(0, Span(start, clipped[0].start, Doing.QUIET))
    if known_end < end:
        clipped.append(Span(known_end, end, Doing.UNHEARD))
    return merged(clipped)


def as_watched(spans: Sequence[Span], used: Home, unwatched: Sequence[Hours] = ()) -> list[Span]:
    """The ribbon of a home as it is in use: where no motion is noticed, or was not while it was paused or stopped
    (`unwatched`, in order), it is not known who was quiet, or out.
    """
    if used.notices_motion and not unwatched:
        return list(spans)
    if spans and not used.notices_motion:
        unwatched = [(spans[0].start, spans[-1].end)]
    unknown = (Doing.QUIET, Doing.OUT)
    parted = (_parted(one, unwatched, Doing.UNWATCHED, one.room) if one.doing in unknown else (one,) for one in spans)
    return merged([part for parts in parted for part in parts])


def as_shared(spans: Sequence[Span], unshared: Sequence[Hours]) -> list[Span]:
    """Without what was in hours of which the resident shared nothing with the reader (`unshared`, in order)."""
    return merged([part for one in spans for part in _shared(one, unshared)]) if unshared else [*spans]


def _shared(span: Span, unshared: Iterable[Hours]) -> Iterator[Span]:
    """How long somebody is held to be in a room after they were last noticed would tell when that was, and where."""
    hidden = False
    for part in _parted(span, unshared, Doing.UNSHARED):
        hidden = hidden or part.doing is Doing.UNSHARED
        held = hidden and part.doing in (Doing.UP, Doing.IN_CHAIR)
        yield Span(part.start, part.end, Doing.QUIET) if held else part


def _parted(span: Span, hours: Iterable[Hours], doing: Doing, room: str | None = None) -> Iterator[Span]:
    reached = span.start
    for first, last in hours:
        start, end = max(first, reached), min(last, span.end)
        if start < end:
            yield replace(span, start=reached, end=start)
            yield Span(start, end, doing, room)
            reached = end
    yield replace(span, start=reached)


def merged(spans: Sequence[Span], *, outings: bool = False) -> list[Span]:
    """Neighbours that say the same become one; but being out ends where a door moves, since whoever was out may have
    come back and left again by it. With `outings` those become one too.
    """
    out: list[Span] = []
    for span in spans:
        same = out and (out[-1].doing, out[-1].room) == (span.doing, span.room)
        if same and (outings or span.doing is not Doing.OUT):
            out[-1] = replace(out[-1], end=span.end)
        elif span.end > span.start:
            out.append(span)
    return out


def at_level(spans: Sequence[Span], level: Level, boundaries: Sequence[datetime]) -> list[Span]:
    """The ribbon as `level` may see it: nothing, one span per part of the day, by rooms, or all. Who sits in a chair is
    told only of where times are: a room says no more than that somebody is in it.

    `boundaries` are the moments between which a part of the day lies, in order.
    """
    if level is Level.ALL_IS_WELL:
        return []
    if level is Level.TIMES:
        return list(spans)
    spans = without_chair(spans)
    if level is Level.PARTS_OF_DAY:
        return merged([_part(spans, a, b) for a, b in pairwise(boundaries)], outings=True)
    return _rounded(spans)


def without_chair(spans: Sequence[Span]) -> list[Span]:
    """As if no chair said more than that somebody is in its room."""
    return merged([one for span in spans for one in (_sat(span) if span.doing is Doing.IN_CHAIR else (span,))])


def _sat(span: Span) -> tuple[Span, Span]:
    quiet_from = min(span.start + QUIET_AFTER, span.end)
    return Span(span.start, quiet_from, Doing.UP, span.room), Span(quiet_from, span.end, Doing.QUIET)


def _rounded(spans: Sequence[Span]) -> list[Span]:
    """Rooms without exact times: every change is moved to the nearest half hour, and what is shorter disappears."""
    return merged([replace(span, start=_half_hour(span.start), end=_half_hour(span.end)) for span in spans])


def _half_hour(at: datetime) -> datetime:
    return datetime.fromtimestamp(round(at.timestamp() / 1800) * 1800, at.tzinfo)


def _part(spans: Sequence[Span], start: datetime, end: datetime) -> Span:
    """The part of a day is what filled most of it; being up for a good share of it counts over being quiet."""
    length: dict[Doing, timedelta] = {}
    for span in spans:
        inside = min(span.end, end) - max(span.start, start)
        if inside > timedelta(0):
            length[span.doing] = length.get(span.doing, timedelta(0)) + inside
    if not length:
        return Span(start, end, Doing.UNHEARD)
    most = max(length, key=lambda doing: length[doing])
    if most is Doing.QUIET and length.get(Doing.UP, timedelta(0)) >= UP_SHARE * sum(length.values(), timedelta(0)):
        most = Doing.UP
    return Span(start, end, most)


def _spans(home: Home, seen: Sequence[Seen], until: datetime) -> list[Span]:
    spans: list[Span] = []
    in_bed, chair, fitted = False, "", {sensor.id: sensor for sensor in home.sensors}
    elsewhere = _away_from_bed(home) if home.people > 1 else frozenset()
    for place, one in enumerate(seen):
        following = seen[place + 1].at if place + 1 < len(seen) else until
        in_bed, chair = _in_bed(in_bed, one.what), _in_chair(chair, one, fitted)
        lies = in_bed and one.sensor not in elsewhere
        spans += _between(fitted.get(one.sensor), one, following, in_bed=lies, chair=fitted.get(chair))
    return spans


def _away_from_bed(home: Home) -> frozenset[str]:
    """The sensors that speak of another than whoever lies in bed."""
    bedrooms = {sensor.room for sensor in home.sensors if sensor.kind is SensorKind.BED}
    return frozenset(
        sensor.id
        for sensor in home.sensors
        if sensor.kind not in (SensorKind.PENDANT, SensorKind.BED) and sensor.room not in bedrooms
    )


def _in_bed(before: bool, what: What) -> bool:
    """Lying down and getting up are said by the bed; any other movement leaves it as it was, but a door ends it."""
    if what is What.LAY_DOWN:
        return True
    return before and what not in (What.GOT_UP, What.OPENED)


def _in_chair(before: str, one: Seen, fitted: Mapping[str, Sensor]) -> str:
    """The chair that somebody sits in ('': none). It is left by its own word, and by any sign of life in another room,
    whatever the mat says.
    """
    if one.what is What.SAT_DOWN and one.sensor in fitted:
        return one.sensor
    if not before or (one.what is What.STOOD_UP and one.sensor == before):
        return ""
    sensor = fitted.get(one.sensor)
    here = sensor is not None and (sensor.kind is SensorKind.PENDANT or sensor.room == fitted[before].room)
    return before if here else ""


def _between(
    sensor: Sensor | None, one: Seen, following: datetime, *, in_bed: bool, chair: Sensor | None
) -> list[Span]:
    if following <= one.at:
        return []
    if in_bed:
        return [Span(one.at, following, Doing.IN_BED)]
    if sensor and sensor.kind is SensorKind.DOOR and sensor.is_exit and following - one.at > QUIET_AFTER:
        return [Span(one.at, following, Doing.OUT)]
    room = sensor.room if sensor else None
    if chair:
        sat_until = min(one.at + SAT_AT_MOST, following)
        return [Span(one.at, sat_until, Doing.IN_CHAIR, chair.room), Span(sat_until, following, Doing.QUIET)]
    quiet_from = min(one.at + QUIET_AFTER, following)
    return [Span(one.at, quiet_from, Doing.UP, room), Span(quiet_from, following, Doing.QUIET)]
