"""Zigbee sensors behind Zigbee2MQTT 2.x, as `<base>/<name>` JSON states.

Its traps: after a restart it sends cached states again, a pressed `sos` among them, and after a crash they may be
minutes behind what it said before; `action` is never cached; `contact: true` is closed; every message repeats the whole
state, so that a battery report looks like a movement. So edges count, and `last_seen` tells what is new. A press is
never dropped for looking like a repeat unless it certainly is one.
"""

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from edge.clock import Moment
from edge.sensors import Fitted, Last, Noticed, Surroundings
from edge.sensors.edges import MEANS, OF_WHAT
from edge.sensors.over_mqtt import OverMqtt
from models.observation import EARLIEST, SensorKind, What

log = logging.getLogger(__name__)

FRESH = 60.0
"""A state last seen longer ago than this, in s, was cached or kept for us."""
GAP = 10.0
"""So long after the bridge said that it came online, in s, what it says may be a cached state."""
ONE_PRESS = timedelta(seconds=1)
"""One press can arrive twice; two presses are further apart."""
BELIEVED_BACK = timedelta(days=1)
REMEMBERED = 1000
"""Of so many it is known when they were said, so that one is not taken twice from a broker that hands it over again."""
BUSY = 2.0
"""Real s that a message may take to get here; on a played clock that is much."""

PRESSES = frozenset(
    {"emergency", "panic", "sos", "single", "double", "triple", "hold", "long", "on", "press", "pressed"}
)
NO_PRESSES = frozenset({"", "off", "release", "released", "hold_release", "disarm", "arm_day_zones", "arm_all_zones"})
PRESSING = frozenset({SensorKind.PENDANT, SensorKind.PULL_CORD})

FALLING = frozenset({"falling", "fall", "fall_alarm"})
FALL_KEYS = ("fall_status", "status")
"""A fall radar on the wall (HEIMAN HS2FD, OWON FDS315) is fitted as a pendant that nobody wears: it calls as one."""

_PAD = ("occupancy", "pressure_state", "contact", "presence", "pressure")

SAYS: dict[SensorKind, tuple[str, ...]] = {
    SensorKind.DOOR: ("contact",),
    SensorKind.MOTION: ("occupancy", "presence"),
    SensorKind.BED: _PAD,
    SensorKind.CHAIR: _PAD,
}
"""Keys that tell the state of a kind of sensor, the first that is there counting."""

State = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Told:
    """When a message says it is from: `said` is its last_seen, `seen` the same if that can be; `fresh` if it is of now.

    `repeated` if the kit's broker sent it before and was not told that we have it.
    """

    moment: Moment
    said: datetime | None
    seen: datetime | None
    fresh: bool
    retained: bool
    repeated: bool

    @property
    def happened(self) -> Moment:
        seen = self.seen
        if seen is None or seen >= self.moment.at:
            return self.moment
        same_clock = seen >= EARLIEST or not self.moment.trusted
        believed = self.fresh or (same_clock and self.moment.at - seen <= BELIEVED_BACK)
        return self.moment.back_to(seen) if believed else self.moment


