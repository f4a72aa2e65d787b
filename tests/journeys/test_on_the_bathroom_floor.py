"""Up at night, into the bathroom, and down: she moves a little there, and comes to no other room."""

from datetime import timedelta

from tests.conftest import eventually
from tests.journeys.conftest import Service, only_alert, people_waiting


def stored(service: Service, count: int) -> None:
    """A sensor's first word counts only if it is of now: the clock waits for it."""
    eventually(lambda: service.counts().get("stored") == count)


def test_on_the_bathroom_floor(service: Service) -> None:
    kit, tom, ada, karl = service.kit, *(service.viewer(login) for login in ("tom", "ada", "karl"))
    assert kit
    kit.says("bed", occupancy=True)
    stored(service, 1)
    service.clock.move(timedelta(hours=3, minutes=40))
    kit.check_in()
    service.judged()
    kit.says("bed", occupancy=False)
    stored(service, 2)
    for count, room in ((3, "hall"), (4, "bathroom")):
        service.clock.move(timedelta(seconds=30))
        kit.move_in(room)
        stored(service, count)

    for minute in range(0, 40, 10):
        service.clock.move(timedelta(minutes=10))
        kit.move_in("bathroom")
        stored(service, 5 + minute // 10)
        service.judged()
    assert not people_waiting(tom), "forty minutes in the bathroom are nobody's business"

    service.clock.move(timedelta(minutes=7))
    kit.check_in()
    alert = only_alert(tom)
    eventually(lambda: "Long in one room" in tom.see("/console"))
    assert "In the bathroom since 02:11, and in no other room." in tom.see("/console")
    page = tom.see(alert)
    for label in ("What was noticed", "What was expected", "How far we can trust it", "What would clear it"):
        assert label in page
    assert "In the bathroom since 02:11, and in no other room." in page
    assert "Takes a blood thinner." in page
    assert "The contact centre was alerted about" in ada.see("/family")
    assert "alert" not in karl.see("/family").lower().replace("alerts", "")

    tom.post(f"{alert}/answer")
    tom.post(f"{alert}/send", to="priya", text="On the bathroom floor, perhaps")
    assert "Long in one room" in service.viewer("priya").see(alert.replace("/console/alert", "/visits"))
    kit.move_in("hall")
    stored(service, 9)
    service.clock.move(timedelta(minutes=2))
    service.judged()
    eventually(lambda: "Seen in another room." in tom.see(alert))
    tom.post(f"{alert}/close", outcome="genuine fall")
    assert "genuine fall" in ada.see("/family")
