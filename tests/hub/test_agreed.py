"""A kit is told what is agreed in its home: at once when that changes, and whenever it asks or knows otherwise."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hub.store import Store
from models.observation import SensorKind
from models.privacy import Consent
from models.register import Register
from models.wire import Configuration, mark_of
from tests.conftest import eventually
from tests.hub.conftest import Kit, now

pytestmark = pytest.mark.broker
BOTH = Configuration(agreed=("door", "motion")).text
DOOR = Configuration(agreed=("door",)).text


def told(kit: Kit) -> list[str]:
    return [one.text for one in kit.orders]


def test_a_kit_that_asks_is_told_also_where_its_clock_is_wrong(running: Store, kit: Kit) -> None:
    kit.beat(now(), keeps_to="", clock_trusted=False)
    eventually(lambda: told(kit) == [BOTH])
    kit.beat(now(), keeps_to=mark_of(BOTH))
    kit.beat(now(), keeps_to=mark_of(DOOR))
    eventually(lambda: told(kit) == [BOTH, BOTH])


def test_a_withdrawal_reaches_that_home_within_seconds_and_no_other(running: Store, kit_of: Callable[..., Kit]) -> None:
    kit, next_door = kit_of(), kit_of("next-door")
    for one in (kit, next_door):
        one.beat(now(), keeps_to=mark_of(BOTH))
    eventually(lambda: all(one.at for one in running.records.heard().values()))
    motion = Consent("okafor-home", SensorKind.MOTION, "grace", "changed her mind", now())
    running.records.load(Register(consents=(replace(motion, withdrawn_at=now()),)), {})
    eventually(lambda: told(kit) == [DOOR], 5)
    assert told(next_door) == []
