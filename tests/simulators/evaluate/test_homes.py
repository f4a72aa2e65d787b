import gzip
from pathlib import Path

import numpy as np
import pytest

from models.detection.rooms import BATHROOM, BEDROOM, room_code
from models.home import Sensor
from models.observation import CODE_OF, SensorKind, What
from simulators.evaluate.homes import (
    DAY,
    HOUR,
    ROOMS,
    Fitted,
    Recorded,
    as_home,
    dead_spells,
    leads_out,
    read_folder,
    read_home,
    room_of,
)
from simulators.recording import BadRecording
from tests.simulators.evaluate.conftest import without_rows

HEAD = "time,sensor,kind,value,room\n"


def write(path: Path, *rows: str) -> Path:
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_home_of_triggers_only(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "2019-05-15T12:20:20,front-door,door,ON,front",
        "2019-05-15T12:19:32,kitchen,motion,ON,kitchen",
    )
    home = read_home(path)
    assert home.t.tolist() == [1557922772.0, 1557922820.0]
    assert [ROOMS[room] for room in home.room] == ["kitchen", "entrance"]
    assert home.way_out.tolist() == [False, True]
    assert home.what.tolist() == [CODE_OF[What.MOVED], CODE_OF[What.OPENED]]


def test_a_home_with_beds_items_and_doors_that_close(tmp_path: Path) -> None:
    path = write(
        tmp_path / "b.csv",
        "2009-07-21T13:00:00,Frontdoor,door,OPEN,entrance",
        "2009-07-21T13:00:05,Frontdoor,door,CLOSE,entrance",
        "2009-07-21T13:01:00,Kitchen PIR,motion,ON,kitchen",
        "2009-07-21T13:01:09,Kitchen PIR,motion,OFF,kitchen",
        "2009-07-21T13:02:00,Stove lid,item,ON,kitchen",
        "2009-07-21T13:02:01,Stove lid,item,OFF,kitchen",
        "2009-07-21T13:03:00,Bed left,bed,ON,bedroom",
        "2009-07-21T21:03:00,Bed left,bed,OFF,bedroom",
        "2009-07-21T21:04:00,Armchair,chair,ON,living",
        "2009-07-21T21:09:00,Armchair,chair,OFF,living",
    )
    noticed = [
        What.OPENED,
        What.CLOSED,
        What.MOVED,
        What.MOVED,
        What.LAY_DOWN,
        What.GOT_UP,
        What.SAT_DOWN,
        What.STOOD_UP,
    ]
    home = read_home(path)
    assert home.what.tolist() == [CODE_OF[what] for what in noticed]
    assert SensorKind.CHAIR in {sensor.kind for sensor in as_home(home, "UTC").sensors}


def test_a_compressed_home_reads_the_same(folder: Path, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "blue.csv.gz", "wb") as packed:
        packed.write((folder / "blue.csv").read_bytes())
    plain, packed_home = read_home(folder / "blue.csv"), read_home(tmp_path / "blue.csv.gz")
    assert packed_home.id == plain.id == "blue"
    assert np.array_equal(packed_home.t, plain.t)


@pytest.mark.parametrize(
    ("fit", "out"),
    [
        (Fitted("front-door", "door", "front"), True),
        (Fitted("Frontdoor", "door", "entrance"), True),
        (Fitted("fridge-door", "door", "kitchen"), False),
        (Fitted("Toilet door", "door", "toilet"), False),
        (Fitted("Back bedroom door", "door", "bedroom"), False),
        (Fitted("front room", "motion", "lounge"), False),
        (Fitted("Back door", "door", "kitchen"), True),
        (Fitted("Front door", "door", "Living Room"), True),
        (Fitted("Cupboard", "door", "back hall"), False),
    ],
)
def test_which_doors_lead_out(fit: Fitted, out: bool) -> None:
    assert leads_out(fit) is out


def test_rooms_are_known_by_the_words_for_them() -> None:
    named = {
        "hall": ("hallway", "Corridor"),
        "living": ("lounge", "Sitting room", "Front room"),
        "bathroom": ("toilet", "WC", "Bedroom toilet", "En-suite", "Ensuite", "Lavatory"),
        "bedroom": ("Bedroom", "Ensuite bedroom", "Bedroom (en-suite)"),
        "other": ("attic", ""),
    }
    for room, words in named.items():
        assert {room_of(Fitted("x", "motion", said)) for said in words} == {room}
    for room, code in (("bathroom", BATHROOM), ("bedroom", BEDROOM)):
        asked = [Sensor("x", SensorKind.MOTION, said) for said in named[room]]
        assert {room_code(sensor) for sensor in asked} == {code}, "by the engine too"


