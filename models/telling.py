"""What is told to residents and their people, by key and in their language: the texts stand in models/languages/."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.glimpse import At, Grain
from models.hours import clock, local, part_of
from models.languages import TEXTS

EN = TEXTS["en"]


def say(key: str, language: str = "en", **given: object) -> str:
    """In English where a language is not known. Raises KeyError for a key that no language has, or for words that are
    missing in `given`.
    """
    return TEXTS.get(language, EN).get(key, EN[key]).format(**given)


@dataclass(frozen=True, slots=True)
class Saying:
    """Everything that a page says, in one language."""

    language: str = "en"

    def __call__(self, key: str, **given: object) -> str:
        return say(key, self.language, **given)

    def when(self, at: datetime, now: datetime, zone: str) -> str:
        return moment_in_words(At(at, Grain.MINUTE), now, zone, self.language)

    def date(self, at: datetime) -> str:
        return date_in_words(at, self.language)

    def day(self, at: datetime, zone: str) -> str:
        return day_in_words(local(at, zone), self.language)

    def clock(self, at: datetime, zone: str) -> str:
        return clock(at, zone)

    def place(self, room: str) -> str:
        return place_in_words(room, self.language)

    def times(self, count: int) -> str:
        return self({1: "times.1", 2: "times.2"}.get(count, "times"), count=count)

    def listed(self, words: Sequence[str]) -> str:
        return listed_in_words(words, self.language)


def moment_in_words(at: At, now: datetime, zone: str, language: str = "en") -> str:
    """'07:40', 'about 07:30', 'this morning': no finer than its grain."""
    here, days = local(at.at, zone), (local(now, zone).date() - local(at.at, zone).date()).days
    if at.grain is Grain.PART:
        return _part_in_words(at.at, now, zone, language)
    clock, on = f"{here:%H:%M}", date_in_words(here, language, short=True)
    past = {0: "today", 1: "last_night" if here.hour >= 18 else "yesterday"}.get(days, "day")
    said = say(f"minute.{past}", language, clock=clock, day=on)
    return say("half_hour", language, moment=said) if at.grain is Grain.HALF_HOUR else said


def date_in_words(here: date, language: str = "en", *, short: bool = False) -> str:
    """'21 November 2026', or 'Sat 21 Nov', by the clock that `here` is in."""
    if short:
        weekday, month = say(f"weekday.{here.weekday()}", language), say(f"month.short.{here.month}", language)
        return say("date.short", language, weekday=weekday, day=here.day, month=month)
    return say("date", language, day=here.day, month=say(f"month.{here.month}", language), year=here.year)


def day_in_words(here: datetime, language: str = "en") -> str:
    """'Saturday 21 November'."""
    weekday, month = say(f"weekday.long.{here.weekday()}", language), say(f"month.{here.month}", language)
    return say("date.short", language, weekday=weekday, day=here.day, month=month)


def where_in_words(room: str, language: str = "en") -> str:
    """'in the kitchen'. A room of a name of its own is called by that."""
    key = f"room.{room}"
    return say(key, language) if key in EN else say("room", language, room=room.replace("_", " "))


def place_in_words(room: str, language: str = "en") -> str:
    """'kitchen'."""
    key = f"place.{room}"
    return say(key, language) if key in EN else room.replace("_", " ")


def listed_in_words(words: Sequence[str], language: str = "en") -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(words) < 2:
        return "".join(words)
    return say("listed", language, first=", ".join(words[:-1]), last=words[-1])


def plural(count: int, one: str, many: str | None = None) -> str:
    """For those who work with it: in English."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def _part_in_words(at: datetime, now: datetime, zone: str, language: str) -> str:
    """A night belongs to the day before its midnight."""
    part = part_of(at, zone)
    days = (_night_of(now, zone) - _night_of(at, zone)).days
    if part == "night" and days == 1 and part_of(now, zone) != "night":
        return say("part.yesterday.night", language)
    if part == "night" and days == 1:
        return say("part.night_before", language)
    which = {0: "this", 1: "yesterday"}.get(days)
    if which is None:
        return say("part.day", language, day=say(f"on_weekday.{local(at, zone).weekday()}", language))
    return say(f"part.{which}.{part}", language)


def _night_of(at: datetime, zone: str) -> datetime:
    """The day whose night it is: until six in the morning it is the one before."""
    here = local(at, zone).replace(tzinfo=None)
    day = here - timedelta(days=1) if here.hour < 6 else here
    return day.replace(hour=0, minute=0, second=0, microsecond=0)
