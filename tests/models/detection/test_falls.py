from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import models.data
from models.detection import falls
from models.detection.batch import Floats
from models.detection.falls import BadFallModel, FallDetector, FallModel, Suspicion, fall_model_from
from tests.models.detection.bodies import DOWN, LYING, SITTING, START, Body


@pytest.fixture(scope="module")
def model() -> FallModel:
    return fall_model_from((Path(models.data.__path__[0]) / "falls.npz").read_bytes())


def a_fall(fs: float = 100.0) -> Body:
    return Body(fs).walking(10, DOWN).falling().still(12, LYING)


def suspected(model: FallModel, t: Floats, acc: Floats, chunk: int = 25, least: float | None = None) -> list[Suspicion]:
    detector = FallDetector(model, least)
    cuts = np.arange(chunk, len(t), chunk)
    parts = zip(np.split(t, cuts), np.split(acc, cuts), strict=True)
    return [found for when, what in parts for found in detector.feed(when, what)]


def of(model: FallModel, body: Body) -> list[Suspicion]:
    return suspected(model, body.t, body.acc)


def test_a_fall_is_suspected_once_and_explained(model: FallModel) -> None:
    (found,) = of(model, a_fall())
    assert abs(found.at - START - 10.5) < 0.5
    assert 3 < found.decided_at - found.at < 6
    assert found.chance > model.threshold
    assert found.evidence["tilt_deg"] > 60
    assert found.evidence["peak_g"] > 2.5
    assert found.evidence["still_s"] > 1.5


@pytest.mark.parametrize(
    "body",
    [
        Body().walking(120),
        Body().walking(20).still(20, DOWN).walking(20),
        Body().walking(10).turning(1.0, DOWN, SITTING).bump(SITTING, 1.5).still(20, SITTING, 0.03),
        Body().still(20, SITTING, 0.03).turning(2.5, SITTING, LYING).still(5, LYING, 0.05).turning(2, LYING, SITTING),
    ],
    ids=["walking", "standing", "sitting down hard", "lying down and up again"],
)
def test_ordinary_things_are_not_suspected(model: FallModel, body: Body) -> None:
    assert of(model, body.walking(10)) == []


def test_a_pendant_on_the_table_that_hears_a_door_slam_is_neither_a_fall_nor_worn(model: FallModel) -> None:
    flat = np.array([0.0, 0.0, 1.0])
    table = Body().still(300, flat, 0.0).bump(flat, 2.0, 0.05).still(60, flat, 0.0)
    detector = FallDetector(model)
    assert detector.feed(table.t, table.acc) == []
    assert not detector.worn(float(table.t[-1]))


def test_it_is_worn_for_as_long_as_movement_was_lately(model: FallModel) -> None:
    body = Body().walking(60).still(60, LYING)
    detector = FallDetector(model)
    assert not detector.worn(START)
    detector.feed(body.t, body.acc)
    assert detector.worn(float(body.t[-1]), within_s=90)
    assert not detector.worn(float(body.t[-1]) + 3600, within_s=3600)


def test_a_slow_slide_is_judged_though_nothing_bumped(model: FallModel) -> None:
    slide = Body().walking(10).still(3, DOWN, 0.05).turning(1.8, DOWN, LYING).still(15, LYING)
    found = suspected(model, slide.t, slide.acc, least=0.0)
    assert any(abs(each.at - START - 14) < 2.5 for each in found)


def test_who_falls_as_they_run_is_judged_at_the_fall_though_each_step_was_harder() -> None:
    judged = judged_at(running().still(0.45, DOWN).bump(LYING, 2.0).still(12, LYING))
    assert np.abs(judged - (10 + 12 * 0.35 + 0.55)).min() < 0.1
    assert len(judged[(judged > 11) & (judged < 14)]) < 4


def test_who_ran_and_stands_then_is_not_judged_once_more_for_it() -> None:
    judged = judged_at(running().still(0.45, DOWN).bump(DOWN, 2.0).still(12, DOWN))
    assert len(judged) > 0
    assert not (judged > 10 + 12 * 0.35).any()


