"""Somebody by name, for the contact centre: who rings it rings about a person, mostly while no alert is open."""

from dataclasses import dataclass

from hub.web.access.door import Door, Viewer
from models.people import Resident
from models.privacy import Data, Purpose

LEAST = 3
"""Letters, so that nobody leafs through all who are looked after."""
MOST = 20


@dataclass(frozen=True, slots=True)
class Sought:
    """Who was found; `more` who were not shown."""

    people: tuple[tuple[Resident, str], ...] = ()
    more: int = 0
    too_short: bool = False


class SeekingDesk:
    def __init__(self, door: Door) -> None:
        self._door = door

    def people(self, viewer: Viewer, find: str) -> Sought:
        """With the area of their home. Each name that is shown is a look on record. Raises Hidden."""
        shown, sought = self._door.shown(viewer, Purpose.QUEUE, (Data.PERSON,)), find.strip().casefold()
        if len(sought) < LEAST:
            return Sought(too_short=bool(sought))
        everybody = self._door.desk(viewer).all("residents").values()
        found = sorted((one for one in everybody if _fits(one, sought)), key=lambda one: one.name)
        homes = self._door.all_homes(viewer)
        for one in found[:MOST]:
            self._door.look(viewer, Purpose.QUEUE, one.home, shown, about="looked for by name")
        return Sought(tuple((one, homes[one.home].area) for one in found[:MOST]), max(len(found) - MOST, 0))


def _fits(one: Resident, sought: str) -> bool:
    return sought in f"{one.name} {one.called}".casefold() or sought == one.home.casefold()
