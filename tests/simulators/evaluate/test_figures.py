import numpy as np
import pytest

from simulators.evaluate import baselines
from simulators.evaluate.figures import Delays, at_rate, resamples, sweep
from simulators.evaluate.homes import Recorded
from simulators.evaluate.study import Judged, judged


def delays_of(minutes: list[float], home: list[int]) -> Delays:
    count = len(minutes)
    return Delays(np.array(minutes), np.ones(count), np.array(home), np.zeros(count, np.int64))


def test_medians_and_shares_of_all_and_of_resampled_homes() -> None:
    played = delays_of([10.0, 50.0, 70.0, 130.0, 250.0, 1440.0], [0, 0, 0, 1, 1, 1])
    figures = played.figures(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]]))
    assert figures["median_min"].tolist() == [70, 50, 250]
    assert figures["p90_min"].tolist() == [1440, 70, 1440]
    assert figures["within_1h"] == pytest.approx([2 / 6, 2 / 3, 0])
    assert figures["within_2h"] == pytest.approx([0.5, 1, 0])
    assert figures["within_4h"] == pytest.approx([4 / 6, 1, 1 / 3])


def test_intervals_are_of_whole_homes_with_the_level_set_anew(town: list[Recorded]) -> None:
    homes = [one for home in town if (one := judged(home, 28)) is not None]
    family = baselines.single_timer(homes)
    found = at_rate(homes, family, sweep(homes, family, 0.5, 4), 2, resamples(len(homes))).entry
    low, high = found["interval"]["median_min"]
    assert low < high
    assert low <= found["median_min"] <= high


def test_one_home_has_no_interval(home: Recorded) -> None:
    one = judged(home, 28)
    assert isinstance(one, Judged)
    family = baselines.single_timer([one])
    found = at_rate([one], family, sweep([one], family, 0.5, 4), 2, resamples(1)).entry
    assert found["interval"]["median_min"] is None


def test_motion_that_goes_on_in_one_room_restarts_a_timer_for_ever(home: Recorded) -> None:
    one = judged(home, 28)
    assert isinstance(one, Judged)
    family = baselines.single_timer([one])
    found = at_rate([one], family, sweep([one], family, 0.5, 4), 4, resamples(1)).entry
    assert found["by_kind"]["limited"]["median_min"] == 1440
