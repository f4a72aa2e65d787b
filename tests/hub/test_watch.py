"""Judging by a clock moved by hand; a crash is a new Watch on the same store."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from psutil import NoSuchProcess, Process
from sqlalchemy.exc import InternalError
from sqlalchemy.exc import TimeoutError as NoConnection

from hub import relearning
from hub.clock import Clock
from hub.expecting import known_since
from hub.ingest import Reread, Signs, Told
from hub.keeping import DOUBTED_FOR, Keeping
from hub.loops import HowFar, learned_anew
from hub.relearning import Relearning
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.aged import Aged
from hub.store.records import Beat, Expectation
from hub.store.row import Row
from hub.store.settled import columns_of
from hub.watch import GIVE_UP_AFTER
from models.alert import Act, Alert, Outcome, State
from models.detection import Finding, FindingKind, coldstart
from models.detection.batch import batch
from models.detection.engine import Engine
from models.health import Learned, Rhythm
from models.home import Home, Sensor
from models.observation import SensorKind, What
from models.privacy import Consent
from models.register import Register
from models.wire import Heartbeat, encode
from tests.conftest import eventually
from tests.hub.conftest import T0, Hand
from tests.hub.post import HOME, LEARNED, Post


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


def expectation(post: Post) -> Expectation | None:
    post.watch._expecting._told_at = float("-inf")
    post.turn()
    return post.store.records.expectation(HOME)


def test_a_press_is_raised_at_once_for_its_wearer(post: Post) -> None:
    post.saw(What.PRESSED, "pendant")
    (alert,) = post.alerts()
    assert (alert.kind, alert.resident, alert.presses) == ("press", "grace", 1)
    assert post.raised.is_set()


@pytest.mark.parametrize(
    "error",
    [InternalError("INSERT", {}, Exception("read-only transaction")), NoConnection("no connection within 30 s")],
)
def test_no_press_is_given_up_while_the_database_takes_no_writes(
    post: Post, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """As the copy that stands in for one that failed, until it is made the new one."""
    honest = post.store.alerts.raise_all

    def refuses(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(post.store.alerts, "raise_all", refuses)
    post.news.put(Told(post.stored(What.PRESSED, "pendant")))
    for _ in range(2 * GIVE_UP_AFTER):
        with pytest.raises(type(error)) as failed:
            post.turn()
        post.watch.stumbled(failed.value)
    monkeypatch.setattr(post.store.alerts, "raise_all", honest)
    post.turn()
    assert post.kinds() == [("press", State.RAISED)]
    assert "Help was called for" in post.store.alerts.timeline(post.alerts()[0].id)[0].text


def test_a_press_that_cant_be_explained_is_raised_all_the_same(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def speechless(*_: object) -> None:
        raise ValueError("no words")

    monkeypatch.setattr("hub.watch.explain", speechless)
    post.news.put(Told(post.stored(What.PRESSED, "pendant")))
    for _ in range(GIVE_UP_AFTER):
        with pytest.raises(ValueError, match="no words") as failed:
            post.turn()
        post.watch.stumbled(failed.value)
    post.turn()
    assert post.kinds() == [("press", State.RAISED)]
    assert "failed at explaining" in post.store.alerts.timeline(post.alerts()[0].id)[0].text


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


def test_a_hub_clock_that_was_ahead_and_is_set_back_leaves_nobody_unwatched(post: Post) -> None:
    """By it the home would count as heard for a year, and whoever lives there as well as ever."""
    post.alive(3)
    post.hand.move(days=365)
    post.alive(3)
    post.saw()
    post.hand.move(days=-365)
    post.turn()
    heard = post.store.records.heard(HOME)[HOME]
    assert heard.until is not None
    assert heard.until <= post.hand.now
    post.alive(3)
    post.saw()
    assert [kind for kind, state in post.kinds() if state is State.RAISED] == ["silence"], (
        "of that year; a person ends it"
    )
    post.store.alerts.act(post.alerts()[-1].id, Act.ANSWER, "tom", post.hand.now)
    for _ in range(7):
        post.hand.move(hours=1)
        post.alive(1)
    said = [one.text for one in post.store.alerts.timeline(post.alerts()[-1].id)]
    assert sum("No sign of life since" in text for text in said) == 2
    post.turn(minutes=4)
    assert ("kit_unheard", State.RAISED) in post.kinds()


@pytest.mark.parametrize("counted", ["_ahead_by", "_turned_at"])
def test_a_machine_or_a_process_that_stood_still_blames_no_kit(post: Post, counted: str) -> None:
    """A virtual machine that was stopped for a copy of it, a clock that is put forward, a process that was held."""
    post.alive(3)
    setattr(post.watch, counted, getattr(post.watch, counted) - 1200)
    post.turn(minutes=20)
    assert post.kinds() == []
    post.turn(minutes=2)
    assert post.kinds() == []
    post.turn(minutes=2)
    assert post.kinds() == [("kit_unheard", State.RAISED)], "one that is not heard then is"


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


@pytest.mark.parametrize("minutes", [-60, -1, 1])
def test_a_restart_comes_to_the_same_silence(post: Post, minutes: int) -> None:
    """A sign of life is due when the engine says so, also to an engine that did not see the last one come."""
    post.saw()
    post.alive(7)
    told = expectation(post)
    assert told
    post.hand.set(told.expected_by + timedelta(minutes=minutes - 3))
    post.alive(3)
    post.begin()
    post.beat()
    assert [kind for kind, _ in post.kinds()] == (["silence"] if minutes > 0 else [])
    post.hand.set(told.expected_by + timedelta(minutes=2))
    post.beat()
    (silence,) = post.alerts()
    assert timedelta(0) < silence.raised_at - told.expected_by <= timedelta(minutes=2)


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


def test_a_home_is_not_missed_before_its_first_kit_was_heard(post: Post) -> None:
    post.turn(hours=3)
    post.begin()
    post.turn(hours=3)
    assert post.kinds() == []
    now = post.hand.now
    post.store.records.beat([Beat(HOME, encode(Heartbeat("box", now, now)), now, now)])
    post.news.put(Told(signs=[Signs(HOME, now, now, 60.0, {}, now)]))
    post.turn()
    assert post.kinds() == [], "who was not noticed before has time to be"
    post.turn(minutes=4)
    post.turn(minutes=1)
    assert post.kinds() == [("kit_unheard", State.RAISED)]


def test_a_kit_that_falls_silent_after_the_resident_had_all_deleted_is_missed(post: Post) -> None:
    home = post.store.records.home(HOME)
    assert home is not None
    post.store.records.load(Register(homes=(replace(home, erased_at=post.hand.now),)), {})
    post.begin()
    post.turn(minutes=4)
    post.turn(minutes=1)
    assert post.kinds() == [("kit_unheard", State.RAISED)]


def close(post: Post, alert: Alert, outcome: Outcome) -> None:
    post.store.alerts.act(alert.id, Act.ANSWER, "tom", post.hand.now)
    post.store.alerts.act(alert.id, Act.CLOSE, "tom", post.hand.now, outcome=outcome)


def a_fault_closed_by_hand(post: Post) -> None:
    post.alive(3)
    post.turn(minutes=4)
    (alert,) = post.alerts()
    close(post, alert, Outcome.FAULT)


def test_a_fault_closed_by_hand_is_not_raised_again(post: Post) -> None:
    a_fault_closed_by_hand(post)
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
    honest = post.store.alerts.raise_all

    def picky(found: Any, now: datetime) -> Any:
        if any(finding.kind == "kit_unheard" for finding, *_ in found):
            raise ValueError("a bug")
        return honest(found, now)

    monkeypatch.setattr(post.store.alerts, "raise_all", picky)
    post.alive(3)
    post.hand.move(minutes=4)
    post.news.put(Told(post.stored(What.PRESSED, "pendant")))
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


def test_a_clock_that_is_months_ahead_deletes_nothing(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """What went wrong with the time is put right; what was deleted by it never is."""
    keeping = Keeping(post.store, Clock(str(post.hand.path)))
    keeping._idle.set()

    def kept() -> list[int]:
        keeping._began_at = keeping._asked_at = float("-inf")
        for _ in range(4):
            keeping.turn()
        return [row.number for row in post.store.series.between(HOME, T0 - timedelta(days=200), T0)]

    post.stored(days=2)
    post.beat()
    right = post.hand.now
    post.hand.move(days=365)
    assert kept() == [1]
    assert caplog.text.count("nothing is deleted for now") == 1
    wrong = post.hand.now
    post.store.records.beat([Beat(HOME, encode(Heartbeat("box", right, right)), wrong, wrong)])
    assert kept() == [1], "kits that are heard say otherwise"
    assert keeping._doubted_at is not None
    keeping._doubted_at -= DOUBTED_FOR
    assert kept() == [], "no kit has been heard for so long that none can say"


def test_observations_end_with_their_retention(post: Post) -> None:
    post.stored(What.PRESSED, "pendant", days=200)
    post.stored(What.PRESSED, "pendant", days=800)
    post.stored(days=200)
    post.stored(days=100)
    Keeping(post.store).forget(HOME, post.hand.now)
    assert [row.number for row in post.store.series.since(0, 10)] == [1, 4]
    told = {one.about: one.count for one in Aged(post.store.records.engine).of(HOME)}
    assert told == {"pendant, pull_cord": 1, "bed, chair, door, motion": 1}


def test_many_homes_of_which_nothing_is_known_yet(tmp_path: Path, hand: Hand) -> None:
    store = open_store(Settings(data_dir=str(tmp_path / "data")))
    post = Post(store, hand)
    store.records.load(Register(homes=tuple(Home(f"h{n}", "north", ()) for n in range(50))), {})
    post.watch._looked_at = 0.0
    post.turn(seconds=1)
    assert len(post.watch._engine.homes) == 50


def test_a_snapshot_of_another_prior_is_not_read_and_what_stood_still_stands(post: Post) -> None:
    """The record is observed from its beginning; nothing is raised twice, and ends are noticed."""
    post.saw()
    post.hand.move(hours=6)
    post.alive(2)
    post.store.records.snapshots.save(post.watch._seq, post.watch._engine.snapshot(), "another prior")
    post.begin()
    assert post.watch._seq == 1
    post.alive(3)
    assert [kind for kind, _ in post.kinds()] == ["silence"]
    post.saw()
    (silence,) = post.alerts()
    assert post.store.alerts.timeline(silence.id)[-1].text.startswith("A sign of life")


def of_another_version(post: Post) -> bytes:
    """A state whose columns are laid out otherwise."""
    state = bytes(post.watch._engine.snapshot())
    layout = json.decode(state[:256].rstrip())["layout"].encode()
    return state.replace(layout, layout[::-1])


def lived(post: Post, homes: tuple[str, ...] = (HOME,)) -> None:
    """Four days of which the first settle; the hub's state is of another version then."""
    for day in range(4):
        for hours, sensor, what in ((1, "bed", What.GOT_UP), (2, "hall", What.MOVED), (9, "bed", What.LAY_DOWN)):
            for home in homes:
                post.saw(what, sensor, home, minutes=day)
            post.hand.move(hours=hours)
        post.hand.move(hours=12)
    post.saw()
    post.save()
    for home in homes:
        Keeping(post.store).settle(home, post.hand.now)
    assert len(post.store.series.since(0, 100)) < 9 * len(homes), "the first days settled"
    post.store.records.snapshots.save(post.watch._seq, of_another_version(post), LEARNED.mark)