class Zigbee2Mqtt(OverMqtt):
    """Not for more than one thread."""

    def __init__(self, fitted: Sequence[Fitted], surroundings: Surroundings) -> None:
        super().__init__(fitted, surroundings.last)
        self._sensors = {sensor.address: sensor for sensor in fitted}
        self._around = surroundings
        self._base = surroundings.base
        self._known: dict[str, bool] = _known(fitted, surroundings.last)
        self._seen = dict(self._alive)
        self._presses: dict[str, deque[datetime]] = _presses(fitted, surroundings.last)
        self._lately = {sensor.id: deque(surroundings.lately.get(sensor.id, ()), REMEMBERED) for sensor in fitted}
        self._fallen: dict[str, bool] = {}
        self._gap_ends: float | None = None
        self.unknown = 0
        self.unreadable = 0

    @property
    def topics(self) -> Sequence[str]:
        deep = [f"{self._base}/{name}" for name in self._sensors if "/" in name]
        every = (f"{self._base}/+", f"{self._base}/+/availability", f"{self._base}/bridge/state")
        return [*every, *deep, *(f"{name}/availability" for name in deep)]

    def read(self, topic: str, payload: bytes, moment: Moment, *, retained: bool, repeated: bool) -> list[Noticed]:
        """What this message says is new. Never raises for what is in it."""
        if not topic.startswith(f"{self._base}/"):
            return []
        name = topic.removeprefix(f"{self._base}/")
        if name == "bridge/state":
            return self._bridge(payload, moment, retained=retained)
        if name.endswith("/availability"):
            return self._availability(name.removesuffix("/availability"), payload)
        return self._device(name, payload, moment, retained=retained, repeated=repeated)

    def _bridge(self, payload: bytes, moment: Moment, *, retained: bool) -> list[Noticed]:
        state = _online(payload)
        log.info("Zigbee2MQTT is %s", state)
        if state in ONLINE:
            self.bridge = ONLINE[state]
        if state == "online":
            self.deaf_since = None
            if not retained:
                self._gap_ends = moment.elapsed + self._around.clock.played_seconds(GAP)
        elif state == "offline" and self.deaf_since is None:
            self.deaf_since = max(self._seen.values(), default=EARLIEST) if retained else moment.at
        return []

    def _availability(self, name: str, payload: bytes) -> list[Noticed]:
        sensor, state = self._sensors.get(name), _online(payload)
        if sensor is not None and state in ONLINE:
            self._says(sensor, online=ONLINE[state])
        if sensor is not None and state == "offline":
            log.warning("sensor %s is offline, Zigbee2MQTT says", sensor.id)
        return []

    def _device(self, name: str, payload: bytes, moment: Moment, *, retained: bool, repeated: bool) -> list[Noticed]:
        sensor = self._sensors.get(name)
        if sensor is None:
            self.unknown += 1
            return []
        state = _object(payload)
        if state is None:
            self.unreadable += 1
            log.warning("sensor %s sent %d bytes that are no JSON object", sensor.id, len(payload))
            return []
        told = self._told(state, moment, retained=retained, repeated=repeated)
        news: list[Noticed] = []
        if not (repeated and self._taken(sensor, state, told)):
            news = self._press(sensor, state, told) if sensor.kind in PRESSING else self._edge(sensor, state, told)
        if told.said is not None:
            self._lately[sensor.id] += [(one.what, told.said) for one in news]
        self._lives(sensor.id, told)
        self._says(sensor, **_of_itself(state))
        return news

    def _taken(self, sensor: Fitted, state: State, told: Told) -> bool:
        """Whether what this notices was kept before; coming to rest notices nothing, and has to be learned again."""
        of_then = [what for what, said in self._lately[sensor.id] if said == told.said]
        if sensor.kind in PRESSING:
            return bool(of_then)
        value = _value(sensor, state)
        return value is not None and MEANS.get((sensor.kind, value)) in of_then

    def _told(self, state: State, moment: Moment, *, retained: bool, repeated: bool) -> Told:
        slack = timedelta(seconds=max(FRESH, self._around.clock.played_seconds(BUSY)))
        seen = said = _last_seen(state.get("last_seen"))
        if seen is not None and seen > moment.at + slack:
            seen = None
        fresh = moment.at - seen <= slack if seen is not None else not retained and not self._in_gap(moment)
        return Told(moment, said, seen, fresh, retained, repeated)

    def _in_gap(self, moment: Moment) -> bool:
        return self._gap_ends is not None and moment.elapsed < self._gap_ends

    def _lives(self, sensor: str, told: Told) -> None:
        if told.seen is not None and not self._heard_later(sensor, told):
            self._seen[sensor] = self._alive[sensor] = told.seen
        elif told.seen is None and told.fresh:
            self._alive[sensor] = told.moment.at

    def _heard_later(self, sensor: str, told: Told) -> bool:
        """Something newer was heard, and not ahead of a clock put back since: that would leave the sensor deaf."""
        newest = self._seen.get(sensor)
        return told.seen is not None and newest is not None and told.seen < newest <= told.moment.at

    def _said_before(self, sensor: str, told: Told) -> bool:
        again = told.repeated or told.retained or self._in_gap(told.moment)
        return again and told.seen is not None and told.seen == self._seen.get(sensor)

    def _certain(self, sensor: str, told: Told) -> bool:
        """Not from a cache: the sensor has spoken since we last heard it."""
        since = told.seen is not None and sensor in self._seen and not self._said_before(sensor, told)
        return since and not told.retained and not self._in_gap(told.moment)

    def _edge(self, sensor: Fitted, state: State, told: Told) -> list[Noticed]:
        value = _value(sensor, state)
        before = self._known.get(sensor.id)
        if value is None or value == before or self._heard_later(sensor.id, told):
            return []
        if not self._is_news(sensor.id, told, before):
            self._learn(sensor, before, value)
            return []
        self._known[sensor.id] = value
        what = MEANS.get((sensor.kind, value))
        return [] if what is None else [Noticed(sensor.id, what, told.happened)]

    def _is_news(self, sensor: str, told: Told, before: bool | None) -> bool:
        """An edge is, unless it may come from a cache; the first we hear is when it is of now."""
        if before is not None:
            return told.fresh or told.seen is not None
        return (told.fresh and not self._said_before(sensor, told)) or self._certain(sensor, told)

    def _learn(self, sensor: Fitted, before: bool | None, value: bool) -> None:
        """A cached state tells how things stand, where nothing is known; a cached movement tells nothing."""
        if before is None and (sensor.kind, value) != (SensorKind.MOTION, True):
            self._known[sensor.id] = value

    def _press(self, sensor: Fitted, state: State, told: Told) -> list[Noticed]:
        fell = self._fell(sensor, state, told)
        if fell:
            return [Noticed(sensor.id, What.FELL, told.happened)]
        acted, called = self._acted(sensor, state, told), self._called(sensor, state, told)
        if not (acted or called):
            return []
        at, before = told.happened.at, self._presses[sensor.id]
        if any(abs(at - press) < ONE_PRESS for press in before):
            return []
        before.append(at)
        return [Noticed(sensor.id, What.PRESSED, told.happened)]

    def _fell(self, sensor: Fitted, state: State, told: Told) -> bool:
        """Once for each fall: the radar goes on saying so until it is over."""
        said = next((state[key] for key in FALL_KEYS if isinstance(state.get(key), str)), None)
        if said is None or self._heard_later(sensor.id, told):
            return False
        before, self._fallen[sensor.id] = self._fallen.get(sensor.id), said in FALLING
        return said in FALLING and not before and (told.fresh or before is False or self._certain(sensor.id, told))

    def _acted(self, sensor: Fitted, state: State, told: Told) -> bool:
        action = state.get("action")
        if not isinstance(action, str) or action in NO_PRESSES:
            return False
        if action not in PRESSES:
            log.warning("sensor %s: an action unknown to us is taken for a press", sensor.id)
        if told.retained:
            return told.seen is not None and (told.fresh or self._since_last_press(sensor.id, told.seen))
        return True

    def _called(self, sensor: Fitted, state: State, told: Told) -> bool:
        value = state.get("sos")
        if not isinstance(value, bool):
            return False
        before, self._known[sensor.id] = self._known.get(sensor.id), value
        if not value or self._heard_later(sensor.id, told):
            return False
        if told.fresh:
            return not (before is True and self._said_before(sensor.id, told))
        return before is False or self._certain(sensor.id, told)

    def _since_last_press(self, sensor: str, seen: datetime) -> bool:
        before = self._presses[sensor]
        return bool(before) and seen > max(before)


