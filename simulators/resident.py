"""An invented resident: sleeps, gets up, cooks, goes out, watches television, goes to bed; as triggers of sensors.

The same seed lives the same life. A day here runs from getting up to getting up again, so a night is never cut in two.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.home import Sensor
from models.observation import SensorKind
from simulators.recording import Trigger

HALL, KITCHEN, LOUNGE, BATHROOM, BEDROOM = "hall_pir", "kitchen_pir", "lounge_pir", "bathroom_pir", "bedroom_pir"
FRONT_DOOR, FRIDGE, BED, CHAIR, PENDANT = "front_door", "fridge_door", "bed", "armchair", "pendant"

MINUTES_BETWEEN = {KITCHEN: 2.2, BATHROOM: 1.8, BEDROOM: 2.0, LOUNGE: 9.0, HALL: 1.0}
"""How often a motion sensor sees somebody who is in its room: often at the stove, seldom in the armchair."""

BLIND = 65.0
"""Seconds for which a motion sensor of the common battery kind sees nothing after it saw something."""

STILLEST = 25.0
"""Minutes after which even somebody in an armchair has moved an arm."""


@dataclass(frozen=True, slots=True)
class Habits:
    """One person's ways: usual hours of getting up and going to bed, and how likely a day has an outing."""

    seed: int
    rises: float = 7.2
    to_bed: float = 22.4
    goes_out: float = 0.6


SINKS, RISES = timedelta(seconds=20), timedelta(seconds=5)
"""From coming into the lounge to sitting in the armchair, and from standing up to being on the way."""


def fitted(resident: str, *, bed: bool = True, chair: bool = False) -> tuple[Sensor, ...]:
    """The sensors of a usual kit, and a mat in the armchair where there is one."""
    motion = [Sensor(name, SensorKind.MOTION, name.removesuffix("_pir")) for name in MINUTES_BETWEEN]
    doors = [
        Sensor(FRONT_DOOR, SensorKind.DOOR, "hall", is_exit=True),
        Sensor(FRIDGE, SensorKind.DOOR, "kitchen"),
    ]
    worn = Sensor(PENDANT, SensorKind.PENDANT, "worn", wearer=resident)
    mats = [Sensor(BED, SensorKind.BED, "bedroom")] if bed else []
    mats += [Sensor(CHAIR, SensorKind.CHAIR, "lounge")] if chair else []
    return (worn, *motion, *doors, *mats)


def life(habits: Habits, start: datetime, zone: ZoneInfo) -> Iterator[Trigger]:
    """Everything from `start` (aware) on, without end, in order of time, UTC."""
    first = start.astimezone(zone).date() - timedelta(days=1)
    days = (day(habits, first + timedelta(days=count), zone) for count in itertools.count())
    return (trigger for each in days for trigger in each if trigger.at >= start)


def day(habits: Habits, on: date, zone: ZoneInfo) -> list[Trigger]:
    """From getting up on that date until getting up on the next, in order of time, UTC."""
    lived = _Day(habits, on, zone)
    lived.morning()
    lived.middle()
    lived.evening()
    lived.night()
    return sorted(lived.triggers, key=lambda one: one.at)


def _luck(habits: Habits, on: date, what: str) -> random.Random:
    return random.Random(f"{habits.seed}/{on}/{what}")


def _rising(habits: Habits, on: date, zone: ZoneInfo) -> datetime:
    return _hour(on, habits.rises + _luck(habits, on, "rising").uniform(-0.5, 0.5), zone)


def _hour(on: date, hour: float, zone: ZoneInfo) -> datetime:
    """That hour of the wall clock, as UTC; 25.5 is half past one on the next day."""
    wall = datetime.combine(on, time.min) + timedelta(hours=hour)
    return wall.replace(tzinfo=zone).astimezone(UTC)


