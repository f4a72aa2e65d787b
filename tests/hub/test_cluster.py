"""The watches of a hub on a real Ray cluster: an actor is killed, and nothing is lost, and nothing there twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from hub import lastmonth
from hub.settings import Settings, checked
from hub.store import SqlSeries, Store, open_store
from hub.store.lease import HUB, ONCE, standing
from models.observation import Observation, What
from models.register import Register
from models.settings import BadSettings
from models.share import shares
from models.training import counted, teach
from simulators.evaluate.parallel import ADDRESS, MANY, each, left, long_ones
from tests.conftest import eventually, free_port
from tests.hub.conftest import Broker, Kit, new_database, now
from tests.hub.post import HOME
from tests.hub.test_lastmonth import lived
from tests.hub.test_shares import NEIGHBOUR, found, pushed
from tests.models.test_training import SAID
from tests.models.test_training import lived as a_life

ALONE = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_enable_worker_prestart": "0", "RAY_prestart_worker_first_driver": "0"}
FIRST, SECOND = (share.named(HUB) for share in shares(2))


class Ray:
    """One machine of a cluster, and all that it started."""

    def __init__(self, folder: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        size = ["--num-cpus", "2", "--object-store-memory", "80000000", "--temp-dir", str(folder)]
        bare = ["--include-dashboard", "false", "--disable-usage-stats", "--include-log-monitor", "false", "--block"]
        any_port = ["--min-worker-port", "0", "--max-worker-port", "0"]
        where = ["--node-ip-address", "127.0.0.1", "--port", self.address.partition(":")[2], *any_port]
        words: list[str | Path] = [Path(sys.executable).with_name("ray"), "start", "--head", *where, *size, *bare]
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                words, stdout=log, stderr=log, env={**os.environ, **ALONE}, start_new_session=True
            )

    def begun(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        return b"Ray runtime started" in self.log.read_bytes()

    def end(self) -> None:
        """At once: in order it takes half a minute."""
        for one in [*psutil.Process(self._process.pid).children(recursive=True), self._process]:
            one.kill()
        self._process.wait(60)


@pytest.fixture(scope="module")
def ray() -> Iterator[Ray]:
    """In a folder with a short name, since a socket's may have 107 bytes with all folders before it."""
    with TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        one = Ray(Path(folder))
        eventually(one.begun, 30)
        yield one
        one.end()


@pytest.mark.processes
def test_tasks_find_what_is_found_without_a_cluster(
    ray: Ray, tmp_path: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that are tried, and a prior that is learned."""
    here = Settings(data_dir=str(tmp_path))
    store, until = open_store(here), now()
    store.records.load(register, {one.login: "-" for one in register.accounts})
    lived(store, HOME, 6, until)
    monkeypatch.setattr(lastmonth, "TOGETHER", 1)
    homes, cells = [HOME, NEIGHBOUR], {"false_alerts_a_month": "30"}
    there = replace(here, ray_address=ray.address)
    tried = [list(lastmonth.of_homes(which, homes, cells, until)) for which in (there, here)]
    assert tried[0] == tried[1]
    assert tried[0][0].found is not None
    histories = [a_life(seed, days=2) for seed in range(2)]
    shared = histories, [counted(history) for history in histories], SAID
    taught = [model.to_bytes() for model in long_ones(teach, shared, [None])]
    monkeypatch.setenv(ADDRESS, ray.address)
    try:
        assert [model.to_bytes() for model in long_ones(teach, shared, [None])] == taught
        assert list(each(abs, range(-MANY, 0), lambda: None)) == list(range(MANY, 0, -1))
    finally:
        left()


@pytest.mark.processes
@pytest.mark.broker
@pytest.mark.postgres
def test_an_actor_is_killed_and_nothing_is_lost_or_there_twice(
    ray: Ray, postgres: str, broker: Broker, register: Register, tmp_path: Path, kit_of: Callable[..., Kit]
) -> None:
    records, series = (new_database(postgres, "template0") for _ in range(2))
    file, log = tmp_path / "hub.toml", tmp_path / "log"
    file.write_text(
        f"hub_name = 'cluster'\nwatches = 2\nray_address = '{ray.address}'\ndata_dir = '{tmp_path / 'data'}'\n"
        f"records_url = '{records}'\nseries_url = '{series}'\nbroker_host = '127.0.0.1'\nbroker_port = {broker.port}\n"
    )
    store = open_store(Settings(records_url=records, series_url=series))
    store.records.load(register, {one.login: "-" for one in register.accounts})
    with log.open("ab") as said:
        words = [sys.executable, "-m", "hub.app", "cluster", "--settings", str(file)]
        driver = subprocess.Popen(words, stderr=said, env={**os.environ, **ALONE})
    try:
        ours, theirs = kit_of(HOME), kit_of(NEIGHBOUR)
        everything = {
            n: Observation(n, *(("pendant", What.PRESSED) if n % 50 == 0 else ("hall", What.MOVED)), now())
            for n in range(1, 201)
        }
        eventually(lambda: pushed(ours, everything, 80) and pushed(theirs, everything, 80), 60)
        (stays, _), (pid, before) = at_work(store, FIRST), at_work(store, SECOND)
        os.kill(pid, signal.SIGKILL)
        theirs.press_until_receipted(1000, now())
        eventually(lambda: pushed(ours, everything, 200) and pushed(theirs, everything, 200), 60)
        assert at_work(store, SECOND) != (pid, before), "another process, by a lease of its own"
        assert at_work(store, FIRST)[0] == stays
        assert store.series.counts() == {HOME: (200, 200), NEIGHBOUR: (201, 201)}
        eventually(lambda: found(store, HOME) == {"press": 4}, 30)
        eventually(lambda: found(store, NEIGHBOUR) == {"press": 5}, 30)
        assert [len(store.alerts.of_home(home)) for home in (HOME, NEIGHBOUR)] == [1, 1]
        eventually(lambda: standing(store.records.engine, ONCE), 30)
        assert store.records.broken_logs() == []
        driver.send_signal(signal.SIGTERM)
        assert driver.wait(120) == 0, log.read_text()
        theirs.press_until_receipted(1001, now())
    finally:
        driver.kill()
        driver.wait()
        store.records.engine.dispose()
        assert isinstance(store.series, SqlSeries)
        store.series._engine.dispose()


def at_work(store: Store, what: str) -> tuple[int, int]:
    """In which process, and which one of those that were."""
    now = standing(store.records.engine, what)
    assert now
    return now.pid, now.number


def test_a_cluster_wants_what_all_its_machines_share() -> None:
    both = "postgresql://x"
    shared = Settings(
        ray_address="10.0.0.1:6379", hub_name="north", broker_host="broker", records_url=both, series_url=both
    )
    checked(shared, "hub.toml")
    for one in (replace(shared, hub_name=None), replace(shared, broker_host=None)):
        with pytest.raises(BadSettings, match="ray_address needs hub_name, and a broker_host"):
            checked(one, "hub.toml")
