"""Is it real? How a home is at this moment, in a strip of facts and a ribbon of the last hours by room."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta

from hub.knowing import used
from hub.store.health import Health
from hub.web.access.days import Days
from hub.web.access.door import Door
from hub.web.picture import Lane, lanes
from hub.web.shown import Fact, Fitted, Strip
from hub.web.words import listed, minutes, place, plural
from models.day import Seen, as_watched, ribbon
from models.faults import TEST_EVERY
from models.home import Home
from models.hours import when
from models.observation import SensorKind
from models.presence import Presence, Where, chairs, doors, in_bed, presence
from models.privacy import Data
from models.protection import month
from models.wire import Heartbeat, Route

HOURS = timedelta(hours=6)
BEFORE = timedelta(hours=24)
WEAK = 20
"""Of Zigbee's 255: under this the next message may be lost."""


class HomeState:
    def __init__(self, door: Door, days: Days, health: Health) -> None:
        self._door, self._days, self._health = door, days, health

    def strip(self, home: Home, shown: AbstractSet[Data], fitted: Sequence[Fitted], now: datetime) -> Strip:
        """Only what may be `shown`: of a fault of the kit nothing about the person."""
        seen = self._seen(home, now) if shown & {Data.TIMES, Data.ROOMS} else []
        facts = [*self._of_person(home, seen, now)] if Data.TIMES in shown else []
        facts += self._of_kit(home, fitted, now) if Data.KIT in shown else []
        return Strip(tuple(facts), self._lanes(home, seen, now) if Data.ROOMS in shown else (), now - HOURS, now)

    def _seen(self, home: Home, now: datetime) -> list[Seen]:
        """Taken from what the ribbon of the last day is drawn from as well, so that a page reads it once."""
        seen = self._days.seen_for_last_day(home, now)
        return [one for one in seen if one.at >= now - HOURS - BEFORE]

    def _of_person(self, home: Home, seen: Sequence[Seen], now: datetime) -> list[Fact]:
        zone = home.timezone
        heard = self._door.heard_of(home.id).until if self._door.why(home.id, now) is None else None
        own = used(self._door.records, home)
        facts = [_who(presence(own, seen, heard, now), own, now)]
        bed = in_bed(seen)
        if bed and heard:
            facts.append(Fact("Bed", f"{'in bed' if bed[0] else 'got up'} {when(bed[1], now, zone)}"))
        facts += [_chair(home, chair, *told, now) for chair, told in (chairs(home, seen) if heard else {}).items()]
        for sensor, (is_open, at) in doors(home, seen).items() if heard else ():
            name = place(sensor).capitalize()
            facts.append(Fact(name, f"{'stands open since' if is_open else 'closed'} {when(at, now, zone)}", is_open))
        return facts

    def _of_kit(self, home: Home, fitted: Sequence[Fitted], now: datetime) -> list[Fact]:
        beat, hearing = self._door.records.heartbeat(home.id), self._door.hearing(home, now)
        facts = [Fact("Home", "heard" if hearing.heard else hearing.sentence, not hearing.heard)]
        if beat:
            facts += [_mains(beat), _signal(home, beat)]
        return [*facts, *_pendants(fitted), _sensors(fitted), self._test(home, now), self._unprotected(home, now)]

    def _test(self, home: Home, now: datetime) -> Fact:
        """Whether a press would arrive, and how fast, as the kit tried it last."""
        press = next(iter(self._health.tests(home.id)), None)
        if press is None or press.arrived is None:
            return Fact("Test press", "none has come through yet")
        took = "" if press.receipted is None else f", {press.receipted:.1f} s there and back"
        late = now - press.arrived > TEST_EVERY
        said = f"{'none since' if late else 'came through'} {when(press.arrived, now, home.timezone)}{took}"
        return Fact("Test press", said, late)

    def _unprotected(self, home: Home, now: datetime) -> Fact:
        lost = self._health.unprotected([home.id], *month("", now, home.timezone))[home.id]
        return Fact("Unprotected", f"{minutes(lost)} this month" if lost else "not a minute this month")

    def _lanes(self, home: Home, seen: Sequence[Seen], now: datetime) -> tuple[Lane, ...]:
        until = self._door.heard_of(home.id).until
        spans = ribbon(home, seen, now - HOURS, now, until) if seen else []
        spans = as_watched(spans, used(self._door.records, home), self._days.knowing.unwatched(home, now))
        rooms = list(dict.fromkeys(sensor.room for sensor in home.sensors if sensor.kind is not SensorKind.PENDANT))
        pendants = {sensor.room for sensor in home.sensors if sensor.kind is SensorKind.PENDANT} - {*rooms}
        spans = [replace(one, room="pendant pressed") if one.room in pendants else one for one in spans]
        bedrooms = [sensor.room for sensor in home.sensors if sensor.kind is SensorKind.BED]
        return lanes(spans, rooms, bedrooms[0] if bedrooms else "", now - HOURS, now, home.timezone)


