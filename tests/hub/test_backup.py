"""A copy taken while the data is in use, brought back onto a fresh folder or database, comes to the same alerts."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import make_url

from hub.backup import MANIFEST, Unusable, back_up, restore
from hub.settings import Settings
from hub.store import SqlSeries, Store, open_store
from hub.store.row import Row
from models.detection import Finding, FindingKind
from models.observation import What
from models.register import Register
from tests.hub.conftest import new_database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOME = "okafor-home"


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    store = open_store(settings)
    yield store
    assert isinstance(store.series, SqlSeries)
    store.records._engine.dispose()
    store.series._engine.dispose()


def lived(settings: Settings, store: Store, register: Register) -> None:
    """Homes, a settled past, a press that is open, and keys."""
    store.records.load(register, {one.login: "hash" for one in register.accounts})
    rows = [
        Row(HOME, "box", n, "hall", What.MOVED, NOW - timedelta(hours=n), NOW - timedelta(hours=n))
        for n in range(1, 90)
    ]
    store.series.append(rows)
    store.series.settle(HOME, NOW - timedelta(days=2), 89)
    store.alerts.raise_(Finding(FindingKind.PRESS, HOME, NOW, NOW, "pendant"), "grace", "Help was called for.", NOW)
    settings.secrets.mkdir(mode=0o700, parents=True)
    (settings.secrets / "links").write_bytes(b"a secret")
    settings.seal_key.write_bytes(b"another")


@pytest.fixture(params=["sqlite", "postgresql"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Settings, Settings]:
    """A hub, and a fresh place for it."""
    here, there = (Settings(data_dir=str(tmp_path / name)) for name in ("here", "there"))
    if request.param == "sqlite":
        return here, there
    server: str = request.getfixturevalue("postgres")
    urls = [new_database(server, "template0") for _ in range(4)]
    return replace(here, records_url=urls[0], series_url=urls[1]), replace(
        there, records_url=urls[2], series_url=urls[3]
    )


def everything(store: Store) -> tuple[object, ...]:
    return (
        store.alerts.open_alerts(),
        store.alerts.timeline(1),
        store.records.homes(),
        store.series.counts(),
        store.series.between(HOME, NOW - timedelta(days=9), NOW),
        store.series.last_seq(),
    )


def test_brought_back_onto_a_fresh_place_the_same_alerts_are_open(
    two: tuple[Settings, Settings], register: Register, tmp_path: Path
) -> None:
    here, there = two
    with opened(here) as store:
        lived(here, store, register)
        made = back_up(here, tmp_path / "copy", NOW, with_keys=True)
        before = everything(store)
        fresh = structs.replace(store.series.since(0, 1)[0], number=1000)
    assert restore(there, tmp_path / "copy") == made
    with opened(there) as again:
        assert everything(again) == before
        assert len(again.alerts.open_alerts()) == 1
        assert [row.seq for row in again.series.append([fresh])] == [90]
    assert (there.secrets / "links").read_bytes() == b"a secret"
    assert there.seal_key.read_bytes() == b"another"


def test_keys_are_left_out_unless_asked_for_and_nobody_else_may_read_the_rest(
    tmp_path: Path, register: Register
) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"))
    with opened(settings) as store:
        lived(settings, store, register)
    back_up(settings, tmp_path / "copy", NOW, with_keys=False)
    files = [path for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    assert not any(b"a secret" in path.read_bytes() for path in files)
    assert sorted(path.name for path in files) == [MANIFEST, "records.db", "series.db"]
    assert stat.S_IMODE((tmp_path / "copy" / "records.db").stat().st_mode) == 0o600


def test_what_is_not_whole_or_would_overwrite_is_refused_and_nothing_is_changed(
    tmp_path: Path, register: Register
) -> None:
    settings, fresh = (Settings(data_dir=str(tmp_path / name)) for name in ("data", "fresh"))
    with opened(settings) as store:
        lived(settings, store, register)
    copy = tmp_path / "copy"
    back_up(settings, copy, NOW, with_keys=False)
    with pytest.raises(Unusable, match="already"):
        restore(settings, copy)
    with pytest.raises(Unusable, match="not empty"):
        back_up(settings, copy, NOW, with_keys=False)
    whole = (copy / "series.db").read_bytes()
    (copy / "series.db").write_bytes(whole[:-1])
    with pytest.raises(Unusable, match="use another copy"):
        restore(fresh, copy)
    (copy / MANIFEST).unlink()
    with pytest.raises(Unusable, match="not finished"):
        restore(fresh, copy)
    assert not fresh.data.exists()
    with pytest.raises(Unusable, match="data_dir"):
        back_up(fresh, tmp_path / "other", NOW, with_keys=False)


def test_a_password_of_the_database_is_not_said(tmp_path: Path) -> None:
    url = "postgresql+psycopg://hub:hushhush@127.0.0.1:1/none"
    assert make_url(url).password == "hushhush"
    with pytest.raises(Unusable) as said:
        back_up(Settings(data_dir=str(tmp_path), records_url=url), tmp_path / "copy", NOW, with_keys=False)
    assert "hushhush" not in str(said.value)
