"""What the family reads holds against what the hub then does: the real loops, a real broker, a clock moved by hand."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.process import assembled
from hub.settings import Settings
from hub.store import Store, open_store
from hub.web.access import Viewer, open_gate
from models.alert import Lane
from models.observation import Observation, What
from models.people import Account, Role
from models.register import Register
from tests.conftest import eventually
from tests.hub.conftest import Hand, Kit

pytestmark = pytest.mark.broker

HOME = "next-door"
KARL = Viewer(Account("karl", "Karl Brandt", Role.CONTACT, person="karl"), "-")
"""Neil Brandt's son, who may see times at his father's."""


class Played:
    def __init__(self, settings: Settings, hand: Hand, kit: Kit) -> None:
        self.store, self.hand, self.kit = open_store(settings), hand, kit
        self.gate = open_gate(settings)

    def until(self, at: datetime) -> None:
        """Half an hour at a time, with a heartbeat at each step, which the watch has judged before the next."""
        while self.hand.now < at:
            self.hand.set(min(self.hand.now + timedelta(minutes=30), at))
            self.kit.beat(self.hand.now, sensors={"hall": self.hand.now})
            eventually(lambda: self._judged() >= self.hand.now, 20)

    def _judged(self) -> datetime:
        watch, heard = self.store.records.loops().get("watch"), self.store.records.heard()[HOME].until
        return min(watch.played, heard) if watch and heard else self.hand.now - timedelta(days=1)

    def told(self) -> str:
        return self.gate.family.reassurance(KARL).standing.whole

    def says_what_is_expected_after(self, last_sign: datetime) -> bool:
        expected = self.store.records.expectation(HOME)
        if expected is None or expected.last_sign != last_sign:
            return False
        return f"expected by {expected.expected_by:%H:%M}" in self.told()

    def kinds(self) -> list[str]:
        """Of alerts about the person; so far between heartbeats, the kit has some of its own."""
        return [alert.kind for alert in self.store.alerts.of_home(HOME) if alert.lane is Lane.PERSON]


@pytest.fixture
def played(settings: Settings, register: Register, hand: Hand, kit_of: Callable[..., Kit]) -> Iterator[Played]:
    settings = replace(settings, clock_file=str(hand.path))
    store: Store = open_store(settings)
    store.records.load(register, {one.login: "-" for one in register.accounts})
    link, loops = assembled(settings)
    link.start()
    for loop in loops:
        loop.start()
    eventually(lambda: not link.hindrance)
    yield Played(settings, hand, kit_of(HOME))
    for loop in loops:
        loop.ask_to_stop()
    link.stop()
    for loop in loops:
        loop.join(60)


def test_the_next_sign_of_life_is_expected_when_the_family_was_told(played: Played) -> None:
    start = played.hand.now
    played.until(start + timedelta(minutes=2))
    played.kit.send(Observation(1, "hall", What.MOVED, played.hand.now), sent=played.hand.now)
    eventually(lambda: played.store.series.last_seq() == 1)
    played.until(start + timedelta(minutes=62))
    eventually(lambda: played.says_what_is_expected_after(start + timedelta(minutes=2)))
    due = re.search(r"[Nn]ext expected by (\d\d:\d\d)", played.told())
    expected = played.store.records.expectation(HOME)
    assert due
    assert expected
    assert f"{expected.expected_by:%H:%M}" == due.group(1)
    assert expected.last_sign == start + timedelta(minutes=2)

    played.until(expected.expected_by - timedelta(minutes=1))
    assert played.kinds() == [], "not before"
    assert due.group() in played.told()
    played.until(expected.expected_by + timedelta(minutes=1))
    eventually(lambda: played.kinds() == ["silence"])
    assert "The contact centre was alerted about" in played.told()
    assert "expected by" not in played.told()
