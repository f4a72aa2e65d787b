import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.clock import BY_HAND, BY_HAND_IDLE, SLICE, Clock
from models.pace import Pace
from models.settings import BadSettings
from tests.edge.conftest import NIGHT, play


def test_without_a_file_it_is_real_time(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    now = Clock(synced=tmp_path / "none" / "synced").now()
    assert before <= now <= datetime.now(UTC)


def test_it_is_believed_once_the_network_has_set_it(tmp_path: Path) -> None:
    synced = tmp_path / "synchronized"
    clock = Clock(synced=synced)
    assert not clock.moment().trusted
    synced.touch()
    assert clock.moment().trusted


def test_where_nobody_tells_whether_it_was_set_the_year_has_to_do(tmp_path: Path) -> None:
    assert Clock(synced=tmp_path / "no_such_folder" / "synchronized").moment().trusted


def test_a_played_clock_runs_at_its_speed(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    play(file, NIGHT, 3600.0)
    clock = Clock(file)
    at_most = time.monotonic()
    began = clock.moment()
    at_least = time.monotonic()
    time.sleep(0.05)
    at_least = time.monotonic() - at_least
    later = clock.moment()
    at_most = time.monotonic() - at_most
    for passed in ((later.at - began.at).total_seconds(), later.elapsed - began.elapsed):
        assert 3600 * at_least - 1 <= passed <= 3600 * at_most + 1
    assert clock.real_seconds(360.0) == pytest.approx(0.1)
    assert clock.real_seconds(36_000.0) == SLICE


def test_a_clock_moved_by_hand_stands_until_it_is_moved(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    play(file, NIGHT, 0.0)
    clock = Clock(file)
    began = clock.moment()
    assert clock.now() == NIGHT
    play(file, NIGHT + timedelta(hours=8), 0.0)
    assert clock.now() == NIGHT + timedelta(hours=8)
    assert clock.moment().elapsed - began.elapsed == pytest.approx(8 * 3600)
    assert clock.real_seconds(60.0) in (BY_HAND, BY_HAND_IDLE)


def test_one_that_looks_on_the_disk_as_the_last_one_did_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    play(file, NIGHT, 0.0)
    clock, there = Clock(file), file.stat()
    file.write_bytes(Pace(0.0, (NIGHT + timedelta(hours=8)).timestamp(), 0.0).packed())
    os.utime(file, ns=(there.st_atime_ns, there.st_mtime_ns))
    assert clock.now() == NIGHT + timedelta(hours=8)


@pytest.mark.parametrize("speed", [0.0, 1.0])
def test_a_clock_put_right_is_a_step_and_no_passing_of_time(tmp_path: Path, speed: float) -> None:
    file = tmp_path / "clock"
    play(file, datetime(1970, 1, 1, 0, 1, tzinfo=UTC), speed)
    clock = Clock(file)
    wrong = clock.moment()
    assert not wrong.trusted
    play(file, NIGHT, speed)
    right = clock.moment()
    assert right.trusted
    assert right.at.year == 2026
    assert right.elapsed - wrong.elapsed < 1.0
    assert right.boot == wrong.boot


def test_a_played_kits_clock_may_be_wrong_and_its_boot_outlives_the_agent(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    booted = NIGHT.timestamp() - 90
    for wrong_by, synced in ((-1e9, False), (31_536_000.0, True), (0.0, True)):
        file.write_bytes(Pace(0.0, NIGHT.timestamp(), 0.0, wrong_by, booted, synced).packed())
        moment = Clock(file).moment()
        assert (moment.at, moment.elapsed) == (NIGHT + timedelta(seconds=wrong_by), 90.0)
        assert moment.trusted is synced
        assert moment.boot == f"played/{booted}"


def test_moments_can_be_moved_back(tmp_path: Path) -> None:
    now = Clock(synced=tmp_path / "none" / "synced").moment()
    earlier = now.back_to(now.at - timedelta(seconds=7))
    assert now.elapsed - earlier.elapsed == pytest.approx(7.0)


@pytest.mark.parametrize("content", [None, b"", b"x" * 24 + b"y", b"\xff" * 24])
def test_a_clock_file_that_does_not_read_is_refused_at_the_start(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "clock"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSettings, match="clock_file"):
        Clock(file)


@pytest.mark.parametrize("content", [None, b"half"])
def test_a_clock_file_that_is_lost_later_leaves_the_pace(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "clock"
    play(file, NIGHT, 0.0)
    clock = Clock(file)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert clock.now() == NIGHT