def running() -> Body:
    body = Body().walking(10)
    for _ in range(12):
        body.bump(DOWN, 5.0).still(0.15, DOWN)
    return body


def test_who_sits_down_hard_and_lies_down_then_is_judged_once() -> None:
    lying = Body().walking(10).bump(SITTING, 2.0).still(0.3, SITTING).turning(0.5, SITTING, LYING).bump(LYING, 1.2)
    judged = judged_at(lying.still(12, LYING))
    assert judged[(judged > 9.5) & (judged < 12.5)] == pytest.approx([10.1], abs=0.1)


def judged_at(body: Body) -> Floats:
    """In s from the start."""
    bins = falls.laid(body.t - START, body.acc)
    return np.array(falls.candidates(bins, 0, 0, len(bins) - falls.JUDGED)) / falls.RATE


@pytest.mark.parametrize("chunk", [1, 7, 250, 100_000])
def test_how_a_stream_is_cut_changes_nothing(model: FallModel, chunk: int) -> None:
    body = a_fall().walking(5).falling().still(9, LYING)
    luck = np.random.default_rng(3)
    kept = luck.random(len(body.t)) > 0.2
    t = (body.t + luck.uniform(-0.004, 0.004, len(body.t)))[kept]
    assert suspected(model, t, body.acc[kept], chunk, 0.0) == suspected(model, t, body.acc[kept], 25, 0.0)


@pytest.mark.parametrize("fs", [20.0, 25.0, 52.0, 119.0, 200.0])
def test_the_rate_does_not_matter(model: FallModel, fs: float) -> None:
    assert len(of(model, a_fall(fs))) == 1


@pytest.mark.parametrize("clip", [2.0, 4.0])
def test_a_clipped_fall_is_still_one(model: FallModel, clip: float) -> None:
    body = a_fall()
    assert len(suspected(model, body.t, np.clip(body.acc, -clip, clip))) == 1


@pytest.mark.parametrize("gain", [0.9, 1.1])
def test_a_sensor_that_is_out_by_a_tenth_is_borne(model: FallModel, gain: float) -> None:
    body = a_fall().walking(30)
    assert len(suspected(model, body.t, body.acc * gain)) == 1


def test_mounting_does_not_matter(model: FallModel) -> None:
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    (upright,), (turned,) = of(model, a_fall()), suspected(model, a_fall().t, a_fall().acc @ turn)
    assert turned.chance == pytest.approx(upright.chance, abs=0.02)


def test_jitter_lost_and_senseless_samples_are_borne(model: FallModel) -> None:
    body, luck = a_fall(), np.random.default_rng(2)
    t, acc = body.t + luck.uniform(-0.02, 0.02, len(body.t)), body.acc.copy()
    acc[::97] = np.nan
    kept = luck.random(len(t)) > 0.2
    assert len(suspected(model, t[kept], acc[kept])) == 1


def test_a_sensor_that_falls_silent_after_the_fall_is_judged_when_it_is_heard_again(model: FallModel) -> None:
    body, later = a_fall(), Body().still(5, LYING)
    kept = body.t < START + 13.5
    detector = FallDetector(model)
    assert detector.feed(body.t[kept], body.acc[kept]) == []
    (found,) = detector.feed(later.t + 60.0, later.acc)
    assert abs(found.at - START - 10.5) < 0.5


def test_times_that_go_back_are_left_out(model: FallModel) -> None:
    body = a_fall()
    detector = FallDetector(model)
    twice = [detector.feed(body.t, body.acc), detector.feed(body.t, body.acc)]
    assert [len(each) for each in twice] == [1, 0]


@pytest.mark.parametrize("clip", [2.0, 16.0])
def test_up_is_where_gravity_pulled_while_somebody_walked_and_stays_so_when_they_lie(clip: float) -> None:
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    body = Body().still(10, LYING).walking(20).turning(2, DOWN, LYING).still(60, LYING)
    up = falls.laid(body.t, np.clip(body.acc @ turn, -clip, clip))[:, falls.UP]
    assert (up[: 10 * falls.RATE] == 0).all()
    assert np.allclose(up[20 * falls.RATE], DOWN @ turn, atol=0.1)
    assert np.allclose(up[-1], DOWN @ turn, atol=0.1)


