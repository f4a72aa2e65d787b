"""Homes that fell out of hearing together: all of them, and answered together."""

from datetime import timedelta

from hub.store.alerts import Overtaken
from hub.web.access.board import Board
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.shown import Card, Queue
from models.alert import Act, Refused, State
from models.people import Role
from models.privacy import Purpose

HELD = timedelta(minutes=30)
"""Nobody sees to forty homes within three minutes: what is answered together lapses later."""
ACTING = frozenset({Role.OPERATOR, Role.SUPERVISOR})


class OutageDesk:
    def __init__(self, door: Door, board: Board) -> None:
        self._door, self._board = door, board

    def page(self, viewer: Viewer, outage: str) -> tuple[Queue, Card] | None:
        """None once it is over, or was never. Raises Hidden."""
        if viewer.role not in ACTING:
            raise Hidden(outage)
        return self._board.outage(viewer, Purpose.QUEUE, outage)

    def answer(self, viewer: Viewer, outage: str, text: str) -> int:
        """Those that nobody holds are the viewer's for a while, and those that are already for as long again; `text`
        stands in each. How many those are. Raises Hidden, and Refused.
        """
        shown = self.page(viewer, outage)
        if shown is None:
            raise Refused("this outage is over: its homes are heard again, or stand in the queue one by one")
        mine = [one.alert for one in shown[1].rows if one.alert.holder in (None, viewer.login)]
        if not mine:
            raise Refused("others hold all of them already")
        return sum(self._answered(viewer, one.id, one.state, text) for one in mine)

    def _answered(self, viewer: Viewer, alert: int, state: State, text: str) -> bool:
        """Whoever was quicker at one of them keeps it."""
        act = Act.ANSWER if state is State.RAISED else Act.NOTE
        said = text or ("" if act is Act.ANSWER else "Still seen to, with the others of this outage.")
        try:
            self._door.alerts.act(alert, act, viewer.login, self._door.clock.now(), text=said, hold=HELD)
        except (Refused, Overtaken):
            return False
        return True