def judged_in_one_go(post: Post, homes: tuple[str, ...]) -> Engine:
    of = Engine(post.watch._engine.homes, T0, prior=LEARNED.prior)
    for home in homes:
        for row in post.store.series.between(home, T0 - timedelta(days=9), post.hand.now + timedelta(days=1)):
            of.observe(batch([of.row(home, row.sensor, row.what, row.at, row.arrived, row.number)]))
    of.observe(of.beat(HOME, post.hand.now, post.hand.now, {}))
    return of


def test_after_an_update_a_silence_is_watched_for_at_once_and_what_is_usual_is_learned_meanwhile(
    post: Post, register: Register, tmp_path: Path
) -> None:
    post.store.records.load(Register(homes=register.homes[1:], residents=register.residents[1:]), {})
    post.turn(seconds=2)
    lived(post, both := (HOME, "next-door"))
    known, post.relearning = post.watch._engine, Relearning(Settings(data_dir=str(tmp_path / "data")))
    post.begin()
    assert post.watch._engine.outdated.tolist() == [True, True]
    assert post.watch._engine.latest_sign(HOME) == known.latest_sign(HOME)
    assert learned_anew(post.store.records.loops()) == HowFar(0, 2)
    post.hand.move(hours=6)
    post.watch._relearning = None  # as long as it takes in a borough
    post.alive(2)
    (silence,) = [alert for alert in post.alerts() if alert.kind == "silence"]
    assert coldstart.ANEW in post.store.alerts.timeline(silence.id)[0].text
    told, alerts = expectation(post), post.kinds()
    assert told
    assert told.known_since is None

    post.watch._relearning = post.relearning
    turned_until(post, lambda: not post.watch._engine.outdated.any())
    here, there = post.watch._engine._state, judged_in_one_go(post, both)._state
    kits = {"heard_until", "kit_limit", "unheard", "returned", "doubtful", "asked", "watched_for"}
    asked = {"silent", "expected_by", "settled", "chance", "reference", "waiting_at", "waiting_sensor", "waiting_what"}
    looked_up = {"clock_from", "clock_until", "clock_held"}
    learned = set(here.dtype.names or ()) - kits - asked - looked_up
    assert [name for name in learned if here[name].tobytes() != there[name].tobytes()] == []
    assert learned_anew(post.store.records.loops()) is None
    post.alive(2)
    assert post.kinds() == alerts, "what stands was raised once"
    post.saw()
    assert post.store.alerts.timeline(silence.id)[-1].text.startswith("A sign of life")
    known_again = known_since(post.watch._engine, 0)
    assert known_again
    assert known_again - T0 < timedelta(hours=1)


