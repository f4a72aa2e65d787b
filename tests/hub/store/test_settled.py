"""What settles is what was stored: the same questions have the same answers before and after, on each database."""

import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import select, update

from hub.store import Store
from hub.store.database import migrate, opened, writing
from hub.store.influx import influx
from hub.store.influx_series import InfluxSeries
from hub.store.row import Row
from hub.store.schema import blocks, fresh
from hub.store.series import Series, SqlSeries
from hub.store.settled import Damaged, columns_of, decoded, encoded, joined
from models.observation import KINDS_OF, SensorKind, What
from tests.hub.conftest import STORES, a_store
from tests.hub.influx import settings_for


@pytest.fixture(params=[*STORES, "influx"])
def store(request: pytest.FixtureRequest, tmp_path: Path, templates: dict[str, str]) -> Iterator[Store]:
    """The same for every place that keeps observations."""
    yield from a_store(request, tmp_path, templates)


BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
LATER = BEGIN + timedelta(days=40)
WHATS = (What.MOVED, What.OPENED, What.PRESSED, What.WORN, What.FELL)

ROW = st.builds(
    Row,
    home=st.sampled_from(["a", "b"]),
    outbox=st.sampled_from(["o1", "o2"]),
    number=st.integers(1, 60),
    sensor=st.sampled_from(["hall", "door", "pendant"]),
    what=st.sampled_from(WHATS),
    at=st.datetimes(datetime(2026, 3, 1), datetime(2026, 3, 6), timezones=st.just(UTC)),  # noqa: DTZ001
    arrived=st.datetimes(datetime(2026, 3, 1), datetime(2026, 3, 8), timezones=st.just(UTC)),  # noqa: DTZ001
    clock_trusted=st.booleans(),
    evidence=st.none() | st.just({"chance": 0.5}),
)
ACT = st.one_of(
    st.tuples(st.just("append"), st.lists(ROW, max_size=12)),
    st.tuples(st.just("settle"), st.integers(0, 6)),
    st.tuples(st.just("forget"), st.sampled_from([None, SensorKind.MOTION, SensorKind.PENDANT]), st.integers(0, 6)),
)


def days(home: str = "a", count: int = 5, per_day: int = 40, outbox: str = "o1") -> list[Row]:
    return [
        Row(
            home, outbox, day * per_day + k, ("hall", "kitchen")[k % 2], What.MOVED,
            BEGIN + timedelta(days=day, minutes=20 * k, microseconds=7 * k),
            BEGIN + timedelta(days=day, minutes=20 * k + 1),
        )
        for day in range(count)
        for k in range(per_day)
    ]  # fmt: skip


def settle(store: Store, home: str = "a", before: datetime = LATER) -> int:
    return settled(store.series, home, before, store.series.last_seq())


def settled(series: Series, home: str, before: datetime, seq: int) -> int:
    while series.hand_on():
        pass
    return series.settle(home, before, seq)


def bare(rows: list[Row]) -> list[Row]:
    return [structs.replace(row, seq=0) for row in rows]


def test_the_same_answers_before_and_after_settling(store: Store) -> None:
    series = store.series
    series.append([*days(), *days("b")])
    questions: list[Callable[[], object]] = [
        lambda: bare(series.between("a", BEGIN, LATER)),
        lambda: bare(series.between("a", BEGIN + timedelta(hours=30), BEGIN + timedelta(hours=70))),
        lambda: list(series.columns("a", BEGIN, LATER).at),
        lambda: bare([series.latest("a") or days()[0]]),
        lambda: series.last("a", What.MOVED, BEGIN + timedelta(days=2)),
        lambda: series.last("a", What.PRESSED, BEGIN),
        series.counts,
    ]
    before = [question() for question in questions]
    assert settle(store, before=BEGIN + timedelta(days=3)) == 120
    assert [question() for question in questions] == before
    assert settle(store) == 80
    assert settle(store) == 0
    assert [question() for question in questions] == before
    assert {row.home for row in series.since(0, 1000)} == {"b"}


def test_a_settled_one_that_is_sent_again_is_known_and_a_late_one_joins_its_day(store: Store) -> None:
    store.series.append(days())
    settle(store)
    late = structs.replace(days()[3], number=10_000)
    assert [row.number for row in store.series.append([*days(count=1), late])] == [10_000]
    settle(store)
    assert store.series.counts() == {"a": (201, 201)}
    assert [row.number for row in store.series.append([late])] == []


