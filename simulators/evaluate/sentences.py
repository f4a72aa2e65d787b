"""Is what a relative is told true? Every half hour or so of recorded homes, said at each level and then checked.

The homes are played as a hub would hear them, with outages of two hours every fifth day; in turn as homes of one, of
two, and of one with a pet and visitors. `contradictions` reads nothing
but the text and the recording, and works everything out anew: it shares no code with what makes the sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from models.day import Seen
from models.detection.backtest import STEP, about_the_person, replay
from models.detection.batch import Batch, Ints, utc
from models.detection.prior import Prior
from models.glimpse import glimpse
from models.health import Heard, Why, kit_unheard_after
from models.home import Home
from models.knowing import SEEN_FROM, known
from models.morning import REMEMBERED, came_home, minute_of, morning, up_at
from models.observation import WHATS
from models.people import Level
from models.privacy import AT_LEVEL, Data
from models.sentence import sentence
from simulators.evaluate.contradictions import Record, contradictions, kept_promise
from simulators.evaluate.homes import DAY, HOUR, Recorded
from simulators.evaluate.played import Played, late, played

EVERY = 7 * STEP
"""Seconds between two looks, a multiple of STEP: no divisor of an hour, so that every hour is looked at anew."""
OUT_EVERY, OUT_FROM, OUT_FOR = 5, 13 * HOUR, 2 * HOUR
MINUTE = 60.0
"""An installation that died did so after the minute in which it noticed something last."""
HEARD_EVERY = timedelta(seconds=60)
SHOWN = 40
LEVELS = [level for level in Level if Data.STANDING in AT_LEVEL[level]]
"""Of all others nothing is said at all."""
CALLED = "Mrs Rowe"


def _as_told(home: Home, record: Record) -> list[tuple[Home, Record]]:
    """As it is, as a home of two, and as one that others come into."""
    shared, visited = replace(home, people=2), replace(home, pets=True, visits=True)
    return [(home, record), (shared, replace(record, people=2)), (visited, replace(record, others=True))]


@dataclass
class Counted:
    """What came out: sentences by level, those that contradict the observations, and how often what was said to be
    expected came by then.
    """

    homes: int = 0
    days: int = 0
    said: Counter[str] = field(default_factory=Counter)
    cannot_say: int = 0
    unheard: int = 0
    wrong: list[str] = field(default_factory=list)
    promised: int = 0
    came: int = 0

    def lines(self) -> list[str]:
        whole = sum(self.said.values())
        by_level = ", ".join(f"{count} at {level}" for level, count in self.said.items())
        came = f"{self.came} of {self.promised}" if self.promised else "none"
        return [
            f"{whole} sentences about {self.homes} homes over {self.days:.0f} days: {by_level}.",
            f"{self.unheard} said that the home is not heard, {self.cannot_say} that we cannot say how things are.",
            f"The next sign came by when it was said to be expected: {came}.",
            f"{len(self.wrong)} contradict the observations.",
            *self.wrong[:SHOWN],
        ]


def evaluate(recorded: Sequence[Recorded], prior: Prior | None, every: float = EVERY) -> Iterator[Counted]:
    """The same count again after each look, for whoever shows how far it is."""
    one = played(recorded, prior)
    one = late(one, list(_outages(one)))
    homes = [_Told(one, place) for place in range(len(one.homes))]
    count = Counted(len(homes), sum(len(home.days) for home in homes))
    engine, start = one.engine(), one.start
    while start < one.until:
        now = start + timedelta(seconds=every)
        arrived = one.seen.arrived
        news = one.seen[(arrived > start.timestamp()) & (arrived <= now.timestamp())]
        for finding in replay(engine, news, start, now, one.kits):
            homes[engine.index_of[finding.home]].note(finding.over, about_the_person(finding), now)
        for place, home in enumerate(homes):
            told = (utc(engine.last_sign[place]), utc(engine.expected_by[place])) if engine.settled[place] else None
            home.look(now, told, count)
        start = now
        yield count


def spaced(a_day: int) -> float:
    """Seconds between looks, about so many a day."""
    return max(round(DAY / a_day / STEP), 1) * STEP


def looks(recorded: Sequence[Recorded], every: float = EVERY) -> int:
    one = played(recorded, None)
    return -int(-(one.until - one.start).total_seconds() // every)


def _outages(one: Played) -> Iterator[tuple[int, float, float]]:
    """Different days in different homes; what was noticed meanwhile arrives at the end."""
    days = int((one.until - one.start).total_seconds() // DAY)
    for place in range(len(one.homes)):
        for day in range(place % OUT_EVERY, days, OUT_EVERY):
            begin = one.start.timestamp() + day * DAY + OUT_FROM
            yield place, begin, begin + OUT_FOR


class _Told:
    """One home: what has arrived of it, what is told of it, and whether that holds."""

    def __init__(self, one: Played, place: int) -> None:
        self.home: Home = one.homes[place]
        mine: Batch = one.seen[one.seen.home == place]
        offset = sum(len(home.sensors) for home in one.homes[:place])
        self.at, self.arrived = mine.at, mine.arrived
        self.sensor: Ints = mine.sensor - offset
        self.seen = [
            Seen(utc(at), WHATS[what], self.home.sensors[sensor].id)
            for at, what, sensor in zip(self.at, mine.what, self.sensor, strict=True)
        ]
        off = [(home, begin + MINUTE, end) for home, begin, end in one.kits.off]
        self.deaf = [(begin, end) for home, begin, end in [*one.kits.deaf, *off] if home == place]
        self.first, self.last = utc(float(self.at[0])), utc(float(self.at[-1]))
        self.days = self._mornings()
        self.alert: datetime | None = None
        self.closed: datetime | None = None
        self.record = Record(
            self.at,
            self.sensor,
            tuple(sensor.room for sensor in self.home.sensors),
            np.array([sensor.is_exit for sensor in self.home.sensors]),
            tuple(self.deaf),
        )
        self.as_told = _as_told(self.home, self.record)
        self.looks = 0

    def note(self, over: bool, about: bool, now: datetime) -> None:
        if about:
            self.alert = self.alert or now
        elif over and self.alert is not None:
            self.alert, self.closed = None, now

    def _mornings(self) -> dict[datetime, int | None]:
        """By the beginning of each day: the minute at which somebody was up, unless the record has it in part, the home
        was not heard until then, or they came home.
        """
        found: dict[datetime, int | None] = {}
        start = morning(self.first, self.home.timezone)
        while start < self.last:
            end = start + timedelta(days=1)
            seen = self._between(start - timedelta(days=1), end, float("inf"))
            up = up_at(seen, start, end)
            told = up and self.first < start and self._heard_between(start, up) and not self._came_home(up)
            found[start] = minute_of(up, self.home.timezone) if up and told else None
            start = end
        return found

    def _came_home(self, up: datetime) -> bool:
        """Perhaps after days."""
        return came_home(self.home, self.seen, up)

    def _heard_between(self, start: datetime, end: datetime) -> bool:
        return not any(a < end.timestamp() and b > start.timestamp() for a, b in self.deaf)

    def _between(self, start: datetime, end: datetime, arrived_by: float) -> list[Seen]:
        a, b = (int(np.searchsorted(self.at, moment.timestamp(), "left")) for moment in (start, end))
        return [self.seen[row] for row in range(a, b) if self.arrived[row] <= arrived_by]

    def look(self, now: datetime, told: tuple[datetime, datetime] | None, count: Counted) -> None:
        if not self.first + timedelta(days=1) < now < self.last:
            return
        moment = now.timestamp()
        since = next((begin for begin, end in self.deaf if begin <= moment < end), None)
        heard = Heard(utc(since) if since else now, utc(since) if since else now, online=since is None)
        unheard = since is not None and moment - since > kit_unheard_after(HEARD_EVERY).total_seconds()
        seen = self._between(now - SEEN_FROM, now, moment)
        start = morning(now, self.home.timezone)
        home, record = self.as_told[self.looks % len(self.as_told)]
        self.looks += 1
        mornings = [self.days.get(start - timedelta(days=back)) for back in range(1, REMEMBERED + 1)]
        fact = known(
            home,
            CALLED,
            seen,
            now,
            heard,
            Why.PATH if unheard else None,
            judged=True,
            told=told,
            alert_since=self.alert,
            looked_into=self.closed is not None and self.closed.date() == now.date(),
            mornings=[minute for minute in mornings if minute is not None],
            gaps=[(utc(a), utc(b)) for a, b in self.deaf if a < moment and b > start.timestamp()],
        )
        for level in LEVELS:
            self._say(sentence(glimpse(fact, AT_LEVEL[level])).whole, level, now, record, count)

    def _say(self, text: str, level: Level, now: datetime, record: Record, count: Counted) -> None:
        count.said[level] += 1
        count.cannot_say += "cannot say" in text
        count.unheard += "not heard" in text
        alerts = self.alert is not None, self.closed is not None and self.closed.date() == now.date()
        wrong = contradictions(text, str(level), now, record, alerts)
        count.wrong += [f"{self.home.id} {now:%Y-%m-%d %H:%M} {level}: {one}: {text}" for one in wrong]
        came = kept_promise(text, now, self.record) if level is Level.TIMES else None
        count.promised += came is not None
        count.came += came is True
