"""Homes and their kits, for who keeps them working: what is wrong, what was proved, what to exchange and when."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hub.store.alerts import Standing
from hub.store.fittings import Fittings
from hub.store.health import Health, TestPress
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.shown import Fault, Protection
from hub.web.upkeep_shown import (
    Batteries,
    Battery,
    HomeRow,
    Homes,
    KitOfHome,
    Part,
    Swapped,
    Test,
)
from hub.web.words import KIND, NOT_TOLD, listed, place
from models.alert import Lane, Refused
from models.battery import Forecast, forecast
from models.commission import Proved
from models.detection import OF_THE_HEARTBEAT, Finding, FindingKind
from models.detection.explain import explain
from models.detection.reach import not_watched
from models.health import Rhythm, silence_limit
from models.home import Home, Sensor
from models.privacy import ALWAYS, Data, Purpose, agreed
from models.protection import SAID, Unprotected, by_reason, minutes, month
from models.wire import Heartbeat, SensorHealth

WAITED_FOR = timedelta(minutes=2)
"""A test press that was asked for comes within seconds, or the kit is away."""
SWAP_TEXT = 200
OF_THE_KIT_ITSELF = OF_THE_HEARTBEAT | {FindingKind.KIT_UNHEARD, FindingKind.SENSOR_UNHEARD}
"""All others are found in what people did."""
SAID_OF_HEARING = frozenset({FindingKind.KIT_UNHEARD, FindingKind.SENSOR_UNHEARD})
NEED = (Data.HEARING, Data.KIT, Data.ADDRESS)


class Upkeep:
    def __init__(self, door: Door, health: Health) -> None:
        self._door, self._health = door, health
        self._fittings = Fittings(door.records.engine)

    def homes(self, viewer: Viewer, purpose: Purpose) -> Homes:
        """Every home by its area; of nobody's address, so that it is no look at a person's data."""
        self._door.shown(viewer, purpose, (Data.HEARING, Data.KIT))
        now, homes = self._door.clock.now(), self._door.homes(viewer)
        faults, tests, lost = self._faults(homes), self._health.last_tests(), self._lost(homes.values(), now)
        hearings = self._door.hearings(homes.values(), now)
        rows = [
            HomeRow(
                home.id,
                home.area,
                home.timezone,
                hearings[home.id],
                tuple(KIND[one.kind] for one in faults[home.id]),
                tests.get(home.id),
                lost[home.id],
            )
            for home in homes.values()
        ]
        return Homes(now, tuple(sorted(rows, key=lambda row: (row.area, not row.wrong, row.home))))

    def home(self, viewer: Viewer, purpose: Purpose, home_id: str) -> KitOfHome:
        """Raises Hidden."""
        shown = self._door.shown(viewer, purpose, NEED)
        home, now = self._door.home(viewer, home_id), self._door.clock.now()
        self._door.look(viewer, purpose, home.id, shown)
        beat = self._door.records.heartbeat(home.id)
        faults = self._faults([home.id])[home.id]
        return KitOfHome(
            home.id,
            home.area,
            home.timezone,
            now,
            tuple(one.address for one in self._door.records.residents_of(home.id)),
            self._door.hearing(home, now),
            tuple(_fault(home, one, now) for one in faults),
            self._parts(home, beat, now),
            self.test(viewer, purpose, home_id),
            self.protection(home, now),
            self._not_watched(home),
            tuple(self._swapped(home)),
        )

    def test(self, viewer: Viewer, purpose: Purpose, home_id: str) -> Test:
        """The last test press of a home, and whether one is on its way. Raises Hidden."""
        self._door.shown(viewer, purpose, (Data.KIT,))
        home, now = self._door.home(viewer, home_id), self._door.clock.now()
        last, asked = next(iter(self._health.tests(home.id)), None), self._health.asked_for_test(home.id)
        came = last.arrived if last else None
        waits = asked is not None and (came is None or came < asked)
        late = waits and asked is not None and now - asked > WAITED_FOR
        hops = _hops(last) if last else ()
        return Test(home.id, home.timezone, now, came, hops, asked if waits else None, late)

    def ask_for_test(self, viewer: Viewer, purpose: Purpose, home_id: str) -> None:
        self._door.shown(viewer, purpose, (Data.KIT,))
        self._health.ask_for_test(self._door.home(viewer, home_id).id, self._door.clock.now())

    def swap(self, viewer: Viewer, purpose: Purpose, home_id: str, sensor: str, source: str) -> None:
        """Raises Hidden, and Refused with what is in the way."""
        self._door.shown(viewer, purpose, (Data.KIT,))
        home, source = self._door.home(viewer, home_id), source.strip()
        if home.sensor(sensor) is None:
            raise Hidden(f"sensor {sensor}")
        if len(source) > SWAP_TEXT or not source.isprintable():
            raise Refused("how the kit reaches it has at most 200 plain characters, such as zigbee2mqtt:hall_pir_2")
        taken = [one for one in home.sensors if one.id != sensor and source and one.source == source]
        if taken:
            raise Refused(f"{source} is the {_name(taken[0])} already: look at the label again")
        self._health.swap(home.id, sensor, source, self._door.clock.now(), viewer.login)

    def batteries(self, viewer: Viewer, purpose: Purpose) -> Batteries:
        """Of every sensor on record, by area, what is to be exchanged first at the top."""
        self._door.shown(viewer, purpose, (Data.KIT,))
        now, homes, levels = self._door.clock.now(), self._door.homes(viewer), self._health.levels()
        swapped = {(one.home, one.sensor): one.at for one in self._health.swaps()}
        rows = [
            Battery(home.id, home.area, home.timezone, _name(sensor), told, told.due(now))
            for home in homes.values()
            for sensor in home.sensors
            if (series := levels.get((home.id, sensor.id)))
            for told in [_forecast(series, sensor, swapped.get((home.id, sensor.id)), now)]
        ]
        return Batteries(now, tuple(sorted(rows, key=lambda row: (row.area, *row.order))))

    def protection(self, home: Home, now: datetime) -> Protection:
        """The time of this month and the last in which nothing could have been noticed."""
        this = month("", now, home.timezone)
        last = month("", this[0] - timedelta(days=1), home.timezone)
        spells = self._health.spells(last[0], now, home.id, [*Unprotected])
        reasons = [(SAID[kind], lost) for kind, lost in by_reason(spells, *this).items()]
        return Protection(this[0], minutes(spells, *this), minutes(spells, last[0], this[0]), tuple(reasons))

    def faults(self, homes: Iterable[Home], now: datetime) -> dict[str, tuple[Fault, ...]]:
        """What is wrong in each, beside that a home or a sensor is not heard."""
        known = {home.id: home for home in homes}
        return {
            home: tuple(_fault(known[home], one, now) for one in some if one.kind not in SAID_OF_HEARING)
            for home, some in self._faults(known).items()
        }

    def limits(self, home: Home) -> dict[str, timedelta]:
        """How long each sensor may say nothing."""
        rhythms = self._health.learned_of(home.id).rhythms
        return {one.id: silence_limit(rhythms.get(one.id, Rhythm()), one.kind) for one in home.sensors}

    def not_watched(self, home: Home) -> tuple[str, ...]:
        """What nobody would notice there, in sentences."""
        return self._not_watched(home)

    def _not_watched(self, home: Home) -> tuple[str, ...]:
        """By the sensors that were agreed to: one that is not used notices nothing."""
        may = agreed(self._door.records.consents(home.id), home.id) | ALWAYS
        used = replace(home, sensors=tuple(one for one in home.sensors if one.kind in may))
        by_reason: dict[str, list[str]] = defaultdict(list)
        for kind, why in not_watched(used).items():
            by_reason[why].append(NOT_TOLD[kind])
        return tuple(
            f"{why[0].upper()}{why[1:]}, so nobody is told of {listed(kinds)}." for why, kinds in by_reason.items()
        )

    def _faults(self, homes: Iterable[str]) -> dict[str, list[Standing]]:
        mine, found = set(homes), defaultdict[str, list[Standing]](list)
        for one in self._door.alerts.standing():
            if one.home in mine and one.kind.lane is Lane.KIT:
                found[one.home].append(one)
        return found

    def _lost(self, homes: Iterable[Home], now: datetime) -> dict[str, float]:
        """This month's unprotected minutes of each."""
        zones: dict[str, list[str]] = defaultdict(list)
        for home in homes:
            zones[home.timezone].append(home.id)
        lost: dict[str, float] = {}
        for zone, ids in zones.items():
            lost |= self._health.unprotected(ids, *month("", now, zone))
        return lost

    def _parts(self, home: Home, beat: Heartbeat | None, now: datetime) -> tuple[Part, ...]:
        limits, levels = self.limits(home), self._health.levels(home.id)
        learned, swapped = self._health.learned_of(home.id).rhythms, {}
        for one in self._health.swaps(home.id):
            swapped[one.sensor] = one.at
        proved = next((paper for _, paper in self._fittings.certificates(home.id)), None)
        may = agreed(self._door.records.consents(home.id), home.id) | ALWAYS
        wrong: dict[str, list[str]] = defaultdict(list)
        for fault in self._faults([home.id])[home.id]:
            wrong[fault.sensor].append(KIND[fault.kind])
        return tuple(
            Part(
                sensor.id,
                _name(sensor),
                sensor.source,
                beat.sensors.get(sensor.id) if beat else None,
                listed(wrong[sensor.id]),
                sensor.kind in may,
                limits[sensor.id],
                learned.get(sensor.id, Rhythm()).learned,
                _told(beat, sensor.id).link,
                _when_fitted(proved, sensor.id, swapped.get(sensor.id)),
                _told(beat, sensor.id).battery,
                _forecast(levels.get((home.id, sensor.id), []), sensor, swapped.get(sensor.id), now),
            )
            for sensor in home.sensors
        )

    def _swapped(self, home: Home) -> Iterable[Swapped]:
        names = self._door.names()
        for one in reversed(self._health.swaps(home.id)):
            yield Swapped(one.at, _of(home, one.sensor), one.was, one.now, names.get(one.actor, one.actor))