def test_what_the_snapshot_does_not_cover_stays(store: Store) -> None:
    store.series.append(days())
    assert settled(store.series, "a", LATER, 150) == 150
    assert [row.seq for row in store.series.since(0, 1000)] == list(range(151, 201))


def test_forgetting_reaches_what_has_settled_and_leaves_nothing(store: Store) -> None:
    press = Row("a", "o9", 1, "pendant", What.PRESSED, BEGIN + timedelta(hours=30), BEGIN + timedelta(hours=30))
    store.series.append([*days(), press, *days("b")])
    settle(store)
    settle(store, "b")
    assert store.series.forget("a", frozenset({SensorKind.MOTION}), BEGIN + timedelta(days=1, hours=12)) == 76
    assert store.series.forget("a", frozenset({SensorKind.MOTION})) == 124
    assert [row.what for row in store.series.between("a", BEGIN, LATER)] == [What.PRESSED]
    assert store.series.forget("a") == 1
    assert store.series.counts() == {"b": (200, 200)}
    assert len(store.series.append(days())) == 200, "a home that was erased may begin anew"


def test_what_ages_leaves_a_count_for_each_hour_then_for_each_day_then_nothing(store: Store) -> None:
    store.series.append(days(count=3))
    settle(store, before=BEGIN + timedelta(days=2))
    assert store.series.age("a", frozenset({SensorKind.MOTION}), BEGIN + timedelta(days=2, hours=1)) == 83
    assert store.series.age("a", frozenset({SensorKind.MOTION}), BEGIN + timedelta(days=2, hours=1)) == 0
    first, _, third = store.series.summaries("a", BEGIN, LATER)
    assert first.what is What.MOVED
    assert first.counts == (*[3] * 13, 1, *[0] * 10)
    assert third.counts == (3, *[0] * 23)
    store.series.coarsen("a", BEGIN + timedelta(days=2), BEGIN + timedelta(days=1))
    assert [one.counts for one in store.series.summaries("a", BEGIN, LATER)] == [(40,), third.counts]
    store.series.forget("a")
    assert store.series.summaries("a", BEGIN, LATER) == []


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_damaged_block_costs_itself_alone(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.series.append(days())
    settle(store)
    engine = store.series._engine  # type: ignore[attr-defined]
    with writing(engine) as connection:
        second = connection.execute(select(blocks.c.week).order_by(blocks.c.week).offset(1)).first()
        assert second
        connection.execute(update(blocks).where(blocks.c.week == second.week).values(body=b"\0" * 40))
    assert len(store.series.between("a", BEGIN, LATER)) == 160
    assert "bring it back from a backup" in caplog.text
    store.series.append([structs.replace(days()[45], number=10_000)])
    settle(store)
    assert len(store.series.between("a", BEGIN, LATER)) == 161


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_damaged_message_costs_itself_alone(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3):
        store.series.append(days(count=1, outbox=f"o{number}"))
    engine = store.series._engine  # type: ignore[attr-defined]
    with writing(engine) as connection:
        connection.execute(update(fresh).where(fresh.c.outbox == "o1").values(body=b"\xff" * 40))
    assert len(store.series.between("a", BEGIN, LATER)) == 80
    assert "what came up to number 80 can't be read" in caplog.text
    assert store.series.after(0, 50)[0] == 90
    assert [row.outbox for row in store.series.since(40, 50)] == ["o2"] * 40
    assert settle(store) == 80
    store.series.forget("a")
    with engine.connect() as connection:
        assert connection.execute(select(fresh.c.seq)).all() == [], "erased is also what does not read"


def test_erasing_gives_the_room_back_and_leaves_no_trace(tmp_path: Path) -> None:
    engine = opened(f"sqlite:///{tmp_path / 'series.db'}")
    migrate(engine, "series")
    series = SqlSeries(engine)
    series.append(days("a-home-with-a-name", count=60, per_day=200))
    series.append(days("b", count=2))
    series.settle("b", LATER, series.last_seq())
    full = sum(path.stat().st_size for path in tmp_path.iterdir())
    series.forget("a-home-with-a-name")
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    engine.dispose()
    assert sum(len(content) for content in left.values()) < full / 5
    assert not any(b"a-home-with-a-name" in content for content in left.values())


def test_a_block_is_small_and_reads_as_it_was(store: Store) -> None:
    rows = days(count=1, per_day=400)
    rows[5] = structs.replace(rows[5], evidence={"chance": 0.9}, clock_trusted=False)
    body = encoded(columns_of(rows))
    assert decoded(body).rows("a") == rows
    assert len(body) / len(rows) < 10
    assert joined([decoded(body), columns_of(days("a", outbox="o2"))]).rows("a") == [*rows, *days("a", outbox="o2")]
    for bad in (b"", b"\0" * 9, body[:-9], zlib.compress(b"{}"), zlib.compress(b"\x81\xa1v\x09")):
        with pytest.raises(Damaged):
            decoded(bad)


def test_the_columns_hold_the_largest_and_the_smallest_number() -> None:
    rows = [structs.replace(days()[0], number=number) for number in (2**63 - 1, 0, 2**62, 1)]
    assert decoded(encoded(columns_of(rows))).rows("a") == rows


class Plain:
    """The obvious twin: a list."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.known: set[tuple[str, str, int]] = set()

    def append(self, rows: list[Row]) -> int:
        before = len(self.rows)
        for row in rows:
            name = (row.home, row.outbox, row.number)
            if name not in self.known:
                self.known.add(name)
                self.rows.append(row)
        return len(self.rows) - before

    def forget(self, kind: SensorKind | None, before: datetime) -> int:
        kinds = None if kind is None else frozenset({kind})
        doomed = [
            row
            for row in self.rows
            if row.home == "a" and row.at < before and (kinds is None or KINDS_OF[row.what] <= kinds)
        ]
        self.rows = [row for row in self.rows if row not in doomed]
        return len(doomed)

    def of(self, home: str) -> list[Row]:
        return sorted((row for row in self.rows if row.home == home), key=lambda row: row.at)


@pytest.fixture(scope="module", params=["sqlite", "influx"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SqlSeries:
    folder = tmp_path_factory.mktemp("settled")
    engine = opened(f"sqlite:///{folder / 'series.db'}")
    migrate(engine, "series")
    if request.param == "sqlite":
        return SqlSeries(engine)
    return InfluxSeries(engine, influx(settings_for(request.getfixturevalue("influxdb"), folder)))


@settings(max_examples=25, deadline=None)
@given(acts=st.lists(ACT, max_size=10))
def test_any_history_is_as_a_plain_list_would_have_it(shared: SqlSeries, acts: list[tuple[object, ...]]) -> None:
    plain = Plain()
    shared.forget("a")
    shared.forget("b")
    forgotten = False
    for act in acts:
        match act:
            case ("append", list() as rows):
                if not forgotten:
                    assert len(shared.append(rows)) == plain.append(rows)
            case ("settle", int() as day):
                for home in ("a", "b"):
                    settled(shared, home, BEGIN + timedelta(days=day), shared.last_seq())
            case ("forget", kind, int() as day):
                assert kind is None or isinstance(kind, SensorKind)
                kinds = None if kind is None else frozenset({kind})
                before = BEGIN + timedelta(days=day, hours=7)
                assert shared.forget("a", kinds, before) == plain.forget(kind, before)
                forgotten = True  # whether one that was forgotten may come again is another matter
        for home in ("a", "b"):
            seen = bare(shared.between(home, BEGIN, LATER))
            assert sorted(seen, key=str) == sorted(plain.of(home), key=str)
            assert [row.at for row in seen] == [row.at for row in plain.of(home)]
            assert np.all(np.diff(shared.columns(home, BEGIN, LATER).at) >= 0)


def test_no_row_is_fresh_and_settled_at_once(store: Store) -> None:
    store.series.append(days(count=2))
    settle(store, before=BEGIN + timedelta(days=1))
    engine = store.series._engine  # type: ignore[attr-defined]
    with engine.connect() as connection:
        assert connection.execute(select(fresh.c.seq, fresh.c.count)).all() == [(80, 40)]


def test_what_is_brought_is_noted_until_it_was_learned_from_or_forgotten(store: Store) -> None:
    series = store.series
    for outbox in ("csv", "parquet"):
        assert series.bring("a", columns_of(days(outbox=outbox)))
        assert series.bring("a", columns_of(days(outbox=outbox))) == 0
    series.bring("b", columns_of(days("b")))
    assert series.brought() == {"a": 2, "b": 1}
    series.learned({"a": 1, "b": 1})
    assert series.brought() == {"a": 2}, "more came while it was learned from"
    series.forget("a")
    assert series.brought() == {}
