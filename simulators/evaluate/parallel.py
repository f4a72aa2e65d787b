"""The same work on many parts: on all cores where that is worth starting processes for, or on the machines of a Ray
cluster, where the environment says RAY_ADDRESS as Ray itself reads it.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar

Part = TypeVar("Part")
Made = TypeVar("Made")
Shared = TypeVar("Shared")

MANY = 20
ADDRESS = "RAY_ADDRESS"
AHEAD = 2
"""Tasks that wait for each processor."""


def each(work: Callable[[Part], Made], parts: Sequence[Part], done: Callable[[], object]) -> Iterator[Made]:
    """In the order of `parts`. `work` and what it takes and gives have to be picklable."""
    for made in _each(work, parts):
        yield made
        done()


def _each(work: Callable[[Part], Made], parts: Sequence[Part]) -> Iterator[Made]:
    if len(parts) < MANY:
        yield from map(work, parts)
    elif ADDRESS in os.environ:
        ray = _joined()
        yield from _tasks(ray, partial(ray.remote(_done).remote, work), parts)
    else:
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
            yield from processes.map(work, parts)


def _done(work: Callable[[Part], Made], part: Part) -> Made:
    return work(part)


def long_ones(work: Callable[[Shared, Part], Made], shared: Shared, parts: Sequence[Part]) -> Iterator[Made]:
    """The same for a few parts that take long and use all cores by themselves: on Ray, or here one after the other.
    What all of them need is sent to each machine once.
    """
    if ADDRESS in os.environ:
        ray = _joined()
        yield from _tasks(ray, partial(ray.remote(work).remote, ray.put(shared)), parts)
    else:
        yield from (work(shared, part) for part in parts)


def _joined() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    if not ray.is_initialized():
        ray.init(log_to_driver=False, configure_logging=False)
    return ray


def left() -> None:
    """The cluster, which is otherwise left with the program."""
    import ray

    ray.shutdown()


def _tasks(ray: Any, begin: Callable[[Part], Any], parts: Sequence[Part]) -> Iterator[Any]:
    most = AHEAD * max(int(ray.cluster_resources().get("CPU", 1)), 1)
    ahead: deque[Any] = deque()
    for part in parts:
        if len(ahead) == most:
            yield ray.get(ahead.popleft())
        ahead.append(begin(part))
    while ahead:
        yield ray.get(ahead.popleft())
