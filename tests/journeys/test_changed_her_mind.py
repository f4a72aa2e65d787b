"""Mrs Okafor stops the motion sensors on her own page: from the sensor to the screen, within a minute."""

from datetime import timedelta

from models.wire import read_configuration
from tests.conftest import eventually
from tests.journeys.conftest import Service, only_alert

MINUTE = timedelta(minutes=1)


def test_what_she_no_longer_agrees_to_is_not_sent_not_used_and_not_shown(service: Service) -> None:
    kit, grace, ada = service.kit, service.viewer("grace"), service.viewer("ada")
    assert kit
    eventually(lambda: "motion" in kit.told(), 30)
    kit.says("front_door", contact=False)
    eventually(lambda: "opened" in service.noticed(), 30)  # a sensor's first word counts only if it is of now
    service.clock.move(MINUTE)
    kit.move_in("kitchen")
    eventually(lambda: "moved" in service.noticed(), 30)
    service.clock.move(MINUTE)
    eventually(lambda: kit.waiting() == 0, 30)
    service.clock.move(MINUTE)  # and its next heartbeat says that all has come
    eventually(lambda: "kitchen" in ada.see("/family/now").lower(), 30)
    service.judged()

    grace.see("/choices/r_okafor")
    asked = service.clock.now
    service.clock.move(timedelta(0), speed=0.5)  # a machine that does much else is no reason
    assert grace.post("/choices/r_okafor/kind", kind="motion", deed="stop").status_code == 200
    eventually(lambda: "motion" not in read_configuration(kit.told()).agreed, 30)
    eventually(lambda: "kitchen" not in ada.see("/family/now").lower(), 30)
    played = service.alive()["played_now"]
    assert str(played) < (asked + MINUTE).isoformat(), "within a minute, as people live it"
    service.clock.now = asked + MINUTE
    service.clock.move(timedelta(0))

    moved = service.noticed().count("moved")
    for _ in range(3):
        kit.move_in("kitchen")
    kit.says("front_door", contact=True)
    kit.press()
    eventually(lambda: {"pressed", "closed"} <= set(service.noticed()), 30)
    eventually(lambda: kit.waiting() == 0, 30)
    assert service.noticed().count("moved") == moved, "nothing of it has left the home, and a press has"

    tom = service.viewer("tom")
    page = tom.see(only_alert(tom))
    assert "kitchen" not in page.split("Sensors")[0].lower(), "nobody who answers is shown it either"
    assert "less movement than before" in grace.see("/resident"), "what nobody would notice now is said"
    assert "Motion sensors not in use" in grace.see("/choices/r_okafor")
