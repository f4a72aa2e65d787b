"""One look at the store for all consoles: what changed is told to every open page, with a beat in between.

Should the look fail, every stream ends, so that the consoles say that they are out of date; a page that connects again
starts it anew.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping

LOOK_EVERY = 0.05
BEAT_EVERY = 2.0


class Changes:
    """`latest` is a cheap number that grows with every change; `beat` is what the pages are told."""

    def __init__(self, latest: Callable[[], int], beat: Callable[[], Mapping[str, object]]) -> None:
        self._latest = latest
        self._beat = beat
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._ended = False

    async def follow(self) -> AsyncIterator[bytes]:
        """Server-sent events, the first at once."""
        mine: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._listeners.add(mine)
        try:
            yield b"retry: 1000\n\n" + await asyncio.to_thread(self._event)
            self._start()
            while not self._ended and (event := await mine.get()) is not None:
                yield event
        finally:
            self._listeners.discard(mine)

    def end(self) -> None:
        """For a server that goes down: it would wait for the streams, which of themselves never end."""
        self._ended = True
        self._tell(None)

    def _start(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        known, spoke = -1, 0.0
        clock = asyncio.get_running_loop().time
        try:
            while self._listeners:
                change = await asyncio.to_thread(self._latest)
                if change != known or clock() - spoke >= BEAT_EVERY:
                    known, spoke = change, clock()
                    self._tell(await asyncio.to_thread(self._event))
                await asyncio.sleep(LOOK_EVERY)
        finally:
            self._tell(None)

    def _tell(self, event: bytes | None) -> None:
        """Whoever is slow gets the latest only."""
        for listener in self._listeners:
            if listener.full():
                listener.get_nowait()
            listener.put_nowait(event)

    def _event(self) -> bytes:
        return f"event: beat\ndata: {json.dumps(self._beat())}\n\n".encode()
