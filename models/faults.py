"""What a kit says of itself, as faults: what is wrong, since when it counts, and what to do about it, in plain words.

A condition becomes a fault when it has held for `HOLDS`, and is over when it has been away for `CLEARS`: what comes and
goes within that is one fault, not many.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from models.detection import OF_THE_HEARTBEAT, FindingKind
from models.observation import KINDS_OF, SensorKind, What
from models.wire import Heartbeat, Route

HOT, COOL = 80.0, 75.0
"""°C of the processor: a Pi slows itself down from 80 on."""
FULL, ROOM = 200 * 2**20, 300 * 2**20
"""Bytes left where the outbox stands."""
WEAK, STRONG = 20, 30
"""Zigbee's link quality, 0 to 255."""
FLAT, CHARGED = 10.0, 15.0
"""Percent. Lithium cells give out within days from there."""
TEST_EVERY = timedelta(hours=26)
"""A test press is made daily; one that did not come through for this long is missing."""

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
_BOTH = (5 * MINUTE, 5 * MINUTE)
HELD: dict[FindingKind, tuple[timedelta, timedelta]] = {
    FindingKind.ON_BATTERY: (MINUTE, 5 * MINUTE),
    FindingKind.SECOND_ROUTE: (10 * MINUTE, HOUR),
    FindingKind.KIT_HOT: (10 * MINUTE, 30 * MINUTE),
    FindingKind.RADIO_OFFLINE: (3 * MINUTE, 5 * MINUTE),
    FindingKind.WEAK_LINK: (6 * HOUR, 6 * HOUR),
    FindingKind.WEAK_SUPPLY: (10 * MINUTE, 12 * HOUR),
    FindingKind.BATTERY_FLAT: (HOUR, HOUR),
    FindingKind.BATTERY_SOON: (timedelta(0), timedelta(days=1)),
    FindingKind.TAMPERED: (MINUTE, 5 * MINUTE),
    FindingKind.NO_TEST: (timedelta(0), timedelta(0)),
    FindingKind.KIT_FLAPS: (timedelta(0), timedelta(0)),
    FindingKind.TWO_KITS: (timedelta(0), HOUR),
}
"""How long a condition holds before it is a fault, and is away before it is over."""

DEAD_WITHIN, OTHERS_WITHIN = timedelta(hours=48), timedelta(hours=96)
"""The field's targets for repairs: of a kit or a button that is dead, and of what else is wrong."""
_DEAD = frozenset({FindingKind.KIT_UNHEARD, FindingKind.RADIO_OFFLINE})
_DEAD_BUTTON = frozenset({FindingKind.SENSOR_UNHEARD, FindingKind.BATTERY_FLAT})


def repaired_within(kind: FindingKind, sensor: SensorKind | None) -> timedelta:
    """What goes on then is told of again, though somebody closed the alert."""
    dead = kind in _DEAD or (kind in _DEAD_BUTTON and sensor in KINDS_OF[What.PRESSED])
    return DEAD_WITHIN if dead else OTHERS_WITHIN


@dataclass(frozen=True, slots=True)
class Condition:
    """Something wrong with a home's kit, or with its `sensor`; `figure` is by how much, in the kind's own unit."""

    kind: FindingKind
    sensor: str = ""
    figure: float | None = None

    @property
    def key(self) -> tuple[FindingKind, str]:
        return self.kind, self.sensor

    @property
    def holds(self) -> timedelta:
        return HELD.get(self.kind, _BOTH)[0]

    @property
    def clears(self) -> timedelta:
        return HELD.get(self.kind, _BOTH)[1]


def conditions(beat: Heartbeat, standing: frozenset[tuple[FindingKind, str]] = frozenset()) -> list[Condition]:
    """What this heartbeat says is wrong. What stands already goes on until it is well past the limit where it began."""
    return [*_of_the_kit(beat, standing), *_of_sensors(beat, standing)]


