"""What a relative wants to be told without asking, and when that is due: by default one notice a day, and no more.

An alert's own calls are no notices: whom they reach, and when, stands in the response plan.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from models.day import QUIET_AFTER, Seen
from models.glimpse import At, Glimpse, Grain, Tone
from models.home import Home
from models.hours import local
from models.observation import SensorKind, What
from models.people import POST, PUSH, READ_ALOUD, SPOKEN_CALL, TOLD_BY, WEB_PUSH, Address, Telling
from models.sentence import sentence
from models.telling import moment_in_words, say


class NoticeKind(StrEnum):
    DIGEST = "digest"
    BED = "bed"
    LETTER = "letter"
    REVIEW = "review"
    POSTING = "posting"


EVENING_FROM, NIGHT_UNTIL = 19, 4
"""Hours of the home's clock between which somebody goes to bed."""
LETTERS_FROM = 8
"""The hour of a Monday from which the letter of that week is due."""
LATE_LETTER = timedelta(days=2)
BED_BY = 1
"""By this hour whoever waits for that word is told how things are instead."""
IN_BED_FOR = timedelta(minutes=15)
EMAIL = "email"
SILENT_WAYS = frozenset({WEB_PUSH, EMAIL})
"""Ways that can tell without a sound, in quiet hours."""
IF_CHOSEN = (SPOKEN_CALL, POST)
"""Nobody is rung up, or sent letters, who did not choose that."""
NOTICE_WAYS = (EMAIL, "sms", PUSH, *IF_CHOSEN)
"""Beside browsers, in the order of somebody's addresses."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a contact chose: how they call the resident ('' is as on record), a digest a day at an hour, a word when
    the resident has gone to bed, by which transport ('' is whichever works first; by post the digest is a letter a
    week), and from when until when nothing but an alert may make a sound. Hours are of the home's clock. In which
    language ('' is as on record), and with `aloud` in a voice beside the words.
    """

    called: str = ""
    digest: bool = True
    digest_hour: int = 18
    bed: bool = False
    way: str = ""
    quiet_from: int = 22
    quiet_until: int = 7
    language: str = ""
    aloud: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A notice for which it is time by the clock; `day` names it, so that no day has two of a kind."""

    kind: NoticeKind
    day: date


def in_quiet_hours(chosen: Preferences, now: datetime, zone: str) -> bool:
    return _is_quiet(chosen, local(now, zone).hour)


def _is_quiet(chosen: Preferences, hour: int) -> bool:
    begin, end = chosen.quiet_from, chosen.quiet_until
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def never_comes(chosen: Preferences) -> bool:
    """A digest at an hour from which on all that is left of the day is quiet."""
    hours = range(chosen.digest_hour, 24)
    return chosen.digest and chosen.way != POST and all(_is_quiet(chosen, hour) for hour in hours)


def candidates(chosen: Preferences, now: datetime, zone: str) -> list[Candidate]:
    """What may be due now; a digest that was missed is still told that day, outside quiet hours."""
    here, found = local(now, zone), []
    if chosen.digest and chosen.way == POST:
        found.append(letter_due(now, zone))
    elif chosen.digest and here.hour >= chosen.digest_hour and not in_quiet_hours(chosen, now, zone):
        found.append(Candidate(NoticeKind.DIGEST, here.date()))
    if chosen.bed and (here.hour >= EVENING_FROM or here.hour < NIGHT_UNTIL):
        found.append(Candidate(NoticeKind.BED, (here - timedelta(hours=NIGHT_UNTIL)).date()))
    return found


def letter_due(now: datetime, zone: str) -> Candidate:
    """The last that was due: one a week."""
    here = local(now, zone) - timedelta(hours=LETTERS_FROM)
    return Candidate(NoticeKind.LETTER, here.date() - timedelta(days=here.weekday()))


def by_record(telling: Telling) -> Preferences | None:
    """What stands on somebody's record: None, where that is not by which way they are told how things are."""
    way = TOLD_BY.get(telling.manner)
    return Preferences(way=way, aloud=telling.manner == READ_ALOUD) if way else None


