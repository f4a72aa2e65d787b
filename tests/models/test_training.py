import numpy as np

from models.detection import falls, kernels
from models.detection.prior import Prior, prior_from
from models.detection.routine import History
from models.training import (
    Provenance,
    _fit,
    _trees,
    ending_chances,
    flattened,
    grown,
    learn_crossed,
    learn_falls,
    learn_prior,
    outlier_scores,
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


def test_trees_laid_flat_say_what_they_said() -> None:
    luck = np.random.default_rng(1)
    x = luck.normal(size=(120 * (kernels.BINS + 1), kernels.INPUTS)).astype(np.float32)
    ended = (x[:, 3] + luck.normal(size=len(x)) > 0).astype(np.int64)
    roots, nodes, start = grown(x, ended, np.ones(len(x)))
    again, _, _ = grown(x, ended, np.ones(len(x)))
    np.testing.assert_array_equal(roots, again)
    nothing = np.zeros(1)
    trees = Prior(nothing, roots, nodes, start, nothing, nothing, {}).trees
    # What is the same for all bins is asked once.
    some = np.ascontiguousarray(x[:: kernels.BINS + 1])
    said = np.empty((len(some), kernels.ABREAST), np.float32)
    for each, row in enumerate(some):
        kernels.ask(np.tile(row, (kernels.BINS + 1, 1)), trees, said[each])
    assert said[some[:, 3] > 1].min() > said[some[:, 3] < -1].max()


def test_trees_from_what_is_cut_already_are_those_that_scikit_learn_grows() -> None:
    luck = np.random.default_rng(2)
    x = luck.normal(size=(1000, 3)).astype(np.float32)
    x[:, 1] = np.round(3 * x[:, 1])
    answer, weight = x.sum(1) + luck.normal(size=1000) > 0, np.where(luck.random(1000) < 0.3, 12.5, 1.0)
    one, other = (_trees(rounds=9, rate=0.16, leaves=7, least=20) for _ in range(2))
    expected, found = flattened(one.fit(x, answer, sample_weight=weight)), _fit(other, x, answer, weight)
    for theirs, ours in zip(expected, found, strict=True):
        np.testing.assert_array_equal(theirs, ours)


def test_a_fall_is_told_even_where_no_posture_can_be_believed() -> None:
    """What knows posture and impact alike is joined by what knows the impact alone."""
    luck = np.random.default_rng(1)
    asked = luck.normal(size=(3000, len(falls.NAMES)))
    tilt, peak = falls.NAMES.index("tilt"), falls.NAMES.index("peak")
    fell = luck.random(3000) < 0.5
    asked[fell, tilt] += 4.0
    asked[fell, peak] += 3.0
    model = learn_falls(asked, fell, np.ones(3000), {}, rounds=40)
    slipped = np.zeros((2, len(falls.NAMES)))
    slipped[:, peak] = 0.0, 4.0
    without, hard = model.chances(slipped)
    assert hard > 2 * without
    assert (model.feature < len(falls.NAMES)).all()
