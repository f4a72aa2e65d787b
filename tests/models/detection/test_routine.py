import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numba import typeof
from numpy.typing import NDArray

import models.data
from models.detection import FindingKind, kernels, stream
from models.detection.backtest import joined
from models.detection.batch import Batch, batch
from models.detection.engine import Engine, known_by, warm
from models.detection.prior import BadPrior, Prior, prior_from
from models.detection.rooms import room_code
from models.detection.routine import History, noises, waits
from models.observation import What
from tests.conftest import NOON, okafor_home

HOUR, DAY = 3600.0, 86400.0
HOMES = [okafor_home("h_1"), okafor_home("h_2")]
START = NOON.timestamp()


@pytest.fixture(scope="module")
def prior() -> Prior:
    return prior_from((Path(models.data.__path__[0]) / "prior.npz").read_bytes())


def life(days: int, seed: int = 1) -> Batch:
    """A home in which somebody gets up at seven, is about by day, goes out at eleven, and sleeps from eleven."""
    luck = np.random.default_rng(seed)
    rows: list[tuple[int, int, int, float, float, int]] = []
    midnight = START - 12 * HOUR
    for day in range(days):
        at = midnight + day * DAY + 7 * HOUR + luck.random() * HOUR
        while at < midnight + day * DAY + 23 * HOUR:
            out = 11 <= (at - midnight) % DAY / HOUR < 11.3
            sensor = 4 if out else int(luck.integers(1, 4))
            rows.append((0, sensor, 3 if out else 1, at, at + 2.0, len(rows) + 1))
            at += float(luck.exponential(1.5 * HOUR if out else 420.0)) + 5.0
    return batch(rows)


def played(of: Engine, news: Batch, sizes: list[int]) -> list[str]:
    """In parts of `sizes` over and over, with a heartbeat each quarter of an hour in between, in order of arrival."""
    ticks = np.arange(START, float(news.arrived.max()) + HOUR, 900.0)
    beats = batch([of.row("h_1", "", What.HEARD, _utc(t), _utc(t)) for t in ticks])
    merged = _merged(news, beats)
    found, place, turn = [], 0, 0
    while place < len(merged):
        found += of.observe(merged[place : place + sizes[turn % len(sizes)]])
        place += sizes[turn % len(sizes)]
        turn += 1
    return [one.key for one in found]


def _utc(at: float) -> datetime:
    return NOON + timedelta(seconds=at - START)


def _merged(one: Batch, other: Batch) -> Batch:
    whole = joined(one, other)
    return whole[np.argsort(whole.arrived, kind="stable")]


def test_the_prior_comes_back_from_its_file_and_a_bad_one_is_refused(prior: Prior) -> None:
    again = prior_from(prior.to_bytes())
    np.testing.assert_array_equal(again.usual, prior.usual)
    assert "TIHM" in str(again.provenance["learned_from"])
    with pytest.raises(BadPrior):
        prior_from(b"nothing")


@pytest.mark.parametrize(("name", "value"), [("child", 0), ("child", 60000), ("feature", kernels.INPUTS)])
def test_trees_that_lead_nowhere_are_refused(prior: Prior, name: str, value: int) -> None:
    """Compiled loops walk them without looking where they go."""
    nodes, shares = prior.nodes.copy(), prior.share_nodes.copy()
    nodes[name][prior.roots[3]] = shares[name][prior.share_roots[3]] = value
    for bad in (replace(prior, nodes=nodes), replace(prior, share_nodes=shares)):
        with pytest.raises(BadPrior, match="can't be walked"):
            prior_from(bad.to_bytes())


def test_a_prior_of_an_older_version_is_refused(prior: Prior) -> None:
    """One that knows nothing of shares: what it says a false alert costs was meant beside other delays."""
    with np.load(io.BytesIO(prior.to_bytes())) as read:
        known = {name: read[name] for name in read.files if not name.startswith("share")}
    older = io.BytesIO()
    np.savez_compressed(older, **known)
    with pytest.raises(BadPrior, match="make one"):
        prior_from(older.getvalue())


def test_the_engine_learns_what_a_replay_of_its_history_learns(prior: Prior) -> None:
    of, news = Engine(HOMES, NOON, prior=prior), life(21)
    played(of, news, [57])
    code = np.array([room_code(sensor) for sensor in HOMES[0].sensors])
    door = np.array([sensor.is_exit for sensor in HOMES[0].sensors])
    history = History(news.at, code[news.sensor], door[news.sensor], np.ones(len(news), bool))
    alone = replayed(history)
    np.testing.assert_array_equal(of._state["habits"][0], alone[0])
    np.testing.assert_array_equal(of._state["short"][0, : kernels.BORNE_OUT], alone[1][: kernels.BORNE_OUT])
    assert of._state["short"][0, kernels.BORNE_OUT :].any()
    end = float(news.at[-1])
    of.observe(of.beat("h_1", _utc(end + 301.0), _utc(end + 301.0), {}))
    of.overdue(_utc(end + 301.0))
    assert of.expected_by[0] - end == pytest.approx(last_deadline(history, prior, 1.0))


def last_deadline(history: History, prior: Prior, asked: float) -> float:
    """From the prior, corrected by how often this home stayed silent longer than others would, as far as was seen."""
    gap = np.append(np.diff(history.t), np.inf)
    rows = np.union1d(np.flatnonzero(gap >= kernels.EARLIEST), [len(gap) - 1])
    found = waits(history, prior, rows)
    times = noises(history, rows, found, prior.reference, prior.outings)
    return float(found.deadlines(prior.price_of(asked / times))[-1])