def test_without_a_room_a_sensor_is_where_its_name_says(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "2019-05-15T12:20:20,Bathroom,motion,ON,", "2019-05-15T12:21:20,Hall,motion,ON,")
    assert {sensor.room for sensor in as_home(read_home(path), "UTC").sensors} == {"bathroom", "hall"}


def test_values_and_kinds_in_other_words_say_the_same(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "2019-05-15T12:20:20+01:00,a,PIR,1,hall",
        "2019-05-15T12:20:30.250+01:00,a,PIR,0,hall",
        "2019-05-15T12:21:00+01:00,b,door,true,hall",
        "2019-05-15T12:21:05+01:00,b,door,False,hall",
        "2019-05-15T12:22:00+01:00,c,bed mat,on,bedroom",
        "2019-05-15T12:23:00+01:00,d,DoorSensor,ON,hall",
        "2019-05-15T12:24:00+01:00,e,doorcontact,0,hall",
        "2019-05-15T12:25:00+01:00,f,bedmat,off,bedroom",
    )
    home = read_home(path)
    said = (What.MOVED, What.OPENED, What.CLOSED, What.LAY_DOWN, What.OPENED, What.OPENED, What.GOT_UP)
    assert home.what.tolist() == [CODE_OF[what] for what in said]
    assert home.t[0] == 1557922820.0


def test_a_british_winter_has_no_offset_and_its_summer_one(tmp_path: Path) -> None:
    rows = (f"{time},a,motion,ON,hall" for time in ("2019-03-30T12:00:00+00:00", "2019-04-01T12:00:00+01:00"))
    home = read_home(write(tmp_path / "a.csv", *rows))
    assert (home.t % DAY).tolist() == [12 * HOUR, 12 * HOUR]


def test_a_contact_is_true_while_its_door_is_closed(tmp_path: Path) -> None:
    said = [("contact", "false"), ("contact", "true"), ("Door contact", "0"), ("contact", "1"), ("contact", "open")]
    rows = [f"2019-05-15T12:2{n}:00,b,{kind},{value},hall" for n, (kind, value) in enumerate(said)]
    home = read_home(write(tmp_path / "a.csv", *rows, "2019-05-15T12:26:00,c,bed contact,true,bedroom"))
    noticed = (What.OPENED, What.CLOSED, What.OPENED, What.CLOSED, What.OPENED, What.LAY_DOWN)
    assert home.what.tolist() == [CODE_OF[what] for what in noticed]


