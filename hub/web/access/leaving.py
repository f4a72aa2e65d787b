"""When somebody leaves the service: what ends with it, shown before it is done; by an administrator alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.store import leaving
from hub.store.leaving import Leaving, StillOpen
from hub.store.register import Overtaken
from hub.web.access.accounts import mark
from hub.web.access.door import Door, Hidden, Viewer
from models.alert import Refused
from models.home import Home
from models.leaving import Ends, Why
from models.people import Resident
from models.privacy import Data, Purpose

MEANWHILE = "somebody else changed this meanwhile: what stands there now is shown"


@dataclass(frozen=True, slots=True)
class Left:
    """`seen` marks how the record stood when the form was shown; `kits` are certificates by which its kit may speak."""

    resident: Resident
    home: Home
    now: datetime
    seen: str
    ends: Ends
    kits: int


class LeavingDesk:
    def __init__(self, door: Door) -> None:
        self._door, self._engine = door, door.records.engine

    def page(self, viewer: Viewer, resident_id: str) -> Left:
        """Raises Hidden."""
        resident, home = self._found(viewer, resident_id)
        found = leaving.ends(self._engine, resident)
        kits = len(self._kits(home.id)) if found.last else 0
        return Left(resident, home, self._door.clock.now(), mark(resident), found, kits)

    def leave(self, viewer: Viewer, resident_id: str, why: str, seen: str) -> None:
        """Raises Hidden, and Refused with what has to be done first; then nothing has ended."""
        resident, home = self._found(viewer, resident_id)
        if resident.ended is not None:
            raise Refused("that is on record already")
        if why not in set(Why):
            raise Refused("say why: it is what everybody will read who opens an older alert")
        if mark(resident) != seen:
            raise Refused(MEANWHILE)
        now, real = self._door.clock.now(), self._door.real()
        try:
            ended = leaving.leave(self._engine, Leaving(resident, home, Why(why), now, real, viewer.login))
        except StillOpen as still:
            raise Refused(f"alert {still} about them is open: it has to be closed at the console first") from still
        except Overtaken as other:
            raise Refused(MEANWHILE) from other
        if ended.last and self._door.depot is not None and self._kits(home.id):
            self._door.depot.authority.revoke(home.id, viewer.login, real)

    def come_back(self, viewer: Viewer, resident_id: str, seen: str) -> None:
        """Raises Hidden, and Refused."""
        resident, home = self._found(viewer, resident_id)
        if resident.ended is None or mark(resident) != seen:
            raise Refused(MEANWHILE)
        try:
            leaving.come_back(self._engine, resident, home, viewer.login, self._door.clock.now())
        except Overtaken as other:
            raise Refused(MEANWHILE) from other

    def _found(self, viewer: Viewer, resident_id: str) -> tuple[Resident, Home]:
        shown = self._door.shown(viewer, Purpose.ADMINISTER, (Data.PERSON, Data.CONTACTS, Data.ADDRESS))
        resident = self._door.records.resident(resident_id)
        if resident is None:
            raise Hidden(f"resident {resident_id}")
        home = self._door.home(viewer, resident.home)
        self._door.look(viewer, Purpose.ADMINISTER, home.id, shown, at_most=timedelta(minutes=10))
        return resident, home

    def _kits(self, home: str) -> list[str]:
        if self._door.depot is None:
            return []
        return [
            one.serial for one in self._door.depot.authority.ledger() if one.home == home and one.revoked_at is None
        ]