def _told(beat: Heartbeat | None, sensor: str) -> SensorHealth:
    return beat.health.get(sensor, SensorHealth()) if beat else SensorHealth()


def _when_fitted(proved: Proved | None, sensor: str, swapped: datetime | None) -> int | None:
    """The radio's margin at the walk test, unless another sensor stands there since."""
    if proved is None or sensor not in proved.tests or (swapped is not None and swapped > proved.at):
        return None
    return proved.tests[sensor].link


def _forecast(
    levels: Sequence[tuple[datetime, float]], sensor: Sensor, swapped: datetime | None, now: datetime
) -> Forecast:
    """Where no swap is on record, the battery has been in use at least since it was first heard of."""
    since = swapped or (levels[0][0] if levels else None)
    return forecast(levels, sensor.kind, since, now)


def _fault(home: Home, one: Standing, now: datetime) -> Fault:
    said = explain(Finding(one.kind, home.id, one.since, now, one.sensor or None, evidence={"ever_heard": True}), home)
    return Fault(
        one.kind, _of(home, one.sensor), one.since, said.health, said.clears, one.kind not in OF_THE_KIT_ITSELF
    )


def _name(sensor: Sensor) -> str:
    if sensor.wearer:
        return place(sensor.kind)
    return f"{place(sensor.room)} {place(sensor.kind)}"


def _of(home: Home, sensor_id: str) -> str:
    sensor = home.sensor(sensor_id)
    return _name(sensor) if sensor else sensor_id


def _hops(press: TestPress) -> tuple[tuple[str, str], ...]:
    """The way it went, hop by hop; the kit's by its own clock, the hub's by the hub's."""
    kit = [
        ("kept on the kit's card", press.kept),
        ("handed to the broker", press.sent),
        ("the hub's receipt back at the kit", press.receipted),
    ]
    hub = [("stored by the hub", press.stored), ("judged", press.judged)]
    hops = [(text, f"{1000 * after:.0f} ms after the press") for text, after in kit if after is not None]
    hops[2:2] = [
        (text, f"{1000 * ((at - press.arrived) / timedelta(seconds=1)):.0f} ms after it arrived")
        for text, at in hub
        if at is not None and press.arrived is not None
    ]
    return tuple(hops)
