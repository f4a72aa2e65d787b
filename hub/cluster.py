"""The watches of one hub as actors of a Ray cluster: each hears and judges its share of the homes, where Ray puts it.

Ray is there for their lives alone. It begins one anew, on another machine where it must, and no message goes through
it: each has its own session at the broker and its state in the store, and a lease says that nobody else has its share,
so that one that was taken for dead can write nothing. While the head is away they go on; a head that lost its memory is
told of them again by whoever drives.

What a hub does now and then for many homes, and can be done again, runs there as tasks.
"""

import logging
import os
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from hub.process import Part, work
from hub.settings import Settings
from models.settings import BadSettings
from models.share import WHOLE, shares

log = logging.getLogger(__name__)

NAMESPACE = "nightlight"
LOOK_EVERY = 1.0
ROOM = 0.01
"""Of a processor, so that Ray spreads them over machines that have any, and never finds that one has no room: a watch
that has too little of a processor is late, and one that Ray keeps waiting watches nobody.
"""
ANSWERS_WITHIN, REACHED_WITHIN = 20.0, 5.0
"""Real seconds for what is asked of Ray, or of an actor; and to reach the head at all."""

AHEAD = 2
"""Tasks that wait for each processor."""
YIELDING = 15
_APART = {"env_vars": {"NIGHTLIGHT_TASK": "yes"}}
"""Processes of their own: one that yields must never become a watch's."""

Given = TypeVar("Given")
Made = TypeVar("Made")


class Actor:
    """One part of the hub's work, in a process that Ray keeps. When the work ends unasked, so does the process."""

    def __init__(self, settings: Settings, part: Part) -> None:
        logging.basicConfig(
            stream=sys.stderr, level=logging.INFO, force=True, format=f"%(asctime)s {_name(part)}: %(message)s"
        )
        settings.data.mkdir(parents=True, exist_ok=True)
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(settings, part), name="work")
        self._thread.start()

    def _work(self, settings: Settings, part: Part) -> None:
        code = 1
        try:
            code = work(settings, part, self._asked)
        finally:
            if not self._asked.is_set():
                log.critical("the work ended with %d: Ray begins it anew", code)
                os._exit(1)

    def where(self) -> tuple[str, int]:
        """Machine and process."""
        return socket.gethostname(), os.getpid()

    def end(self) -> None:
        self._asked.set()
        self._thread.join()


def drive(settings: Settings) -> int:
    """See to it that every actor exists, until SIGTERM or SIGINT, which leave them at work; 1 when Ray is out of reach.
    Any number of drivers may do so at once. Raises BadSettings.
    """
    asked = threading.Event()
    ray = _joined(settings)
    for number in (signal.SIGTERM, signal.SIGINT):  # after Ray, which takes them for itself
        signal.signal(number, lambda *_: asked.set())
    try:
        _end(ray, settings.watches)
        while not asked.wait(LOOK_EVERY):
            for part in parts(settings.watches):
                if not _exists(ray, _name(part)):
                    log.warning("%s has no actor: one is made", _name(part))
                    _made(ray, settings, part)
    except (ray.exceptions.RayError, OSError, RuntimeError) as bad:
        log.error("Ray at %s can't be reached: %s", settings.ray_address, type(bad).__name__)  # noqa: TRY400
        return 1
    finally:
        ray.shutdown()
    return 0


def end(settings: Settings) -> int:
    """Every actor, in order; how many. Raises BadSettings."""
    ray = _joined(settings)
    try:
        return _end(ray)
    finally:
        ray.shutdown()


def each(settings: Settings, work: Callable[[Given], Made], given: Sequence[Given]) -> Iterator[Made]:
    """In the order of what is `given`: as tasks of the Ray cluster that the settings name, else here and one by one.
    `work` and what it takes and gives have to be picklable. Raises BadSettings, and what `work` raises.
    """
    if settings.ray_address is None:
        yield from map(work, given)
        return
    ray = _joined(settings)
    try:
        task = ray.remote(_yielding).options(runtime_env=_APART)
        most = AHEAD * max(int(ray.cluster_resources().get("CPU", 1)), 1)
        ahead: deque[Any] = deque()
        for one in given:
            if len(ahead) == most:
                yield ray.get(ahead.popleft())
            ahead.append(task.remote(work, one))
        while ahead:
            yield ray.get(ahead.popleft())
    finally:
        ray.shutdown()


def _yielding(work: Callable[[Given], Made], given: Given) -> Made:
    """Whatever a hub has time for is done with what the watches of that machine leave."""
    os.setpriority(os.PRIO_PROCESS, 0, YIELDING)
    return work(given)


def parts(watches: int) -> list[Part]:
    return [WHOLE] if watches == 1 else [*shares(watches), None]


def _joined(settings: Settings) -> Any:
    if settings.ray_address is None:
        raise BadSettings("ray_address is missing: at which address is the head of the Ray cluster?")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    _answers(settings.ray_address)
    try:
        import ray
    except ModuleNotFoundError as bad:
        raise BadSettings(
            f"ray_address names a Ray cluster, and {bad.name} is missing: install nightlight[cluster]"
        ) from bad
    try:
        ray.init(settings.ray_address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as bad:
        raise BadSettings(f"there is no Ray cluster at {settings.ray_address}: 'ray start --head' begins one") from bad
    return ray


def _answers(address: str) -> None:
    """Ray itself takes a minute to find that nothing does. Raises BadSettings."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), REACHED_WITHIN).close()
    except (OSError, ValueError) as bad:
        raise BadSettings(
            f"nothing answers at {address}, which ray_address names: is the head of the cluster up?"
        ) from bad


def _exists(ray: Any, name: str) -> bool:
    """Alive, or being begun anew by Ray."""
    try:
        ray.get_actor(name)
    except ValueError:
        return False
    return True


def _made(ray: Any, settings: Settings, part: Part) -> None:
    kept = {"name": _name(part), "lifetime": "detached", "get_if_exists": True, "num_cpus": ROOM}
    forever = {"max_restarts": -1, "max_task_retries": -1, "scheduling_strategy": "SPREAD"}
    ray.remote(Actor).options(**kept, **forever).remote(settings, part)


def _end(ray: Any, but_of: int | None = None) -> int:
    """Those but of so many watches: the others have to end before these begin."""
    kept = {_name(part) for part in parts(but_of)} if but_of else set()
    gone = [name for name in ray.util.list_named_actors() if name not in kept]
    for name in gone:
        actor = ray.get_actor(name)
        ray.get(actor.end.remote(), timeout=ANSWERS_WITHIN)
        ray.kill(actor)
        log.warning("%s ended", name)
    return len(gone)


def _name(part: Part) -> str:
    return "once" if part is None else part.named("watch")
