"""A day as a picture: the ribbon's spans as bars in percent of the width, its hours, and the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from models.day import Doing, Span, at_level, merged
from models.hours import clock, local, moment, part_of, part_starts
from models.people import Level
from models.telling import Saying

ENGLISH = Saying()


@dataclass(frozen=True, slots=True)
class Bar:
    """`x` and `width` in percent; `name` is for the stylesheet, `says` for whoever points at it."""

    x: float
    width: float
    name: str
    says: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One room over the hours, or all that was outside: its bars, and the same in words as (when, what)."""

    name: str
    bars: tuple[Bar, ...]
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mound:
    """A stretch of the usual day: `x` and `width` in percent, and `height` from 0 to 1."""

    x: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """`hours` are (percent, text, where the text is anchored); `lines` say the same as the bars, as (when, what).
    `usual` lies behind the bars, and `usually` says the same.
    """

    id: str
    title: str
    bars: tuple[Bar, ...]
    hours: tuple[tuple[float, str, str], ...]
    lines: tuple[tuple[str, str], ...]
    doings: tuple[Doing, ...]
    usual: tuple[Mound, ...] = ()
    usually: str = ""


def picture(
    id_: str, title: str, spans: Sequence[Span], start: datetime, end: datetime, level: Level, zone: str,
    say: Saying = ENGLISH,
) -> Picture:  # fmt: skip
    """`spans` in full detail, drawn as `level` may see them, on a ruler from `start` to `end`."""
    until = spans[-1].end if spans else start
    inner = [at for at in part_starts(start, until, zone) if start < at < until]
    seen = _within(at_level(spans, level, [start, *inner, until]), start, until)
    runs = [(run[0].doing, run) for run in (list(one) for _, one in groupby(seen, key=_outing))]
    shown = [_run(doing, run, level, zone, say) for doing, run in runs]
    bars = tuple(
        Bar(percent(run[0].start, start, end), _width(run, start, end), doing.name.lower(), f"{what}, {at}")
        for (doing, run), (at, what) in zip(runs, shown, strict=True)
    )
    doings = tuple(doing for doing in Doing if any(span.doing is doing for span in seen))
    return Picture(id_, title, bars, _hours(start, end, zone), tuple(shown), doings)


def lanes(
    spans: Sequence[Span], rooms: Sequence[str], bedroom: str, start: datetime, end: datetime, zone: str
) -> tuple[Lane, ...]:
    """The spans by room, in the order of `rooms`; what is of no room has lanes of its own, where there is any."""
    placed: dict[str, list[Span]] = {room: [] for room in rooms}
    for span in spans:
        where = {Doing.IN_BED: bedroom, Doing.IN_CHAIR: span.room, Doing.UP: span.room}
        placed.setdefault(where.get(span.doing) or _says(span.doing, ENGLISH), []).append(span)
    return tuple(_lane(ENGLISH.place(name), some, start, end, zone) for name, some in placed.items())


def _says(doing: Doing, say: Saying) -> str:
    return say(f"ribbon.{doing.name.lower()}")


def _lane(name: str, spans: Sequence[Span], start: datetime, end: datetime, zone: str) -> Lane:
    lines = [(_from_to(one.start, one.end, zone, ENGLISH), _says(one.doing, ENGLISH)) for one in spans]
    bars = tuple(
        Bar(percent(one.start, start, end), _width([one], start, end), one.doing.name.lower(), f"{what}, {at}")
        for one, (at, what) in zip(spans, lines, strict=True)
    )
    return Lane(name, bars, tuple(lines))


def _within(spans: Sequence[Span], start: datetime, end: datetime) -> list[Span]:
    clipped = [Span(max(one.start, start), min(one.end, end), one.doing, one.room) for one in spans]
    return merged([one for one in clipped if one.end > one.start])


def _outing(span: Span) -> tuple[Doing, datetime | None]:
    """Another one where another bar begins: each time out has one of its own."""
    return span.doing, span.start if span.doing is Doing.OUT else None


def _run(doing: Doing, run: Sequence[Span], level: Level, zone: str, say: Saying) -> tuple[str, str]:
    rooms, what = list(dict.fromkeys(say.place(span.room) for span in run if span.room)), _says(doing, say)
    what = say("ribbon.rooms", what=what, rooms=say.listed(rooms)) if rooms else what
    if level is Level.PARTS_OF_DAY:
        starts = [at for at in part_starts(run[0].start, run[-1].end, zone) if run[0].start < at < run[-1].end]
        names = dict.fromkeys(part_of(at, zone) for at in (run[0].start, *starts))
        return say.listed([say(f"ribbon.part.{name}") for name in names]).capitalize(), what
    return _from_to(run[0].start, run[-1].end, zone, say), what


def _from_to(start: datetime, end: datetime, zone: str, say: Saying) -> str:
    return say("ribbon.from_to", start=clock(start, zone), end=clock(end, zone))


def percent(at: datetime, start: datetime, end: datetime) -> float:
    return round(100 * ((at - start) / (end - start)), 2)


def _width(run: Sequence[Span], start: datetime, end: datetime) -> float:
    return round(100 * ((run[-1].end - run[0].start) / (end - start)), 2)


def _hours(start: datetime, end: datetime, zone: str) -> tuple[tuple[float, str, str], ...]:
    """A mark at every sixth hour of the home's clock."""
    first, last = local(start, zone).date(), local(end, zone).date()
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    marks = [(moment(one, hour, zone), str(hour)) for one in days for hour in (0, 6, 12, 18)]
    placed = [
        (percent(at, start, end), "24" if at == end and text == "0" else text)
        for at, text in marks
        if start <= at <= end
    ]
    return tuple((percent, text, _anchor(percent)) for percent, text in placed)


def _anchor(percent: float) -> str:
    return "start" if percent < 4 else "end" if percent > 96 else "middle"
