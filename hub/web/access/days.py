"""Days of a home as spans and as pictures, for the subjects of the gate: the level decides what is drawn of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hub.store.records import Expectation
from hub.web.access.door import Door
from hub.web.picture import Picture, picture
from hub.web.usual import Usual, usual
from models.day import Doing, Seen, Span, ribbon
from models.glimpse import LATE, LOOKED_AT_WITHIN
from models.home import Home
from models.hours import day, midnight
from models.morning import REMEMBERED, minute_of, morning, up_at
from models.observation import SIGNS_OF_LIFE
from models.people import Level
from models.protection import Unprotected

DEAF = (Unprotected.KIT_UNHEARD, Unprotected.NO_SENSORS, Unprotected.RADIO)
DAY = timedelta(days=1)
SAME_SIGN = timedelta(milliseconds=1)
HOMES_KEPT = 2000


class Days:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._mornings: dict[str, tuple[datetime, tuple[int, ...]]] = {}

    def seen(self, home: Home, start: datetime, end: datetime) -> list[Seen]:
        rows = self._door.noticed(home, start, end)
        return [Seen(row.at, row.what, row.sensor) for row in rows if row.what in SIGNS_OF_LIFE]

    def spans(self, home: Home, start: datetime, end: datetime) -> tuple[list[Span], Seen | None]:
        """The ribbon, and the last sign of life. While the home is heard it ends where it is heard until."""
        until, why = self._door.heard_of(home.id).until, self._door.why(home.id, end)
        seen = self.seen(home, start - DAY, end)
        if until and why is None:
            end = max(start, min(until, end))
        if not seen:
            return [Span(start, end, Doing.UNHEARD)] if why else [], None
        return ribbon(home, seen, start, end, until), seen[-1]

    def usual(self, home: Home, now: datetime) -> Usual:
        told = self._door.records.expectation(home.id)
        return usual(told.usual, now - told.known_since) if told and told.known_since else Usual()

    def two(self, home: Home, now: datetime, level: Level) -> tuple[Picture, Picture]:
        yesterday, today, tomorrow = (midnight(now, home.timezone, days) for days in (-1, 0, 1))
        before, known = self.spans(home, yesterday, today)[0], self.usual(home, now)
        return (
            self.drawn("today", "Today", self.spans(home, today, now)[0], today, tomorrow, level, home, known),
            self.drawn("yesterday", "Yesterday", before, yesterday, today, level, home, known),
        )

    def week(self, home: Home, now: datetime, level: Level) -> tuple[Picture, ...]:
        """Today and the six days before, the latest first."""
        known, drawn = self.usual(home, now), []
        for back in range(7):
            start, end = midnight(now, home.timezone, -back), midnight(now, home.timezone, 1 - back)
            spans, title = self.spans(home, start, min(end, now))[0], day(start, home.timezone)
            drawn.append(self.drawn(f"day-{back}", title, spans, start, end, level, home, known))
        return tuple(drawn)

    def drawn(
        self, id_: str, title: str, spans: list[Span], start: datetime, end: datetime, level: Level, home: Home,
        known: Usual,
    ) -> Picture:  # fmt: skip
        drawn = picture(id_, title, spans, start, end, level, home.timezone)
        return replace(drawn, usual=known.mounds(start, end, level, home.timezone), usually=known.words(level))

    def up(self, home: Home, now: datetime) -> datetime | None:
        """When they were up today, if they were and the home was heard all the time until then."""
        start = morning(now, home.timezone)
        up = up_at(self.seen(home, start - DAY, now), start, now) if start < now else None
        return None if up and self._deaf(home, start, up) else up

    def mornings(self, home: Home, now: datetime) -> tuple[int, ...]:
        """When they were up on the days before, as minutes of the home's clock; read once a day."""
        today = morning(now, home.timezone)
        kept = self._mornings.get(home.id)
        if kept is None or kept[0] != today:
            if len(self._mornings) >= HOMES_KEPT:
                self._mornings.clear()
            kept = self._mornings[home.id] = (today, self._read_mornings(home, now))
        return kept[1]

    def _read_mornings(self, home: Home, now: datetime) -> tuple[int, ...]:
        """Without those on which the home was not heard for a while: what was missed would pass for a late morning."""
        starts = [morning(now, home.timezone, -back) for back in range(REMEMBERED, -1, -1)]
        seen = self.seen(home, starts[0] - DAY, starts[-1])
        found = [(start, up_at(seen, start, end)) for start, end in pairwise(starts)]
        return tuple(minute_of(up, home.timezone) for start, up in found if up and not self._deaf(home, start, up))

    def _deaf(self, home: Home, start: datetime, end: datetime) -> bool:
        return bool(self._door.records.health.spells(start, end, home.id, DEAF))


def expected(told: Expectation | None, last_sign: datetime | None) -> tuple[datetime | None, datetime | None]:
    """By when the next sign of life is due, if the watch has said so of this very silence; and how long it may go on
    without anybody having to look into it.
    """
    if last_sign is None:
        return None, None
    if told is None or abs(told.last_sign - last_sign) > SAME_SIGN:
        return None, last_sign + LOOKED_AT_WITHIN
    return told.expected_by, told.expected_by + LATE
