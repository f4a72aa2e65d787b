"""Minutes in which a press or a collapse could not have been noticed, from spells that were stored as they began and
ended. Spells may overlap, since several things go wrong at once: a minute counts once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.share import read_share


class Unprotected(StrEnum):
    """Why nothing could have been noticed."""

    HUB_DEAF = "hub_deaf"
    KIT_UNHEARD = "kit_unheard"
    NO_BUTTON = "no_button"
    NO_SENSORS = "no_sensors"
    RADIO = "radio_offline"


SAID: dict[str, str] = {
    Unprotected.HUB_DEAF: "the hub itself could not hear",
    Unprotected.KIT_UNHEARD: "nothing was heard from the home",
    Unprotected.NO_BUTTON: "no pendant or cord reported",
    Unprotected.NO_SENSORS: "no other sensor reported",
    Unprotected.RADIO: "the kit's radio was offline",
}


@dataclass(frozen=True, slots=True)
class Spell:
    """Something lasted from `began` until `ended`, or still does. Without a `home` it is true of every home; or, where
    `sensor` names a share, of the homes that are of it.
    """

    home: str | None
    kind: str
    began: datetime
    ended: datetime | None = None
    sensor: str = ""

    def concerns(self, home: str) -> bool:
        if self.home is None and self.sensor:
            return read_share(self.sensor).owns(home)
        return self.home in {None, home}


def month(words: str, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The month '2026-11' of the home's clock, or that of `now` for ''; not beyond `now`. Raises ValueError."""
    here = ZoneInfo(zone)
    local = now.astimezone(here)
    first = datetime.strptime(words, "%Y-%m").replace(tzinfo=here) if words else local.replace(day=1)
    first = first.replace(hour=0, minute=0, second=0, microsecond=0)
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first.astimezone(UTC), max(min(following.astimezone(UTC), now), first.astimezone(UTC))


def minutes(spells: Iterable[Spell], start: datetime, end: datetime) -> float:
    """How much of the time from `start` to `end` is in any of the spells."""
    within = sorted(
        (max(one.began, start), min(one.ended or end, end))
        for one in spells
        if one.began < end and (one.ended or end) > start
    )
    total, reached = timedelta(0), start
    for began, ended in within:
        if ended > reached:
            total += ended - max(began, reached)
            reached = ended
    return total / timedelta(minutes=1)


def by_reason(spells: Iterable[Spell], start: datetime, end: datetime) -> dict[str, float]:
    """Minutes by kind of spell, the most first. They may add up to more than `minutes`, where two lasted at once."""
    spells = list(spells)
    each = {kind: minutes((one for one in spells if one.kind == kind), start, end) for kind in SAID}
    return {kind: lost for kind, lost in sorted(each.items(), key=lambda one: -one[1]) if lost > 0}
