"""What nobody agreed to is not sent: kept to on the card, at the source, and in what waits already."""

from contextlib import closing
from pathlib import Path

import pytest

from edge.consent import Consent
from edge.outbox import Outbox, look
from models.observation import SensorKind, What
from tests.conftest import Mosquitto, eventually
from tests.edge.conftest import FakeHub, Kit, noticed, press


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db.agreed"


def test_before_anything_is_known_all_is_kept(card: Path) -> None:
    consent = Consent(card)
    assert consent.kinds is None
    assert consent.refused() == []
    assert not consent.names(SensorKind.MOTION)
    assert consent.names(SensorKind.PENDANT)


def test_what_was_said_last_outlives_the_program(card: Path) -> None:
    assert Consent(card).learn(["motion", "door"])
    consent = Consent(card)
    assert not consent.learn(["door", "motion"]), "no news"
    assert consent.keeps(What.MOVED)
    assert not consent.keeps(What.LAY_DOWN)
    assert consent.keeps(What.PRESSED)
    assert consent.keeps(What.FELL)
    assert What.PRESSED not in consent.refused()


def test_a_kind_that_only_a_newer_hub_knows_is_kept_for_it(card: Path) -> None:
    Consent(card).learn(["motion", "radar"])
    assert Consent(card).kinds == frozenset({"motion", "radar"})


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"agreed":7}', b"[]"])
def test_a_card_that_does_not_read_is_asked_about_again(card: Path, content: bytes) -> None:
    card.write_bytes(content)
    assert Consent(card).kinds is None


def test_a_card_that_cant_be_written_holds_as_long_as_the_program(tmp_path: Path) -> None:
    consent = Consent(tmp_path / "no_such_folder" / "agreed")
    assert consent.learn([])
    assert not consent.keeps(What.MOVED)


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
        eventually(lambda: hub.beats[-1].agreed == tuple(sorted(SensorKind)))
        kit.says("hall_pir", occupancy=True)
        eventually(lambda: heard(hub) == ["moved"])
        hub.agree(SensorKind.DOOR)
        eventually(lambda: hub.beats[-1].agreed == ("door",))
        assert "hall_pir" not in hub.beats[-1].sensors, "when a sensor was last heard tells of who lives there as well"
        kit.says("hall_pir", occupancy=False)
        kit.says("hall_pir", occupancy=True)
        kit.says("bed", occupancy=True)
        kit.says("front_door", contact=False)
        kit.says("pendant", action="emergency")
        eventually(lambda: sorted(heard(hub)) == ["moved", "opened", "pressed"])
        eventually(lambda: look(kit.outbox).routine == 0)

    def test_what_waited_and_was_withdrawn_meanwhile_is_never_sent(self, mosquitto: Mosquitto, kit: Kit) -> None:
        Consent(Path(f"{kit.outbox}.agreed")).learn(["motion", "door"])
        with closing(Outbox(kit.outbox, "before", 1000)) as outbox:
            outbox.keep([noticed(), noticed(What.OPENED, "front_door", 1.0)])
        with closing(FakeHub(mosquitto.port)) as hub:
            hub.agreed = frozenset({"door"})
            kit.start()
            eventually(lambda: heard(hub) == ["opened"])
            eventually(lambda: look(kit.outbox).routine == 0)
            assert heard(hub) == ["opened"]
        assert Consent(Path(f"{kit.outbox}.agreed")).kinds == frozenset({"door"})

    def test_until_the_hub_has_said_what_is_agreed_only_presses_go_and_then_nothing_is_lost(
        self, mosquitto: Mosquitto, kit: Kit
    ) -> None:
        with closing(FakeHub(mosquitto.port)) as hub:
            hub.tells = False
            kit.start()
            kit.says("front_door", contact=False)
            kit.says("bed", occupancy=True)
            kit.says("pendant", action="emergency")
            eventually(lambda: heard(hub) == ["pressed"])
            eventually(lambda: any(beat.waiting == 2 for beat in hub.beats))
            assert hub.beats[-1].agreed is None
            hub.agree(SensorKind.BED)
            eventually(lambda: sorted(heard(hub)) == ["lay_down", "pressed"])
            eventually(lambda: hub.beats[-1].waiting == 0)
