import json
from datetime import timedelta

from tests.conftest import eventually
from tests.journeys.conftest import Service

HOME = "/installer/homes/h_okafor"


def test_a_test_press_on_demand_and_a_cut_that_is_counted_through_a_restart(service: Service) -> None:
    kit, ivan, tom = service.kit, service.viewer("ivan"), service.viewer("tom")
    assert kit
    assert service.broadband
    assert "None has come through yet" in ivan.see(HOME)
    ivan.post(f"{HOME}/test")
    eventually(lambda: "receipt back at the kit" in ivan.see(HOME) and "Judged" in ivan.see(HOME), 20)
    assert service.noticed() == ["tested"]
    assert service.counts()["alerts"] == {}
    assert "Nobody is waiting" in tom.see("/console")

    service.broadband.cut()
    service.clock.move(timedelta(minutes=10))
    eventually(lambda: "its connection dropped" in ivan.see("/installer/homes"), 20)
    eventually(lambda: service.counts()["alerts"] == {"kit_unheard": 1}, 20)
    service.kill("watch")
    service.broadband.mend()
    service.clock.move(timedelta(minutes=2))
    eventually(lambda: "h_okafor Heard" in ivan.see("/installer/homes"), 30)
    service.judged()

    def lost() -> float:
        homes = json.loads(service.command("unprotected", "--json"))["homes"]
        return float(homes["h_okafor"]["reasons"].get("kit_unheard", 0.0))

    eventually(lambda: 10 <= lost() <= 14, 20)
    service.clock.move(timedelta(minutes=1))
    service.judged()
    assert 10 <= lost() <= 14, "it is over, and counts no further"
