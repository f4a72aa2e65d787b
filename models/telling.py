"""Every text that is told to a relative about how things are, by key, so that another language is another table."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from models.glimpse import At, Grain
from models.hours import local, part_of

EN: Mapping[str, str] = MappingProxyType(
    {
        # How things are: the first sentence
        "private": "{called} is not sharing with you at the moment",
        "private.still": "A call for help still reaches the contact centre, and they ring you where that was agreed.",
        "checking": "The contact centre is checking on {called}",
        "checking.since": "The contact centre is looking into an alert since {at}",
        "unheard": "We cannot hear the home, because {why}",
        "unheard.since": "We have not heard the home since {at}, because {why}",
        "unknown": "We cannot say how things are",
        "well": "We have seen nothing unusual today",
        "well.now": "All is well now",
        "up": "{called} was up {at}",
        "up.compared": "{called} was up {at}, {compared}",
        "in_bed": "{called} is in bed",
        "in_bed.since": "{called} has been in bed since {at}",
        "out": "{called} is probably out",
        "out.since": "{called} has probably been out since {at}",
        "quiet": "All quiet; nothing unusual",
        "quiet.since": "All quiet since {at}; nothing unusual",
        "about": "{called} is up and about",
        "part.in_bed": "{called} was mostly in bed {part}",
        "part.out": "{called} was mostly out {part}",
        "part.up": "{called} was up and about {part}",
        "part.quiet": "Quiet {part}; nothing unusual",
        # What goes with it
        "out.because": "The front door was the last that moved.",
        "out.today": "Probably out since {at}.",
        "last": "Last sign {at}.",
        "last.room": "Last sign {at}, in the {room}.",
        "last.before": "The last sign before that was {at}.",
        "due": "Next expected by {at}.",
        "up.too": "Up {at}.",
        "looked_into": "The contact centre looked into something today, and has finished.",
        "meanwhile": "Until it is heard again we know nothing of {called}.",
        "reaches": "A press still reaches us.",
        "reaches.mobile": "A press still reaches us by mobile.",
        "lack.stopped": "Our own watch has stopped. It is being looked into.",
        "lack.nothing": "The home is heard, but has told us nothing so far.",
        "lack.behind": "Our own watch is behind. We are looking into it.",
        "lack.not_come": "What we would expect has not come. We are looking into it.",
        "on_mobile": "The home's broadband is out; it reaches us by mobile.",
        # A morning beside others
        "compared.earliest": "earlier than on any morning of the last weeks",
        "compared.earlier": "earlier than usual but within the normal range",
        "compared.usual": "about as usual",
        "compared.later": "later than usual but within the normal range",
        "compared.latest": "later than on any morning of the last weeks",
        # Moments
        "minute.today": "{clock}",
        "minute.last_night": "{clock} last night",
        "minute.yesterday": "{clock} yesterday",
        "minute.day": "{clock} on {day}",
        "half_hour": "about {moment}",
        "part.this.morning": "this morning",
        "part.this.afternoon": "this afternoon",
        "part.this.evening": "this evening",
        "part.this.night": "tonight",
        "part.yesterday.morning": "yesterday morning",
        "part.yesterday.afternoon": "yesterday afternoon",
        "part.yesterday.evening": "yesterday evening",
        "part.yesterday.night": "last night",
        "part.day": "on {day}",
        "at": "at {moment}",
        # Notices
        "notice.digest.subject": "Nightlight: the day",
        "notice.bed.subject": "Nightlight: the evening",
        "notice.bed": "{called} went to bed {at}, and all is quiet.",
        "notice.bed.quiet": "All quiet since {since}: {called} has probably gone to bed.",
        "notice.bed.not": "We have not noticed that {called} went to bed. {sentence}",
        "notice.open": "Open to see.",
        "wanted.open": "You are wanted. Open to see.",
        # Why a home is not heard
        "why.power": "its mains power is off",
        "why.path": "its connection dropped",
        "why.kit": "its kit stopped",
        "why.backlog": "its kit is heard, but its observations have not arrived",
        "why.never": "its kit was never heard",
    }
)

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": EN})
"""By language. A key that a language lacks is said in English rather than not at all."""


def say(key: str, language: str = "en", **given: object) -> str:
    """Raises KeyError for a key that no language has, or for words that are missing in `given`."""
    return TEXTS.get(language, EN).get(key, EN[key]).format(**given)


def moment_in_words(at: At, now: datetime, zone: str, language: str = "en") -> str:
    """'07:40', 'about 07:30', 'this morning': no finer than its grain."""
    here, days = local(at.at, zone), (local(now, zone).date() - local(at.at, zone).date()).days
    if at.grain is Grain.PART:
        return _part_in_words(at.at, now, zone, language)
    clock, on = f"{here:%H:%M}", f"{here:%a %-d %b}"
    past = {0: "today", 1: "last_night" if here.hour >= 18 else "yesterday"}.get(days, "day")
    said = say(f"minute.{past}", language, clock=clock, day=on)
    return say("half_hour", language, moment=said) if at.grain is Grain.HALF_HOUR else said


def _part_in_words(at: datetime, now: datetime, zone: str, language: str) -> str:
    """A night belongs to the day before its midnight."""
    part = part_of(at, zone)
    days = (_night_of(now, zone) - _night_of(at, zone)).days
    if part == "night" and days == 1 and part_of(now, zone) != "night":
        return say("part.yesterday.night", language)
    which = {0: "this", 1: "yesterday"}.get(days)
    return say(f"part.{which}.{part}", language) if which else say("part.day", language, day=f"{local(at, zone):%A}")


def _night_of(at: datetime, zone: str) -> datetime:
    """The day whose night it is: until six in the morning it is the one before."""
    here = local(at, zone).replace(tzinfo=None)
    day = here - timedelta(days=1) if here.hour < 6 else here
    return day.replace(hour=0, minute=0, second=0, microsecond=0)
