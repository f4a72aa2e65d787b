"""The daily test press: it goes the whole way of a press, is timed hop by hop, and calls nobody.

It is put where a pendant's callback puts a press, so that what carries a call for help is what is tried.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import structs

from edge.clock import Moment
from models.wire import Receipt, Tested

FIRST_AFTER = 600.0
"""Seconds after the start of a kit that never made one: a new home is proved soon."""


class Proving:
    """The last one and when the next is due. `every` is in seconds, 0 for never; seconds handed in are real ones."""

    def __init__(self, every: float, last: datetime | None, started: Moment) -> None:
        self._every, self._last, self._started = timedelta(seconds=every), last, started
        self._asked = self._under_way = False
        self._made_at = 0.0
        self.tested: Tested | None = None

    def ask(self) -> None:
        """The hub wants one now."""
        self._asked = True

    def due(self, moment: Moment, real: float) -> bool:
        """Whether one is to be made now; if so it is under way. One by a clock that is not set would come too often."""
        if self._under_way or not (self._asked or (self._every and moment.trusted and self._is_time(moment))):
            return False
        self._asked, self._under_way = False, True
        self._last, self._made_at = moment.at, real
        return True

    def kept(self, outbox: str, number: int, at: datetime, real: float) -> None:
        self.tested = Tested(outbox, number, at, kept=self._after(real))
        self._under_way = False

    def look(self, is_on_the_way: Callable[[str, int], bool], real: float) -> None:
        """After something was sent: was it this?"""
        one = self.tested
        if one is not None and one.sent is None and one.receipted is None and is_on_the_way(one.outbox, one.number):
            self.tested = structs.replace(one, sent=self._after(real))

    def receipted(self, receipt: Receipt, real: float) -> bool:
        """Whether the hub just receipted it."""
        one = self.tested
        if one is None or one.receipted is not None or receipt.outbox != one.outbox:
            return False
        if not any(first <= one.number <= last for first, last in receipt.numbers):
            return False
        self.tested = structs.replace(one, receipted=self._after(real))
        return True

    def _is_time(self, moment: Moment) -> bool:
        if self._last is None:
            return moment.elapsed - self._started.elapsed >= FIRST_AFTER
        return not timedelta(0) <= moment.at - self._last < self._every

    def _after(self, real: float) -> float:
        return round(real - self._made_at, 4)
