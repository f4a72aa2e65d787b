"""How many of those discharged into reablement were at home 91 days later: counted here, so that no name leaves."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.knowing import DEAF
from hub.store import reablement as store
from hub.store.schema import from_us
from hub.store.settled import DAY_US
from hub.web.access.door import Door
from models.home import Home
from models.observation import KINDS_OF, SIGNS_OF_LIFE, SensorKind, What
from models.people import Resident
from models.privacy import Consent, in_use, may_leave
from models.protection import minutes
from models.reablement import (
    HEARD_BUT_FOR,
    LOOKED_BACK,
    NEAR,
    Evidence,
    Quarter,
    Verdict,
    at_day_91,
    come,
    quarters,
    span,
    told_of,
)

A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
SIGNS = SIGNS_OF_LIFE | {What.WORN}
HOSPITAL = "hospital"
Closed = tuple[str, str | None, datetime, str]


def of_council(door: Door, homes: Mapping[str, Home], now: datetime) -> tuple[Quarter, ...]:
    """Of the people in `homes`, the latest quarter of discharge first."""
    cases = [
        (one, one.reablement, homes[one.home])
        for one in store.discharged(door.records.engine)
        if one.home in homes and one.reablement
    ]
    closed: dict[str, list[Closed]] = {}
    for line in store.closed_as_away(door.records.engine, now - 2 * timedelta(days=365), now) if cases else ():
        closed.setdefault(line[0], []).append(line)
    found: list[tuple[date, Verdict | None]] = []
    for one, day, home in cases:
        today = now.astimezone(ZoneInfo(home.timezone)).date()
        if told_of(day, today):
            told = closed.get(home.id, ())
            found.append((day, _verdict(door, one, day, home, told) if come(day, today) else None))
    return quarters(found)


def _verdict(door: Door, resident: Resident, day: date, home: Home, closed: Sequence[Closed]) -> Verdict:
    """Most were at home on the day itself, and then the days around it would say no other, and are not read."""
    start, end = span(day, home.timezone)
    at_once = at_day_91(day, _evidence(door, resident, day, home, closed, (start, end)))
    if at_once is Verdict.AT_HOME:
        return at_once
    return at_day_91(day, _evidence(door, resident, day, home, closed, (start - LOOKED_BACK, end + NEAR)))


def _evidence(
    door: Door,
    resident: Resident,
    day: date,
    home: Home,
    closed: Sequence[Closed],
    read: tuple[datetime, datetime],
) -> Evidence:
    start, end = span(day, home.timezone)
    kinds = _agreed(door.records.consents(home.id), home)
    used, living = in_use(home, kinds), door.records.all_residents_of(home.id)
    others = sum(one.ended is None or one.ended >= start for one in living) > 1
    erased = home.erased_at is not None and home.erased_at >= start
    watched = not (others or erased or home.pets) and home.people == 1 and used.notices_motion
    spells = door.records.health.spells(start, end, home.id, DEAF)
    mine = [line for line in closed if line[1] in (None, resident.id)]
    pendants = {one.id for one in used.sensors if one.kind is SensorKind.PENDANT and one.wearer == resident.id}
    seen = list(_seen(door, home, *read, lambda what: may_leave(what, kinds)))
    return Evidence(
        home.timezone,
        watched,
        minutes(spells, start, end) < HEARD_BUT_FOR,
        frozenset(hour for hour, _, _ in seen) if watched else frozenset(),
        frozenset(hour for hour, what, _ in seen if what is What.MOVED) if watched else frozenset(),
        frozenset(hour for hour, what, sensor in seen if sensor in pendants and SensorKind.PENDANT in KINDS_OF[what]),
        frozenset(at for _, _, at, why in mine if why != HOSPITAL and at >= start - LOOKED_BACK),
        frozenset(at for _, _, at, why in mine if why == HOSPITAL and at >= start - LOOKED_BACK),
        resident.ended,
        resident.ended_because,
    )


def _agreed(consents: Iterable[Consent], home: Home) -> frozenset[SensorKind]:
    """What stands, and what stood when the service ended: that takes back nothing that was noticed before."""
    return frozenset(
        one.kind
        for one in consents
        if not one.felt and (one.stands or (home.ended is not None and one.withdrawn_at == home.ended))
    )


def _seen(
    door: Door, home: Home, start: datetime, end: datetime, may: Callable[[What], bool]
) -> Iterator[tuple[datetime, What, str]]:
    """In which hour there was which sign of life, by which sensor ('' where nothing is left but the count)."""
    told = door.series.columns(home.id, start, end)
    whats = [What(one) for one in told.whats]
    wanted = {code for code, what in enumerate(whats) if what in SIGNS and may(what)}
    hours = (told.at // (DAY_US // 24)).tolist()
    for hour, code, sensor in {*zip(hours, told.what.tolist(), told.sensor.tolist(), strict=True)}:
        if code in wanted:
            yield from_us(hour * (DAY_US // 24)), whats[code], told.sensors[sensor]
    for one in door.series.summaries(home.id, start, end):
        if len(one.counts) > 1 and one.what in SIGNS and may(one.what):
            began = datetime.fromtimestamp(0, UTC) + one.day * A_DAY
            for place, count in enumerate(one.counts):
                if count and start <= began + place * AN_HOUR < end:
                    yield began + place * AN_HOUR, one.what, ""
