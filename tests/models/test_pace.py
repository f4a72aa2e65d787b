from datetime import UTC, datetime

import pytest

from models.pace import Pace, unpacked

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_a_day_passes_in_a_minute() -> None:
    pace = Pace(1000.0, START.timestamp(), 1440)
    assert (pace.at(1060.0) - START).total_seconds() == 86400
    assert pace.real_seconds(86400) == 60


def test_a_clock_moved_by_hand_stands_still() -> None:
    pace = Pace(1000.0, START.timestamp(), 0)
    assert pace.at(5000.0) == START
    assert pace.real_seconds(1) is None


@pytest.mark.parametrize("pace", [Pace(1.5, 2.5, 3.5), Pace(1.5, 2.5, 0.0, -9e8, 7.5, synced=False)])
def test_a_pace_goes_through_a_file(pace: Pace) -> None:
    assert unpacked(pace.packed()) == pace


def test_a_file_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="24 or 41 bytes"):
        unpacked(b"half")
