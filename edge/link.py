"""From the outbox to the hub. Forgets only on the hub's receipt: a broker's acknowledgement is not delivery.

Presses go out alone, at once, past everything that waits. Routine observations go in batches, a few messages at a
time; what was felt around a suspected fall when nothing else is on its way. What is not receipted in time is sent
again, and everything is when the connection is new.
"""

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from edge.outbox import Outbox, Outboxes
from models.observation import Observation
from models.wire import Heartbeat, Leg, Receipt, Trace, Up, encode, ranges, topic

log = logging.getLogger(__name__)

WINDOW = 4
"""Routine messages on their way at once. They share the line with a press, so they are few."""
PATIENT_TRIES = 3
"""A message sent so often without a receipt no longer holds up those behind it."""
AGAIN_AFTER = 5.0
AGAIN_AT_MOST = 15.0
PRESS_AGAIN_AFTER = 1.0
PRESS_AGAIN_AT_MOST = 5.0
"""Real s until a message is sent again; doubles at each try."""
DEAF_PRESS = 5.0
DEAF = 60.0
"""A broker that has left a publish unanswered for so long, in real s, is not there: connect anew."""
PRESSES_AT_ONCE = 200


class Way(Protocol):
    """What the link needs of a connection."""

    @property
    def is_up(self) -> bool: ...
    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool: ...
    def unanswered_for(self) -> float: ...
    def hurry(self) -> None: ...
    def begin_anew(self) -> None: ...


@dataclass(slots=True)
class Sent:
    """One message on its way: the numbers in it that are not receipted, and when it is sent again."""

    numbers: set[int]
    urgent: bool
    again_at: float
    tries: int = 1


@dataclass(slots=True)
class Progress:
    """How far one outbox has been sent since the connection was made."""

    on_the_way: dict[int, Sent] = field(default_factory=dict)
    messages: list[Sent] = field(default_factory=list)
    trace: Sent | None = None
    urgent_after: int = 0
    routine_after: int = 0
    due_to: int = 0


