"""Several watches that share the homes of one hub: nothing lost, nothing twice, and each may die alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.ingest import Told
from hub.loops import HowFar, expected, judged_until, learned_anew
from hub.relearning import Relearning
from hub.settings import Settings
from hub.store import Store
from hub.store.lease import HUB, ONCE, at_work, take
from hub.store.records import Turn
from hub.store.row import Row
from hub.watch import Watch
from models.alert import Act
from models.observation import Observation, What
from models.protection import Unprotected
from models.register import Register
from models.share import WHOLE, Share, shares
from models.wire import Order
from tests.conftest import eventually
from tests.hub.conftest import T0, Hand, Kit, now
from tests.hub.post import HOME, Post

FIRST, SECOND = shares(2)
NEIGHBOUR = "next-door"
"""Of the first share; Mrs Okafor's home is of the second."""
STRANGERS = [next(f"new-{n}" for n in range(99) if share.owns(f"new-{n}")) for share in (FIRST, SECOND)]


class Programs:
    """The processes of a hub of two watches, but for pages and broker."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._file, self.log = folder / "hub.toml", folder / "log"
        self._file.write_text(
            f"data_dir = '{settings.data_dir}'\nwatches = 2\nbroker_host = '127.0.0.1'\n"
            f"broker_port = {settings.broker_port}\n"
        )
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        words = ["once"] if name == "once" else ["watch", "--share", name]
        with self.log.open("ab") as log:
            program = [sys.executable, "-m", "hub.app", *words, "--settings", str(self._file)]
            self.running[name] = subprocess.Popen(program, stderr=log)

    def kill(self, name: str) -> None:
        os.kill(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait(60)


@pytest.fixture
def programs(settings: Settings, on_record: Store, tmp_path: Path) -> Iterator[Programs]:
    some = Programs(settings, tmp_path)
    for name in ("1/2", "2/2", "once"):
        some.start(name)
    try:
        eventually(lambda: _turn(on_record), 60)
        yield some
    finally:
        for name in some.running:
            some.kill(name)


def _turn(store: Store) -> bool:
    turns = store.records.loops()
    names = ("ingest 1/2", "ingest 2/2", "watch 1/2", "watch 2/2", "escalate")
    return all(name in turns and not turns[name].note for name in names)


@pytest.mark.processes
@pytest.mark.broker
def test_one_of_two_is_killed_in_the_middle(programs: Programs, on_record: Store, settings: Settings) -> None:
    assert settings.broker_port
    theirs, ours = Kit(NEIGHBOUR, settings.broker_port), Kit(HOME, settings.broker_port)
    everything = {
        n: Observation(n, *(("pendant", What.PRESSED) if n % 50 == 0 else ("hall", What.MOVED)), now())
        for n in range(1, 401)
    }
    eventually(lambda: pushed(ours, everything, 150) and pushed(theirs, everything, 150), 60)
    programs.kill("2/2")
    theirs.press_until_receipted(1000, now())
    pushed(ours, everything, 400)  # waits in the broker
    eventually(lambda: _alerts(on_record, NEIGHBOUR), 30)
    programs.start("2/2")
    eventually(lambda: pushed(ours, everything, 400) and pushed(theirs, everything, 400), 60)
    assert on_record.series.counts() == {HOME: (400, 400), NEIGHBOUR: (401, 401)}
    eventually(lambda: found(on_record, HOME) == {"press": 8}, 30)
    eventually(lambda: found(on_record, NEIGHBOUR) == {"press": 9}, 30)
    assert [len(_alerts(on_record, home)) for home in (HOME, NEIGHBOUR)] == [1, 1]

    on_record.alerts.act(on_record.alerts.of_home(HOME)[0].id, Act.ANSWER, "tom", now())
    eventually(lambda: [one.order for one in ours.orders] == [Order.HELP_COMING], 30)

    strangers = [Kit(home, settings.broker_port) for home in STRANGERS]
    for one in strangers:
        one.beat(now())
    eventually(lambda: on_record.records.set_aside_counts().get("home", 0) >= 2, 30)
    homes = tuple(replace(on_record.records.homes()[0], id=one.home) for one in strangers)
    on_record.records.load(Register(homes=homes), {})
    for one in strangers:
        one.press_until_receipted(1, now())
    eventually(lambda: all(_alerts(on_record, one.home) for one in strangers), 30)
    assert on_record.records.broken_logs() == []
    for kit in (theirs, ours, *strangers):
        kit.stop()


def _alerts(store: Store, home: str) -> list[int]:
    return [alert.id for alert in store.alerts.of_home(home)]


def found(store: Store, home: str) -> dict[str, int]:
    """Findings by kind; none before the first."""
    return store.alerts.counts().get(home, {}).get("findings", {})


def pushed(kit: Kit, everything: dict[int, Observation], enough: int) -> bool:
    """Send a few of what is not receipted yet until `enough` are, and wait a while for that, as a kit does."""
    if len(kit.receipted & everything.keys()) >= enough:
        return True
    waiting = sorted(set(everything) - kit.receipted)[:40]
    for start in range(0, len(waiting), 10):
        kit.send(*(everything[n] for n in waiting[start : start + 10]), sent=now())
    until = time.monotonic() + 1.0
    while not kit.receipted.issuperset(waiting) and time.monotonic() < until:
        time.sleep(0.01)
    return False


@pytest.fixture
def post(on_record: Store, hand: Hand) -> Post:
    return Post(on_record, hand)


def test_when_their_number_changes_each_begins_with_what_the_others_knew(
    post: Post, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = post.store
    observed: list[int] = []
    judge = Watch._judge

    def noted(watch: Watch, rows: Sequence[Row]) -> None:
        observed.extend(row.seq for row in rows)
        judge(watch, rows)

    monkeypatch.setattr(Watch, "_judge", noted)
    post.saw()
    post.saw(home=NEIGHBOUR)
    post.saw(What.PRESSED, "pendant")
    post.save()
    post.stored(home=NEIGHBOUR, sensor="front-door", what=What.OPENED)
    two = {share: Post(store, hand, share) for share in (FIRST, SECOND)}
    two[FIRST].save()
    hand.move(minutes=1)
    post.stored(sensor="front-door", what=What.OPENED)  # of a home that the first share does not know
    two[SECOND].watch._catch_up()
    two[SECOND].save()
    assert store.records.snapshots.latest(shared_mark(post)) is None, "both have their own: the old one goes"
    post.stored(sensor="hall")
    post.stored(home=NEIGHBOUR, sensor="hall")
    observed.clear()
    again = Post(store, hand)
    assert observed == [6, 7], "the fifth was known to the second of two, if not to the first"
    post.watch._catch_up()
    assert len(again.watch._engine.homes) == 2
    for one in (again, two[FIRST], two[SECOND]):
        one.watch._catch_up()
        for home in one.watch._engine.homes:
            assert one.watch._engine.latest_sign(home.id) == post.watch._engine.latest_sign(home.id)
            assert _learned(one, home.id) == _learned(post, home.id)
    assert {home.id for home in two[FIRST].watch._engine.homes} == {NEIGHBOUR}
    assert {home.id for home in two[SECOND].watch._engine.homes} == {HOME}
    assert [alert.presses for alert in post.alerts()] == [1]


def test_each_of_several_learns_its_own_homes_anew(post: Post, hand: Hand, settings: Settings) -> None:
    for home in (HOME, NEIGHBOUR):
        post.saw(home=home)
    second = Post(post.store, hand, SECOND)
    for one in (post, second):
        state = one.watch._engine.snapshot()
        post.store.records.snapshots.save(one.watch._seq, state, "another prior", one.share)
    second.relearning = Relearning(settings)
    second.begin()
    assert learned_anew(post.store.records.loops()) == HowFar(0, 1)

    def learned() -> bool:
        second.turn()
        return learned_anew(post.store.records.loops()) is None

    eventually(learned, 30)
    assert not second.watch._engine.outdated.any()
    assert _learned(second, HOME)["habits"] == _learned(post, HOME)["habits"]


def shared_mark(post: Post) -> str:
    return post.watch._learned.mark


def _learned(post: Post, home: str) -> dict[str, Any]:
    """What the engine knows of it."""
    engine = post.watch._engine
    mine = engine._state[engine.index_of[home]]
    places = {"last_sensor", "waiting_sensor", "first_fitted", "last_fitted"}  # which differ with the homes around
    return {name: mine[name].tobytes() for name in mine.dtype.names or () if name not in places}


def test_a_watch_passes_over_what_is_others_and_finds_what_was_not_handed_on(post: Post, hand: Hand) -> None:
    second = Post(post.store, hand, SECOND)
    theirs = post.stored(home=NEIGHBOUR)
    late = post.stored(What.PRESSED, "pendant")
    handed_on = post.stored()
    second.news.put(Told(handed_on))
    second.turn()
    second.watch._catch_up()
    assert [alert.presses for alert in post.alerts()] == [1]
    assert second.watch._seq == handed_on[-1].seq > late[-1].seq > theirs[-1].seq
    second.news.put(Told(late))
    second.turn()
    assert [alert.presses for alert in post.alerts()] == [1]


def test_a_watch_that_was_deaf_says_so_of_its_own_homes(on_record: Store, hand: Hand) -> None:
    first, second = (Post(on_record, hand, share) for share in (FIRST, SECOND))
    for one, hindrance in ((first, ""), (second, "not connected")):
        one.line.hindrance = hindrance
        one.turn()
    began = hand.now
    hand.move(minutes=5)
    for one in (first, second):
        one.line.hindrance = ""
        one.turn()
    lost = on_record.health.unprotected([HOME, NEIGHBOUR], began - timedelta(hours=1), hand.now)
    assert (lost[HOME], lost[NEIGHBOUR]) == (5, 0)
    deaf = [Unprotected.HUB_DEAF]
    assert on_record.health.spells(T0, hand.now, NEIGHBOUR, deaf) == []
    assert len(on_record.health.spells(T0, hand.now, HOME, deaf)) == 1
    second.line.hindrance = "not connected"
    second.turn()
    assert len(on_record.health.lasting()) == 1
    Post(on_record, hand).turn(minutes=1)
    assert on_record.health.lasting() == [], "one watch again, and it hears"


def test_the_hub_lives_when_each_of_its_watches_does() -> None:
    assert expected({}) == ["ingest", "watch", "escalate"]
    assert expected({"ingest": Turn(1, T0, ""), "watch": Turn(1, T0, "")}) == ["ingest", "watch", "escalate"]
    both = ["ingest 1/2", "ingest 2/2", "watch 1/2", "watch 2/2", "escalate"]
    two = {"watch": Turn(1, T0, ""), "ingest 1/2": Turn(2, T0, ""), "watch 1/2": Turn(2, T0, "")}
    assert expected(two) == both
    assert judged_until(two) is None
    assert (judged_until(two, HOME), judged_until(two, NEIGHBOUR)) == (None, T0)
    later = T0 + timedelta(minutes=1)
    assert judged_until(two | {"watch 2/2": Turn(2, later, "")}) == T0


def test_those_of_another_number_end_before_these_begin(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.store.lease.LASTS", 3600.0)
    engine = store.records.engine
    held = [take(engine, "north", 1, SECOND.named(HUB)), take(engine, "south", 1, FIRST.named(HUB))]
    assert all(held)
    assert take(engine, "south", 1, SECOND.named(HUB)) is None
    assert take(engine, "south", 1, Share(1, 3).named(HUB)) is None
    assert take(engine, "south", 1, WHOLE.named(HUB)) is None
    once = take(engine, "south", 1, ONCE)
    assert once
    assert at_work(engine, "south") == [1, 1]
    for one in (*held, once):
        assert one
        one.let_go()
    assert take(engine, "south", 1, WHOLE.named(HUB))
    assert take(engine, "south", 1, ONCE) is None
