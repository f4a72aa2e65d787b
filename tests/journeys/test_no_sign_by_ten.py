from datetime import timedelta

from tests.conftest import eventually
from tests.journeys.conftest import Service, only_alert


def test_no_sign_of_life_by_ten(service: Service) -> None:
    kit, tom, ada = service.kit, service.viewer("tom"), service.viewer("ada")
    assert kit
    kit.move_in("hall")
    eventually(lambda: service.counts().get("stored") == 1)

    for _ in range(11):
        service.clock.move(timedelta(hours=1))
        kit.check_in()
        service.judged()
    assert "Mrs Okafor" not in tom.see("/console")

    service.clock.move(timedelta(minutes=31))
    alert = only_alert(tom)
    page = tom.see(alert)
    assert "No sign of life since 22:30 on Fri 20 Nov (hall motion)" in page
    assert "expected by 10:00" in page
    assert "all is well" not in ada.see("/family").lower()

    service.clock.move(timedelta(minutes=5))
    kit.move_in("bathroom")
    eventually(lambda: "A sign of life at 10:06" in tom.see(alert))
    assert alert in tom.browser.get("/console/queue").text, "only a person may end it"
