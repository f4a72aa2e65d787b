"""The same work on many parts, on all cores where that is worth starting processes for."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Part = TypeVar("Part")
Made = TypeVar("Made")

MANY = 20


def each(work: Callable[[Part], Made], parts: Sequence[Part], done: Callable[[], object]) -> Iterator[Made]:
    """In the order of `parts`. `work` and what it takes and gives have to be picklable."""
    if len(parts) < MANY:
        for part in parts:
            yield work(part)
            done()
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        for made in processes.map(work, parts):
            yield made
            done()
