from datetime import timedelta

from tests.conftest import eventually
from tests.journeys.conftest import Service


def mended(service: Service, stored: int) -> None:
    """The broadband is back: all of it arrives, the kit is heard, and the person was never the matter."""
    kit, tom = service.kit, service.viewer("tom")
    assert kit
    assert service.broadband
    service.broadband.mend()
    eventually(lambda: service.counts()["stored"] == stored, 60)
    eventually(lambda: kit.waiting() == 0)
    service.clock.move(timedelta(minutes=2))
    eventually(lambda: "Nothing is heard" not in tom.see("/console"), 20)
    service.judged()
    assert service.counts()["alerts"] == {"kit_unheard": 1}


def test_broadband_lost_for_a_day(service: Service) -> None:
    kit, tom, ada = service.kit, service.viewer("tom"), service.viewer("ada")
    assert kit
    assert service.broadband
    kit.move_in("hall")
    eventually(lambda: service.counts().get("stored") == 1)
    eventually(lambda: kit.waiting() == 0)

    service.broadband.cut()
    service.clock.move(timedelta(minutes=5))
    eventually(lambda: "Nothing is heard" in tom.see("/console"))
    eventually(lambda: "We have not heard" in ada.see("/family"))

    for hour in range(1, 25):
        service.clock.move(timedelta(hours=1))
        kit.move_in(("hall", "kitchen")[hour % 2])
        kit.check_in()
        eventually(lambda hour=hour: kit.waiting() == hour)
    service.judged()
    assert service.counts()["stored"] == 1
    assert service.counts()["alerts"] == {"kit_unheard": 1}, "what we can not hear is never a silence of the person"

    mended(service, stored=25)
    assert service.counts()["distinct"] == 25

    def heard_again() -> bool:
        """A next heartbeat says that all has arrived."""
        service.clock.move(timedelta(minutes=1))
        service.judged()
        return "cannot hear" not in ada.see("/family")

    eventually(heard_again, 20)


def test_a_morning_that_arrives_late_is_no_silence(service: Service) -> None:
    """She is up while the broadband is away; when it comes back, what was due by then has long been there."""
    kit = service.kit
    assert kit
    assert service.broadband
    kit.says("bed", occupancy=True)
    eventually(lambda: service.counts().get("stored") == 1)
    eventually(lambda: kit.waiting() == 0)
    service.broadband.cut()
    service.clock.move(timedelta(hours=8, minutes=30))
    for number, room in enumerate(("bathroom", "kitchen", "hall", "kitchen"), 1):
        service.clock.move(timedelta(minutes=25))
        kit.move_in(room)
        kit.check_in()
        eventually(lambda number=number: kit.waiting() == number)
    service.judged()
    mended(service, stored=5)
