"""InfluxDB beside SQL: the write half against VictoriaMetrics, which takes the same request; the rest by its words."""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from hub.check import findings
from hub.keeping import Keeping
from hub.settings import Settings, checked
from hub.store import Alerts, Records, Store, Traces
from hub.store.away import Away
from hub.store.database import migrate, opened
from hub.store.influx import influx
from hub.store.influx_series import InfluxSeries
from hub.store.row import Row
from hub.supervise import free_port
from models.observation import What
from models.settings import BadSettings
from tests.conftest import eventually, wanted
from tests.hub.influx import Fake, served, settings_for

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
LATE = BEGIN + timedelta(hours=9)
SENSORS = ("hall", "the door, front = 100%\\", 'a "quoted" bed')
AS_TAG = ("hall", "the door, front = 100%25%5C", 'a "quoted" bed')


def rows(numbers: range, home: str = "a", what: What = What.MOVED) -> list[Row]:
    return [
        Row(home, "o1", n, SENSORS[n % 3], what, BEGIN + timedelta(seconds=7 * n), LATE + timedelta(seconds=n))
        for n in numbers
    ]


def series_at(url: str, folder: Path) -> InfluxSeries:
    engine = opened(f"sqlite:///{folder / 'series.db'}")
    migrate(engine, "series")
    return InfluxSeries(engine, influx(settings_for(url, folder)))


def drain(series: InfluxSeries) -> None:
    while series.hand_on():
        pass


