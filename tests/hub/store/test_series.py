from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from hub.store import Store
from hub.store.series import Row
from models.observation import SensorKind, What
from tests.hub.conftest import STORES, a_store


@pytest.fixture(params=[*STORES, "influx"])
def store(request: pytest.FixtureRequest, tmp_path: Path, templates: dict[str, str]) -> Iterator[Store]:
    """The same for every place that keeps observations."""
    yield from a_store(request, tmp_path, templates)


def rows(t0: datetime, numbers: range, home: str = "a", outbox: str = "o1") -> list[Row]:
    return [
        Row(home, outbox, number, "hall", What.MOVED, t0 + timedelta(minutes=number), t0 + timedelta(hours=9))
        for number in numbers
    ]


def test_what_is_kept_comes_back_as_it_was(store: Store, t0: datetime) -> None:
    given = rows(t0, range(1, 4))
    given[1] = structs.replace(given[1], at=t0.replace(microsecond=123_457), clock_trusted=False)
    kept = store.series.append(given)
    assert [row.seq for row in kept] == [1, 2, 3]
    assert store.series.since(0, 10) == kept
    assert [structs.replace(row, seq=0) for row in kept] == given


def test_a_repeat_is_known(store: Store, t0: datetime) -> None:
    store.series.append(rows(t0, range(1, 6)))
    kept = store.series.append([*rows(t0, range(4, 9)), *rows(t0, range(8, 9)), *rows(t0, range(1, 2), outbox="o2")])
    assert [(row.outbox, row.number, row.seq) for row in kept] == [
        ("o1", 6, 6),
        ("o1", 7, 7),
        ("o1", 8, 8),
        ("o2", 1, 9),
    ]
    assert store.series.counts() == {"a": (9, 9)}


def test_between_is_by_when_it_happened(store: Store, t0: datetime) -> None:
    store.series.append([*reversed(rows(t0, range(1, 6))), *rows(t0, range(1, 6), home="b")])
    seen = store.series.between("a", t0 + timedelta(minutes=2), t0 + timedelta(minutes=4))
    assert [row.number for row in seen] == [2, 3]
    latest = store.series.latest("a")
    assert latest is not None
    assert latest.number == 5
    assert store.series.latest("c") is None


def test_since_goes_on_where_it_stopped(store: Store, t0: datetime) -> None:
    store.series.append(rows(t0, range(1, 8)))
    first = store.series.since(0, 4)
    assert [row.number for row in store.series.since(first[-1].seq, 4)] == [5, 6, 7]
    assert store.series.last_seq() == 7


def test_what_comes_after_says_how_far_it_reaches(store: Store, t0: datetime) -> None:
    pressed = Row("b", "o1", 9, "pendant", What.FELL, t0, t0, clock_trusted=False, evidence={"chance": 0.5})
    kept = store.series.append([*rows(t0, range(1, 4)), pressed])
    assert store.series.after(1, 10) == (4, kept[1:])
    assert store.series.after(1, 1) == (2, kept[1:2])
    assert store.series.after(4, 10) == (4, [])
    assert store.series.calls(0) == kept[3:] == store.series.calls(3)
    assert store.series.calls(4) == []


def test_a_press_overtakes_what_was_noticed_around_it(store: Store, t0: datetime) -> None:
    pressed = Row("a", "o1", 3, "pendant", What.PRESSED, t0, t0)
    (press,) = store.series.append([pressed])
    around = rows(t0, range(1, 6))
    assert [row.number for row in store.series.append([*around[:2], pressed, *around[3:]])] == [1, 2, 4, 5]
    assert store.series.append([*around, pressed]) == []
    assert [row.number for row in store.series.append(rows(t0, range(4, 8)))] == [6, 7]
    assert store.series.since(0, 1) == [press]
    assert store.series.counts() == {"a": (7, 7)}


def test_forgetting_by_kind_and_age_and_all(store: Store, t0: datetime) -> None:
    store.series.append(rows(t0, range(1, 6)))
    store.series.append([Row("a", "o1", 9, "pendant", What.PRESSED, t0, t0), *rows(t0, range(1, 3), home="b")])
    assert store.series.forget("a", frozenset({SensorKind.DOOR})) == 0
    assert store.series.forget("a", frozenset({SensorKind.PENDANT})) == 0, "a pull cord may have noticed it"
    assert store.series.forget("a", before=t0 + timedelta(minutes=3)) == 3
    assert store.series.forget("a", frozenset({SensorKind.MOTION})) == 3
    assert store.series.counts() == {"b": (2, 2)}


def test_a_number_once_forgotten_does_not_give_its_place_away(store: Store, t0: datetime) -> None:
    store.series.append(rows(t0, range(1, 6)))
    store.series.forget("a")
    assert store.series.append(rows(t0, range(6, 7)))[0].seq == 6


def test_what_a_fall_rests_on_is_kept_beside_it(store: Store, t0: datetime) -> None:
    evidence = {"chance": 0.93, "peak_g": 3.4, "tilt_deg": 81.0}
    fell = Row("a", "o1", 1, "pendant", What.FELL, t0, t0, evidence=evidence)
    store.series.append([fell, *rows(t0, range(2, 3))])
    assert [one.evidence for one in store.series.since(0, 10)] == [evidence, None]


def test_when_a_pendant_was_last_worn(store: Store, t0: datetime) -> None:
    def worn(number: int, minutes: int, sensor: str = "pendant", home: str = "a") -> Row:
        at = t0 + timedelta(minutes=minutes)
        return Row(home, "o9", number, sensor, What.WORN, at, at)

    store.series.append([worn(1, 10), worn(2, 70), worn(3, 5, "his"), worn(4, 90, home="b"), *rows(t0, range(1, 9))])
    assert store.series.last("a", What.WORN, t0 + timedelta(minutes=6)) == {"pendant": t0 + timedelta(minutes=70)}
