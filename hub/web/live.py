"""What open pages of the contact centre are told: the queue's changes, an alert's changes, and a beat in between."""

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.web.access import Gate, Viewer
from hub.web.painted import NOTHING, Painted, painted
from hub.web.words import KIND


@dataclass(frozen=True, slots=True)
class Word:
    """For one council: `event` turns the queue that a page shows into the present one, `beat` only says which that is,
    for a page that missed a word and has to fetch the whole. To make it `took` so many seconds of processor time.
    """

    mark: str
    event: bytes
    beat: bytes
    took: float = 0.0


class Source(Protocol):
    """What `Changes` asks, each time in a thread."""

    def latest(self) -> int:
        """A cheap number that grows with every change."""

    def word(self, council: str, viewers: Sequence[Viewer]) -> Word:
        """For pages that show the queue to these viewers: who sees what is on record when this returns."""

    def beat(self, council: str) -> bytes: ...

    def count(self) -> None:
        """Read what takes long and changes slowly."""

    def of_alerts(self, council: str, alerts: Collection[int]) -> dict[int, tuple[str, bytes]]:
        """Of each a word that is another one when it changed, or who waits beside it did; '' once it is over. And what
        its open pages are told.
        """


class Live:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._told: dict[str, Painted] = {}

    def latest(self) -> int:
        return self._gate.board.latest()

    def word(self, council: str, viewers: Sequence[Viewer]) -> Word:
        began, board, before = time.thread_time(), self._gate.board, self._told.get(council, NOTHING)
        queue = board.of(council)
        board.seen(viewers, queue)
        now = self._told[council] = painted(queue, before)
        change = now.since(before) if now.mark != before.mark else {}
        moment = board.moment(council)
        event, beat = _event({"mark": now.mark, **moment, **change}), _event({"mark": now.mark, **moment})
        return Word(now.mark, event, beat, time.thread_time() - began)

    def beat(self, council: str) -> bytes:
        return _event({"mark": self._gate.board.of(council).mark, **self._gate.board.moment(council)})

    def count(self) -> None:
        self._gate.board.count()

    def of_alerts(self, council: str, alerts: Collection[int]) -> dict[int, tuple[str, bytes]]:
        moment, marks = self._gate.board.moment(council), self._gate.board.versions(council, alerts)
        waiting = self._gate.board.waiting(council)
        told = dict[int, tuple[str, bytes]]()
        for alert, mark in marks.items():
            others = [(one, f"{KIND.get(kind, kind)}, {area}") for one, kind, area in waiting if one != alert]
            event = _event({"mark": mark, **moment, "others": others})
            told[alert] = (f"{mark} {[one for one, _ in others]}" if mark else "", event)
        return told


def _event(told: dict[str, object]) -> bytes:
    return f"event: beat\ndata: {json.dumps(told)}\n\n".encode()
