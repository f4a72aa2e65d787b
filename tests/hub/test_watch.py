"""Judging by a clock moved by hand; a crash is a new Watch on the same store."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from hub.clock import Clock
from hub.ingest import News, Reread, Signs
from hub.learned import shipped
from hub.loops import Turning
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.records import Beat
from hub.store.series import Row
from hub.watch import Retention, Watch
from models.alert import Act, Alert, Outcome, State
from models.home import Home
from models.observation import What
from models.register import Register
from models.wire import Heartbeat, encode
from tests.hub.conftest import Hand

HOME = "okafor-home"
LEARNED = shipped()


@dataclass
class Line:
    hindrance: str
    hearing_since: datetime | None


class Post:
    """A watch turned by hand, with what ingest would do for it."""

    def __init__(self, store: Store, hand: Hand) -> None:
        self.store, self.hand = store, hand
        self.number = 0
        self.line = Line("", hand.now)
        self.news: SimpleQueue[News] = SimpleQueue()
        self.raised = threading.Event()
        self.begin()

    def begin(self) -> None:
        """As after a crash: nothing is left but the store."""
        self.line.hearing_since = self.hand.now
        turning = Turning(self.store.records, "watch")
        clock = Clock(str(self.hand.path))
        self.watch = Watch(self.store, self.line, self.news, clock, turning, lambda now: now, self.raised, LEARNED)
        self.turn()

    def save(self) -> None:
        """As happens now and then."""
        self.store.records.save_snapshot(self.watch._seq, self.watch._engine.snapshot(), LEARNED.mark)

    def turn(self, **by: float) -> None:
        if by:
            self.hand.move(**by)
        self.watch.turn()

    def stored(self, what: What = What.MOVED, sensor: str = "hall", home: str = HOME, **ago: float) -> list[Row]:
        self.number += 1
        now = self.hand.now
        return self.store.series.append([Row(home, "box", self.number, sensor, what, now - timedelta(**ago), now)])

    def saw(self, what: What = What.MOVED, sensor: str = "hall", home: str = HOME, **ago: float) -> None:
        self.news.put(self.stored(what, sensor, home, **ago))
        self.turn()

    def beat(self, sensors: tuple[str, ...] = ("pendant", "hall", "front-door", "bed"), home: str = HOME) -> None:
        now = self.hand.now
        seen = dict.fromkeys(sensors, now)
        told = encode(Heartbeat("box", now, now, sensors=seen))
        self.store.records.beat([Beat(home, told, now, now)])
        self.news.put(Signs(home, now, now, 60.0, seen))
        self.turn()

    def alive(self, minutes: int, **more: Any) -> None:
        """A kit that is heard, every minute."""
        for _ in range(minutes):
            self.hand.move(minutes=1)
            self.beat(**more)

    def alerts(self, home: str = HOME) -> list[Alert]:
        return sorted(self.store.alerts.of_home(home), key=lambda alert: alert.id)

    def kinds(self, home: str = HOME) -> list[tuple[str, State]]:
        return [(alert.kind, alert.state) for alert in self.alerts(home)]


@pytest.fixture
def store(tmp_path: Path, register: Register) -> Store:
    store = open_store(Settings(data_dir=str(tmp_path / "data")))
    first = replace(
        register, homes=register.homes[:1], residents=register.residents[:1], contacts=register.contacts[:1]
    )
    homes = replace(first, consents=tuple(one for one in register.consents if one.home == HOME))
    store.records.load(homes, {one.login: "-" for one in register.accounts})
    return store


@pytest.fixture
def post(store: Store, hand: Hand) -> Post:
    return Post(store, hand)


def test_a_press_is_raised_at_once_for_its_wearer(post: Post) -> None:
    post.saw(What.PRESSED, "pendant")
    (alert,) = post.alerts()
    assert (alert.kind, alert.resident, alert.presses) == ("press", "grace", 1)
    assert post.raised.is_set()


def test_a_silence_is_raised_once_and_its_end_noted(post: Post) -> None:
    post.saw()
    post.hand.move(hours=6)
    post.alive(2)
    assert ("silence", State.RAISED) in post.kinds()
    post.saw()
    (alert,) = [alert for alert in post.alerts() if alert.kind == "silence"]
    assert alert.state is State.RAISED
    assert "A sign of life" in post.store.alerts.timeline(alert.id)[-1].text


def test_a_kit_that_falls_silent_is_a_fault_and_clears(post: Post) -> None:
    post.alive(3)
    post.turn(minutes=4)
    assert post.kinds() == [("kit_unheard", State.RAISED)]
    post.beat()
    assert post.kinds() == [("kit_unheard", State.CLOSED)]
    assert post.alerts()[0].outcome is Outcome.CLEARED


def test_a_deaf_hub_blames_no_kit(post: Post) -> None:
    post.alive(3)
    post.line.hindrance = "not connected to the broker"
    for _ in range(12):
        post.turn(minutes=30)
    assert post.kinds() == []
    post.line.hindrance, post.line.hearing_since = "", post.hand.now
    post.turn(minutes=2)
    assert post.kinds() == []
    post.turn(minutes=2)
    assert post.kinds() == [("kit_unheard", State.RAISED)]


def test_what_waits_at_ingest_is_not_judged_before_it_is_read(post: Post) -> None:
    post.alive(3)
    behind = post.hand.now
    post.watch._complete_until = lambda now: behind
    post.turn(hours=9)
    assert post.kinds() == []


def test_a_dead_sensor_is_found_though_the_hub_restarts_now_and_then(post: Post) -> None:
    post.beat()
    for _ in range(10):
        post.hand.move(minutes=28)
        post.alive(2, sensors=("pendant", "front-door", "bed"))
        post.saw(sensor="front-door")
        post.save()
        post.begin()
    assert ("sensor_unheard", State.RAISED) in post.kinds()


@pytest.mark.parametrize("snapshot", [True, False])
def test_a_press_stored_but_not_judged_is_raised_after_the_crash_and_once(post: Post, *, snapshot: bool) -> None:
    post.saw()
    if snapshot:
        post.save()
    post.stored(What.PRESSED, "pendant")
    for _ in range(3):
        post.begin()
        post.turn(seconds=1)
    assert [(alert.kind, alert.presses) for alert in post.alerts()] == [("press", 1)]


@pytest.mark.parametrize("minutes", [30, 359, 361])
def test_a_restart_comes_to_the_same_silence(post: Post, minutes: int) -> None:
    post.saw()
    began = post.hand.now
    for step in (minutes, 365 - minutes):
        post.hand.move(minutes=step - 3)
        post.alive(3)
        post.begin()
        post.beat()
    (silence,) = [alert for alert in post.alerts() if alert.kind == "silence"]
    assert timedelta(hours=6) < silence.raised_at - began < timedelta(hours=6, minutes=5)


def test_a_silence_that_ended_while_the_hub_was_away_is_noted(post: Post) -> None:
    post.saw()
    post.hand.move(hours=6)
    post.alive(2)
    post.stored(sensor="front-door")
    post.begin()
    (silence,) = [alert for alert in post.alerts() if alert.kind == "silence"]
    assert "A sign of life" in post.store.alerts.timeline(silence.id)[-1].text


def test_a_dead_kit_stays_a_fault_over_a_restart(post: Post) -> None:
    post.alive(3)
    post.turn(minutes=4)
    post.begin()
    for _ in range(5):
        post.turn(minutes=1)
    assert post.kinds() == [("kit_unheard", State.RAISED)]
    post.beat()
    assert post.kinds() == [("kit_unheard", State.CLOSED)]


def test_a_kit_that_came_back_while_the_hub_was_away_is_cleared(post: Post) -> None:
    post.alive(3)
    post.turn(minutes=4)
    now = post.hand.move(minutes=10)
    post.store.records.beat([Beat(HOME, encode(Heartbeat("box", now, now)), now, now)])
    post.begin()
    assert post.kinds() == [("kit_unheard", State.CLOSED)]


def test_a_fault_closed_by_hand_is_not_raised_again(post: Post) -> None:
    post.alive(3)
    post.turn(minutes=4)
    (alert,) = post.alerts()
    post.store.alerts.act(alert.id, Act.ANSWER, "tom", post.hand.now)
    post.store.alerts.act(alert.id, Act.CLOSE, "tom", post.hand.now, outcome=Outcome.FAULT)
    post.begin()
    post.turn(minutes=30)
    assert len(post.alerts()) == 1


def test_a_home_loaded_later_is_watched_from_then_on(post: Post, register: Register) -> None:
    post.alive(3)
    post.hand.move(hours=5)
    new = Register(homes=register.homes[1:], residents=register.residents[1:])
    post.store.records.load(new, {})
    post.saw(What.PRESSED, "pendant", "next-door")
    assert post.kinds("next-door") == [("press", State.RAISED)]
    post.turn(minutes=1)
    assert post.kinds("next-door") == [("press", State.RAISED)], "it was given no time to be heard yet"


def test_a_sensor_added_later_keeps_what_is_known_of_the_home(post: Post, store: Store) -> None:
    post.saw()
    before = post.watch._engine.last_sign.tolist()
    home = store.records.home(HOME)
    assert home is not None
    store.records.load(Register(homes=(replace(home, sensors=home.sensors[:2]),)), {})
    post.watch._looked_at = 0.0
    post.turn()
    assert len(post.watch._engine.homes[0].sensors) == 2
    assert post.watch._engine.last_sign.tolist() == before


def test_what_was_not_handed_on_is_found_in_the_store(post: Post) -> None:
    post.saw()
    post.stored(What.PRESSED, "pendant")
    post.saw()
    assert post.kinds() == [("press", State.RAISED)]
    post.stored(What.PRESSED, "pendant")
    post.news.put(Reread())
    post.turn()
    assert post.alerts()[0].presses == 2


def test_what_another_machine_stored_is_found_too(post: Post) -> None:
    post.stored(What.PRESSED, "pendant")
    post.watch._looked_at = 0.0
    post.turn()
    assert post.kinds() == [("press", State.RAISED)]


def test_a_finding_that_cannot_be_raised_lets_others_pass(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in one kind of finding costs that kind, not the hub."""
    honest = post.store.alerts.raise_

    def picky(finding: Any, *more: Any) -> Any:
        if finding.kind == "kit_unheard":
            raise ValueError("a bug")
        return honest(finding, *more)

    monkeypatch.setattr(post.store.alerts, "raise_", picky)
    post.alive(3)
    post.hand.move(minutes=4)
    post.news.put(post.stored(What.PRESSED, "pendant"))
    for _ in range(8):
        _turn_like_the_loop(post)
    assert post.kinds() == [("press", State.RAISED)]


