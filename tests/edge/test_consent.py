"""What nobody agreed to is not sent: dropped at its source, and taken out of what waits already."""

from contextlib import closing
from pathlib import Path

import pytest

from edge.consent import Consent
from edge.outbox import Outbox, look
from models.observation import SensorKind, What
from models.wire import Configuration, Unreadable, mark_of
from tests.conftest import eventually
from tests.edge.conftest import EVERY_KIND, FakeHub, Kit, noticed, press

DOOR, BED = Configuration(agreed=("door",)), Configuration(agreed=("bed",))


def test_before_anything_is_known_all_is_kept_and_nothing_told() -> None:
    consent = Consent()
    assert consent.refused() == []
    assert not consent.names(SensorKind.MOTION)
    assert consent.names(SensorKind.PENDANT)


def test_what_is_not_named_is_refused_and_no_call_for_help_ever_is() -> None:
    consent = Consent()
    assert consent.learn(DOOR.text)
    assert not consent.learn(DOOR.text), "no news"
    assert consent.mark == mark_of(DOOR.text)
    assert consent.keeps(What.OPENED)
    assert consent.names(SensorKind.DOOR)
    assert {What.MOVED, What.LAY_DOWN, What.WORN} <= set(consent.refused())
    assert not {What.PRESSED, What.FELL, What.TESTED} & set(consent.refused())


def test_nonsense_changes_nothing() -> None:
    consent = Consent()
    consent.learn(DOOR.text)
    for nonsense in ("", "{", '{"agreed":7}', "[]"):
        with pytest.raises(Unreadable):
            consent.learn(nonsense)
    assert consent.mark == mark_of(DOOR.text)
    assert consent.keeps(What.OPENED)


def test_what_waits_and_was_withdrawn_goes_and_presses_stay(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        outbox.keep([noticed(), press(), noticed(What.OPENED, "front_door"), noticed(What.FELL, "pendant")])
        assert outbox.withdraw([What.MOVED, What.PRESSED, What.FELL]) == 1
        assert (outbox.waiting, outbox.urgent_waiting) == (3, 2)
        assert [one.what for one in outbox.between(1, 9)] == [What.PRESSED, What.OPENED, What.FELL]


def heard(hub: FakeHub) -> list[str]:
    def order(key: tuple[str, int]) -> int:
        return key[1]

    return [hub.stored[key].what.value for key in sorted(hub.stored.copy(), key=order)]


@pytest.mark.broker
@pytest.mark.processes
class TestAKit:
    def test_withdrawn_at_the_hub_it_ends_at_the_wire(self, hub: FakeHub, kit: Kit) -> None:
        kit.start(heartbeat_every=600.0)
        eventually(lambda: bool(hub.beats) and hub.last.keeps_to == mark_of(EVERY_KIND.text))
        kit.says("hall_pir", occupancy=True)
        eventually(lambda: heard(hub) == ["moved"])
        hub.configure(DOOR)
        assert "hall_pir" not in hub.last.sensors, "when a sensor was last heard tells of who lives there as well"
        assert "hall_pir" not in hub.last.health
        kit.says("hall_pir", occupancy=False)
        kit.says("hall_pir", occupancy=True)
        kit.says("bed", occupancy=True)
        kit.says("front_door", contact=False)
        kit.says("pendant", action="emergency")
        eventually(lambda: sorted(heard(hub)) == ["moved", "opened", "pressed"])
        eventually(lambda: look(kit.outbox).routine == 0)

    def test_what_waited_and_was_withdrawn_meanwhile_is_never_sent(self, hub: FakeHub, kit: Kit) -> None:
        with closing(Outbox(kit.outbox, "before", 1000)) as outbox:
            outbox.tell(EVERY_KIND.text)
            outbox.keep([noticed(), noticed(What.OPENED, "front_door", 1.0)])
        hub.configuration = DOOR
        kit.start()
        eventually(lambda: heard(hub) == ["opened"])
        eventually(lambda: look(kit.outbox).routine == 0)
        assert heard(hub) == ["opened"]
        kit.end()
        with closing(Outbox(kit.outbox, "before", 1000)) as outbox:
            assert outbox.told() == DOOR.text, "it holds while the hub is away"

    def test_until_the_hub_has_said_what_is_agreed_only_presses_go_and_then_nothing_is_lost(
        self, hub: FakeHub, kit: Kit
    ) -> None:
        hub.tells = False
        kit.start()
        kit.says("front_door", contact=False)
        kit.says("bed", occupancy=True)
        kit.says("pendant", action="emergency")
        eventually(lambda: heard(hub) == ["pressed"])
        eventually(lambda: any(beat.waiting == 2 for beat in hub.beats))
        assert hub.last.keeps_to == ""
        assert hub.last.complete_until < hub.last.at
        hub.configure(BED)
        eventually(lambda: sorted(heard(hub)) == ["lay_down", "pressed"])
        eventually(lambda: hub.last.waiting == 0)
