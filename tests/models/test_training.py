import numpy as np

from models.training import ending_chances, outlier_scores


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
