"""A change of hubs, rehearsed: the active one is killed, or hands over, and another has to be at work soon after."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hub.loops import expected
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.lease import HUB, ONCE, Standing, ask_to_hand_over, at_work, standing

T = TypeVar("T")

WITHIN = 15.0
"""Seconds, the limit that a change is held to."""
GIVE_UP = 60.0
LOOK_EVERY = 0.1


class Unusable(Exception):
    """What stands in the way, and what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    before: Standing
    after: Standing
    taken_s: float
    """Until another hub had the lease."""
    at_work_s: float
    """Until all its loops turned."""
    lost: tuple[int, ...]
    """Alerts that were open before and are on record no more."""
    broken: tuple[str, ...]
    """Logs that are not whole."""

    @property
    def held(self) -> bool:
        return self.at_work_s <= WITHIN and not self.lost and not self.broken


def change(settings: Settings, *, kill: bool, say: Callable[[str], None]) -> Change:
    """Raises Unusable, also when nobody takes over within a minute."""
    store = open_store(settings)
    engine, name = store.records.engine, HUB if settings.watches == 1 else ONCE
    before = standing(engine, name)
    if settings.hub_name is None or before is None or before.left <= 0:
        raise Unusable("no hub is the active one: set hub_name, and start two with 'serve'")
    opened = {alert.id for alert in store.alerts.open_alerts()}
    say(f"{before.holder} is the active hub; {len(opened)} alerts are open")
    began = time.monotonic()
    if kill:
        _kill(settings, before, at_work(engine, before.holder))
    ask_to_hand_over(engine)  # one that was killed is started anew, and must not be quicker than the other
    after = _until(lambda: _other(store, name, before), "no other hub took over: is one standing by?")
    taken = time.monotonic() - began
    say(f"{after.holder} took over after {taken:.1f} s")
    turned = time.time()
    _until(lambda: _turning(store, turned), f"{after.holder} took over, and its loops do not turn: see its log")
    working = time.monotonic() - began
    gone = tuple(sorted(one for one in opened if store.alerts.alert(one) is None))
    return Change(before, after, taken, working, gone, tuple(store.records.broken_logs()))


def _kill(settings: Settings, active: Standing, pids: Sequence[int]) -> None:
    if active.holder != settings.hub_name:
        raise Unusable(f"{active.holder} is the active hub: run this on its machine, with its settings")
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError as bad:
            raise Unusable(f"there is no process {pid} here: run this on the machine of {active.holder}") from bad


def _other(store: Store, name: str, before: Standing) -> Standing | None:
    now = standing(store.records.engine, name)
    return now if now and now.number != before.number and now.left > 0 else None


def _turning(store: Store, since: float) -> bool | None:
    turns = store.records.loops()
    names = expected(turns)
    return all(name in turns and turns[name].real_at >= since and not turns[name].note for name in names) or None


def _until(look: Callable[[], T | None], otherwise: str) -> T:
    until = time.monotonic() + GIVE_UP
    while time.monotonic() < until:
        found = look()
        if found is not None:
            return found
        time.sleep(LOOK_EVERY)
    raise Unusable(otherwise)