def _of_the_kit(beat: Heartbeat, standing: frozenset[tuple[FindingKind, str]]) -> Iterator[Condition]:
    if beat.on_mains is False:
        yield Condition(FindingKind.ON_BATTERY, figure=beat.kit_battery)
    if beat.route is Route.MODEM:
        yield Condition(FindingKind.SECOND_ROUTE)
    if beat.temperature is not None and beat.temperature >= _either(FindingKind.KIT_HOT, "", standing, COOL, HOT):
        yield Condition(FindingKind.KIT_HOT, figure=beat.temperature)
    if beat.memory_only:
        yield Condition(FindingKind.DISK_FULL)
    elif beat.disk_free is not None and beat.disk_free <= _either(FindingKind.DISK_FULL, "", standing, ROOM, FULL):
        yield Condition(FindingKind.DISK_FULL, figure=beat.disk_free / 2**20)
    if beat.undervoltage:
        yield Condition(FindingKind.WEAK_SUPPLY)
    for bridge, online in beat.bridges.items():
        if not online:
            yield Condition(FindingKind.RADIO_OFFLINE, bridge)


def _of_sensors(beat: Heartbeat, standing: frozenset[tuple[FindingKind, str]]) -> Iterator[Condition]:
    for sensor, told in beat.health.items():  # of a borough's sensors there are thousands a second, and few are weak
        if (
            told.link is not None
            and told.link < STRONG
            and told.link < _either(FindingKind.WEAK_LINK, sensor, standing, STRONG, WEAK)
        ):
            yield Condition(FindingKind.WEAK_LINK, sensor, told.link)
        if told.battery_low or (
            told.battery is not None
            and told.battery <= CHARGED
            and told.battery <= _either(FindingKind.BATTERY_FLAT, sensor, standing, CHARGED, FLAT)
        ):
            yield Condition(FindingKind.BATTERY_FLAT, sensor, told.battery)
        if told.tampered:
            yield Condition(FindingKind.TAMPERED, sensor)


def _either(
    kind: FindingKind, sensor: str, standing: frozenset[tuple[FindingKind, str]], if_so: float, if_not: float
) -> float:
    return if_so if (kind, sensor) in standing else if_not


def told(kind: FindingKind, sensor: str, since: str, figure: float | None) -> tuple[str, str, str, str]:
    """What is noticed, what should be, what it means, and what to do; `sensor` and `since` as people say them."""
    noticed, should, means, do = _SAID[kind]
    by = "" if figure is None else _FIGURE.get(kind, "").format(figure)
    return noticed.format(sensor=sensor, since=since, by=by), should, means, do


def over(kind: FindingKind, sensor: str) -> str:
    return _OVER[kind].format(sensor=sensor)


_FIGURE: dict[FindingKind, str] = {
    FindingKind.ON_BATTERY: ", and its battery is at {:.0f} %",
    FindingKind.KIT_HOT: ": {:.0f} °C",
    FindingKind.DISK_FULL: ": {:.0f} MB are left",
    FindingKind.WEAK_LINK: ": link quality {:.0f} of 255",
    FindingKind.BATTERY_FLAT: ": {:.0f} %",
    FindingKind.KIT_FLAPS: ", {:.0f} times within the hour",
}

