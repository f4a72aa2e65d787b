from datetime import timedelta

from tests.conftest import eventually
from tests.journeys.conftest import Service, only_alert


def test_the_hub_restarts_in_the_middle_of_an_alert(service: Service) -> None:
    kit, tom = service.kit, service.viewer("tom")
    assert kit
    kit.press()
    alert = only_alert(tom)
    tom.post(f"{alert}/answer")

    service.kill("watch")
    kit.press()
    eventually(lambda: service.counts()["findings"] == {"press": 2}, 30)
    assert tom.see(alert).count("Help was called for") >= 3
    service.kill("web")
    eventually(lambda: service.alive()["alive"] is True, 30)
    assert only_alert(tom) == alert, "a session outlives the web process, and so does the alert"
    assert service.counts()["findings"] == {"press": 2}

    service.clock.move(timedelta(minutes=3))
    eventually(lambda: "lapsed" in tom.see("/console").lower(), 15)
    tom.post(f"{alert}/answer")
    tom.post(f"{alert}/close", outcome="accidental press")
    raised = service.counts()["alerts"]
    assert isinstance(raised, dict)
    assert raised.keys() - {"kit_unheard"} == {"press"}, "her kit, until it was heard after the jump"
    assert raised["press"] == 1
