from dataclasses import replace

import numpy as np
import pytest

from models.detection import falls, kernels
from models.detection.prior import Prior, prior_from
from models.detection.routine import History, Waits, inputs, noises
from models.detection.trees import all_dearness, ask, share
from models.training import (
    DRAWN,
    FALL_THRESHOLD,
    Provenance,
    Told,
    Trees,
    Tried,
    _fit,
    _share_trees,
    _trees,
    ending_chances,
    flattened,
    grown,
    learn_crossed,
    learn_falls,
    learn_prior,
    outlier_scores,
    priced,
    shares_grown,
)


def test_what_is_unlike_all_that_was_seen_scores_higher() -> None:
    seen = np.random.default_rng(1).normal(size=(400, 2))
    usual, strange = outlier_scores(seen, np.array([[0.0, 0.0], [9.0, -9.0]]))
    assert strange > usual


def test_chances_of_an_end_follow_what_is_known() -> None:
    """Silences at night end in the second bin, by day in the first."""
    hour = np.tile([3.0, 12.0], 400)
    ended = np.where(hour < 6, 1, 0)
    chances = ending_chances(
        hour[:, None], ended, np.ones(800), np.array([[3.0], [12.0]]), np.array([0.0, 60.0, 120.0])
    )
    assert chances.shape == (2, 2)
    assert chances[1, 0] > 0.9
    assert chances[0, 0] < 0.1
    assert chances[0, 1] > 0.9


def lived(seed: int, days: int = 20) -> History:
    """Somebody is about by day, every few minutes, and sleeps from eleven to seven."""
    luck = np.random.default_rng(seed)
    t = np.cumsum(luck.exponential(1000.0, days * 86) + 5.0)
    t = t[(t / 3600) % 24 > 7]
    room = luck.integers(0, 6, len(t))
    return History(t, room, room == 2, np.ones(len(t), bool))


SAID: Provenance = {"learned_from": "nowhere", "homes": 3, "home_ids": "a b c", "days": 96, "learned_on": "2026-11-22"}


def test_a_prior_learned_from_the_same_homes_is_the_same_file() -> None:
    homes = [lived(seed) for seed in range(3)]
    one, other = learn_prior(homes, SAID), learn_prior(homes, SAID)
    assert one.to_bytes() == other.to_bytes()
    assert (np.diff(one.price) <= 0).all()
    again = prior_from(one.to_bytes())
    assert again.provenance["home_ids"] == "a b c"


def test_what_a_home_is_judged_by_was_not_taught_by_it() -> None:
    homes = [lived(seed) for seed in range(3)]
    strange = History(homes[0].t * 3.0, homes[0].room, homes[0].door, homes[0].learnt)
    as_they_are, with_a_stranger = learn_crossed(homes, SAID), learn_crossed([strange, *homes[1:]], SAID)
    np.testing.assert_array_equal(as_they_are[0].nodes, with_a_stranger[0].nodes)
    np.testing.assert_array_equal(as_they_are[0].usual, with_a_stranger[0].usual)
    assert (as_they_are[1].usual != with_a_stranger[1].usual).any()


def nobody() -> Trees:
    return np.zeros(0, np.int64), np.zeros(0, kernels.NODE), 0.0


def prior_of(trees: Trees, shares: Trees) -> Prior:
    nothing = np.zeros(1)
    return Prior(nothing, *trees, *shares, nothing, nothing, 0.0, 0.0, {})


def quiet_for(seed: int, often: float) -> Tried:
    """A home whose silences last, on average, `often` times as long as is thought of all of them."""
    luck = np.random.default_rng(seed)
    gap = kernels.EARLIEST + luck.exponential(2000.0 * often, 3000)
    t = np.concatenate([[0.0], np.cumsum(gap)])
    history = History(t, np.zeros(len(t), np.int64), np.zeros(len(t), bool), np.ones(len(t), bool))
    rows, late = np.arange(len(gap)), t[:-1] > 28 * 86400.0
    still = np.tile(np.exp(-(kernels.EDGES - kernels.EARLIEST) / 2000.0), (len(gap), 1))
    found = Waits(still, np.ones(len(gap)), np.zeros(len(gap), bool))
    return Tried(history, rows, found, gap, late, float(gap[late].sum()) / 86400.0)


def test_homes_that_are_held_to_their_own_budgets_together_get_what_is_asked() -> None:
    """A noisy home loses more alerts by its own correction than quiet ones gain by theirs: prices make up for that."""
    homes = [quiet_for(seed, 1.5 if seed % 4 == 0 else 0.9) for seed in range(4)]
    prior = priced(prior_of(nobody(), nobody()), homes)
    assert prior.price_of(2.0) < prior.reference
    for asked in (1.0, 2.0, 4.0):
        alerts = 0
        for home in homes:
            times = noises(home.history, home.rows, home.found, prior.reference, prior.outings)[home.judged]
            alerts += home.alerts(prior.price_of(asked / times))
        assert 0.8 < alerts * 30 / sum(home.days for home in homes) / asked < 1.25


def test_outings_and_silences_indoors_are_held_against_a_home_each_where_they_were() -> None:
    home = quiet_for(1, 3.0)
    long = home.gap > home.found.deadlines(1e4)
    for out in (long, ~long):
        times = noises(home.history, home.rows, replace(home.found, way_out=out), 1e4, outings=2.0)
        assert times[~long][-1] < 1 < times[long][-1]


