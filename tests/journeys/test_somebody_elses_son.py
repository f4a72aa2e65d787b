import httpx

from tests.journeys.conftest import Service, only_alert

PAGES = ("/family", "/console", "/console/queue", "/console/alert/1", "/console/changes", "/resident", "/installer")
NEVER = ("Okafor", "Larch", "960001", "blood thinner", "bathroom", "h_okafor")


def test_karl_sees_his_father_and_nobody_else(service: Service) -> None:
    kit, tom, karl = service.kit, service.viewer("tom"), service.viewer("karl")
    assert kit
    kit.press()
    alert = only_alert(tom)
    for path in (
        "/family",
        "/console",
        "/console/queue",
        alert,
        "/resident",
        "/installer",
        "/console/changes",
        "/alive",
    ):
        answer = karl.browser.get(path)
        assert not [word for word in NEVER if word in answer.text], path
    assert "Mr Lindqvist" in karl.see("/family")
    for act in ("answer", "note", "send", "close"):
        karl.see("/family")
        assert karl.post(f"{alert}/{act}", text="x", outcome="test", to="priya").status_code in (403, 404)
    assert "raised" in tom.see(alert).lower() or "waiting" in tom.see(alert).lower()


def test_nobody_in_particular_is_sent_to_the_door(service: Service) -> None:
    for path in PAGES:
        answer = httpx.get(service.url + path, follow_redirects=False, timeout=60)
        assert answer.status_code in (302, 303, 307, 401, 404), path
        assert not [word for word in NEVER if word in answer.text], path