def _turn_like_the_loop(post: Post) -> None:
    try:
        post.turn(seconds=1)
    except ValueError as error:
        post.watch.stumbled(error)


def test_a_couple_is_told_apart_by_the_pendant(post: Post, register: Register) -> None:
    amos = replace(register.residents[0], id="amos", name="Amos Okafor", called="Mr Okafor")
    post.store.records.load(Register(residents=(amos,)), {})
    post.saw(What.PRESSED, "pendant")
    post.saw(What.PRESSED, "cord")
    assert [alert.resident for alert in post.alerts()] == ["grace", None]


def test_observations_end_with_their_retention(post: Post) -> None:
    post.stored(What.PRESSED, "pendant", days=200)
    post.stored(What.PRESSED, "pendant", days=800)
    post.stored(days=200)
    post.stored(days=100)
    Retention(post.store).apply(HOME, post.hand.now)
    assert [row.number for row in post.store.series.since(0, 10)] == [1, 4]


def test_many_homes_of_which_nothing_is_known_yet(tmp_path: Path, hand: Hand) -> None:
    store = open_store(Settings(data_dir=str(tmp_path / "data")))
    post = Post(store, hand)
    store.records.load(Register(homes=tuple(Home(f"h{n}", "north", ()) for n in range(50))), {})
    post.watch._looked_at = 0.0
    post.turn(seconds=1)
    assert len(post.watch._engine.homes) == 50
