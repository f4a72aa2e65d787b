"""The past stands in an InfluxDB that does not answer: pages say so, and the queue is as it was."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hub.store.database import opened
from tests.hub.influx import served as influxdb
from tests.hub.influx import settings_for
from tests.hub.web.conftest import Visitor
from tests.hub.web.world import World, served


@contextmanager
def with_its_past_away(world: World, folder: Path) -> Iterator[str]:
    with influxdb() as fake:
        fake.trouble = 500
        there = settings_for(fake.url, folder)
        settings = replace(world.settings, series_url=fake.url, influx_token_file=there.influx_token_file)
        engine = opened(settings.series)
        with engine.begin() as connection:
            for home in ("h_okafor", "h_lindqvist"):
                connection.exec_driver_sql("INSERT INTO handed_on VALUES (?, 120, 0, 4000000000000000)", (home,))
        engine.dispose()
        with served(settings) as address:
            yield address


@pytest.mark.parametrize("login", ["ada", "karl"])
def test_a_relative_reads_that_the_past_cannot_be_read(world: World, tmp_path: Path, login: str) -> None:
    with with_its_past_away(world, tmp_path) as address:
        with closing(Visitor(address, login).client) as client:
            page = client.get("/family", follow_redirects=True)
        assert page.status_code == 503
        assert "The past can't be read just now" in page.text.replace("&#39;", "'")
        assert "Up and about" not in page.text
        if login == "karl":
            return
        with closing(Visitor(address, "tom").client) as client:
            queue = client.get("/", follow_redirects=True)
        assert queue.status_code == 200
