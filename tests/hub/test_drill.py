"""Two real hubs on one PostgreSQL, and the active one killed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.settings import Settings
from hub.store import SqlSeries, Store, open_store
from hub.store.lease import standing
from models.register import Register
from tests.conftest import eventually
from tests.hub.conftest import Broker, Kit, new_database, now

pytestmark = [pytest.mark.processes, pytest.mark.broker, pytest.mark.postgres]

HOME = "okafor-home"


def hub(log: Path, *words: str | Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen([sys.executable, "-m", "hub.app", *words], stdout=file, stderr=file)


def test_another_hub_takes_over_and_no_press_is_lost_or_raised_twice(
    postgres: str, broker: Broker, register: Register, tmp_path: Path, kit_of: Callable[..., Kit]
) -> None:
    records, series = (new_database(postgres, "template0") for _ in range(2))
    files = {}
    for name in ("north", "south"):
        files[name] = tmp_path / f"{name}.toml"
        files[name].write_text(
            f"hub_name = '{name}'\ndata_dir = '{tmp_path / name}'\nrecords_url = '{records}'\nseries_url = '{series}'\n"
            f"broker_host = '127.0.0.1'\nbroker_port = {broker.port}\n"
        )
    store = open_store(Settings(records_url=records, series_url=series))
    store.records.load(register, {one.login: "-" for one in register.accounts})
    hubs = {name: hub(tmp_path / f"{name}.log", "watch", "--settings", file) for name, file in files.items()}
    try:
        kit = kit_of(HOME)
        kit.press_until_receipted(1, now())
        eventually(store.alerts.open_alerts, 30)
        active = standing(store.records.engine)
        assert active
        eventually(lambda: _stands_by(store, files), 30)
        drill = hub(tmp_path / "drill.log", "drill", "--kill", "--settings", files[active.holder])
        eventually(lambda: hubs[active.holder].poll() is not None, 30)
        kit.press_until_receipted(2, now())
        drill.wait(240)
        said = (tmp_path / "drill.log").read_text()
        assert drill.returncode == 0, said
        assert "took over after" in said
        assert "lost: none" in said
        after = standing(store.records.engine)
        assert after
        assert after.holder != active.holder
        eventually(lambda: store.alerts.open_alerts()[0].presses == 2, 30)
        assert store.alerts.counts()[HOME]["findings"] == {"press": 2}
        assert store.series.counts() == {HOME: (2, 2)}
        assert store.records.broken_logs() == []
    finally:
        for one in hubs.values():
            one.kill()
            one.wait()
        store.records.engine.dispose()
        assert isinstance(store.series, SqlSeries)
        store.series._engine.dispose()


def _stands_by(store: Store, files: dict[str, Path]) -> bool:
    """Both have opened their folders' locks: the second is past its start."""
    return all((file.parent / file.stem / "watch.lock").exists() for file in files.values())
