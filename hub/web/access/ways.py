"""Ways to reach people that do not work, and a disk that is full: faults of the hub itself, which every council's
contact centre sees.
"""

from datetime import datetime, timedelta

from hub.store.ways import DISK, WayFault, Ways
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.responding import WAYS
from hub.web.access.said import zone_of
from hub.web.shown import BrokenWay
from models.alert import Refused
from models.people import Role

HELD = timedelta(hours=1)
"""Mending a mail server takes longer than an answer; then whoever took it is asked again, and so is everybody."""
LATELY = 100
ACTING = frozenset({Role.OPERATOR, Role.SUPERVISOR})
ANOTHER = "another contact centre on this hub"


class WayDesk:
    def __init__(self, door: Door) -> None:
        self._door, self._ways = door, Ways(door.records.engine)

    def broken(self, council: str) -> tuple[BrokenWay, ...]:
        """Those that do not work now, for the queue of a council."""
        now = self._door.clock.now()
        return tuple(self._shown(one, council, now) for one in self._ways.broken())

    def latest(self, viewer: Viewer) -> tuple[datetime, str, tuple[BrokenWay, ...]]:
        """Standing or over, newest first, with what time it is where. Raises Hidden."""
        self._acting(viewer)
        now = self._door.clock.now()
        shown = tuple(self._shown(one, viewer.council, now) for one in self._ways.latest(LATELY))
        return now, zone_of(self._door.homes(viewer).values()), shown

    def take(self, viewer: Viewer, fault: int) -> None:
        """Raises Hidden, and Refused."""
        self._acting(viewer)
        now = self._door.clock.now()
        if not self._ways.take(fault, viewer.login, viewer.council, now, now + HELD):
            raise Refused("it works again, or somebody else sees to it already")

    def _acting(self, viewer: Viewer) -> None:
        if viewer.role not in ACTING:
            raise Hidden("ways")

    def _shown(self, fault: WayFault, council: str, now: datetime) -> BrokenWay:
        who = self._door.names().get(fault.holder, fault.holder) if fault.council == council else ANOTHER
        who, held = who if fault.holder else "", fault.held(now)
        disk = fault.transport == DISK
        return BrokenWay(
            fault.id,
            "the hub's disk" if disk else WAYS.get(fault.transport, fault.transport),
            fault.began,
            fault.failures,
            fault.why,
            who if held else "",
            "" if held else who,
            fault.ended,
            disk,
        )