def test_what_a_sensor_measures_is_no_sign_of_life(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "2019-05-15T12:20:20,a,motion,ON,hall",
        "2019-05-15T12:20:30,b,power,1,kitchen",
        "2019-05-15T12:20:40,b,power,2.5,kitchen",
        "2019-05-15T12:20:50,c,indoor temperature,20.5,hall",
        "2019-05-15T12:20:51,c,bedroom temperature,19,bedroom",
        "2019-05-15T12:20:52,c,respiration,-0.5,bedroom",
        "2019-05-15T12:21:00,d,power,ON,kitchen",
    )
    home = read_home(path)
    assert [fit.name for fit in home.sensors] == ["a", "d"]
    assert len(home.t) == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2019-05-15T12:20:20,a,motion,ON", "4 columns"),
        ("2019-05-15T12:20:20,a,motion,perhaps,hall", "'perhaps'"),
        ("2019-05-15T12:20:20,a,item,unavailable,hall", "bad.csv:2: value 'unavailable'"),
        ("2019-05-15T12:20:20,a,item,ON,hall\n2019-05-15T12:20:25,a,item,ONN,hall", "bad.csv:3: value 'ONN'"),
        ("2019-05-15T12:20:20,a,item,nan,hall", "bad.csv:2: value 'nan'"),
        ("yesterday,a,motion,ON,hall", "bad.csv:2: 'yesterday' is no time"),
        (",a,motion,ON,hall", "bad.csv:2: '' is no time"),
        ("2019-05-15T12:20:20Z,a,motion,ON,hall", "bad.csv:2: .* has the zone UTC"),
        ("2019-07-15T12:20:20+00:00,a,motion,ON,hall", "bad.csv:2: .* has the zone UTC"),
        ("1970-01-01T00:00:09,a,motion,ON,hall" + 2 * "\n2019-05-15T12:20:20,a,motion,ON,hall", "bad.csv:2: .* years"),
        ("2019-05-15T12:20:20,a,motion,OFF,hall", "no sign of life"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_name(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(BadRecording, match=said) as refused:
        read_home(write(tmp_path / "bad.csv", row))
    assert "bad.csv" in str(refused.value)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("when,what\n", encoding="utf-8")
    with pytest.raises(BadRecording, match="columns"):
        read_home(tmp_path / "c.csv")


def test_columns_are_found_by_name_in_any_order_and_letters(tmp_path: Path, folder: Path) -> None:
    rows = [line.split(",") for line in (folder / "blue.csv").read_text(encoding="utf-8").splitlines()]
    other = [
        f"{room},{n},{time} ,{value.lower()},{kind},{sensor}"
        for n, (time, sensor, kind, value, room) in enumerate(rows)
    ]
    other[0] = "Room,line,Time,value,Kind,sensor"
    (tmp_path / "blue.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*other, "", ""]).encode())
    plain, found = read_home(folder / "blue.csv"), read_home(tmp_path / "blue.csv")
    assert found.sensors == plain.sensors
    assert np.array_equal(found.t, plain.t)
    assert np.array_equal(found.sensor, plain.sensor)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("time,sensor,kind,value\n2019-05-15T12:20:20,a,motion,ON\n", encoding="utf-8")
    with pytest.raises(BadRecording, match="missing: room"):
        read_home(tmp_path / "c.csv")


def test_homes_without_a_sign_of_life_are_passed_over_and_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "blue.csv").write_bytes((folder / "blue.csv").read_bytes())
    (tmp_path / "bare.csv").write_text(HEAD, encoding="utf-8")
    (tmp_path / "void.csv").touch()
    with gzip.open(tmp_path / "still.csv.gz", "wt") as packed:
        packed.write(HEAD + "2019-05-15T12:20:20,a,motion,OFF,hall\n")
    empty: dict[str, str] = {}
    assert [home.id for home in read_folder(tmp_path, empty=empty)] == ["blue"]
    assert empty == {"bare": "no sign of life in it", "still": "no sign of life in it", "void": "nothing in it"}
    (tmp_path / "blue.csv").unlink()
    with pytest.raises(BadRecording, match="void: nothing in it"):
        read_folder(tmp_path)


def test_a_home_may_not_be_there_twice(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "blue.csv").write_bytes((folder / "blue.csv").read_bytes())
    (tmp_path / "blue.csv.gz").write_bytes(gzip.compress((folder / "blue.csv").read_bytes()))
    with pytest.raises(BadRecording, match="blue is there twice"):
        read_folder(tmp_path)


@pytest.mark.parametrize("cut", [10, 200])
def test_a_file_that_was_cut_off_is_named(folder: Path, tmp_path: Path, cut: int) -> None:
    whole = gzip.compress((folder / "blue.csv").read_bytes())
    (tmp_path / "blue.csv.gz").write_bytes(whole[:cut])
    with pytest.raises(BadRecording, match="not readable"):
        read_folder(tmp_path)


def test_a_folder_passes_over_labels_and_may_not_be_empty(folder: Path, tmp_path: Path) -> None:
    assert [home.id for home in read_folder(folder)] == ["amber", "blue", "green", "short"]
    with pytest.raises(BadRecording, match="no recording here"):
        read_folder(tmp_path)


def silent_from(home: Recorded, start: float, end: float) -> Recorded:
    return without_rows(home, (home.t >= start) & (home.t <= end))


def test_an_installation_was_dead_where_at_least_five_homes_fell_silent_together(town: list[Recorded]) -> None:
    start = town[0].t[0] + 30 * DAY
    silent = [silent_from(home, start, start + 9 * HOUR) for home in [*town, town[0]]]
    found = [spell for spell in dead_spells(silent) if spell[0] <= start + 60 and spell[1] >= start + 9 * HOUR - 60]
    assert len(found) == 1
    assert len(dead_spells(silent[:4])) == 0
