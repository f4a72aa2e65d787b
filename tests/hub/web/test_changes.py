import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace

import pytest

from hub.web.access import Viewer
from hub.web.changes import PAUSES, SPEAK_EVERY, Changes
from hub.web.live import Word
from models.people import Account, Role
from tests.hub.web.world import told


class Hub:
    """A number that grows, until it is broken."""

    def __init__(self) -> None:
        self.change, self.broken = 1, False
        self.counted, self.loop = asyncio.Event(), asyncio.get_running_loop()
        self.versions, self.seen_by = {7: 1, 8: 1}, set[str]()

    def latest(self) -> int:
        if self.broken:
            raise OSError("the disk is gone")
        return self.change

    def _mark(self, council: str) -> int:
        return self.change if council != "elsewhere" else -1

    def word(self, council: str, viewers: Sequence[Viewer]) -> Word:
        self.seen_by = {one.login for one in viewers}
        mark = self._mark(council)
        return Word(str(mark), event(mark, since=mark - 1), event(mark))

    def beat(self, council: str) -> bytes:
        return event(self._mark(council))

    def count(self) -> None:
        self.loop.call_soon_threadsafe(self.counted.set)

    def of_alerts(self, council: str, alerts: Collection[int]) -> dict[int, tuple[str, bytes]]:
        return {one: (str(self.versions[one]), event(self.versions[one])) for one in alerts}


def event(mark: int, **more: int) -> bytes:
    return f"event: beat\ndata: {json.dumps({'mark': mark, **more})}\n\n".encode()


def who(council: str = "here", login: str = "tom") -> Viewer:
    return Viewer(Account(login, login.title(), Role.OPERATOR, council=council), "")


def mark(event: bytes) -> int:
    found: int = json.loads(event.decode().split("data: ")[1])["mark"]
    return found


async def drained(stream: AsyncIterator[bytes]) -> None:
    async for _ in stream:
        pass


def test_every_console_is_told_of_a_change_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        hub = Hub()
        monkeypatch.setattr("hub.web.changes.COUNT_EVERY", 0.0)
        changes = Changes(hub)
        consoles = [changes.follow(who()) for _ in range(3)]
        assert [mark(await anext(one)) for one in consoles] == [1, 1, 1]
        waiting = [asyncio.ensure_future(anext(one)) for one in consoles]
        await asyncio.wait(waiting)
        hub.change = 2
        told = await asyncio.wait_for(asyncio.gather(*(anext(one) for one in consoles)), 60)
        assert [mark(event) for event in told] == [2, 2, 2]
        await asyncio.wait_for(hub.counted.wait(), 60)  # beside the words, in no order with them
        changes.end()
        await asyncio.gather(*(drained(one) for one in consoles))

    told(story())


def test_in_a_storm_many_changes_are_one_word() -> None:
    class Restless(Hub):
        def latest(self) -> int:
            """Every look finds something new."""
            self.change += 1
            return self.change

        def word(self, council: str, viewers: Sequence[Viewer]) -> Word:
            """Which is long in the making."""
            return replace(super().word(council, viewers), took=SPEAK_EVERY / PAUSES)

    async def story() -> None:
        clock = asyncio.get_running_loop().time
        changes = Changes(Restless())
        console = changes.follow(who())
        await anext(console)
        await anext(console)
        began = clock()
        for _ in range(3):  # one may have waited to be read already
            await anext(console)
        assert clock() - began >= SPEAK_EVERY
        changes.end()
        await drained(console)

    told(story())


def test_another_councils_change_is_not_told_and_not_even_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.web.changes.BEAT_EVERY", 3600.0)

    async def story() -> None:
        hub = Hub()
        changes = Changes(hub)
        here, elsewhere = changes.follow(who()), changes.follow(who("elsewhere"))
        for one in (here, elsewhere, here, elsewhere):
            await anext(one)
        silent = asyncio.ensure_future(anext(elsewhere))
        hub.change = 2
        assert mark(await asyncio.wait_for(anext(here), 60)) == 2
        assert not silent.done()
        monkeypatch.setattr("hub.web.changes.BEAT_EVERY", 0.0)
        assert mark(await asyncio.wait_for(silent, 60)) == -1, "the beat comes all the same"
        changes.end()
        await asyncio.gather(*(drained(one) for one in (here, elsewhere)))

    told(story())


def test_a_console_that_is_slow_hears_the_latest_only() -> None:
    async def story() -> None:
        hub = Hub()
        changes = Changes(hub)
        quick, slow = changes.follow(who()), changes.follow(who())
        for one in (quick, slow):
            await anext(one)
        for hub.change in (2, 3, 4):
            while mark(await asyncio.wait_for(anext(quick), 60)) != hub.change:
                pass
        late = await asyncio.wait_for(anext(slow), 60)
        assert mark(late) == 4
        assert b"since" not in late, "what it missed would be needed to follow a change"

    told(story())


@pytest.mark.filterwarnings("default")
def test_when_the_store_can_not_be_asked_the_streams_end_and_a_new_one_starts_afresh() -> None:
    async def story() -> None:
        hub = Hub()
        changes = Changes(hub)
        console = changes.follow(who())
        await anext(console)
        await anext(console)
        hub.broken = True
        await asyncio.wait_for(drained(console), 60)
        hub.broken, hub.change = False, 7
        again = changes.follow(who())
        assert mark(await anext(again)) == 7
        assert mark(await asyncio.wait_for(anext(again), 60)) == 7

    told(story())


def test_a_server_that_goes_down_ends_its_streams() -> None:
    async def story() -> None:
        hub = Hub()
        changes = Changes(hub)
        console = changes.follow(who())
        await anext(console)
        changes.end()
        await asyncio.wait_for(drained(console), 60)

    told(story())


def test_the_page_of_an_alert_hears_of_its_own_changes_and_of_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.web.changes.BEAT_EVERY", 3600.0)

    async def story() -> None:
        hub = Hub()
        changes = Changes(hub)
        queue, sheet = changes.follow(who()), changes.follow(who(login="nia"), 7)
        for one in (queue, sheet, queue, sheet):
            await anext(one)
        silent = asyncio.ensure_future(anext(sheet))
        hub.change = 2
        while mark(await asyncio.wait_for(anext(queue), 60)) != 2:
            pass
        assert not silent.done()
        assert hub.seen_by == {"tom"}, "whoever looks at one alert has no queue on the screen"
        hub.change, hub.versions[7] = 3, 5
        assert mark(await asyncio.wait_for(silent, 60)) == 5

    told(story())