def fit(fitted: Sequence[Fitted], surroundings: Surroundings) -> Zigbee2Mqtt:
    return Zigbee2Mqtt(fitted, surroundings)


def _known(fitted: Sequence[Fitted], last: Last) -> dict[str, bool]:
    noticed = ((sensor.id, last[sensor.id][0]) for sensor in fitted if sensor.id in last)
    return {sensor: OF_WHAT[what] for sensor, what in noticed if what in OF_WHAT}


def _presses(fitted: Sequence[Fitted], last: Last) -> dict[str, deque[datetime]]:
    return {
        sensor.id: deque((last[sensor.id][1],) if sensor.id in last else (), maxlen=16)
        for sensor in fitted
        if sensor.kind in PRESSING
    }


def _value(sensor: Fitted, state: State) -> bool | None:
    for key in SAYS[sensor.kind]:
        value = state.get(key)
        if key == "pressure_state" and isinstance(value, str):
            value = value != "none"
        if isinstance(value, bool):
            return value != sensor.inverted
    return None


def _of_itself(state: State) -> dict[str, float | int | bool]:
    """What a sensor says of its own battery, its radio and its case, as far as it makes sense."""
    said: dict[str, float | int | bool] = {}
    battery, link = _number(state.get("battery")), _number(state.get("linkquality"))
    if battery is not None and 0 <= battery <= 100:
        said["battery"] = battery
    if link is not None and 0 <= link <= 255:
        said["link"] = int(link)
    for ours, theirs in (("battery_low", "battery_low"), ("tampered", "tamper")):
        value = state.get(theirs)
        if isinstance(value, bool):
            said[ours] = value
    return said


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _object(payload: bytes) -> State | None:
    try:
        return msgspec.json.decode(payload, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


ONLINE = {"online": True, "offline": False}


def _online(payload: bytes) -> str:
    """'online' or 'offline', from the JSON of today or the bare word of older bridges."""
    state = _object(payload)
    word = state.get("state") if state is not None else payload.decode("ascii", "replace").strip('" ')
    return word if word in ONLINE else "neither online nor offline"


def _last_seen(value: object) -> datetime | None:
    """ISO 8601 with any zone, or milliseconds since 1970, as last_seen may be set."""
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            return at.astimezone(UTC) if at.tzinfo else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