def test_who_only_sits_or_lies_has_shown_no_way_that_is_up() -> None:
    body = Body().still(30, SITTING, 0.05).turning(2, SITTING, LYING).still(30, LYING).bump(LYING, 2.0)
    assert (falls.laid(body.t, body.acc)[:, falls.UP] == 0).all()


def test_a_sensor_that_is_put_on_otherwise_after_hours_is_learned_anew() -> None:
    def walked(up: Floats) -> Floats:
        body = Body().walking(20, up)
        return falls.Grid().feed(body.t, body.acc)

    soon, late = falls.Upright(), falls.Upright()
    first = [tracker.feed(walked(DOWN), 0)[-1] for tracker in (soon, late)]
    assert np.allclose(first, DOWN, atol=0.1)
    again, anew = (tracker.feed(walked(-DOWN), gap * falls.RATE) for tracker, gap in ((soon, 60), (late, 7200)))
    assert np.allclose(again[0], DOWN, atol=0.1)
    assert (anew[0] == 0).all()
    assert np.allclose(anew[-1], -DOWN, atol=0.1)


def test_whether_somebody_stood_before_and_stands_after_is_asked() -> None:
    lay = Body().walking(20).turning(2, DOWN, LYING).still(15, LYING).bump(LYING, 2.0).still(10, -LYING)
    fell = Body().walking(20).falling().still(10, LYING)

    def asked(body: Body, second: float) -> dict[str, float]:
        bins = falls.laid(body.t, body.acc)
        row = np.array([round(second * falls.RATE)])
        return dict(zip(falls.NAMES, falls.features(falls.windows(bins, row))[0].tolist(), strict=True))

    turned, down = asked(lay, 37), asked(fell, 20.5)
    assert turned["walked"] == down["walked"] == 1
    assert abs(turned["stood"]) < 0.3
    assert down["stood"] > 0.95
    assert abs(down["stands"]) < 0.3


def test_nothing_heard_is_nothing_found(model: FallModel) -> None:
    detector = FallDetector(model)
    assert detector.feed(np.empty(0), np.empty((0, 3))) == []
    assert detector.rest() == []


def test_a_model_is_the_same_after_it_was_kept(model: FallModel) -> None:
    body = a_fall()
    assert of(fall_model_from(model.to_bytes()), body) == of(model, body)
    assert len(model.to_bytes()) < 300_000
    assert model.to_bytes() == model.to_bytes()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"not a model"])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(BadFallModel, match="train falls"):
        fall_model_from(content)


def test_a_model_says_what_walking_down_each_tree_and_its_net_say(model: FallModel) -> None:
    rows = np.random.default_rng(4).normal(1, 2, (50, len(falls.NAMES))).astype(np.float32)
    assert model.chances(rows[:, None]) == pytest.approx([slowly(model, row.tolist()) for row in rows])


def test_of_the_moments_that_a_candidate_is_asked_about_the_mean_of_the_log_odds_counts(model: FallModel) -> None:
    asked = np.random.default_rng(4).normal(1, 2, (20, 3, len(falls.NAMES))).astype(np.float32)
    odds = [[slowly(model, row.tolist()) for row in moments] for moments in asked]
    mean = np.log(np.array(odds) / (1 - np.array(odds))).mean(1)
    assert model.chances(asked) == pytest.approx(1 / (1 + np.exp(-mean)))


def slowly(model: FallModel, row: Sequence[float]) -> float:
    held = [min(max(each, low), high) for each, low, high in zip(row, model.net.low, model.net.high, strict=True)]
    score = model.start
    for each, bias, worth in zip(model.net.hidden.T.tolist(), model.net.bias, model.net.worth, strict=True):
        score += worth * max(sum(of * what for of, what in zip(held, each, strict=True)) + bias, 0.0)
    for root in model.roots.tolist():
        node = root
        while model.feature[node] >= 0:
            node = int(model.child[node]) + int(row[model.feature[node]] > model.cut[node])
        score += float(model.cut[node])
    return float(1 / (1 + np.exp(-score)))