_SAID: dict[FindingKind, tuple[str, str, str, str]] = {
    FindingKind.ON_BATTERY: (
        "The kit has been without mains power since {since}{by}.",
        "It should be plugged in.",
        "It is still heard, on its battery, which lasts some hours. Then nothing is heard from the home.",
        "Ask whether the power is out or the plug was pulled. It clears itself when the power is back.",
    ),
    FindingKind.SECOND_ROUTE: (
        "The kit runs on its second route, the mobile modem, since {since}.",
        "It should reach us by the home's broadband.",
        "Everything still arrives. There is no third route.",
        "Have the broadband looked at: router off, unplugged, or a faulty line. It clears itself when it is back.",
    ),
    FindingKind.KIT_HOT: (
        "The kit is too hot since {since}{by}.",
        f"It should stay under {HOT:.0f} °C.",
        "It still works, more slowly; heat shortens its life.",
        "Move it away from the radiator, the sun and other things that are warm. It clears itself when it has cooled.",
    ),
    FindingKind.DISK_FULL: (
        "The kit's card is full or can't be written to since {since}{by}.",
        "What is noticed is kept on the card until we have it.",
        "What is noticed now may be lost if the power goes while the path is down.",
        "Exchange the card. It clears itself when there is room again.",
    ),
    FindingKind.RADIO_OFFLINE: (
        "The kit's radio ({sensor}) is offline since {since}.",
        "All radio sensors and the pendant are heard by it.",
        "While this lasts a press of the pendant would not be noticed, and neither would a collapse.",
        "Have the kit's radio stick looked at: pulled out, or to be restarted. It clears itself when it is back.",
    ),
    FindingKind.WEAK_LINK: (
        "The {sensor} is heard only weakly since {since}{by}.",
        f"It should be above {WEAK}.",
        "It reports for now; some of its reports may be missing.",
        "Bring it nearer, or add a mains-powered repeater between. It clears itself when it is heard well again.",
    ),
    FindingKind.WEAK_SUPPLY: (
        "The kit's power supply is too weak since {since}.",
        "A kit needs its own supply, with the cable that came with it.",
        "It may stop without notice.",
        "Exchange the power supply and its cable. It clears itself after half a day without a dip.",
    ),
    FindingKind.BATTERY_FLAT: (
        "The battery of the {sensor} is flat since {since}{by}.",
        f"It should be above {FLAT:.0f} %.",
        "It may stop reporting on any day.",
        "Exchange its battery. It clears itself when the new one is reported.",
    ),
    FindingKind.BATTERY_SOON: (
        "The battery of the {sensor} will be flat within two weeks.",
        "Batteries are exchanged before they are flat.",
        "It works. This is a forecast, from how its level fell.",
        "Take a battery along on the next visit. It clears itself when the new one is reported.",
    ),
    FindingKind.TAMPERED: (
        "The case of the {sensor} is open since {since}.",
        "It should be shut.",
        "It may be knocked off its place, or being worked on.",
        "Ask, and have it put back. It clears itself when the case is shut.",
    ),
    FindingKind.NO_TEST: (
        "No test press has come through since {since}.",
        "The kit makes one every day, and it goes the whole way that a press goes.",
        "The kit itself may be heard. Whether a press would arrive is not proved.",
        "Ask for one now on the home's page. It clears itself when one comes through.",
    ),
    FindingKind.TWO_KITS: (
        "Two kits have said in turn that they are this home's since {since}.",
        "A home has one kit.",
        "Each throws the other out, over and over. A press gets through, but later, and either may miss what happens.",
        "Switch the other off: a spare set up as this home's, or one with a copied card. It clears itself in an hour.",
    ),
    FindingKind.KIT_FLAPS: (
        "The home comes and goes since {since}{by}.",
        "A path that holds.",
        "While it is away a press would be late. This stays one fault until it has held for an hour.",
        "Have the broadband or the modem looked at. It clears itself after an hour without a gap.",
    ),
}

_OVER: dict[FindingKind, str] = {
    FindingKind.ON_BATTERY: "The kit has mains power again.",
    FindingKind.SECOND_ROUTE: "The kit reaches us by broadband again.",
    FindingKind.KIT_HOT: "The kit has cooled.",
    FindingKind.DISK_FULL: "There is room on the kit's card again.",
    FindingKind.RADIO_OFFLINE: "The kit's radio ({sensor}) is back.",
    FindingKind.WEAK_LINK: "The {sensor} is heard well again.",
    FindingKind.WEAK_SUPPLY: "The kit's power supply has held for half a day.",
    FindingKind.BATTERY_FLAT: "The {sensor} has a good battery again.",
    FindingKind.BATTERY_SOON: "The battery of the {sensor} will last for more than two weeks.",
    FindingKind.TAMPERED: "The case of the {sensor} is shut again.",
    FindingKind.NO_TEST: "A test press came through.",
    FindingKind.TWO_KITS: "Only one kit has said for an hour that it is this home's.",
    FindingKind.KIT_FLAPS: "The home has been heard for an hour without a gap.",
}
assert set(_SAID) == set(_OVER) == OF_THE_HEARTBEAT
