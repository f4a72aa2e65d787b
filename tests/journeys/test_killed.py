"""SIGKILL in the middle of a day that is being played: nothing lost, nothing twice, no alert raised twice."""

import os
import random
import signal
from datetime import timedelta

import pytest

from tests.conftest import eventually
from tests.journeys.conftest import Service, end, only_alert

OBSERVATIONS = 240
PRESSES = (30, 120, 125, 200)
KILLED = {
    "hub": {40: "watch", 80: "web", 122: "broker", 150: "watch", 180: "web", 210: "broker"},
    "kit": {60: "agent", 122: "agent", 180: "agent"},
}
ROOMS = ("hall", "kitchen", "bathroom")


def kill(service: Service, victim: str) -> None:
    kit = service.kit
    assert kit
    if victim != "agent":
        service.kill(victim)
        return
    assert kit.process
    os.kill(kit.process.pid, signal.SIGKILL)
    end(kit.process)
    service.clock.move(timedelta(seconds=3))
    kit.move_in("kitchen")  # while nobody listens
    kit.begin()


def first_heard(service: Service) -> None:
    """A sensor's first word counts only if it is of now, and the day that follows runs ahead of a slow machine."""
    assert service.kit
    for room in ROOMS:
        service.kit.move_in(room)
    eventually(lambda: service.counts()["stored"] == len(ROOMS), 30)


@pytest.mark.parametrize("where", KILLED)
def test_killed_in_the_middle_of_a_day(service: Service, where: str) -> None:
    kit, luck, killed = service.kit, random.Random(11), KILLED[where]
    assert kit
    first_heard(service)
    sent = len(ROOMS) + OBSERVATIONS + list(killed.values()).count("agent")
    for number in range(OBSERVATIONS):
        if number in PRESSES:
            kit.press()
        else:
            service.clock.move(timedelta(seconds=luck.randint(1, 3)))
            kit.move_in(luck.choice(ROOMS))
        if number in killed:
            kill(service, killed[number])

    eventually(lambda: service.counts()["stored"] == sent, 60)
    eventually(lambda: service.alive()["alive"] is True, 30)
    service.clock.move(timedelta(minutes=1))
    eventually(lambda: service.counts()["findings"].get("press") == len(PRESSES), 30)  # type: ignore[attr-defined]
    counted = service.counts()
    assert counted["stored"] == counted["distinct"] == sent
    assert counted["alerts"]["press"] == 1  # type: ignore[index]
    assert "silence" not in counted["alerts"]  # type: ignore[operator]
    assert "Mrs Okafor" in service.viewer("tom").see(only_alert(service.viewer("tom")))
