"""One home's sensors as the radio bridge of a real kit tells of them: in Zigbee2MQTT's topics and shapes."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from models.home import Home, Sensor
from models.observation import SensorKind, What
from simulators.acceleration import ON_THE_FLOOR, Lived, messages
from simulators.recording import Trigger
from simulators.resident import PENDANT

Publish = Callable[[str, bytes, bool], None]
"""Topic, content, whether it is retained."""

REST_AFTER = {
    SensorKind.MOTION: timedelta(seconds=90),
    SensorKind.DOOR: timedelta(seconds=5),
    SensorKind.BED: timedelta(minutes=5),
    SensorKind.CHAIR: timedelta(minutes=5),
}
"""When a sensor goes back to rest whose recording does not say so."""

NOTICED = {
    (SensorKind.MOTION, True): What.MOVED,
    (SensorKind.DOOR, True): What.OPENED,
    (SensorKind.DOOR, False): What.CLOSED,
    (SensorKind.BED, True): What.LAY_DOWN,
    (SensorKind.BED, False): What.GOT_UP,
    (SensorKind.CHAIR, True): What.SAT_DOWN,
    (SensorKind.CHAIR, False): What.STOOD_UP,
}
"""What should come of a sensor going on or off; nothing of a motion sensor that comes to rest."""

CHECK_IN_EVERY = timedelta(minutes=55)
NOT_AT_ONCE = timedelta(milliseconds=1)
"""What one sensor says twice in the same second is said one after the other all the same."""


class Play(NamedTuple):
    """One thing that a sensor says: its new state (empty for a check-in), and what should be noticed of it."""

    at: datetime
    sensor: str
    state: dict[str, object]
    what: What | None = None


def base_topic(home: str) -> str:
    return f"{home}/zigbee2mqtt"


def pendant_topic(home: str, leaf: str) -> str:
    return f"{home}/pendant/{leaf}"


def state(kind: SensorKind, *, on: bool) -> dict[str, object]:
    """As the bridge says it; a contact is true when the door is closed."""
    return {"contact": not on} if kind is SensorKind.DOOR else {"occupancy": on}


def plays(sensors: Iterable[Sensor], triggers: Iterable[Trigger], both: frozenset[str]) -> Iterator[Play]:
    """Triggers as what their sensors say, in order of time.

    Sensors in `both` say themselves when they go off; for the others that is filled in, since nothing can move again
    that never came to rest. What changes nothing is not said, nor what no sensor is fitted for.
    """
    moving = _Moving({sensor.id: sensor.kind for sensor in sensors}, both)
    for trigger in triggers:
        if moving.has(trigger.sensor):
            yield from moving.rests_until(trigger.at)
            yield from moving.takes(trigger)
    yield from moving.rests_until(None)


class _Moving:
    def __init__(self, kinds: dict[str, SensorKind], both: frozenset[str]) -> None:
        self._kinds, self._both = kinds, both
        self._on: dict[str, datetime] = {}
        self._said: dict[str, datetime] = {}
        self._rests: list[tuple[datetime, str, datetime]] = []

    def has(self, sensor: str) -> bool:
        return sensor in self._kinds

    def takes(self, trigger: Trigger) -> Iterator[Play]:
        at, sensor, on = trigger
        if on and sensor in self._on and sensor not in self._both:
            yield self._says(at, sensor, on=False)
        if on is not (sensor in self._on):
            yield self._says(at, sensor, on=on)
            if on and sensor not in self._both:
                heapq.heappush(self._rests, (at + REST_AFTER[self._kinds[sensor]], sensor, self._on[sensor]))

    def rests_until(self, end: datetime | None) -> Iterator[Play]:
        while self._rests and (end is None or self._rests[0][0] <= end):
            at, sensor, since = heapq.heappop(self._rests)
            if self._on.get(sensor) == since:
                yield self._says(at, sensor, on=False)

    def _says(self, at: datetime, sensor: str, *, on: bool) -> Play:
        at = max(at, self._said[sensor] + NOT_AT_ONCE) if sensor in self._said else at
        self._said[sensor] = at
        if on:
            self._on[sensor] = at
        else:
            self._on.pop(sensor, None)
        kind = self._kinds[sensor]
        return Play(at, sensor, state(kind, on=on), NOTICED.get((kind, on)))


def check_ins(
    sensors: Iterable[Sensor], start: datetime, seed: str, every: timedelta = CHECK_IN_EVERY
) -> Iterator[Play]:
    """Each sensor says that it is there, without end, none at the same moment as another."""
    luck = random.Random(seed)
    first = sorted((start + every * luck.random(), sensor.id) for sensor in sensors)
    return (Play(at + every * turn, sensor, {}) for turn in itertools.count() for at, sensor in first)


class Kit:
    """Plays one home. `sent` counts the observations that should come of it.

    `still` is a home where nobody moves any more; the sensors in `dead` say nothing; `behind` is how far the kit's
    own clock is from the right time. With `feels` the pendant is one of ESPHome's making, which feels acceleration.
    """

    def __init__(self, home: Home, publish: Publish, played: Iterator[Play]) -> None:
        self.home = home
        self.sent = 0
        self.still = False
        self.dead: set[str] = set()
        self.behind = timedelta(0)
        self.feels = False
        self._publish = publish
        self._played = played
        self._next = next(played, None)
        self._cached: dict[str, dict[str, object]] = {
            sensor.id: state(sensor.kind, on=False) for sensor in home.sensors if sensor.kind in REST_AFTER
        }
        self._last_seen: dict[str, datetime] = {}

    def die(self, sensor: str, at: datetime) -> None:
        """It spoke last then."""
        self.dead.add(sensor)
        self._last_seen[sensor] = at

    def past(self, until: datetime) -> list[Play]:
        """What happened before this kit's story begins: passed over without a word, and returned."""
        passed = []
        while self._next and self._next.at < until:
            if self._next.sensor not in self.dead:
                self._cached.setdefault(self._next.sensor, {}).update(self._next.state)
                passed += [self._next] if self._next.what else []
            self._next = next(self._played, None)
        return passed

    def open(self, at: datetime) -> None:
        """The bridge comes up, and says again what it last knew, as the real one does."""
        self._say("bridge/state", {"state": "online"}, retain=True)
        for sensor in self.home.sensors:
            there = "offline" if sensor.id in self.dead else "online"
            self._say(f"{sensor.id}/availability", {"state": there}, retain=True)
            self._last_seen.setdefault(sensor.id, at - CHECK_IN_EVERY)
            self._speak(sensor.id)

    def play_until(self, at: datetime) -> int:
        """Everything up to `at` that was not played yet. Returns how many observations should come of it."""
        before = self.sent
        while self._next and self._next.at <= at:
            self._take(self._next)
            self._next = next(self._played, None)
        return self.sent - before

    def stir(self) -> None:
        """The bridge says what is known already: enough to make an agent look at its clock at once."""
        self._say(f"{self.home.sensors[0].id}/availability", {"state": "online"}, retain=True)

    def fall(self, at: datetime) -> None:
        """Who wears the pendant walks, falls and lies still: the kit notices that it is worn, and the fall."""
        lived = Lived().walks(20).falls().rests(8, ON_THE_FLOOR)
        self.still = True
        for message in messages(lived.acc, int(at.timestamp()) % 86_400 * 1000):
            self._publish(pendant_topic(self.home.id, "acceleration"), message, False)
        self.sent += 2

    def press(self, at: datetime, sensor: str = "pendant") -> None:
        self._last_seen[sensor] = at
        self._speak(sensor, {"action": "emergency"})
        self.sent += 1

    def move(self, at: datetime, sensor: str) -> None:
        """Somebody moves in front of a sensor, whatever was planned, and it is at rest again."""
        for on in (False, True, False):
            self._take(Play(at, sensor, state(SensorKind.MOTION, on=on), NOTICED.get((SensorKind.MOTION, on))))

    def check_in(self, at: datetime, sensor: str) -> None:
        self._take(Play(at, sensor, {}))

    def _take(self, play: Play) -> None:
        if play.sensor in self.dead or (self.still and play.what):
            return
        self._last_seen[play.sensor] = play.at
        self._cached.setdefault(play.sensor, {}).update(play.state)
        self._speak(play.sensor)
        self.sent += play.what is not None

    def _speak(self, sensor: str, extra: dict[str, object] | None = None) -> None:
        if self.feels and sensor == PENDANT:
            self._publish(pendant_topic(self.home.id, "battery"), b'{"percent":97}', False)
            return
        seen = self._last_seen[sensor] + self.behind
        said = {"battery": 97, "linkquality": 120, **self._cached.get(sensor, {}), **(extra or {})}
        self._say(sensor, {**said, "last_seen": f"{seen:%Y-%m-%dT%H:%M:%S}.{seen.microsecond // 1000:03}Z"})

    def _say(self, leaf: str, content: dict[str, object], *, retain: bool = False) -> None:
        self._publish(f"{base_topic(self.home.id)}/{leaf}", msgspec.json.encode(content), retain)


def together(*streams: Iterator[Play]) -> Iterator[Play]:
    """Several streams in order of time."""
    return heapq.merge(*streams, key=lambda play: play.at)
