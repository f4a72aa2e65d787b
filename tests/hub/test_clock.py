import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.clock import SLICE, Clock
from models.pace import Pace
from tests.hub.conftest import T0, Hand


def test_without_a_file_it_is_real_time() -> None:
    before = datetime.now(UTC)
    now = Clock().now()
    assert before <= now <= datetime.now(UTC)


def test_a_changed_file_is_noticed(hand: Hand) -> None:
    clock = Clock(str(hand.path))
    assert clock.now() == T0
    later = hand.move(hours=3)
    assert clock.now() == later


def test_one_that_looks_on_the_disk_as_the_last_one_did_is_noticed(hand: Hand) -> None:
    clock, there = Clock(str(hand.path)), hand.path.stat()
    assert clock.now() == T0
    hand.path.write_bytes(Pace(0.0, (T0 + timedelta(hours=3)).timestamp(), 0.0).packed())
    os.utime(hand.path, ns=(there.st_atime_ns, there.st_mtime_ns))
    assert clock.now() == T0 + timedelta(hours=3)


def test_a_quick_clock_makes_waits_short(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_bytes(Pace(time.time(), T0.timestamp(), 3600.0).packed())
    clock = Clock(str(file))
    assert not clock.wait(360, threading.Event().wait)
    assert clock.now() >= T0 + timedelta(seconds=360)


def test_a_wait_by_a_clock_that_stands_still_ends_when_it_is_moved_or_woken_or_after_a_while(hand: Hand) -> None:
    clock, wake, asked = Clock(str(hand.path)), threading.Event(), []

    def moves(within: float) -> bool:
        asked.append(within)
        hand.move(seconds=61)
        return False

    assert not clock.wait(60, moves)
    assert len(asked) == 1
    began = time.monotonic()
    assert not clock.wait(60, wake.wait), "whatever turns says that it does"
    assert time.monotonic() - began >= SLICE
    wake.set()
    assert clock.wait(60, wake.wait)


def test_a_file_that_is_no_clock_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clock").write_bytes(b"noon")
    with pytest.raises(ValueError, match="24 or 41 bytes"):
        Clock(str(tmp_path / "clock")).now()
