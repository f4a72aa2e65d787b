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
KILLS = (60, 122, 180)


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


@pytest.mark.parametrize("victim", ["watch", "web", "broker", "agent"])
def test_killed_in_the_middle_of_a_day(service: Service, victim: str) -> None:
    kit, luck = service.kit, random.Random(11)
    assert kit
    sent = OBSERVATIONS + (len(KILLS) if victim == "agent" else 0)
    for number in range(OBSERVATIONS):
        if number in PRESSES:
            kit.press()
        else:
            service.clock.move(timedelta(seconds=luck.randint(1, 3)))
            kit.move_in(luck.choice(("hall", "kitchen", "bathroom")))
        if number in KILLS:
            kill(service, victim)

    eventually(lambda: service.counts()["stored"] == sent, 60)
    eventually(lambda: service.alive()["alive"] is True, 30)
    service.clock.move(timedelta(minutes=1))
    eventually(lambda: service.counts()["findings"].get("press") == len(PRESSES), 30)  # type: ignore[attr-defined]
    counted = service.counts()
    assert counted["stored"] == counted["distinct"] == sent
    assert counted["alerts"]["press"] == 1  # type: ignore[index]
    assert "silence" not in counted["alerts"]  # type: ignore[operator]
    assert "Mrs Okafor" in service.viewer("tom").see(only_alert(service.viewer("tom")))