@dataclass
class Victoria:
    """A real VictoriaMetrics on a port that stays."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [wanted("victoria-metrics"), f"-storageDataPath={self.folder}", "-retentionPeriod=100y"]
        quiet = ["-loggerLevel=ERROR", f"-httpListenAddr=127.0.0.1:{self.port}", "-memory.allowedBytes=64MB"]
        self.process = subprocess.Popen([*words, *quiet], stderr=subprocess.DEVNULL)
        eventually(self._answers, 30)

    def end(self) -> None:
        """Asked to, so that it puts on its disk what it has taken, as InfluxDB does before it answers."""
        if self.process:
            self.process.terminate()
            self.process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def points(self, field: str) -> list[tuple[dict[str, str], int, float]]:
        """Tags, milliseconds and value of each, as often as it is there."""
        asked = urllib.parse.urlencode({"match[]": f"observation_{field}"})
        with urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=30):
            pass
        with urllib.request.urlopen(f"{self.url}/api/v1/export?{asked}", timeout=30) as answer:
            found = [json.loads(line) for line in answer]
        return [
            (one["metric"], at, value)
            for one in found
            for at, value in zip(one["timestamps"], one["values"], strict=True)
        ]


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Victoria]:
    one = Victoria(tmp_path / "victoria", free_port())
    yield one
    one.end()


@pytest.mark.influx
def test_what_is_kept_gets_there_however_often_it_is_away(victoria: Victoria, tmp_path: Path) -> None:
    """Away at first, then again half-way: everything gets there, and until then it can be read as ever."""
    series = series_at(victoria.url, tmp_path)
    given = rows(range(1, 6_001))
    series.append(given)
    with pytest.raises(Away, match="were not taken"):
        series.hand_on()
    assert series.unsent() == (6_000, {})
    assert len(series.between("a", BEGIN, BEGIN + timedelta(days=2))) == 6_000
    assert series.settle("a", BEGIN + timedelta(days=9), 6_000) == 0, "not one that is nowhere else"
    victoria.start()
    assert series.hand_on()
    victoria.end()
    with pytest.raises(Away):
        series.hand_on()
    victoria.start()
    drain(series)
    series.append(rows(range(6_001, 6_011)))
    drain(series)
    assert series.unsent() == (0, {})
    want = {
        (row.home, AS_TAG[row.number % 3], "moved", "o1", int(row.at.timestamp() * 1000), row.number)
        for row in (*given, *rows(range(6_001, 6_011)))
    }
    found = {(m["home"], m["sensor"], m["what"], m["outbox"], at, int(n)) for m, at, n in victoria.points("number")}
    assert found == want
    arrived = {int(value) for _, _, value in victoria.points("arrived")}
    assert arrived == {int(row.arrived.timestamp()) * 1_000_000 for row in (*given, *rows(range(6_001, 6_011)))}


@contextmanager
def beside(folder: Path) -> Iterator[tuple[Fake, InfluxSeries]]:
    with served() as fake:
        yield fake, series_at(fake.url, folder)


def test_buckets_are_made_with_the_retention_of_what_they_hold(tmp_path: Path) -> None:
    with beside(tmp_path) as (fake, series):
        series.append([*rows(range(1, 4)), *rows(range(4, 6), what=What.PRESSED)])
        drain(series)
        made = {name[-4:]: (len(held), fake.kept_s[name] // 86_400) for name, held in fake.buckets.items()}
        assert made == {"120d": (3, 150), "730d": (2, 760)}


def test_what_is_written_twice_is_one_point_and_two_at_once_are_two(tmp_path: Path) -> None:
    with beside(tmp_path) as (fake, series):
        first = rows(range(1, 2))[0]
        at_once = structs.replace(first, number=2)
        series.append([first, at_once])
        drain(series)
        series._influx.write(120, [first, at_once])
        ((_, held),) = fake.buckets.items()
        assert sorted(point["number"] for point in held.values()) == ["1", "2"]


def test_one_that_is_refused_is_told_of_stays_and_holds_up_no_other(tmp_path: Path) -> None:
    with beside(tmp_path) as (fake, series):
        series.append([*rows(range(1, 10)), *rows(range(1, 2), home="odd"), *rows(range(10, 20))])
        fake.refuses = "home=odd"
        drain(series)
        assert series.unsent() == (0, {"422 partial write: field type conflict": 1})
        for home in ("a", "odd"):
            series.settle(home, BEGIN + timedelta(days=9), series.last_seq())
        assert [row.home for row in series.since(0, 100)] == ["odd"]
        assert len(series.between("odd", BEGIN, BEGIN + timedelta(days=1))) == 1
        fake.refuses = ""
        series._offered_at -= 4000
        drain(series)
        assert series.unsent() == (0, {})
        assert series.settle("odd", BEGIN + timedelta(days=9), series.last_seq()) == 1
        assert len(series.between("odd", BEGIN, BEGIN + timedelta(days=1))) == 1


def test_an_erasure_that_cannot_be_done_is_said_and_changes_nothing(tmp_path: Path) -> None:
    with beside(tmp_path) as (fake, series):
        series.append(rows(range(1, 10)))
        drain(series)
        fake.trouble = 503
        with pytest.raises(Away, match="503 in trouble"):
            series.forget("a")
        assert len(series.since(0, 100)) == 9
        fake.trouble = None
        assert series.forget("a") == 9
        assert not any(fake.buckets.values())


def test_what_was_on_its_way_when_its_home_was_erased_is_deleted_after_it_arrived(tmp_path: Path) -> None:
    with beside(tmp_path) as (fake, series):
        series.append(rows(range(1, 10)))
        drain(series)
        late = series.since(0, 100)
        series.forget("a")
        with opened(f"sqlite:///{tmp_path / 'series.db'}").begin() as connection:
            connection.exec_driver_sql("INSERT INTO owed (home, days) VALUES ('a', 120)")  # as it is until then
        series._influx.write(120, late)
        assert any(fake.buckets.values())
        drain(series)
        assert not any(fake.buckets.values())


def test_days_that_settled_are_read_from_there_and_the_last_two_without_it(tmp_path: Path) -> None:
    with beside(tmp_path) as (fake, series):
        series.append(rows(range(1, 30_000, 100)))
        drain(series)
        assert series.settle("a", BEGIN + timedelta(days=1), series.last_seq()) == 124
        whole = series.between("a", BEGIN, BEGIN + timedelta(days=3))
        assert [structs.replace(row, seq=0) for row in whole] == rows(range(1, 30_000, 100))
        fake.trouble = 500
        assert len(series.between("a", BEGIN + timedelta(days=1), BEGIN + timedelta(days=3))) == 176
        with pytest.raises(Away, match="home a can't be read: 500 in trouble"):
            series.between("a", BEGIN, BEGIN + timedelta(days=3))


def test_while_it_is_away_the_hub_says_so_and_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with beside(tmp_path) as (fake, series):
        engine = opened(f"sqlite:///{tmp_path / 'records.db'}")
        migrate(engine, "records")
        keeping = Keeping(Store(Records(engine), Alerts(engine), series, Traces(engine)))
        fake.trouble = 500
        series.append(rows(range(1, 3)))
        keeping.turn()
        assert "500 in trouble" in keeping.standing()[1]
        fake.trouble = None
        keeping._try_at = 0
        keeping.turn()
        assert keeping.standing()[1] == ""
        assert series.unsent() == (0, {})
        assert caplog.text.count("tried again until it answers") == 1


def test_a_token_is_asked_for_and_check_says_whether_it_opens(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="influx_token_file is missing"):
        checked(Settings(series_url="http://influx.example:8086"), "hub.toml")
    with served() as fake:
        settings = settings_for(fake.url, tmp_path)
        Path(str(settings.influx_token_file)).write_text("another")
        said = [text for good, text in findings(settings) if not good]
        assert "InfluxDB: home - can't be read: 401 unauthorized access" in said
        Path(str(settings.influx_token_file)).write_text("a-token")
        assert (True, "InfluxDB answers, and lacks none of the observations") in list(findings(settings))