def test_trees_laid_flat_say_what_they_said() -> None:
    luck = np.random.default_rng(1)
    x = luck.normal(size=(120 * (kernels.BINS + 1), kernels.INPUTS)).astype(np.float32)
    ended = (x[:, 3] + luck.normal(size=len(x)) > 0).astype(np.int64)
    roots, nodes, start = grown(x, ended, np.ones(len(x)))
    again, _, _ = grown(x, ended, np.ones(len(x)))
    np.testing.assert_array_equal(roots, again)
    trees = prior_of((roots, nodes, start), nobody()).trees
    # What is the same for all bins is asked once.
    some = np.ascontiguousarray(x[:: kernels.BINS + 1])
    said = np.empty((len(some), kernels.BINS + 1))
    for each, row in enumerate(some):
        ask(np.tile(row, (kernels.BINS + 1, 1)), trees, said[each])
    assert said[some[:, 3] > 1].min() > said[some[:, 3] < -1].max()


def test_a_sign_that_others_follow_is_the_less_of_a_moment() -> None:
    """In one room a sign comes alone, in the other four come within a minute: of those each is a quarter of a moment,
    and the first of them is known to be no more before another has come.
    """
    began = np.arange(600) * 1800.0 + 10.0
    busy = np.arange(600) % 2 == 1
    t = np.concatenate([began, *(began[busy] + 15.0 * more for more in (1, 2, 3))])
    room = np.where(np.isin(t // 1800, np.flatnonzero(busy)), 4, 1)
    order = np.argsort(t)
    whole = np.ones(len(t), bool)
    history = History(t[order], room[order], ~whole, whole)
    found = learn_prior([history] * 3, SAID)
    first = np.searchsorted(t[order], began)
    x = inputs(history, found.usual, first)
    said = np.array([share(each[0], found.shares) for each in x])
    assert said[~busy] == pytest.approx(1.0, abs=0.05)
    assert said[busy] == pytest.approx(0.25, abs=0.05)
    assert all_dearness(x, found.usual, found.shares) == pytest.approx(1 / said)


def test_shares_laid_flat_say_what_they_said() -> None:
    luck = np.random.default_rng(4)
    x = luck.normal(size=(3000, kernels.INPUTS)).astype(np.float32)
    told = np.exp(0.3 * x[:, 3] - 1.0)
    expected = _share_trees().fit(x, told).predict(x[:50])
    shares = prior_of(nobody(), shares_grown(x, told, np.ones(len(x)))).shares
    assert [share(each, shares) for each in x[:50]] == pytest.approx(expected, rel=0.02)


def test_trees_from_what_is_cut_already_are_those_that_scikit_learn_grows() -> None:
    luck = np.random.default_rng(2)
    x = luck.normal(size=(1000, 3)).astype(np.float32)
    x[:, 1] = np.round(3 * x[:, 1])
    answer, weight = x.sum(1) + luck.normal(size=1000) > 0, np.where(luck.random(1000) < 0.3, 12.5, 1.0)
    one, other = (_trees(rounds=9, rate=0.16, leaves=7, least=20) for _ in range(2))
    expected, found = flattened(one.fit(x, answer, sample_weight=weight)), _fit(other, x, answer, weight)
    for theirs, ours in zip(expected, found, strict=True):
        np.testing.assert_array_equal(theirs, ours)


def test_a_fall_is_told_by_what_set_falls_apart() -> None:
    luck = np.random.default_rng(1)
    asked = luck.normal(size=(3000, len(falls.NAMES)))
    tilt, peak = falls.NAMES.index("tilt"), falls.NAMES.index("peak")
    fell = luck.random(3000) < 0.5
    asked[fell, peak] += 3.0
    asked[fell & (luck.random(3000) < 0.5), tilt] += 4.0
    model = learn_falls(asked, fell, np.ones(3000), np.arange(3000) % 3, {}, rounds=40)
    felt = np.zeros((3, len(falls.NAMES)))
    felt[:, peak], felt[:, tilt] = (0.0, 4.0, 4.0), (0.0, 0.0, 4.0)
    nothing, slipped, whole = model.chances(felt[:, None])
    assert nothing < 0.1
    assert slipped > 0.8
    assert whole > 0.8
    assert (model.feature < len(falls.NAMES)).all()


def test_a_lone_person_is_learned_from_all_the_same() -> None:
    asked = np.random.default_rng(3).normal(size=(400, len(falls.NAMES)))
    fell = asked[:, 0] > 0
    model = learn_falls(asked, fell, np.ones(400), np.zeros(400, np.int64), {}, rounds=5)
    assert model.threshold == FALL_THRESHOLD
    assert np.corrcoef(model.chances(asked[:, None]), fell)[0, 1] > 0.6


def test_what_is_drawn_stands_for_all_that_was_told() -> None:
    luck = np.random.default_rng(6)
    fell = luck.random(20_000) < 0.1
    told = Told(luck.normal(size=(20_000, 1)).astype(np.float32), fell, np.where(luck.random(20_000) < 0.5, 0.2, 1.0))
    drawn = told.drawn(3)
    assert drawn.fell.sum() == fell.sum()
    assert len(drawn.fell) < len(fell) / DRAWN * 2
    share, of_all = (each.weight[each.fell].sum() / each.weight.sum() for each in (drawn, told))
    assert abs(share - of_all) < 0.01
