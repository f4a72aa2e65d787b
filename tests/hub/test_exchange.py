"""What goes out of one hub comes into another as it was, however often either is stopped."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec import structs

from hub.exchange import Asked, Importer, Unusable, export
from hub.parquet import Reader
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.amendments import latest
from hub.store.row import Row
from models.home import Home
from models.observation import SensorKind, What
from models.privacy import Consent
from models.recorded import BadTable
from models.register import Register
from tests.hub.conftest import STORES, a_store

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
HOME = "okafor-home"
KINDS = {"hall": What.MOVED, "front-door": What.OPENED, "pendant": What.PRESSED, "bed": What.LAY_DOWN}


@pytest.fixture(params=[*STORES, "influx"])
def store(request: pytest.FixtureRequest, tmp_path: Path, templates: dict[str, str]) -> Iterator[Store]:
    yield from a_store(request, tmp_path, templates)


@pytest.fixture
def other(tmp_path: Path, register: Register) -> Store:
    return with_homes(open_store(Settings(data_dir=str(tmp_path / "other"))), register)


def with_homes(store: Store, register: Register) -> Store:
    store.records.load(register, {one.login: "-" for one in register.accounts})
    beds = tuple(Consent(home, SensorKind.BED, "grace", "agreed", NOW) for home in (HOME, "next-door"))
    store.records.load(Register(consents=beds), {})
    return store


def lived(store: Store, home: str = HOME, days: int = 60) -> list[Row]:
    """To a week before now: the older part has settled."""
    sensors = list(KINDS)
    rows = [
        Row(home, "box", n, sensors[n % 4], KINDS[sensors[n % 4]], at, at + timedelta(seconds=3), n % 5 > 0)
        for n in range(days * 8)
        for at in [NOW - timedelta(days=days + 7) + timedelta(hours=3 * n, microseconds=n)]
    ]
    rows[9] = structs.replace(rows[9], sensor="pendant", what=What.FELL, evidence={"chance": 0.9, "peak_g": 3.25})
    store.series.append(rows)
    while store.series.hand_on():
        pass
    store.series.settle(home, NOW - timedelta(days=30), store.series.last_seq())
    return rows


def out(store: Store, into: Path, form: str = "parquet", **more: object) -> int:
    asked = replace(Asked(form, (), NOW - timedelta(days=365), NOW), **more)  # type: ignore[arg-type]
    return export(store, into, asked, "command: tom", NOW, lambda _: None)


def bring(store: Store, path: Path, weeks_later: int = 0) -> Importer:
    importer = Importer(store, path.parent / "import.json", NOW, lambda _: None)
    importer.bring([path], weeks_later, "command: tom")
    return importer


def of(store: Store, home: str = HOME) -> list[Row]:
    return [structs.replace(row, seq=0) for row in store.series.between(home, NOW - timedelta(days=400), NOW)]


def test_parquet_carries_everything_and_comes_in_once(
    store: Store, other: Store, register: Register, tmp_path: Path
) -> None:
    with_homes(store, register)
    rows = lived(store)
    lived(store, "next-door", days=20)
    assert out(store, tmp_path / "out") == 640
    first = bring(other, tmp_path / "out")
    assert (first.new, first.known, +first.left_out) == (640, 0, {})
    assert of(other) == rows
    assert other.series.since(0, 10) == [], "nothing of it is judged"
    again = bring(store, tmp_path / "out")
    assert (again.new, again.known) == (0, 640)
    assert of(store) == rows
    table = pq.read_table(tmp_path / "out" / "2026-10.parquet")
    assert {"home", "at", "what"} <= set(table.column_names)
    assert "imported 640 observations" in latest(other.records.engine, "", what=["observations"])[0].text


def test_an_export_that_was_stopped_goes_on_and_another_is_refused(
    other: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(other)
    lived(other, "next-door", days=20)

    def stopping(text: str) -> None:
        raise KeyboardInterrupt

    asked = Asked("parquet", (), NOW - timedelta(days=365), NOW)
    monkeypatch.setattr("hub.exchange.SAY_EVERY", 0.0)
    with pytest.raises(KeyboardInterrupt):
        export(other, tmp_path / "out", asked, "command: tom", NOW, stopping)
    monkeypatch.setattr("hub.exchange.SAY_EVERY", 2.0)
    assert out(other, tmp_path / "out") == 640
    with pytest.raises(Unusable, match="another export"):
        out(other, tmp_path / "out", homes=(HOME,))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    with pytest.raises(Unusable, match="not empty"):
        out(other, tmp_path / "full")
    with pytest.raises(Unusable, match="no home 'h_none' on record"):
        out(other, tmp_path / "more", homes=("h_none",))


def test_an_import_that_was_stopped_goes_on_after_the_last_home(
    other: Store, tmp_path: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(other)
    lived(other, "next-door", days=60)
    out(other, tmp_path / "out")
    fresh = with_homes(open_store(Settings(data_dir=str(tmp_path / "fresh"))), register)
    read: list[int] = []
    group = Reader.group

    def counted(self: Reader, place: int) -> object:
        if len(read) == 3:
            raise KeyboardInterrupt
        read.append(place)
        return group(self, place)

    monkeypatch.setattr(Reader, "group", counted)
    with pytest.raises(KeyboardInterrupt):
        bring(fresh, tmp_path / "out")
    read.append(-1)
    second = bring(fresh, tmp_path / "out")
    groups = sum(len(Reader(path)) for path in (tmp_path / "out").glob("*.parquet"))
    assert len(read) - 1 == groups, "none was read twice"
    assert 0 < second.new < 960
    assert fresh.series.counts() == {HOME: (480, 480), "next-door": (480, 480)}
    assert not (tmp_path / "import.json").exists()


def test_what_may_not_be_kept_is_left_out_and_counted(other: Store, tmp_path: Path, register: Register) -> None:
    lived(other, days=200)
    out(other, tmp_path / "out", since=NOW - timedelta(days=400))
    fresh = open_store(Settings(data_dir=str(tmp_path / "fresh")))
    fresh.records.load(Register(homes=(Home(HOME, "north", ()),), consents=register.consents[:1]), {})
    done = bring(fresh, tmp_path / "out")
    assert {row.what for row in of(fresh)} == {What.MOVED, What.PRESSED, What.FELL}
    assert min(row.at for row in of(fresh) if row.what is What.MOVED) >= NOW - timedelta(days=120)
    whats = Counter(row.what for row in of(other))
    assert done.left_out["that nobody consented to"] == whats[What.OPENED] + whats[What.LAY_DOWN]
    old = sum(row.what is What.MOVED and row.at < NOW - timedelta(days=120) for row in of(other))
    assert done.left_out["older than it may be kept"] == old
    assert done.new == 1600 - sum(done.left_out.values())
    empty = open_store(Settings(data_dir=str(tmp_path / "empty")))
    assert +bring(empty, tmp_path / "out").left_out == {f"of home '{HOME}', which is not on record": 1600}


def test_csv_is_the_wall_clock_of_the_home_and_reads_back(other: Store, tmp_path: Path, register: Register) -> None:
    night = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the clocks of London are about to go back
    rows = [
        Row(HOME, "box", n, "hall", What.MOVED, night + timedelta(minutes=40 * n), night + timedelta(minutes=40 * n))
        for n in range(4)
    ]
    fell = Row(HOME, "box", 9, "pendant", What.FELL, night, night)
    pressed = Row(HOME, "box", 10, "pendant", What.PRESSED, night + timedelta(hours=9), night + timedelta(hours=9))
    other.series.append([*rows, fell, pressed])
    assert out(other, tmp_path / "out", "csv", homes=(HOME,)) == 5
    fresh = with_homes(open_store(Settings(data_dir=str(tmp_path / "fresh"))), register)
    assert bring(fresh, tmp_path / "out").new == 5
    assert [(row.at, row.sensor, row.what) for row in of(fresh)] == [
        (row.at, row.sensor, row.what) for row in (*rows, pressed)
    ]
    assert bring(fresh, tmp_path / "out").known == 5


def test_recorded_homes_of_another_year_come_in_by_whole_weeks(other: Store, tmp_path: Path) -> None:
    table = tmp_path / f"{HOME}.csv"
    lines = ["2019-05-15T12:19:32,hall,motion,ON,hall", "2019-05-15T12:20:20,front-door,door,ON,front"]
    table.write_text("\n".join(["time,sensor,kind,value,room", *lines, "2019-05-15T12:21:00,cup,item,ON,kitchen", ""]))
    done = bring(other, table)
    assert (done.new, done.left_out["older than it may be kept"]) == (0, 2)
    done = bring(other, table, weeks_later=390)
    assert (done.new, done.left_out["of kinds, or of a rest, that no sensor of ours notices"]) == (2, 1)
    assert next(row.at for row in of(other)) == datetime(2026, 11, 4, 12, 19, 32, tzinfo=UTC)


def test_a_table_says_on_and_off_in_any_letters_and_a_contact_that_is_true_is_closed(
    other: Store, tmp_path: Path
) -> None:
    said = [("hall", "motion", "true"), ("hall", "motion", "On"), ("hall", "motion", "1"), ("hall", "motion", "off")]
    said += [("front-door", "contact", "false"), ("front-door", "contact", "TRUE"), ("front-door", "door", "open")]
    lines = [f"2026-11-04T12:1{n}:00,{sensor},{kind},{value},hall" for n, (sensor, kind, value) in enumerate(said)]
    table = tmp_path / f"{HOME}.csv"
    table.write_text("\n".join(["time,sensor,kind,value,room", *lines, ""]))
    assert bring(other, table).new == 6
    assert [row.what for row in of(other)] == [*[What.MOVED] * 3, What.OPENED, What.CLOSED, What.OPENED]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("okafor-home.csv", "when,what\n", ":1: the columns are"),
        ("okafor-home.csv", "time,sensor,kind,value,room\nsoon,hall,motion,ON,hall\n", ":2: wants a time"),
        ("okafor-home.csv.gz", "time,sensor", ":1: not readable"),
        ("no-home.csv", "time,sensor,kind,value,room\n", "no home on record"),
        ("okafor-home.parquet", "PAR?", "does not read as Parquet"),
        ("okafor-home.txt", "", "is no .parquet"),
    ],
)
def test_a_file_that_does_not_read_is_named(other: Store, tmp_path: Path, name: str, content: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises((BadTable, Unusable), match=says) as said:
        bring(other, path)
    assert name in str(said.value)


def test_parquet_of_other_columns_or_words_is_refused(other: Store, tmp_path: Path) -> None:
    path = tmp_path / "strange.parquet"
    pq.write_table(pa.table({"home": ["a"], "at": [1]}), path)
    with pytest.raises(BadTable, match="the columns are home"):
        bring(other, path)
    lived(other)
    out(other, tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "2026-10.parquet")
    whats = pa.array(["danced"] * len(table)).dictionary_encode()
    pq.write_table(table.set_column(table.column_names.index("what"), "what", whats), path)
    with pytest.raises(BadTable, match="'danced' is nothing that a sensor notices"):
        bring(other, path)