def test_what_is_imported_is_learned_from_while_the_watch_runs_and_nothing_is_raised_for_it(
    post: Post, tmp_path: Path
) -> None:
    post.relearning = Relearning(Settings(data_dir=str(tmp_path / "data")))
    post.begin()
    post.saw()
    post.beat()
    moments = [T0 - timedelta(days=20) + n * timedelta(hours=7) for n in range(60)]
    new = known_since(post.watch._engine, 0)
    assert new
    assert new > T0
    past = [Row(HOME, "csv", n, "hall", What.MOVED, at, at) for n, at in enumerate(moments, 1)]
    post.store.series.bring(HOME, columns_of(past))
    turned_until(post, lambda: not post.store.series.brought())
    assert known_since(post.watch._engine, 0) == moments[0]
    assert not post.watch._engine.outdated.any()
    assert post.kinds() == []
    post.begin()
    assert known_since(post.watch._engine, 0) == moments[0], "after a crash too"


def test_who_calls_does_not_wait_until_a_watch_without_state_has_read_what_came_last(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(post)
    post.stored(What.PRESSED, "pendant")
    read, raised = post.store.series.after, list[list[str]]()

    def after(seq: int, limit: int) -> tuple[int, list[Row]]:
        if limit > 1:
            raised.append([kind for kind, _ in post.kinds()])
        return read(seq, limit)

    monkeypatch.setattr(post.store.series, "after", after)
    post.begin()
    assert raised
    assert all(kinds.count("press") == 1 for kinds in raised), "before anything else was read"
    assert [alert.presses for alert in post.alerts() if alert.kind == "press"] == [1]


def test_a_crash_while_habits_are_learned_costs_only_some_of_that(
    post: Post, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relearning, "AT_ONCE", 1)
    monkeypatch.setattr(relearning, "AGAIN_AFTER", 0.0)
    post.store.records.load(Register(homes=register.homes[1:], residents=register.residents[1:]), {})
    post.turn(seconds=2)
    lived(post, (HOME, "next-door"))

    def begin() -> None:
        if post.relearning:
            post.relearning._end()
        post.relearning = Relearning(Settings(data_dir=str(tmp_path / "data")))
        post.begin()

    def outdated() -> list[bool]:
        return [bool(one) for one in post.watch._engine.outdated]

    begin()
    assert outdated() == [True, True]
    eventually(_relearning, 30)
    for one in _relearning():
        one.kill()
    turned_until(post, lambda: sum(outdated()) == 1)
    post.save()
    left = outdated()
    begin()
    assert outdated() == left, "what was learned stays so"
    turned_until(post, lambda: sum(outdated()) == 0)
    turned_until(post, lambda: not _relearning())


def turned_until(post: Post, holds: Callable[[], bool]) -> None:
    def turned() -> bool:
        post.turn()
        return holds()

    eventually(turned, 30)


def _relearning() -> list[Process]:
    """A child that ended between two questions about it is none."""
    at_work = []
    for one in Process().children():
        with suppress(NoSuchProcess):
            if "hub.relearning" in one.cmdline():
                at_work.append(one)
    return at_work


def test_what_ended_while_another_hub_watched_is_told_after_the_record_was_read_anew(post: Post) -> None:
    post.saw()
    post.hand.move(hours=6)
    post.alive(2)
    post.store.records.snapshots.save(post.watch._seq, of_another_version(post), LEARNED.mark)
    at = post.hand.move(minutes=10)
    post.stored(sensor="front-door")
    post.hand.move(minutes=5)
    post.begin()
    (silence,) = [alert for alert in post.alerts() if alert.kind == "silence"]
    assert post.store.alerts.timeline(silence.id)[-1].text == f"A sign of life at {at:%H:%M}: hall door."


@pytest.mark.parametrize("snapshot", [True, False])
def test_a_long_stay_in_the_bathroom_outlives_a_restart_and_ends(store: Store, hand: Hand, *, snapshot: bool) -> None:
    """A finding of another detector than silence is remembered by its clock."""
    home = store.records.home(HOME)
    assert home is not None
    bathroom = Sensor("bathroom", SensorKind.MOTION, "bathroom")
    store.records.load(Register(homes=(replace(home, sensors=(*home.sensors, bathroom)),)), {})
    post = Post(store, hand)
    post.saw()
    post.hand.move(minutes=1)
    post.saw(sensor="bathroom")
    if snapshot:
        post.save()
    post.alive(46, sensors=("pendant", "hall", "front-door", "bed", "bathroom"))
    assert post.kinds() == [("long_lie", State.RAISED)]
    for _ in range(2):
        post.begin()
        post.alive(2)
    assert post.kinds() == [("long_lie", State.RAISED)]
    assert [one.kind for one in post.store.alerts.standing()] == [FindingKind.LONG_LIE], "nobody was told that it ended"
    post.saw(sensor="hall")
    post.alive(1)
    (alert,) = post.alerts()
    assert post.store.alerts.timeline(alert.id)[-1].text == "Seen in another room."
    assert post.store.alerts.standing() == []


def test_what_asks_for_no_answer_is_kept_and_not_raised(post: Post) -> None:
    finding = Finding(
        FindingKind.LESS_MOVEMENT, HOME, post.hand.now, post.hand.now, evidence={"heard_until": T0.timestamp()}
    )
    post.watch._find([finding])
    post.turn()
    assert post.alerts() == []
    (told,) = post.store.alerts.told(HOME, post.hand.now - timedelta(days=1))
    assert told.said.splitlines()[0].startswith("Less movement")
    post.watch._find([replace(finding, at=post.hand.move(hours=1), over=True)])
    post.turn()
    assert post.store.alerts.told(HOME, post.hand.now - timedelta(days=1))[0].ended_at == post.hand.now


def test_an_early_silence_says_that_the_home_is_new(post: Post) -> None:
    post.saw()
    post.hand.move(hours=6)
    post.alive(2)
    (alert,) = [alert for alert in post.alerts() if alert.kind == "silence"]
    noticed, expected, trust, clears = post.store.alerts.timeline(alert.id)[0].text.split("\n")
    assert noticed == "No sign of life since 08:01 (hall motion)."
    assert expected.startswith("One was expected by ")
    assert expected.endswith("This home has been known since 22 November; until 6 December fixed limits hold as well.")
    assert trust.startswith("The kit was heard until 14:0")
    assert clears == "Any movement, a door or a press would clear it."


def test_what_is_expected_is_written_down_once_a_silence_was_looked_at(post: Post) -> None:
    seen = post.hand.now
    post.saw()
    post.alive(2)
    before = expectation(post)
    assert before is None or before.last_sign != seen, "no claim about a silence that was not looked at"
    post.alive(6)
    told = expectation(post)
    assert told is not None
    assert (told.last_sign, told.known_since) == (seen, seen)
    assert told.expected_by.timestamp() == pytest.approx(post.watch._engine.expected_by[0], abs=1e-3)
    assert told.chance
    assert 0 < told.chance < 1
    assert len(told.usual) == 48


def closed_as(post: Post, outcome: Outcome) -> int:
    """A silence that was raised, ended, and was closed as that."""
    post.saw()
    post.hand.move(hours=6)
    post.alive(2)
    alert = post.alerts()[-1]
    close(post, alert, outcome)
    return alert.id


@pytest.mark.parametrize("outcome", [Outcome.FALSE, Outcome.AWAY])
def test_a_silence_that_goes_on_after_somebody_closed_it_is_raised_anew(post: Post, outcome: Outcome) -> None:
    """Who rang at two and heard that all is well knows nothing of the evening; but who is away is not missed."""

    def after(hours: float) -> list[State]:
        post.hand.move(hours=hours)
        post.alive(1)
        post.watch._looked_again_at = float("-inf")
        post.turn()
        return [state for kind, state in post.kinds() if kind == "silence"]

    closed_as(post, outcome)
    assert after(5.5) == [State.CLOSED]
    post.begin()
    anew = [State.RAISED] if outcome is Outcome.FALSE else []
    assert after(0.6) == after(1) == [State.CLOSED, *anew], "once"
    post.saw()
    assert after(1) == [State.CLOSED, *anew]


def test_a_long_lie_that_goes_on_after_somebody_closed_it_is_raised_anew(post: Post) -> None:
    """Closed by mistake, it must come back: whoever lies on the floor still sets off the sensor above."""

    def lies_there(hours: int) -> list[State]:
        for _ in range(hours):
            post.hand.move(minutes=59)
            post.saw()
            post.alive(1)
        post.watch._looked_again_at = float("-inf")
        post.turn()
        return [state for kind, state in post.kinds() if kind == "long_lie"]

    post.saw()
    assert lies_there(7) == [State.RAISED]
    (alert,) = [one for one in post.alerts() if one.kind == "long_lie"]
    close(post, alert, Outcome.FALSE)
    assert lies_there(4) == [State.CLOSED]
    post.begin()
    assert lies_there(1) == lies_there(1) == [State.CLOSED, State.RAISED], "once"
    (_, anew) = [one for one in post.alerts() if one.kind == "long_lie"]
    close(post, anew, Outcome.AWAY)
    assert lies_there(6) == [State.CLOSED, State.CLOSED], "who is away is not missed"


def test_who_is_still_not_back_in_bed_after_somebody_closed_that_is_raised_anew(post: Post) -> None:
    def then(what: What = What.MOVED, sensor: str = "hall", **by: float) -> list[State]:
        post.hand.move(**by)
        post.saw(what, sensor)
        return later()

    def later(**by: float) -> list[State]:
        post.hand.move(**by)
        post.alive(1)
        post.watch._looked_again_at = float("-inf")
        post.turn()
        return [state for kind, state in post.kinds() if kind == "not_back_in_bed"]

    post.store.records.load(Register(consents=(Consent(HOME, SensorKind.BED, "grace", "agreed", T0),)), {})
    post.begin()
    then(What.LAY_DOWN, "bed", hours=14.5)
    then(What.GOT_UP, "bed", hours=3.5)
    assert then(minutes=5) == then(minutes=110) == []
    assert later(minutes=10) == [State.RAISED]
    close(post, post.alerts()[-1], Outcome.FALSE)
    assert then(minutes=45) == later(minutes=70) == [State.CLOSED]
    assert later(minutes=10) == later(minutes=10) == [State.CLOSED, State.RAISED], "once"


def test_a_kit_that_is_not_repaired_in_time_is_raised_anew_though_somebody_closed_that(post: Post) -> None:
    a_fault_closed_by_hand(post)
    for hours, states in ((47, [State.CLOSED]), (2, [State.CLOSED, State.RAISED])):
        post.watch._looked_again_at = float("-inf")
        post.turn(hours=hours)
        post.turn(minutes=1)
        assert [state for kind, state in post.kinds() if kind == "kit_unheard"] == states
    post.beat()
    assert {state for kind, state in post.kinds() if kind == "kit_unheard"} == {State.CLOSED}, "heard again"


def budgets(post: Post) -> float:
    post.watch._looked_at = 0.0
    post.turn()
    post.turn()
    return float(post.watch._engine.homes[0].false_alerts_a_month)


def test_a_genuine_silence_has_the_home_watched_more_closely_from_then_on(post: Post) -> None:
    assert budgets(post) == 1.0
    first = closed_as(post, Outcome.FALL)
    assert budgets(post) == 1.5
    (shift,) = post.store.records.shifts(HOME)
    assert (shift.was, shift.now, shift.because, shift.actor) == (1.0, 1.5, (first,), "hub")
    post.begin()
    assert budgets(post) == 1.5, "the rows say so, also after a restart"
    assert len(post.store.records.shifts(HOME)) == 1


def test_visits_make_it_more_patient_until_they_are_old(post: Post) -> None:
    for _ in range(2):
        closed_as(post, Outcome.VISITOR)
    assert budgets(post) == 0.7
    assert post.watch._engine._state["asked"].tolist() == [0.7]
    post.hand.move(days=61)
    assert budgets(post) == 1.0
    assert [(one.was, one.now) for one in post.store.records.shifts(HOME)] == [(1.0, 0.7), (0.7, 1.0)]


def test_what_a_person_has_undone_is_not_done_again(post: Post) -> None:
    closed_as(post, Outcome.FALL)
    budgets(post)
    (shift,) = post.store.records.shifts(HOME)
    post.store.records.shift(HOME, post.hand.now, 1.5, 1.0, (), "sunita", shift.id)
    assert budgets(post) == 1.0
    assert len(post.store.records.shifts(HOME)) == 2
    with pytest.raises(LookupError):
        post.store.records.shift(HOME, post.hand.now, 1.5, 1.0, (), "sunita", shift.id)


FELT = {"chance": 0.75, "peak_g": 3.1, "tilt_deg": 70.0, "still_s": 2.0}


def fell(post: Post) -> None:
    post.news.put(Told(post.stored(What.FELL, "pendant", seconds=24, evidence=FELT)))
    post.turn()


def fall_judged(post: Post, outcome: Outcome) -> None:
    post.alive(2)
    fell(post)
    (alert,) = [one for one in post.alerts() if one.state is not State.CLOSED]
    close(post, alert, outcome)
    look(post)


def look(post: Post) -> None:
    post.watch._looked_at = float("-inf")
    post.turn()


def test_a_fall_is_raised_at_once_for_its_wearer_and_grows(post: Post) -> None:
    post.saw(What.MOVED, minutes=1)
    fell(post)
    (alert,) = post.alerts()
    assert (alert.kind, alert.resident, alert.state) == ("fall", "grace", State.RAISED)
    post.alive(7)
    timeline = [entry.text for entry in post.store.alerts.timeline(alert.id)]
    assert [text.split(" ", 4)[:4] for text in timeline] == [["A", "fall", "may", "have"], ["No", "sign", "of", "life"]]
    assert post.kinds() == [("fall", State.RAISED)]


def test_a_fall_stored_but_not_judged_is_raised_after_the_crash_and_once(post: Post) -> None:
    (row,) = post.stored(What.FELL, "pendant", seconds=24)
    assert row.evidence is None
    post.begin()
    post.begin()
    assert post.kinds() == [("fall", State.RAISED)]
    assert post.store.alerts.counts()[HOME]["findings"] == {"fall": 1}


def test_three_false_falls_and_the_pendant_has_to_be_surer_until_it_is_undone(post: Post) -> None:
    for _ in range(3):
        post.saw(What.MOVED)
        fall_judged(post, Outcome.FALSE)
    assert post.watch._budgets._falls == {(HOME, "pendant"): 0.7}
    fall_judged(post, Outcome.FALSE)
    assert post.watch._budgets._falls == {(HOME, "pendant"): 0.8}
    for outcome, surer in ((Outcome.FALL, {}), (Outcome.FALSE, {(HOME, "pendant"): 0.8})):
        post.store.alerts.act(4, Act.CORRECT, "sunita", post.hand.now, outcome=outcome)
        look(post)
        assert post.watch._budgets._falls == surer, "the last outcome counts"

    post.alive(2)
    fell(post)
    assert all(state is State.CLOSED for _, state in post.kinds()), "0.75 is no longer enough to call at once"
    assert any(
        "less sure than this pendant has to be" in told.said for told in post.store.alerts.told(HOME, post.hand.now)
    )
    post.alive(11)
    assert post.kinds()[-1] == ("fall", State.RAISED), "but silence bears it out"
    post.begin()
    assert len(post.kinds()) == 5

    post.store.records.undo_falls(HOME, post.hand.now, "pendant", tuple(range(1, 6)), "sunita")
    look(post)
    assert post.watch._budgets._falls == {}
    post.hand.move(minutes=1)
    for alert in (1, 2, 3):
        post.store.alerts.act(alert, Act.CORRECT, "sunita", post.hand.now, outcome=Outcome.VISITOR)
    look(post)
    assert post.watch._budgets._falls == {(HOME, "pendant"): 0.7}, "what was corrected since it was undone counts again"
    assert post.store.records.broken_logs() == []


def test_a_home_of_which_what_was_measured_was_deleted_is_learned_anew(post: Post) -> None:
    post.saw()
    post.saw(sensor="front-door", what=What.OPENED)
    assert post.watch._engine.latest_sign(HOME)[0] == post.hand.now
    post.store.series.forget(HOME)
    home = post.store.records.home(HOME)
    assert home
    post.store.records.expect([Expectation(HOME, post.hand.now, post.hand.now)])
    post.store.records.health.learn({HOME: Learned({"hall": Rhythm()})})
    post.store.records.load(Register(homes=(replace(home, erased_at=post.hand.now),)), {})
    post.watch._reload()
    assert post.watch._engine.latest_sign(HOME)[1] is None, "no sign of life is known"
    assert post.store.records.expectation(HOME) is None, "what was written down meanwhile goes too"
    assert post.store.records.health.learned_of(HOME).rhythms == {}
    post.save()
    post.begin()
    assert post.watch._engine.latest_sign(HOME)[1] is None


def test_a_home_that_ended_is_watched_no_longer_and_hinders_no_restart(post: Post) -> None:
    post.saw()
    post.alive(2)
    post.save()
    (home,) = post.store.records.homes()
    post.store.records.load(Register(homes=(replace(home, ended=post.hand.now),)), {})
    post.watch._looked_at = 0.0
    post.turn()
    post.saw(What.PRESSED, "pendant")
    post.beat()
    post.hand.move(hours=30)
    post.turn()
    post.begin()
    post.saw(What.PRESSED, "pendant")
    assert post.alerts() == []
    assert post.watch.standing()[1] == ""
    post.store.records.load(Register(homes=(home,)), {})
    post.watch._looked_at = 0.0
    post.turn()
    post.saw(What.PRESSED, "pendant")
    assert [alert.kind for alert in post.alerts()] == ["press"]
