"""Room that is kept for a full disk, on a disk of its own; and what is said of one, days before and while it is."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.check import findings
from hub.reserve import MEGABYTE, ONLY_URGENT, Reserve, reserve
from hub.room import A_DAY, NOTE_EVERY, Room
from hub.settings import Settings, checked
from hub.store import open_store
from hub.store.ways import DISK, Ways
from models.settings import BadSettings
from tests.disks import fill, room, small_disk
from tests.hub.conftest import now

SIZE = 8 * MEGABYTE


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 48) as folder:
        yield folder


def test_it_is_given_up_when_the_disk_is_full_and_taken_again_once_there_is_more_than_a_little(disk: Path) -> None:
    one, another = Reserve(disk, SIZE), Reserve(disk, SIZE)
    assert not one.used  # no hub ran here yet
    one.mind()
    assert (one.held, room(disk)) == (SIZE, 40 * MEGABYTE)
    films = fill(disk, but=2 * MEGABYTE)
    one.mind()
    assert (one.used, one.hindrance) == (False, "")
    fill(disk)
    another.mind()
    assert one.used
    assert room(disk) >= SIZE
    assert (one.scarce, one.hindrance) == (False, "")
    fill(disk, but=2 * MEGABYTE)
    one.mind()
    assert (one.used, one.scarce, one.hindrance) == (True, True, ONLY_URGENT)
    films.unlink()
    with (disk / "more").open("wb") as more:
        more.write(bytes(36 * MEGABYTE))
    one.mind()
    assert one.used  # as it would soon be given up again
    (disk / "more").unlink()
    one.mind()
    another.mind()
    assert (one.used, one.held, room(disk)) == (False, SIZE, 40 * MEGABYTE)


def test_a_disk_that_is_full_from_the_start_is_said_to_be(disk: Path) -> None:
    films, kept = fill(disk), Reserve(disk, SIZE)
    kept.mind()
    assert (kept.used, kept.scarce) == (True, True)
    films.unlink()
    kept.mind()
    assert kept.held == SIZE


def test_what_can_not_be_kept_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "data" / "reserve").mkdir(parents=True)
    with caplog.at_level(logging.ERROR):
        kept = Reserve(tmp_path / "data", SIZE)
        kept.mind()
        kept.mind()
    (said,) = caplog.messages
    assert "no room can be kept for a full disk" in said


def test_databases_that_see_to_their_own_disk_need_none(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nobody@db.example/hub"
    kept = reserve(Settings(data_dir=str(tmp_path), records_url=url, series_url=url))
    kept.mind()
    assert (kept.size, kept.used, kept.scarce, list(tmp_path.iterdir())) == (0, False, False, [])
    with pytest.raises(BadSettings, match="reserve_mb is -1"):
        checked(Settings(reserve_mb=-1), "hub.toml")


def test_it_is_told_of_days_before_and_until_it_is_better(disk: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"))
    store, kept = open_store(settings), Reserve(disk, MEGABYTE)
    kept.mind()
    said, real = Room(kept, Ways(store.records.engine)), 1000.0
    for hour in range(24):
        (disk / f"{hour}").write_bytes(bytes(256 * 1024))
        for _ in range(6):
            real += NOTE_EVERY
            assert said.why(real) == ""
    (disk / "much").write_bytes(bytes(20 * MEGABYTE))
    assert said.why(real + NOTE_EVERY) == "as it fills now, it is full in a day at most: make room"
    assert said.why(real + 2 * A_DAY) == "as it fills now, it is full in 3 days at most: make room"
    (disk / "much").unlink()
    assert said.why(real + 2 * A_DAY) == ""
    fill(disk, but=3 * MEGABYTE)
    assert said.why(real + 2 * A_DAY) == "it has hardly any room left: make some"


def test_a_full_disk_is_one_fault_in_every_console_until_there_is_room(disk: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=str(disk), reserve_mb=8)
    ways, kept = Ways(open_store(Settings(data_dir=str(tmp_path / "data"))).records.engine), reserve(settings)
    kept.mind()
    films = fill(disk)
    kept.mind()
    Room(kept, ways).look(now())
    Room(kept, ways).look(now())
    (fault,) = ways.broken()
    assert (fault.transport, fault.why) == (DISK, "it is full: make room")
    fill(disk, but=2 * MEGABYTE)
    (bad,) = [text for good, text in findings(settings) if not good and "disk" in text]
    assert "MB of room on the disk of " in bad
    Room(kept, ways).look(now())
    (fault,) = ways.broken()
    assert fault.why == f"{ONLY_URGENT}: make room now"
    films.unlink()
    kept.mind()
    Room(kept, ways).look(now())
    assert ways.broken() == []
