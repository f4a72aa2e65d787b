import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from hub.web.changes import Changes
from tests.hub.web.world import told


class Hub:
    """A number that grows, until it is broken."""

    def __init__(self) -> None:
        self.change, self.broken = 1, False

    def latest(self) -> int:
        if self.broken:
            raise OSError("the disk is gone")
        return self.change

    def beat(self, council: str) -> dict[str, object]:
        return {"mark": self.change if council != "elsewhere" else -1}


def mark(event: bytes) -> int:
    found: int = json.loads(event.decode().split("data: ")[1])["mark"]
    return found


async def drained(stream: AsyncIterator[bytes]) -> None:
    async for _ in stream:
        pass


def test_every_console_is_told_of_a_change_at_once() -> None:
    async def story() -> None:
        hub = Hub()
        changes = Changes(hub.latest, hub.beat)
        consoles = [changes.follow("here") for _ in range(3)]
        assert [mark(await anext(one)) for one in consoles] == [1, 1, 1]
        waiting = [asyncio.ensure_future(anext(one)) for one in consoles]
        await asyncio.wait(waiting)
        hub.change = 2
        told = await asyncio.wait_for(asyncio.gather(*(anext(one) for one in consoles)), 1)
        assert [mark(event) for event in told] == [2, 2, 2]
        changes.end()
        await asyncio.gather(*(drained(one) for one in consoles))

    told(story())


def test_another_councils_change_is_not_told_and_not_even_its_moment() -> None:
    async def story() -> None:
        hub = Hub()
        changes = Changes(hub.latest, hub.beat)
        here, elsewhere = changes.follow("here"), changes.follow("elsewhere")
        for one in (here, elsewhere, here, elsewhere):
            await anext(one)
        silent = asyncio.ensure_future(anext(elsewhere))
        hub.change = 2
        assert mark(await asyncio.wait_for(anext(here), 1)) == 2
        assert not silent.done()
        assert mark(await asyncio.wait_for(silent, 5)) == -1, "the beat comes all the same"
        changes.end()
        await asyncio.gather(*(drained(one) for one in (here, elsewhere)))

    told(story())


def test_a_console_that_is_slow_hears_the_latest_only() -> None:
    async def story() -> None:
        hub = Hub()
        changes = Changes(hub.latest, hub.beat)
        quick, slow = changes.follow("here"), changes.follow("here")
        for one in (quick, slow):
            await anext(one)
        for hub.change in (2, 3, 4):
            while mark(await asyncio.wait_for(anext(quick), 3)) != hub.change:
                pass
        assert mark(await asyncio.wait_for(anext(slow), 1)) == 4

    told(story())


@pytest.mark.filterwarnings("default")
def test_when_the_store_can_not_be_asked_the_streams_end_and_a_new_one_starts_afresh() -> None:
    async def story() -> None:
        hub = Hub()
        changes = Changes(hub.latest, hub.beat)
        console = changes.follow("here")
        await anext(console)
        await anext(console)
        hub.broken = True
        await asyncio.wait_for(drained(console), 3)
        hub.broken, hub.change = False, 7
        again = changes.follow("here")
        assert mark(await anext(again)) == 7
        assert mark(await asyncio.wait_for(anext(again), 1)) == 7

    told(story())


def test_a_server_that_goes_down_ends_its_streams() -> None:
    async def story() -> None:
        hub = Hub()
        changes = Changes(hub.latest, hub.beat)
        console = changes.follow("here")
        await anext(console)
        changes.end()
        await asyncio.wait_for(drained(console), 3)

    told(story())
