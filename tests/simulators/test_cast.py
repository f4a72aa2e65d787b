"""Who lives in the town of the demonstration."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.reablement import come, span
from simulators.cast import ALL, register
from simulators.demo import HISTORY


def test_the_91st_day_after_a_discharge_lies_in_the_week_that_is_told() -> None:
    now = datetime(2026, 3, 31, 7, 30, tzinfo=ZoneInfo("Europe/London"))
    days = [one.reablement for one in register(ALL, now, email=False).residents if one.reablement]
    assert len(days) == 2
    assert all(come(day, now.date()) for day in days)
    starts = [span(day, "Europe/London")[0] for day in days]
    assert all(now - HISTORY <= start <= now - timedelta(days=1) for start in starts)