_SAYS = {
    Where.IN: "somebody is in",
    Where.OUT: "probably nobody is in",
    Where.PERHAPS_OUT: "perhaps just gone out",
    Where.UNKNOWN: "not known who is in",
}


def _who(who: Presence, home: Home, now: datetime) -> Fact:
    if who.since is None:
        return Fact("Who is in", _SAYS[who.where], warns=True)
    sensor = home.sensor(who.sensor)
    pendant = sensor is not None and sensor.kind is SensorKind.PENDANT
    room = "the pendant" if pendant else f"the {place(sensor.room)}" if sensor else "a sensor"
    at = when(who.since, now, home.timezone)
    rests = f"{room} at {at} was the last sign" if who.where is Where.IN else f"the front door at {at} was the last"
    more = "; two rooms answer each other: somebody else may be there" if who.company else ""
    more += f"; {home.people} people live here" if home.people > 1 else ""
    more += "" if home.notices_motion else "; no motion is noticed here"
    more += "; a pet may set off sensors" if home.pets else ""
    return Fact("Who is in", f"{_SAYS[who.where]}: {rests}{more}")


def _chair(home: Home, chair: str, taken: bool, since: datetime, doubted: datetime | None, now: datetime) -> Fact:
    zone, at = home.timezone, when(since, now, home.timezone)
    more = f", but another room reported {when(doubted, now, zone)}" if doubted else ""
    return Fact(place(chair).capitalize(), f"taken since {at}{more}" if taken else f"left {at}", bool(doubted))


def _mains(beat: Heartbeat) -> Fact:
    if beat.on_mains is None:
        return Fact("Mains", "the kit can't tell")
    battery = f", battery at {beat.kit_battery:.0f} %" if beat.kit_battery is not None else ""
    return Fact("Mains", "on" if beat.on_mains else f"off: the kit runs on its battery{battery}", not beat.on_mains)


def _signal(home: Home, beat: Heartbeat) -> Fact:
    """How well the kit gets through, and which of its sensors hardly do."""
    weak = [one for one, told in beat.health.items() if told.link is not None and told.link < WEAK]
    names = [place(sensor.room) for sensor in home.sensors if sensor.id in weak]
    way = {Route.MODEM: "by its modem, not by broadband", Route.BROADBAND: "by broadband"}
    said = way.get(beat.route, "the kit gets through") if beat.route else "the kit gets through"
    waiting = f"; {plural(beat.waiting, 'observation waits', 'observations wait')}" if beat.waiting else ""
    return Fact("Signal", f"{said}{f'; weak in the {listed(names)}' if names else ''}{waiting}", bool(names))


def _pendants(fitted: Sequence[Fitted]) -> list[Fact]:
    """Worn or not, where one can feel that; and whether it reports at all."""
    mine = [one for one in fitted if one.kind in (SensorKind.PENDANT, SensorKind.PULL_CORD)]
    return [
        Fact(
            "Pendant" if one.kind is SensorKind.PENDANT else "Pull cord",
            ", ".join(filter(None, ("does not report" if one.quiet else "", one.worn)))
            or "reports; it can't feel whether it is on a body",
            one.quiet or one.worn.startswith("not worn"),
        )
        for one in mine
    ]


def _sensors(fitted: Sequence[Fitted]) -> Fact:
    used, quiet = [one for one in fitted if one.agreed], [one.name for one in fitted if one.quiet and one.agreed]
    if not quiet:
        return Fact("Sensors", f"all {len(used)} report" if used else "none is in use", not used)
    return Fact("Sensors", f"{len(used) - len(quiet)} of {len(used)} report; not {listed(quiet)}", warns=True)
