"""Days of a home as spans and as pictures, for the subjects of the gate: the level decides what is drawn of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hub.knowing import Knowing
from hub.web.access.door import Door
from hub.web.picture import ENGLISH, Picture, picture
from hub.web.usual import Usual, usual
from models.day import Seen, Span, as_shared
from models.home import Home
from models.hours import Hours, midnight
from models.people import Level
from models.telling import Saying

DAY = timedelta(days=1)


class Days:
    def __init__(self, door: Door, knowing: Knowing) -> None:
        self._door, self.knowing = door, knowing

    def spans(self, home: Home, start: datetime, end: datetime) -> tuple[list[Span], Seen | None]:
        """The ribbon, and the last sign of life."""
        return self.knowing.spans(home, start, end)

    def last_day(self, home: Home, now: datetime) -> tuple[list[Span], Seen | None]:
        return self.spans(home, now - DAY, now)

    def seen_for_last_day(self, home: Home, now: datetime) -> list[Seen]:
        """Signs of life of the last day and the one before, which says how it began."""
        return self.knowing.seen(home, now - 2 * DAY, now)

    def usual(self, home: Home, now: datetime) -> Usual:
        told = self._door.records.expectation(home.id)
        return usual(told.usual, now - told.known_since) if told and told.known_since else Usual()

    def two(
        self, home: Home, now: datetime, level: Level, say: Saying = ENGLISH, hidden: Sequence[Hours] = ()
    ) -> tuple[Picture, Picture]:
        """`hidden` are the hours of which the reader is told nothing."""
        yesterday, today, tomorrow = (midnight(now, home.timezone, days) for days in (-1, 0, 1))
        before, until = (as_shared(self.spans(home, *one)[0], hidden) for one in ((yesterday, today), (today, now)))
        known, titles = self.usual(home, now), (say("ribbon.today"), say("ribbon.yesterday"))
        return (
            self.drawn("today", titles[0], until, today, tomorrow, level, home, known, say),
            self.drawn("yesterday", titles[1], before, yesterday, today, level, home, known, say),
        )

    def week(
        self, home: Home, now: datetime, level: Level, say: Saying, hidden: Sequence[Hours]
    ) -> tuple[Picture, ...]:
        """Today and the six days before, the latest first."""
        known, drawn = self.usual(home, now), []
        for back in range(7):
            start, end = midnight(now, home.timezone, -back), midnight(now, home.timezone, 1 - back)
            spans, title = as_shared(self.spans(home, start, min(end, now))[0], hidden), say.day(start, home.timezone)
            drawn.append(self.drawn(f"day-{back}", title, spans, start, end, level, home, known, say))
        return tuple(drawn)

    def drawn(
        self, id_: str, title: str, spans: list[Span], start: datetime, end: datetime, level: Level, home: Home,
        known: Usual, say: Saying = ENGLISH,
    ) -> Picture:  # fmt: skip
        drawn = picture(id_, title, spans, start, end, level, home.timezone, say)
        usual = known.mounds(start, end, level, home.timezone)
        return replace(drawn, usual=usual, usually=known.words(level, say))
