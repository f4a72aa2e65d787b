from tests.conftest import eventually
from tests.journeys.conftest import Service, only_alert


def test_a_press_at_night_reaches_tom_then_priya_and_ends_with_an_outcome(service: Service) -> None:
    kit, tom = service.kit, service.viewer("tom")
    assert kit
    kit.move_in("hall")
    kit.press()
    alert = only_alert(tom)
    queue = tom.see("/console")
    assert "Mrs Okafor" in queue
    assert "Help was called for with the pendant at 22:30" in tom.see(alert)

    tom.post(f"{alert}/answer")
    page = tom.see(alert)
    assert "Hard of hearing on the left" in page
    assert "Neighbour at number 5 holds a key." in page
    tom.post(f"{alert}/note", text="She says that she slipped.")
    tom.post(f"{alert}/send", to="priya", text="Please go")
    tom.post(f"{alert}/arrive", text="at the door")

    said = tom.see(alert).count("Help was called for")
    kit.press()
    eventually(lambda: service.counts()["findings"] == {"press": 2})
    assert tom.see(alert).count("Help was called for") > said
    assert only_alert(tom) == alert, "a second press adds to the alert that is open"

    tom.post(f"{alert}/close", outcome="genuine fall", text="Helped up, not hurt.")
    assert alert not in tom.browser.get("/console/queue").text
    assert service.counts()["alerts"] == {"press": 1}


def test_the_kit_is_told_that_help_is_coming(service: Service) -> None:
    kit, tom = service.kit, service.viewer("tom")
    assert kit
    kit.press()
    alert = only_alert(tom)
    tom.post(f"{alert}/answer")
    eventually(lambda: "help" in kit.log.read_text())
