"""A kit is told what is agreed in its home: at once when that changes, and whenever it knows otherwise."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hub.store import Store
from models.observation import SensorKind
from models.register import Register
from tests.hub.conftest import Kit, eventually, now

pytestmark = pytest.mark.broker
BOTH = ("door", "motion")


def withdrawn(register: Register, kind: SensorKind) -> Register:
    """As `register`, with that consent of Mrs Okafor's withdrawn, and nobody else's."""
    return replace(
        register,
        consents=tuple(
            replace(one, withdrawn_at=now()) if (one.home, one.kind) == ("okafor-home", kind) else one
            for one in register.consents
        ),
    )


def test_a_kit_that_asks_is_told_and_one_that_knows_is_left_alone(running: Store, kit: Kit) -> None:
    kit.beat(now())
    eventually(lambda: kit.told == [BOTH])
    kit.beat(now(), agreed=("motion", "door"))
    kit.beat(now(), agreed=("motion", "door", "bed"))
    eventually(lambda: kit.told == [BOTH, BOTH])
    beat = running.records.heartbeat("okafor-home")
    assert beat is not None


def test_a_withdrawal_reaches_that_home_within_seconds_and_no_other(
    running: Store, kit_of: Callable[..., Kit], register: Register
) -> None:
    kit, next_door = kit_of(), kit_of("next-door")
    kit.beat(now(), agreed=BOTH)
    next_door.beat(now(), agreed=BOTH)
    eventually(lambda: len(running.records.heard()) == 2 and all(one.at for one in running.records.heard().values()))
    running.records.load(withdrawn(register, SensorKind.MOTION), {one.login: "-" for one in register.accounts})
    eventually(lambda: kit.told == [("door",)], 5)
    assert next_door.told == []


def test_the_hub_shows_what_a_kit_keeps_to(running: Store, kit: Kit) -> None:
    kit.beat(now(), agreed=("door",), sensors={"hall": now(), "front-door": now(), "bed": now()})

    def shown() -> bool:
        beat = running.records.heartbeat("okafor-home")
        return beat is not None and beat.agreed == ("door",)

    eventually(shown)
