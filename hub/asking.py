"""Questions how it went, sent by the way that somebody chose once their quiet hours are over; where that fails they
are asked at the next call.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from hub.calls import Calls
from hub.store.afterwards import Afterwards
from hub.transports import Call, Transport, Unreached

ASK_EVERY = 60.0
"""Real seconds between two looks at what waits, most of it until quiet hours are over."""


class Sends(Protocol):
    """The part of what is under way that this needs."""

    def start(self, attempt: int, transport: str, call: Call) -> None: ...


class Asking:
    """A question is under way by a number below zero, which no attempt has."""

    def __init__(self, after: Afterwards, calls: Calls, transports: Mapping[str, Transport], sends: Sends) -> None:
        self._after, self._calls, self._transports, self._sends = after, calls, transports, sends
        self._under_way: set[int] = set()
        self._looked_at = float("-inf")

    def turn(self, now: datetime) -> None:
        if time.monotonic() - self._looked_at >= ASK_EVERY:
            self._looked_at = time.monotonic()
            self._send(now)

    def _send(self, now: datetime) -> None:
        for asked in self._after.to_send():
            if asked.id in self._under_way or self._calls.rests(asked, now):
                continue
            try:
                call = self._calls.question(asked, now)
            except Unreached:
                self._after.sent(asked.id, None)
                continue
            if asked.way not in self._transports:
                self._after.sent(asked.id, None)
                continue
            self._under_way.add(asked.id)
            self._sends.start(-asked.id, asked.way, call)

    def finished(self, number: int, now: datetime, *, sent: bool) -> None:
        self._after.sent(-number, now if sent else None)
        self._under_way.discard(-number)