class _Day:
    """A day as it is lived: `at` is how far it has come, `room` where that is."""

    def __init__(self, habits: Habits, on: date, zone: ZoneInfo) -> None:
        self.habits, self.on, self.zone = habits, on, zone
        self.luck = _luck(habits, on, "day")
        self.at = _rising(habits, on, zone)
        self.ends = _rising(habits, on + timedelta(days=1), zone)
        self.room = BEDROOM
        self.seen: dict[str, datetime] = {}
        self.triggers: list[Trigger] = []

    def morning(self) -> None:
        self.note(BED, on=False)
        self.stay(BEDROOM, 8)
        self.stay(BATHROOM, 14)
        self.cook(28)
        self.sit_until(self.luck.uniform(10.0, 10.8))

    def middle(self) -> None:
        if self.luck.random() < self.habits.goes_out:
            self.go_out(self.luck.uniform(40, 110))
        self.sit_until(self.luck.uniform(12.4, 12.9))
        self.cook(30)
        self.sit_until(self.luck.uniform(15.3, 15.9))
        self.cook(9)
        if self.luck.random() < self.habits.goes_out / 3:
            self.go_out(self.luck.uniform(20, 60))

    def evening(self) -> None:
        self.sit_until(self.luck.uniform(17.8, 18.4))
        self.cook(34)
        self.sit_until(self.habits.to_bed + self.luck.uniform(-0.5, 0.5))
        self.stay(BATHROOM, 11)
        self.stay(BEDROOM, 5)
        self.note(BED, on=True)

    def night(self) -> None:
        """Up once or twice, seldom three times; never so late that it runs into the morning."""
        for _ in range(self.luck.choice((1, 1, 2, 2, 3))):
            self.at += timedelta(minutes=self.luck.uniform(80, 190))
            if self.at > self.ends - timedelta(minutes=40):
                return
            self.note(BED, on=False)
            self.stay(BATHROOM, 4)
            self.stay(BEDROOM, 1)
            self.note(BED, on=True)

    def cook(self, minutes: float) -> None:
        end = self.at + timedelta(minutes=minutes)
        while self.at < end:
            self.stay(KITCHEN, minutes / 3)
            self.note(FRIDGE, on=True)

    def sit_until(self, hour: float) -> None:
        """In the armchair, with now and then a cup of tea or a visit to the bathroom."""
        end = _hour(self.on, hour, self.zone)
        while self.at < end:
            came = self.at
            self.stay(LOUNGE, min(self.luck.uniform(25, 75), _minutes(end - self.at)))
            self.sat(came + SINKS, self.at - RISES)
            if self.at < end:
                self.stay(*self.luck.choice(((KITCHEN, 7), (BATHROOM, 4), (BEDROOM, 3))))

    def sat(self, since: datetime, until: datetime) -> None:
        """What a mat in the armchair says of it; in a home without one nobody hears that."""
        if since < until:
            self.triggers += [Trigger(since, CHAIR, on=True), Trigger(until, CHAIR, on=False)]

    def go_out(self, minutes: float) -> None:
        self.stay(HALL, 2)
        self.note(FRONT_DOOR, on=True)
        self.at += timedelta(minutes=minutes)
        self.note(FRONT_DOOR, on=True)
        self.stay(HALL, 1)

    def stay(self, room: str, minutes: float) -> None:
        """Walk there through the hall, and be there for about that long."""
        self.walk_to(room)
        end = self.at + timedelta(minutes=minutes * self.luck.uniform(0.8, 1.2))
        while self.at < end:
            self.note(room, on=True)
            pause = max(BLIND / 60, min(self.luck.expovariate(1 / MINUTES_BETWEEN[room]), STILLEST))
            self.at += timedelta(minutes=min(pause, _minutes(end - self.at) + 0.1))

    def walk_to(self, room: str) -> None:
        if room != self.room:
            self.note(HALL, on=True)
            self.room = room

    def note(self, sensor: str, *, on: bool) -> None:
        """A sensor notices, unless it is still blind from the last time. Every step takes a few seconds."""
        self.at += timedelta(seconds=round(self.luck.uniform(2, 9), 1))
        blind = sensor in MINUTES_BETWEEN and sensor in self.seen and _seconds(self.at - self.seen[sensor]) < BLIND
        if not blind:
            self.seen[sensor] = self.at
            self.triggers.append(Trigger(self.at, sensor, on))


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60


def _seconds(span: timedelta) -> float:
    return span.total_seconds()