def replayed(history: History) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    now, habits = np.zeros(kernels.REMEMBERED, np.float32), np.zeros(kernels.HABITS, np.uint8)
    short = np.zeros((kernels.SHORTS, 2), np.uint16)
    kernels.fresh_start(now)
    for each, at in enumerate(history.t):
        before = history.t[each - 1] if each else at - 60.0
        room, door = int(history.room[each]), bool(history.door[each])
        kernels.go_on(now, habits, short, before, at, at - before, room, door, each > 0)
    return habits, short


@settings(max_examples=20, deadline=None)
@given(sizes=some.lists(some.integers(1, 400), min_size=1, max_size=5), late=some.integers(0, 500))
def test_learning_is_the_same_in_any_batching(prior: Prior, sizes: list[int], late: int) -> None:
    news = life(4)
    news.arrived[:] += np.random.default_rng(late).integers(0, late + 1, len(news))
    one, other = Engine(HOMES, NOON, prior=prior), Engine(HOMES, NOON, prior=prior)
    assert played(one, news, [len(news)]) == played(other, news, sizes)
    assert one._state.tobytes() == other._state.tobytes()


def test_what_comes_late_within_a_heartbeat_is_learned_in_order(prior: Prior) -> None:
    news = life(6)
    late = life(6)
    late.arrived[:] += np.random.default_rng(3).integers(0, 120, len(late))
    one, other = Engine(HOMES, NOON, prior=prior), Engine(HOMES, NOON, prior=prior)
    played(one, news, [50])
    played(other, late, [50])
    np.testing.assert_array_equal(one._state["habits"], other._state["habits"])


def test_a_duplicate_teaches_nothing(prior: Prior) -> None:
    news = life(6)
    one, other = Engine(HOMES, NOON, prior=prior), Engine(HOMES, NOON, prior=prior)
    played(one, news, [50])
    played(other, _merged(news, news), [50])
    np.testing.assert_array_equal(one._state["habits"], other._state["habits"])


def test_a_home_is_at_most_four_kilobytes() -> None:
    assert stream.HOME_STATE.itemsize + 8 * stream.SENSOR_STATE.itemsize <= 4096


def test_an_unknown_home_never_waits_longer_than_the_simple_rule(prior: Prior) -> None:
    of = Engine(HOMES, NOON, prior=prior)
    of.observe(batch([of.row("h_1", "hall_pir", What.MOVED, NOON, NOON, 1)]))
    for minute in range(190):
        now = NOON + timedelta(minutes=minute)
        of.observe(of.beat("h_1", now, now, {}))
        found = [one for one in of.overdue(now) if one.kind is FindingKind.SILENCE]
        if found:
            break
    assert timedelta(minutes=5) <= now - NOON <= timedelta(minutes=181)


def test_a_higher_price_never_calls_sooner(prior: Prior) -> None:
    news = life(20)
    history = History(news.at, np.full(len(news), 4), np.zeros(len(news), bool), np.ones(len(news), bool))
    found = waits(history, prior, np.arange(0, len(news), 40))
    tau = np.stack([found.deadlines(float(price)) for price in np.geomspace(1e2, 1e9, 12)])
    assert (np.diff(tau, axis=0) >= 0).all()
    assert tau.min() >= kernels.EARLIEST


def test_a_snapshot_of_another_version_is_passed_over(prior: Prior) -> None:
    content = Engine(HOMES, NOON, prior=prior).snapshot().tobytes()
    layout = content.partition(b'"layout":"')[2][:64]
    cut, damaged = content[:-1], b"PK" + content
    for other in (content.replace(layout, layout[::-1]), cut, damaged, b""):
        assert Engine(HOMES, NOON, prior=prior).restore(other) is False
    assert Engine(HOMES, NOON, prior=prior).restore(content)


def test_what_was_learned_and_what_waits_comes_back_from_a_snapshot(prior: Prior) -> None:
    news = life(6)
    one, other = Engine(HOMES, NOON, prior=prior), Engine([okafor_home("h_0"), *HOMES], NOON, prior=prior)
    played(one, news, [50])
    one.observe(news[-3:])
    assert other.restore(one.snapshot())
    for name in ("habits", "short", "now", "rate", "waiting", "read_until", "outlasted"):
        np.testing.assert_array_equal(other._state[name][1], one._state[name][0])


def test_warming_leaves_nothing_to_compile(prior: Prior) -> None:
    warm(prior)
    loops: list[Any] = [stream.take, stream.settle, stream.weakened, stream.follow_late, stream.by_the_old_clock]
    ready = [len(each.signatures) for each in loops]
    assert 0 not in ready
    of = Engine(HOMES, NOON, prior=prior)
    of.observe(life(1))
    of.observe(batch([of.heard("h_1", _utc(START + 2 * DAY), _utc(START + 2 * DAY))]))
    assert of.overdue(_utc(START + 2 * DAY))
    assert [len(each.signatures) for each in loops] == ready


def test_with_a_prior_and_without_one_the_same_compiled_loops_run(prior: Prior) -> None:
    """Other types would have all of them compiled once more, by whichever process meets them first."""
    with_one, without = (typeof(known_by(each)[0]) for each in (prior, None))  # type: ignore[no-untyped-call]
    assert with_one == without
