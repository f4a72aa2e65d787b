import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from models.observation import SensorKind
from simulators.recording import (
    BadRecording,
    Trigger,
    aligned,
    closes_itself,
    in_utc,
    read_folder,
    read_recording,
)

HEADER = "time,sensor,kind,value,room\n"
LONDON = ZoneInfo("Europe/London")


def csv(folder: Path, text: str, name: str = "larch_close.csv") -> Path:
    path = folder / name
    path.write_text(HEADER + text, encoding="utf-8")
    return path


def walls(*times: str) -> list[Trigger]:
    return [Trigger(datetime.fromisoformat(time), "hall", True) for time in times]


def hours(triggers: list[Trigger]) -> list[str]:
    return [f"{trigger.at:%H:%M}" for trigger in triggers]


def test_a_recording_has_the_sensors_of_its_rows(tmp_path: Path) -> None:
    rows = "2025-03-03T07:00:00,Front Door,door,OPEN,front\n2025-03-03T07:00:09,Front Door,door,false,front\n"
    read = read_recording(csv(tmp_path, rows + "2025-03-03T07:01:00,hall,motion,ON,hallway\n"))
    assert read.home == "larch_close"
    assert [(one.id, one.kind, one.room, one.is_exit) for one in read.sensors] == [
        ("front_door", SensorKind.DOOR, "front", True),
        ("hall", SensorKind.MOTION, "hallway", False),
    ]
    assert [trigger.on for trigger in read.triggers] == [True, False, True]
    assert closes_itself(read.triggers) == {"front_door"}


def test_a_compressed_recording_reads_the_same(tmp_path: Path) -> None:
    row = "2025-03-03T07:00:00,hall,motion,ON,hallway\n"
    plain = read_recording(csv(tmp_path, row))
    packed = tmp_path / "larch_close.csv.gz"
    packed.write_bytes(gzip.compress((HEADER + row).encode()))
    assert read_recording(packed) == plain


def test_labels_are_no_homes(tmp_path: Path) -> None:
    csv(tmp_path, "2025-03-03T07:00:00,hall,motion,ON,hallway\n")
    (tmp_path / "larch_close.labels.csv").write_text("start,end,activity\n")
    assert [read.home for read in read_folder(tmp_path)] == ["larch_close"]


def test_rows_that_no_kit_could_notice_are_counted_and_passed_over(tmp_path: Path) -> None:
    rows = "2025-03-03T07:00:00,hall,motion,ON,hallway\n2025-03-03T07:00:01,toaster,power,ON,kitchen\n"
    read = read_recording(csv(tmp_path, rows))
    assert read.skipped == {"power": 1}
    assert [sensor.id for sensor in read.sensors] == ["hall"]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("2025-03-03T25:00:00,hall,motion,ON,hallway", "'2025-03-03T25:00:00' is no time"),
        ("2025-03-03T07:00:00Z,hall,motion,ON,hallway", "has a zone"),
        ("2025-03-03T07:00:00,hall,motion,MAYBE,hallway", "value 'MAYBE' is none of"),
        ("2025-03-03T07:00:00,hall,motion,ON", "4 columns, expected 5"),
        ("2025-03-03T07:00:00,,motion,ON,hallway", "the sensor has no name"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, row: str, complaint: str) -> None:
    path = csv(tmp_path, f"2025-03-03T06:00:00,hall,motion,ON,hallway\n{row}\n")
    with pytest.raises(BadRecording) as bad:
        read_recording(path)
    assert f"{path}:3: " in str(bad.value)
    assert complaint in str(bad.value)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("when,what\n")
    with pytest.raises(BadRecording, match=r"other\.csv:1: the columns are"):
        read_recording(path)


def test_a_broken_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv.gz"
    path.write_bytes(b"this is no archive")
    with pytest.raises(BadRecording, match="not readable"):
        read_recording(path)


def test_a_folder_without_recordings_says_what_it_expects(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="expected files named"):
        read_folder(tmp_path)


def test_in_summer_the_wall_clock_is_an_hour_ahead() -> None:
    assert hours(in_utc(walls("2025-07-01T12:00", "2025-12-01T12:00"), LONDON)) == ["11:00", "12:00"]


def test_the_hour_that_the_clocks_skip_is_the_hour_after() -> None:
    moved = in_utc(walls("2025-03-30T00:59", "2025-03-30T01:30", "2025-03-30T02:31"), LONDON)
    assert hours(moved) == ["00:59", "01:30", "01:31"]


def test_the_hour_that_comes_twice_comes_twice_when_the_wall_clock_steps_back() -> None:
    night = walls("2025-10-26T00:30", "2025-10-26T01:10", "2025-10-26T01:50", "2025-10-26T01:05", "2025-10-26T01:40")
    after = walls("2025-10-26T02:10")
    placed = in_utc(night + after, LONDON)
    assert hours(placed) == ["23:30", "00:10", "00:50", "01:05", "01:40", "02:10"]


def test_a_few_seconds_out_of_order_are_no_second_hour() -> None:
    placed = in_utc(walls("2025-10-26T01:10:09", "2025-10-26T01:10:05", "2025-10-26T01:20"), LONDON)
    assert [trigger.at for trigger in placed] == sorted(trigger.at for trigger in placed)
    assert placed[-1].at == datetime(2025, 10, 26, 0, 20, tzinfo=UTC)


def test_whole_weeks_keep_weekday_and_hour(tmp_path: Path) -> None:
    wednesday = read_recording(csv(tmp_path, "2019-05-15T12:19:32,hall,motion,ON,hallway\n"))
    monday = read_recording(csv(tmp_path, "2018-12-31T23:00:00,hall,motion,ON,hallway\n", "b.csv"))
    moved = aligned([wednesday, monday], date(2024, 4, 1))
    assert [f"{one.triggers[0].at}" for one in moved] == ["2024-04-03 12:19:32", "2024-04-01 23:00:00"]


def test_the_first_days_are_whole_days(tmp_path: Path) -> None:
    rows = "".join(
        f"2025-03-0{day}T{hour}:00:00,hall,motion,ON,hallway\n" for day in (3, 4, 5) for hour in ("07", "23")
    )
    read = read_recording(csv(tmp_path, rows)).first_days(2)
    assert {trigger.at.date() for trigger in read.triggers} == {date(2025, 3, 3), date(2025, 3, 4)}
    assert read.in_utc()[-1].at - read.in_utc()[0].at == timedelta(hours=40)
