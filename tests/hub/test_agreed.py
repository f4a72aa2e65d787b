"""A kit is told what is agreed in its home: at once when that changes, and whenever it asks or knows otherwise."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hub.store import Store
from models.commission import configured
from models.observation import SensorKind
from models.privacy import Consent
from models.register import Register
from models.wire import mark_of
from tests.conftest import eventually
from tests.hub.conftest import Kit, now

pytestmark = pytest.mark.broker


def asked(store: Store, *agreed: str, of: str = "okafor-home") -> str:
    home = store.records.home(of)
    assert home
    return replace(configured((), home), agreed=agreed).text


def told(kit: Kit) -> list[str]:
    return [one.text for one in kit.orders]


def test_a_kit_that_asks_is_told_also_where_its_clock_is_wrong(running: Store, kit: Kit) -> None:
    both = asked(running, "door", "motion")
    kit.beat(now(), keeps_to="", clock_trusted=False)
    eventually(lambda: told(kit) == [both])
    kit.beat(now(), keeps_to=mark_of(both))
    kit.beat(now(), keeps_to=mark_of(asked(running, "door")))
    eventually(lambda: told(kit) == [both, both])


def test_a_withdrawal_reaches_that_home_within_seconds_and_no_other(running: Store, kit_of: Callable[..., Kit]) -> None:
    kit, next_door = kit_of(), kit_of("next-door")
    for one in (kit, next_door):
        one.beat(now(), keeps_to=mark_of(asked(running, "door", "motion", of=one.home)))
    eventually(lambda: all(one.at for one in running.records.heard().values()))
    motion = Consent("okafor-home", SensorKind.MOTION, "grace", "changed her mind", now())
    running.records.load(Register(consents=(replace(motion, withdrawn_at=now()),)), {})
    eventually(lambda: told(kit) == [asked(running, "door")], 5)
    assert told(next_door) == []