class Link:
    """Driven by the agent's thread: `pump` whenever something happened, with real time in s. Uses `now` for `sent`.

    On each connection only presses go at first; the rest waits until it is `agreed` what may, which may have changed.
    """

    def __init__(self, home: str, outboxes: Outboxes, way: Way, now: Callable[[], datetime], batch_size: int) -> None:
        self._up_topic, self._health_topic = topic(home, Leg.UP), topic(home, Leg.HEALTH)
        self._trace_topic = topic(home, Leg.TRACE)
        self._outboxes, self._way, self._now, self._batch_size = outboxes, way, now, batch_size
        self._progress: dict[str, Progress] = {}
        self._flush_at: float | None = None
        self.agreed = False

    def connected(self, real: float) -> None:
        """Whatever was on its way before may be lost: everything that waits is due."""
        self._progress.clear()
        self._flush_at, self.agreed = real, False

    def kept(self, *, urgent: bool, flush_at: float) -> None:
        """Something new waits; routine observations may wait for company until `flush_at`."""
        if self._flush_at is None or flush_at < self._flush_at:
            self._flush_at = flush_at
        if urgent and not self._way.is_up:
            self._way.hurry()

    def pump(self, real: float) -> None:
        """Send what is due."""
        if not self._way.is_up:
            return
        flush = self._flush_at is not None and self._flush_at <= real
        if flush:
            self._flush_at = None
        for outbox in self._outboxes.all:
            self._pump(outbox, real, flush=flush)
        self._mistrust()

    def next_at(self) -> float | None:
        """Real time at which something will be due, if nothing happens before."""
        if not self._way.is_up:
            return None
        under_way = self._progress.values()
        again = [sent.again_at for progress in under_way for sent in progress.messages]
        again += [progress.trace.again_at for progress in under_way if progress.trace and not progress.messages]
        return min([*again, *([self._flush_at] if self._flush_at is not None else [])], default=None)

    def receipted(self, receipt: Receipt) -> None:
        """Forget what was sent and is receipted; a receipt for anything else forgets nothing."""
        progress = self._progress.get(receipt.outbox)
        if progress is None:
            log.info("a receipt for outbox %.16s, which is none of ours", receipt.outbox)
            return
        numbers = _within(sorted(progress.on_the_way), receipt.numbers)
        if numbers:
            self._outboxes.forget(receipt.outbox, ranges(numbers))
        for number in numbers:
            progress.on_the_way.pop(number).numbers.discard(number)
        progress.messages = [sent for sent in progress.messages if sent.numbers]
        if progress.trace and not progress.trace.numbers:
            progress.trace = None

    def is_on_the_way(self, outbox: str, number: int) -> bool:
        progress = self._progress.get(outbox)
        return progress is not None and number in progress.on_the_way

    def beat(self, heartbeat: Heartbeat) -> bool:
        return self._way.publish(self._health_topic, encode(heartbeat), retain=True)

    def _pump(self, outbox: Outbox, real: float, *, flush: bool) -> None:
        progress = self._progress.setdefault(outbox.name, Progress())
        if flush or outbox.last - max(progress.routine_after, progress.due_to) >= self._batch_size:
            progress.due_to = outbox.last
        self._send_presses(outbox, progress, real)
        self._send_again(outbox, progress, real)
        if self.agreed:
            self._send_routine(outbox, progress, real)
            self._send_trace(outbox, progress, real)

    def _send_presses(self, outbox: Outbox, progress: Progress, real: float) -> None:
        if outbox.last == progress.urgent_after:
            return
        presses = self._rows(outbox, real, lambda one: one.urgent(progress.urgent_after, PRESSES_AT_ONCE))
        if presses is None:
            return
        for press in presses:
            if not self._send(outbox, progress, [press], real, urgent=True):
                return
            progress.urgent_after = press.number
        if len(presses) < PRESSES_AT_ONCE:
            progress.urgent_after = outbox.last

    def _send_again(self, outbox: Outbox, progress: Progress, real: float) -> None:
        for sent in [one for one in progress.messages if one.again_at <= real]:
            first, last = min(sent.numbers), max(sent.numbers)
            rows = self._rows(outbox, real, partial(Outbox.between, first=first, last=last))
            if rows is None:
                return
            again = [row for row in rows if row.number in sent.numbers]
            if not again:
                _give_up(progress, sent)
            elif not self._publish(outbox, again):
                return
            sent.tries += 1
            sent.again_at = real + _patience(sent)

    def _send_routine(self, outbox: Outbox, progress: Progress, real: float) -> None:
        while progress.routine_after < progress.due_to and _room(progress):
            rows = self._rows(outbox, real, lambda one: one.routine(progress.routine_after, self._batch_size))
            if rows is None:
                return
            if not rows:
                progress.routine_after = progress.due_to
            elif self._send(outbox, progress, rows, real, urgent=False):
                progress.routine_after = rows[-1].number
            else:
                return

    def _send_trace(self, outbox: Outbox, progress: Progress, real: float) -> None:
        """One at a time."""
        if not outbox.traces or self._outboxes.urgent_waiting or progress.messages:
            return
        sent = progress.trace
        if sent and sent.again_at > real:
            return
        held = self._outboxes.ask(outbox, Outbox.first_trace, otherwise=None)
        if held is None:
            return
        when = (held.at, held.cut.begins, held.cut.every, held.cut.mg, held.clock_trusted)
        trace = Trace(outbox.name, self._now(), held.number, held.sensor, *when)
        if not self._way.publish(self._trace_topic, encode(trace)):
            return
        if sent is None or held.number not in sent.numbers:
            sent = progress.trace = Sent({held.number}, urgent=False, again_at=real, tries=0)
            progress.on_the_way[held.number] = sent
        sent.tries += 1
        sent.again_at = real + _patience(sent)

    def _send(
        self, outbox: Outbox, progress: Progress, rows: Sequence[Observation], real: float, *, urgent: bool
    ) -> bool:
        if not self._publish(outbox, rows):
            return False
        sent = Sent({row.number for row in rows}, urgent, real)
        sent.again_at = real + _patience(sent)
        progress.messages.append(sent)
        progress.on_the_way.update(dict.fromkeys(sent.numbers, sent))
        return True

    def _publish(self, outbox: Outbox, rows: Sequence[Observation]) -> bool:
        return self._way.publish(self._up_topic, encode(Up(outbox.name, self._now(), tuple(rows))))

    def _rows(
        self, outbox: Outbox, real: float, question: Callable[[Outbox], list[Observation]]
    ) -> list[Observation] | None:
        """None when the card failed: nothing may be taken for sent then, and it is asked again soon."""
        rows = self._outboxes.ask(outbox, question, otherwise=None)
        if rows is None:
            self._flush_at = real + AGAIN_AFTER
        return rows

    def _mistrust(self) -> None:
        limit = DEAF_PRESS if self._outboxes.urgent_waiting else DEAF
        if self._way.unanswered_for() > limit:
            log.warning("the hub's broker has not answered for %g s: connecting anew", limit)
            self._way.begin_anew()


def _give_up(progress: Progress, sent: Sent) -> None:
    """The outbox had to let go of all of it: the card was full."""
    progress.messages.remove(sent)
    for number in sent.numbers:
        del progress.on_the_way[number]


def _room(progress: Progress) -> bool:
    holding = sum(not sent.urgent and sent.tries <= PATIENT_TRIES for sent in progress.messages)
    return holding < WINDOW


def _patience(sent: Sent) -> float:
    first, most = (PRESS_AGAIN_AFTER, PRESS_AGAIN_AT_MOST) if sent.urgent else (AGAIN_AFTER, AGAIN_AT_MOST)
    return min(first * 2.0 ** (min(sent.tries, 10) - 1), most)


def _within(numbers: Sequence[int], receipted: Iterable[tuple[int, int]]) -> set[int]:
    """Those of the sorted `numbers` that lie in one of the inclusive ranges."""
    return {
        number
        for first, last in receipted
        for number in numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]
    }
