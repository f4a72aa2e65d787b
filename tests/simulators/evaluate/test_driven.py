from dataclasses import replace

import numpy as np
import pytest

from models.detection import Finding, FindingKind
from models.detection.backtest import replay
from simulators.evaluate.driven import BUDGETS, OWN, Disagrees, Driven, drive, prove
from simulators.evaluate.homes import DAY, HOUR, ROOMS, Recorded
from simulators.evaluate.nightlight import shipped
from simulators.evaluate.played import played
from simulators.evaluate.silences import EARLIEST, MISSED
from simulators.evaluate.study import Judged, judged
from tests.simulators.evaluate.conftest import without_rows

LOOK = 60.0


@pytest.fixture(scope="module")
def one(home: Recorded) -> Judged:
    floor = home.first_midnight + 32 * DAY + 15 * HOUR
    found = judged(without_rows(home, (home.t > floor) & (home.t < floor + 20 * HOUR)), 28, 40)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def found(one: Judged) -> Driven:
    return drive(one, shipped().model)


def test_a_larger_budget_calls_sooner(one: Judged, found: Driven) -> None:
    assert found.tau.shape == (len(one.needed), len(BUDGETS))
    assert (np.diff(found.tau, axis=1) <= 0).all()
    assert (found.tau >= EARLIEST).all()


def test_what_is_read_at_another_price_than_the_engines_is_refused(one: Judged, found: Driven) -> None:
    prove(one, found)
    with pytest.raises(Disagrees, match="rows"):
        prove(one, replace(found, read=replace(found.read, noisy=found.read.noisy * 2)))
    with pytest.raises(Disagrees, match="not as due"):
        prove(one, replace(found, rang=~found.rang))


def test_reading_leaves_the_engine_as_it_was(one: Judged, found: Driven) -> None:
    """An engine that nobody reads, looked at every minute, finds the same silences, but for those just over."""
    long_enough = found.rang[:, OWN] & (one.rows.g > found.tau[:, OWN] + LOOK)
    mine, sure = ({round(at, 3) for at in one.rows.t[rows].tolist()} for rows in (found.rang[:, OWN], long_enough))
    assert sure
    assert sure <= _silences(one.home) <= mine


def _silences(home: Recorded) -> set[float]:
    well = played([home], shipped().model)
    found: list[Finding] = replay(well.engine(), well.seen, well.start, well.until, well.kits, LOOK)
    began = [
        round(one.since.timestamp() - well.moved[0], 3)
        for one in found
        if one.kind is FindingKind.SILENCE and not one.over
    ]
    return {at for at in began if home.first_midnight + 28 * DAY <= at < home.t[-1]}


def test_someone_on_the_bathroom_floor_who_sets_off_its_sensor_is_found(one: Judged, found: Driven) -> None:
    there = one.rows.room[one.collapses["limited"].row] == ROOMS.index("bathroom")
    assert there.any()
    assert np.median(found.limited[there]) < 4 * 3600
    assert (found.limited[there] < 13 * 3600).all(), "longer than anybody stayed, by night too"
    assert (found.limited <= MISSED).all()
