import multiprocessing
import threading
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from hub.store import pen as pens
from hub.store.pen import pen
from tests.conftest import eventually


def _writes(path: str, order: list[int], number: int) -> threading.Thread:
    """A thread that stands in the queue when this returns."""

    def work() -> None:
        with pen(path):
            order.append(number)

    queue = pens._queues[path]
    before = len(queue._waiting)
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    eventually(lambda: len(queue._waiting) == before + 1)
    return thread


def test_whoever_waits_longest_writes_next(tmp_path: Path) -> None:
    path, order = str(tmp_path / "hub.db"), list[int]()
    with pen(path):
        threads = [_writes(path, order, number) for number in range(5)]
        assert order == []
    for one in threads:
        one.join(30)
    assert order == [0, 1, 2, 3, 4]


def test_whoever_waited_in_vain_goes_on_and_takes_nothing_from_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, order = pens.Queue(), list[int]()
    monkeypatch.setattr(pens, "PATIENCE", 0.01)
    with queue.turn():
        with queue.turn():
            order.append(1)
        assert queue._taken, "the first has not finished"
    with queue.turn():
        order.append(2)
    assert order == [1, 2]


def _write_on_and_on(path: str, begun: Event, over: Event) -> None:
    while not over.is_set():
        with pen(path):
            begun.set()


def _hold(path: str, begun: Event) -> None:
    with pen(path):
        begun.set()
        threading.Event().wait(60)


@pytest.mark.processes
def test_no_process_writes_twice_while_another_waits_and_none_keeps_the_pen_when_it_dies(tmp_path: Path) -> None:
    path, context = str(tmp_path / "hub.db"), multiprocessing.get_context("spawn")
    begun, over = context.Event(), context.Event()
    busy = context.Process(target=_write_on_and_on, args=(path, begun, over), daemon=True)
    busy.start()
    assert begun.wait(60)
    for _ in range(50):
        with pen(path):
            pass
    over.set()
    busy.join(60)
    begun.clear()
    held = context.Process(target=_hold, args=(path, begun), daemon=True)
    held.start()
    assert begun.wait(60)
    held.kill()
    with pen(path):
        assert busy.exitcode == 0
