"""Reads a sentence as a person would, and the recording as it is: whatever in one is not in the other is named.

Written apart from what makes the sentences. A recording's clock is taken as UTC, so a time in a text is one of that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from models.detection.batch import Bools, Floats, Ints

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
HALF = 30 * MINUTE
DEAF_FOR = 180.0
PART_HOURS = {"morning": (6, 12), "afternoon": (12, 18), "evening": (18, 22), "night": (22, 30)}
CLOCK = r"((?:about )?\d\d:\d\d(?: last night| yesterday| on \w{3} \d+ \w{3})?)"
SOMEWHERE = r"(?:probably |mostly |been )*(?:up|out|in bed|in the chair)\b"
OF_ONE = rf"(?!Somebody |The home)\w.* (?:was|is|has|may have) {SOMEWHERE}.*|(?:Probably up|Up) .*"
"""What is said of one person, whoever that is."""
WHEN = rf"({CLOCK}|(?:this|yesterday) \w+|tonight|last night|the night before|on \w+day)"


@dataclass(frozen=True, slots=True)
class Record:
    """Signs of life in order of time (s since 1970), the sensor of each, and of each sensor its room and whether it is
    a way out; `deaf` are the spells in which nothing arrived, what was noticed in them coming at the end. `people` live
    there, and `others` (visitors, a pet) may have been what was noticed.
    """

    at: Floats
    sensor: Ints
    rooms: tuple[str, ...]
    way_out: Bools
    deaf: tuple[tuple[float, float], ...]
    people: int = 1
    others: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A moment as a text says it: somewhere from `low` to `high` (s since 1970)."""

    low: float
    high: float

    def holds(self, moment: float) -> bool:
        return self.low <= moment < self.high


def contradictions(text: str, level: str, now: datetime, record: Record, alerts: tuple[bool, bool]) -> list[str]:
    """What in `text` is not so, at `now`. `alerts` says whether one is open, and whether one was closed today."""
    return [*_leaks(text, level, record), *_Read(text, now.timestamp(), record, alerts).wrong()]


def kept_promise(text: str, now: datetime, record: Record) -> bool | None:
    """Whether the next sign came by when the text expected it; None where it expected nothing."""
    found = re.search(rf"Next expected by {CLOCK}\.", text)
    if not found:
        return None
    due = _to_come(found[1], now.timestamp())
    following = record.at[np.searchsorted(record.at, now.timestamp(), "right") :]
    return bool(len(following) and following[0] < due.high)


def _leaks(text: str, level: str, record: Record) -> Iterator[str]:
    minutes = set(re.findall(r"\d\d:(\d\d)", re.sub(r"not heard the home since .*?,", "", text)))
    if level in ("all_is_well", "parts_of_day") and minutes:
        yield "a clock time"
    if level == "rooms" and minutes - {"00", "30"}:
        yield "a minute"
    if level in ("all_is_well", "parts_of_day") and any(
        f"the {room.replace('_', ' ')}" in text for room in record.rooms
    ):
        yield "a room"
    if level == "all_is_well" and re.search(r"morning|afternoon|evening|night|bed|\bout ", text):
        yield "a part of the day"


