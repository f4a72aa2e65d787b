"""Keeping the active hub's lease while it is at work, and standing by while another has it."""

import logging
import os
import threading
import time

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.store.lease import HUB, LASTS, Fenced, Held, standing, take

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5
RENEW_EVERY = 1.0
"""Real seconds."""


def stood_by(engine: Engine, name: str, asked: threading.Event, what: str = HUB) -> Held | None:
    """Once it is this hub's turn to do `what`; None when asked to end before."""
    said = ""
    while not asked.is_set():
        try:
            held = take(engine, name, os.getpid(), what)
            if held:
                log.warning("this hub, %s, is the active one of %s", name, what)
                return held
            now = standing(engine, what)
            other = now.holder if now else ""
        except SQLAlchemyError as bad:
            other = f"unknown: the database does not answer ({type(bad).__name__})"
        if other != said:
            said = other
            log.warning("this hub, %s, stands by; the active one of %s is %s", name, what, other)
        asked.wait(LOOK_EVERY)
    return None


class Holding(threading.Thread):
    """Renews it until told to stop. `lost` says why this hub must end: it may not be the active one any more."""

    def __init__(self, held: Held) -> None:
        super().__init__(name="lease", daemon=True)
        self._held = held
        self._good_until = time.monotonic() + LASTS
        self._stop_asked = threading.Event()
        self._fenced = ""

    @property
    def lost(self) -> str:
        if not self._fenced and time.monotonic() > self._good_until:
            return "the lease could not be renewed: the database does not answer"
        return self._fenced

    def run(self) -> None:
        while not self._stop_asked.wait(RENEW_EVERY):
            asked_at = time.monotonic()
            try:
                if self._held.renew():
                    self._fenced = "this hub was asked to hand over"
                    return
                self._good_until = asked_at + LASTS
            except Fenced as other:
                self._fenced = str(other)
                return
            except SQLAlchemyError as bad:
                log.warning("the lease could not be renewed: %s", type(bad).__name__)

    def end(self) -> None:
        """After the last write."""
        self._stop_asked.set()
        try:
            self._held.let_go()
        except SQLAlchemyError as bad:
            log.warning("the lease could not be let go, and ends by itself: %s", type(bad).__name__)
