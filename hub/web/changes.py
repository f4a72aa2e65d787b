"""One look at the store for all consoles: what changed is told to every open page, with a beat in between.

Each council's consoles are told of its own changes alone, so that not even the moment of a word tells of another's.
Should the look fail, every stream ends, so that the consoles say that they are out of date; a page that connects again
starts it anew.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from hub.web.access import Viewer
from hub.web.live import Source, Word

LOOK_EVERY = 0.05
PAUSES, SPEAK_EVERY = 5.0, 0.2
"""After a word, a pause of so many times the processor time that it took, up to so many seconds: what is told quickly
is told at once, and in a storm many changes are one word.
"""
BEAT_EVERY = 2.0
COUNT_EVERY = 5.0


@dataclass(eq=False, slots=True)
class Listener:
    """An open page: of the queue, or of one alert. `heard` is the mark that it was told last."""

    viewer: Viewer
    alert: int | None
    waiting: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(1))
    heard: str = ""

    def tell(self, event: bytes | None, instead: bytes | None = None) -> None:
        """Whoever is slow gets the latest only: `instead`, where what was missed would be needed for `event`."""
        if self.waiting.full():
            self.waiting.get_nowait()
            event = instead or event
        self.waiting.put_nowait(event)


class Changes:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None
        self._ended = False

    async def follow(self, viewer: Viewer, alert: int | None = None) -> AsyncGenerator[bytes, None]:
        """Server-sent events, the first at once."""
        mine = Listener(viewer, alert)
        self._listeners.add(mine)
        try:
            yield b"retry: 1000\n\n" + await asyncio.to_thread(self._first, mine)
            self._start()
            while not self._ended and (event := await mine.waiting.get()) is not None:
                yield event
        finally:
            self._listeners.discard(mine)

    def _first(self, mine: Listener) -> bytes:
        if mine.alert is None:
            return self._source.beat(mine.viewer.council)
        mine.heard, event = self._source.of_alerts(mine.viewer.council, {mine.alert})[mine.alert]
        return event

    def end(self) -> None:
        """For a server that goes down: it would wait for the streams, which of themselves never end."""
        self._ended = True
        self._tell_all(None)

    def _start(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        known, silent_until, beat, marks = -1, 0.0, 0.0, dict[str, str]()
        clock = asyncio.get_running_loop().time
        counting = asyncio.create_task(self._count())
        try:
            while self._listeners:
                if counting.done():
                    counting.result()
                change = await asyncio.to_thread(self._source.latest)
                now = clock()
                due = now - beat >= BEAT_EVERY
                if due or (change != known and now >= silent_until):
                    known, beat, took = change, now if due else beat, 0.0
                    for council in {one.viewer.council for one in self._listeners}:
                        took += await self._tell_council(council, marks, due=due)
                    silent_until = clock() + min(PAUSES * took, SPEAK_EVERY)
                await asyncio.sleep(LOOK_EVERY)
        finally:
            counting.cancel()
            self._tell_all(None)

    async def _count(self) -> None:
        """Beside the words, which wait for nothing that takes long."""
        while True:
            await asyncio.sleep(COUNT_EVERY)
            await asyncio.to_thread(self._source.count)

    async def _tell_council(self, council: str, marks: dict[str, str], *, due: bool) -> float:
        """How much processor time the word took."""
        took = 0.0
        theirs = [one for one in self._listeners if one.viewer.council == council]
        queues = [one for one in theirs if one.alert is None]
        if queues:
            viewers = list({one.viewer.login: one.viewer for one in queues}.values())
            word: Word = await asyncio.to_thread(self._source.word, council, viewers)
            if due or marks.get(council) != word.mark:
                for one in queues:
                    one.tell(word.event, word.beat)
            marks[council], took = word.mark, word.took
        alerts = {one.alert for one in theirs if one.alert is not None}
        told = await asyncio.to_thread(self._source.of_alerts, council, alerts) if alerts else {}
        for one in theirs:
            if one.alert is not None:
                mark, event = told[one.alert]
                if due or mark != one.heard:
                    one.tell(event)
                one.heard = mark
        return took

    def _tell_all(self, event: None) -> None:
        for one in self._listeners:
            one.tell(event)
