from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from models.detection import FindingKind
from models.detection.backtest import WELL, Kits, backtest
from models.detection.batch import Batch, batch
from models.detection.engine import Engine
from models.home import Home
from models.observation import What
from tests.conftest import NOON, okafor_home

HOURS = [0, 1, 2, 10, 11, 12]
"""Signs of life after noon: eight hours of silence in the afternoon of a home that allows six."""


@pytest.fixture
def home() -> Home:
    allowed = okafor_home()
    return replace(allowed, limits=replace(allowed.limits, by_day=timedelta(hours=6)))


def seen(home: Home) -> Batch:
    engine = Engine([home], NOON)
    sensor = home.sensors[-1].id
    times = [NOON - timedelta(hours=5) + timedelta(hours=hour) for hour in HOURS]
    return batch([engine.row(home.id, sensor, What.MOVED, at, at, place) for place, at in enumerate(times, 1)])


def happened(home: Home, kits: Kits = WELL) -> list[tuple[FindingKind, datetime, datetime | None]]:
    start, until = NOON - timedelta(hours=5), NOON + timedelta(hours=8)
    return list(backtest(Engine([home], start), seen(home), start, until, kits)[0].alerts)


def test_a_silence_that_these_settings_would_have_raised_and_what_ended_it(home: Home) -> None:
    kind, at, over = happened(home)[0]
    assert kind is FindingKind.SILENCE
    assert timedelta(0) <= at - (NOON + timedelta(hours=3)) <= timedelta(minutes=10)
    assert over == NOON + timedelta(hours=5)


def test_patient_settings_would_have_raised_nothing(home: Home) -> None:
    patient = replace(home, limits=replace(home.limits, by_day=timedelta(hours=9)))
    assert happened(patient) == []


def test_a_home_that_was_not_heard_would_have_raised_nothing_about_the_person(home: Home) -> None:
    start, end = NOON.timestamp(), (NOON + timedelta(hours=5)).timestamp()
    assert happened(home, Kits(deaf=[(0, start, end)])) == []


def test_a_home_without_observations_is_silent_from_the_start(home: Home) -> None:
    nothing = seen(home)[np.zeros(0, np.int64)]
    found = backtest(Engine([home], NOON), nothing, NOON, NOON + timedelta(days=2))
    assert [one.home for one in found] == [home.id]
    assert found[0].days == 2
    assert found[0].per_30_days == 15 * len(found[0].alerts)