class _Read:
    def __init__(self, text: str, now: float, record: Record, alerts: tuple[bool, bool]) -> None:
        self.text, self.now, self.record = text, now, record
        self.open, self.closed = alerts
        self.deaf_since = next((a for a, b in record.deaf if a <= now < b), None)
        until = self.deaf_since if self.deaf_since is not None else now
        self.count = int(np.searchsorted(record.at, until, "left"))
        self.at, self.sensor = record.at[: self.count], record.sensor[: self.count]

    def wrong(self) -> Iterator[str]:
        if self.open != bool(re.search(r"contact centre (was|has been) alerted about", self.text)):
            yield "an alert is open or is not, and the text says otherwise"
        if self.open:
            return
        unheard = self.deaf_since is not None and self.now - self.deaf_since > DEAF_FOR
        if unheard != ("not heard the home" in self.text):
            yield "the home is heard or is not, and the text says otherwise"
        if unheard:
            yield from self._unheard()
            return
        if "cannot say" in self.text:
            return
        yield from self._clauses()

    def _unheard(self) -> Iterator[str]:
        found = re.search(rf"since {CLOCK}, because", self.text)
        assert self.deaf_since is not None
        if not found or not self._past(found[1]).holds(self.deaf_since):
            yield "since when it is not heard"
        if re.search("unusual|All is well|was up|expected|All quiet", self.text):
            yield "dressed up"
        if found := re.search(rf"The last sign before that was {WHEN}\.", self.text):
            yield from self._last_is(found[1])

    def _clauses(self) -> Iterator[str]:
        """Each sentence has to be understood; one that is not is named too."""
        for one in re.split(r"(?<=\.) (?=[A-Z])", self.text):
            yield from self._whose(one)
            for pattern, check in self._known().items():
                if found := re.fullmatch(pattern, one):
                    yield from check(*found.groups())
                    break
            else:
                yield f"not understood: '{one}'"

    def _whose(self, one: str) -> Iterator[str]:
        if not re.fullmatch(OF_ONE, one):
            return
        if self.record.people > 1:
            yield f"of one person, where {self.record.people} live: '{one}'"
        elif self.record.others and not re.search("[Pp]robably|may", one):
            yield f"surely of one person, where others may be: '{one}'"

    def _live(self, people: str) -> Iterator[str]:
        if int(people) != self.record.people:
            yield f"{self.record.people} live there"

    def _others_come(self) -> Iterator[str]:
        if not self.record.others:
            yield "nobody else is known of"

    def _known(self) -> dict[str, Callable[..., Iterator[str]]]:
        return {
            rf".+ was (?:probably )?up (?:at )?{WHEN}(?:, (.+))?\.": lambda when, _, how=None: self._up(when, how),
            r"(?:Up|Probably up) early\.": self._up_early,
            rf"(?:Up|Probably up) {WHEN}\.": lambda when, _: self._up(when, None),
            rf"Last sign {WHEN}(?:, in the (.+))?\.": lambda when, _, room=None: self._last(when, room),
            rf"Next expected by {CLOCK}\.": self._due,
            rf"All quiet since {CLOCK}; nothing unusual\.": self._last_is,
            rf".+ (?:has probably|may have) been out since {CLOCK}\.": self._out,
            rf"Nothing has moved at home since the front door at {CLOCK}\.": self._out,
            r"The front door was the last that moved\.": self._door,
            r".+ is (?:probably )?up and about(?: at home)?\.": self._about,
            r".+ was (?:probably )?up and about (?:at home )?(.+)\.": self._part_about,
            r"Quiet (.+); nothing unusual\.": lambda part: self._part(part, -0.01, 0.3, "quiet"),
            r".+ was mostly out (.+)\.": self._mostly_out,
            r".+ may have been out for most of (.+)\.": self._mostly_out,
            r"The front door was the last that moved for most of (.+)\.": self._mostly_out,
            r"In all, (\d+) people live there\.": self._live,
            r"Carers or others come in, so movement may be a visitor's\.": self._others_come,
            r"A pet there may set off sensors\.": self._others_come,
            r"We have seen nothing unusual today\.": self._nothing_unusual,
            r"All is well now\.": self._was_looked_into,
            r"The contact centre looked into something today, and has finished\.": self._was_looked_into,
        }

    def _nothing_unusual(self) -> Iterator[str]:
        if self.closed:
            yield "something was looked into today"

    def _was_looked_into(self) -> Iterator[str]:
        if not self.closed:
            yield "nothing was looked into today"

    def _last(self, when: str, room: str | None) -> Iterator[str]:
        yield from self._last_is(when)
        here = self.record.rooms[int(self.sensor[-1])].replace("_", " ")
        if room is not None and room != here:
            yield f"the last sign was in the {here}"

    def _last_is(self, when: str) -> Iterator[str]:
        if not self.count or not self._past(when).holds(float(self.at[-1])):
            yield f"the last sign was {self._clock(float(self.at[-1])) if self.count else 'never'}"

    def _out(self, when: str) -> Iterator[str]:
        yield from self._last_is(when)
        yield from self._door()

    def _door(self) -> Iterator[str]:
        if not self.record.way_out[int(self.sensor[-1])]:
            yield "the last sign was not a way out"

    def _about(self) -> Iterator[str]:
        if self.now - float(self.at[-1]) > 46 * MINUTE:
            yield "nobody stirred lately"

    def _due(self, when: str) -> Iterator[str]:
        if _to_come(when, self.now).high <= self.now:
            yield "expected in the past"

    def _up(self, when: str, how: str | None) -> Iterator[str]:
        today = np.floor(self.now / DAY) * DAY + 4 * HOUR
        today -= DAY if self.now < today else 0
        up = _first_stretch(self.at, today, self.now)
        if up is None:
            yield "nobody was up yet"
        elif not self._past(when).holds(up):
            yield f"up at {self._clock(up)}"
        elif how:
            yield from self._compared(up, today, how)

    def _up_early(self) -> Iterator[str]:
        today = np.floor(self.now / DAY) * DAY + 4 * HOUR
        up = _first_stretch(self.at, today - (DAY if self.now < today else 0), self.now)
        if up is None or (up % DAY) >= 6 * HOUR:
            yield "not up before six"

    def _compared(self, up: float, today: float, how: str) -> Iterator[str]:
        others = [self._morning(today - back * DAY) for back in range(1, 29)]
        minutes = np.array([(one % DAY) // MINUTE for one in others if one is not None])
        mine = (up % DAY) // MINUTE
        if len(minutes) < 7:
            yield "too few mornings are known"
            return
        earlier, later = float(np.mean(minutes < mine)), float(np.mean(minutes > mine))
        within = minutes.min() - 15 <= mine <= minutes.max() + 15
        held = {
            "earlier than on any morning of the last weeks": later == 1,
            "earlier than usual but within the normal range": later > 0.5 and within,
            "about as usual": within and np.mean(minutes < mine - 15) <= 0.85 and np.mean(minutes > mine + 15) <= 0.85,
            "later than usual but within the normal range": earlier > 0.5 and within,
            "later than on any morning of the last weeks": earlier == 1,
        }
        if not held.get(how, False):
            yield f"of {len(minutes)} mornings {earlier:.0%} were earlier and {later:.0%} later"

    def _morning(self, start: float) -> float | None:
        """When somebody was up on the day that begins then, if the record has all of it and they had not been out."""
        if start < self.record.at[0]:
            return None
        up = _first_stretch(self.record.at, start, start + DAY)
        if up is None or any(a < up and b > start for a, b in self.record.deaf):
            return None
        return None if self._out_until(up) else up

    def _out_until(self, up: float) -> bool:
        before = int(np.searchsorted(self.record.at, up, "left")) - 1
        long_ago = before >= 0 and up - float(self.record.at[before]) > 45 * MINUTE
        return long_ago and bool(self.record.way_out[int(self.record.sensor[before])])

    def _part(self, part: str, least: float, most: float, what: str) -> Iterator[str]:
        """The share of the part so far that lay within three quarters of an hour after a sign."""
        said = self._past(part)
        begin, end = said.low, min(said.high, self.now)
        share = _lively(self.at, begin, end, ~self.record.way_out[self.sensor] if what == "quiet" else None)
        if not least <= share <= most:
            yield f"{what}, when {share:.0%} of it lay close after a sign of life"

    def _part_about(self, part: str) -> Iterator[str]:
        yield from self._part(part, 0.2, 1.01, "up and about")

    def _mostly_out(self, part: str) -> Iterator[str]:
        said = self._past(part)
        share = _lively(self.at, said.low, min(said.high, self.now), ~self.record.way_out[self.sensor])
        if share > 0.5:
            yield f"out, when in {share:.0%} of it the last sign was one indoors shortly before"

    def _past(self, words: str) -> Claim:
        if re.search(r"\d\d:\d\d", words):
            return _clock_claim(words, self.now)
        if words == "tonight":
            return self._hours("night", 0 if self.now % DAY >= 22 * HOUR else -1)
        if words == "the night before":
            return self._hours("night", -2 if self.now % DAY < 6 * HOUR else -1)
        if words == "last night":
            return self._hours("night", -1)
        which, _, part = words.partition(" ")
        if which == "on":
            return Claim(self.now - 8 * DAY, self.now - DAY / 4)
        back = -1 if self.now % DAY < 6 * HOUR else 0
        return self._hours(part, back - (which == "yesterday"))

    def _hours(self, part: str, back: int) -> Claim:
        midnight, (begin, end) = np.floor(self.now / DAY) * DAY + back * DAY, PART_HOURS[part]
        return Claim(midnight + begin * HOUR, midnight + end * HOUR)

    def _clock(self, moment: float) -> str:
        return f"{datetime.fromtimestamp(moment, UTC):%a %H:%M:%S}"


def _first_stretch(at: Floats, start: float, until: float) -> float | None:
    """Where the first run of signs began that lasts a quarter of an hour without a gap over three quarters."""
    mine = at[(at >= start) & (at < until)]
    if not len(mine):
        return None
    runs = np.split(mine, np.flatnonzero(np.diff(mine) > 45 * MINUTE) + 1)
    return next((float(run[0]) for run in runs if run[-1] - run[0] >= 15 * MINUTE), None)


def _lively(at: Floats, begin: float, end: float, counts: Bools | None = None) -> float:
    """The share of the time in which the last sign is three quarters of an hour ago at most, and one that counts."""
    grid = np.arange(begin, end, MINUTE)
    if not len(grid) or not len(at):
        return 0.0
    before = np.searchsorted(at, grid, "right") - 1
    since = np.where(before >= 0, grid - at[np.maximum(before, 0)], np.inf)
    close = since <= 45 * MINUTE
    return float(np.mean(close if counts is None else close & counts[np.maximum(before, 0)]))


def _clock_claim(words: str, now: float) -> Claim:
    hour, minute = map(int, re.findall(r"(\d\d):(\d\d)", words)[0])
    there = datetime.fromtimestamp(now, UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    if words.endswith(("last night", "yesterday")):
        there -= timedelta(days=1)
    if on := re.search(r"on \w{3} (\d+) (\w{3})", words):
        day = datetime.strptime(f"{on[1]} {on[2]} {there.year}", "%d %b %Y").replace(tzinfo=UTC)
        there = there.replace(month=day.month, day=day.day)
    moment = there.timestamp()
    return Claim(moment - HALF, moment + HALF) if "about" in words else Claim(moment, moment + MINUTE)


def _to_come(words: str, now: float) -> Claim:
    """'22:31' of a moment to come; the text names the day where it is not today's."""
    return _clock_claim(words, now)
