"""One look at the store for all consoles: what changed is told to every open page, with a beat in between.

Each council's consoles are told of its own changes alone, so that not even the moment of a word tells of another's.
Should the look fail, every stream ends, so that the consoles say that they are out of date; a page that connects again
starts it anew.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping

LOOK_EVERY = 0.05
BEAT_EVERY = 2.0


class Changes:
    """`latest` is a cheap number that grows with every change; `beat` is what the pages of a council are told, whose
    "mark" is another one after a change of theirs.
    """

    def __init__(self, latest: Callable[[], int], beat: Callable[[str], Mapping[str, object]]) -> None:
        self._latest = latest
        self._beat = beat
        self._listeners: dict[asyncio.Queue[bytes | None], str] = {}
        self._looking: asyncio.Task[None] | None = None
        self._ended = False

    async def follow(self, council: str) -> AsyncGenerator[bytes, None]:
        """Server-sent events, the first at once."""
        mine: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._listeners[mine] = council
        try:
            yield b"retry: 1000\n\n" + _event(await asyncio.to_thread(self._beat, council))
            self._start()
            while not self._ended and (event := await mine.get()) is not None:
                yield event
        finally:
            self._listeners.pop(mine, None)

    def end(self) -> None:
        """For a server that goes down: it would wait for the streams, which of themselves never end."""
        self._ended = True
        self._tell_all(None)

    def _start(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        known, spoke, marks = -1, 0.0, dict[str, object]()
        clock = asyncio.get_running_loop().time
        try:
            while self._listeners:
                change, due = await asyncio.to_thread(self._latest), clock() - spoke >= BEAT_EVERY
                if change != known or due:
                    known, spoke = change, clock() if due else spoke
                    for council in set(self._listeners.values()):
                        told = await asyncio.to_thread(self._beat, council)
                        if due or marks.get(council) != told["mark"]:
                            self._tell(council, _event(told))
                        marks[council] = told["mark"]
                await asyncio.sleep(LOOK_EVERY)
        finally:
            self._tell_all(None)

    def _tell_all(self, event: None) -> None:
        for council in set(self._listeners.values()):
            self._tell(council, event)

    def _tell(self, council: str, event: bytes | None) -> None:
        """Whoever is slow gets the latest only."""
        for listener, whose in self._listeners.items():
            if whose != council:
                continue
            if listener.full():
                listener.get_nowait()
            listener.put_nowait(event)


def _event(told: Mapping[str, object]) -> bytes:
    return f"event: beat\ndata: {json.dumps(told)}\n\n".encode()