def in_force(chosen: Preferences | None, telling: Telling, ways: Iterable[str], *, login: bool) -> Preferences | None:
    """What they chose, else what stands on their record, else a digest a day for whoever has a `login`, to turn it off
    with, and can be reached by one of the `ways` that nobody has to choose. None is nothing.
    """
    by_default = Preferences() if login and in_order(ways, "") else None
    return chosen or by_record(telling) or by_default


def ways_to(addresses: Iterable[Address], set_up: AbstractSet[str], *, browser: bool) -> list[str]:
    """By which notices can come to somebody, of those that are set up here: browsers before addresses."""
    known = [WEB_PUSH] if browser else []
    known += [one.transport for one in addresses if one.transport in NOTICE_WAYS]
    return [way for way in dict.fromkeys(known) if way in set_up]


def in_order(ways: Iterable[str], chosen: str) -> list[str]:
    """The chosen one first, and then the others that a notice may come by."""
    left = [way for way in ways if way == chosen or way not in IF_CHOSEN]
    return sorted(left, key=lambda way: way != chosen)


def bed_time(home: Home, seen: Sequence[Seen], now: datetime) -> datetime | None:
    """Since when the resident has been in bed; without a sensor in it, or where it may be another who lies there, since
    when all has been quiet after a last sign indoors late in the evening. None while that can't be said: quiet after
    somebody got up or pressed may be a fall.
    """
    told = [one for one in seen if one.what in (What.LAY_DOWN, What.GOT_UP)]
    if home.people == 1 and any(sensor.kind is SensorKind.BED for sensor in home.sensors):
        lies = bool(told) and told[-1].what is What.LAY_DOWN and now - told[-1].at >= IN_BED_FOR
        return told[-1].at if lies else None
    last = seen[-1] if seen else None
    if last is None or last.what in (What.GOT_UP, What.PRESSED):
        return None
    if now - last.at < QUIET_AFTER or not _late(last.at, home.timezone):
        return None
    sensor = home.sensor(last.sensor)
    return None if sensor is None or sensor.is_exit else last.at


def overdue(now: datetime, zone: str) -> bool:
    """Whoever waits for a word about going to bed has waited long enough."""
    return BED_BY <= local(now, zone).hour < NIGHT_UNTIL


@dataclass(frozen=True, slots=True)
class Text:
    """What is sent."""

    subject: str
    body: str


def text_of(
    kind: NoticeKind, seen: Glimpse, to_bed: At | None, *, sensed: bool, unshared: bool = False, language: str = "en"
) -> Text:
    """From a glimpse, so that no notice tells more than the reader's page. `to_bed` is when the resident went to bed,
    `sensed` whether a sensor in the bed said so, and `unshared` whether that was in hours that were not shared.
    """
    whole = sentence(seen, language).whole
    if kind is NoticeKind.BED and to_bed is not None and seen.tone is Tone.WELL:
        moment = moment_in_words(to_bed, seen.now, seen.zone, language)
        at = moment if to_bed.grain is Grain.PART else say("at", language, moment=moment)
        key = "notice.bed.home" if seen.people > 1 else "notice.bed" if sensed else "notice.bed.quiet"
        body = say(key, language, called=seen.called, at=at, since=moment, people=seen.people)
        return Text(say("notice.bed.subject", language), body)
    if kind is NoticeKind.BED:
        key = "notice.bed.home.not" if seen.people > 1 else "notice.bed.not"
        not_noticed = say(key, language, called=seen.called, sentence=whole, people=seen.people)
        body = whole if unshared else not_noticed
        return Text(say("notice.bed.subject", language), body)
    return Text(say("notice.digest.subject", language), whole)


def told_in_words(chosen: Preferences | None, language: str = "en") -> list[str]:
    """What goes to a contact by itself, in pieces of a sentence about them."""
    if chosen is None:
        return []
    daily = "letter.told.weekly" if chosen.way == POST else "letter.told.daily"
    said = [say(daily, language, hour=f"{chosen.digest_hour:02}:00")] if chosen.digest else []
    return [*said, say("letter.told.bed", language)] if chosen.bed else said


def _late(at: datetime, zone: str) -> bool:
    hour = local(at, zone).hour
    return hour >= EVENING_FROM or hour < NIGHT_UNTIL
