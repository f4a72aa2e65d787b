"""An installer fits Mrs Okafor's home: one sensor is dead, the certificate is refused, it is mended, and given."""

import itertools
import signal
from datetime import timedelta
from typing import Any

from tests.conftest import eventually
from tests.journeys.conftest import Service, Viewer

PAGE = "/installer/commission/h_okafor"
NO = dict.fromkeys(("people", "pets", "visits", "may_wander", "slow"), "no")
SETS_OFF: dict[str, list[dict[str, Any]]] = {
    "hall_pir": [{"occupancy": True}, {"occupancy": False}],
    "kitchen_pir": [{"occupancy": True}, {"occupancy": False}],
    "bathroom_pir": [{"occupancy": True}, {"occupancy": False}],
    "front_door": [{"contact": False}],
    "bed": [{"occupancy": True}],
    "pendant": [{"action": "emergency"}],
}

LATE = "The kit heard it, the hub did not until 40 s later. See to the kit's broadband, then set it off once more."


class Ivan:
    """At his phone, in the home."""

    def __init__(self, service: Service) -> None:
        self.service, self.viewer = service, service.viewer("ivan")
        self.viewer.see(PAGE)
        self._count = itertools.count()

    def says(self, step: str, **form: str) -> None:
        answer = self.viewer.post(f"{PAGE}/{step}", post=f"ivans-phone-{next(self._count)}", **form)
        assert answer.status_code == 200, answer.text

    def test(self, name: str) -> tuple[str, str]:
        found = self.viewer.browser.get(f"{PAGE}/state").json()["tests"][name]
        return found["colour"], found["text"]

    def sets_off(self, sensor: str) -> None:
        assert self.service.kit
        self.says("test", name=sensor)
        self.service.clock.move(timedelta(seconds=2))
        for state in SETS_OFF[sensor]:
            self.service.kit.says(sensor, **state)

    def wants_a_certificate(self) -> tuple[int, Viewer]:
        answer = self.viewer.post(f"{PAGE}/certificate")
        self.viewer.page = answer.text
        return answer.status_code, self.viewer


def test_a_home_is_fitted_and_a_dead_sensor_costs_the_certificate(service: Service) -> None:
    kit, broadband, ivan = service.kit, service.broadband, Ivan(service)
    assert kit
    assert broadband
    ivan.says("answers", **NO)
    for sensor in SETS_OFF:
        if sensor != "bed":
            ivan.sets_off(sensor)
            eventually(lambda sensor=sensor: ivan.test(sensor)[0] == "green")
    ivan.says("test", name="bed")
    service.clock.move(timedelta(seconds=20))
    assert ivan.test("bed")[1].startswith("Neither the kit nor the hub heard it.")

    ivan.says("test", name="broadband")
    broadband.cut()
    eventually(lambda: "saw it go" in ivan.test("broadband")[1])
    broadband.mend()
    eventually(lambda: ivan.test("broadband")[0] == "green", 40)
    ivan.says("test", name="mains")
    assert kit.process
    kit.process.send_signal(signal.SIGKILL)
    kit.process.wait(10)
    eventually(lambda: "saw it go" in ivan.test("mains")[1])
    if kit.process.stdout:
        kit.process.stdout.close()
    kit.begin()
    eventually(lambda: ivan.test("mains")[0] == "green", 40)

    status, viewer = ivan.wants_a_certificate()
    assert status == 409
    assert "bed (bedroom) has not passed its test." in viewer.page
    lacking = viewer.page.count("has not passed its test") + viewer.page.count("is not tested.")
    assert lacking <= 4, "nothing else is missing"

    ivan.sets_off("bed")
    eventually(lambda: ivan.test("bed")[0] == "green")
    eventually(lambda: ivan.wants_a_certificate()[0] == 200)  # once the kit's word that it keeps to this is on record
    assert "Ivan Petrov" in viewer.page
    assert viewer.status(f"{PAGE}/certificate/1/pdf") == 200
    assert service.viewer("karl").status(f"{PAGE}/certificate/1") == 404


def test_what_is_changed_on_the_phone_needs_no_hand_at_the_kit_and_red_says_who_heard_it(
    service: Service,
) -> None:
    kit, broadband, ivan = service.kit, service.broadband, Ivan(service)
    assert kit
    assert broadband
    eventually(kit.told, 30)
    broadband.cut()
    ivan.sets_off("front_door")
    eventually(lambda: kit.waiting() == 1)
    service.clock.move(timedelta(seconds=40))
    eventually(lambda: ivan.test("front_door")[1].startswith("The hub does not hear this kit"), 30)
    broadband.mend()
    eventually(lambda: ivan.test("front_door") == ("red", LATE), 40)
    assert LATE in ivan.viewer.see(PAGE)
    kit.says("front_door", contact=True)
    eventually(lambda: ivan.test("front_door")[0] == "green")

    ivan.says("sensor", id="cellar_door", kind="motion", room="cellar")
    eventually(lambda: "cellar_door" in kit.told(), 30)
    kit.ready()
    ivan.says("test", name="cellar_door")
    kit.says("cellar_door", contact=False)
    service.clock.move(timedelta(seconds=20))
    eventually(lambda: ivan.test("cellar_door")[1].startswith("The kit heard it, the hub did not."), 30)
    assert "see that the sensor has its right kind in the list" in ivan.viewer.see(PAGE)
    ivan.says("sensor", was="cellar_door", id="cellar_door", kind="door", room="cellar")
    eventually(lambda: '"id":"cellar_door","kind":"door"' in kit.told(), 30)
    kit.ready()
    ivan.says("test", name="cellar_door")
    kit.says("cellar_door", contact=True)
    eventually(lambda: ivan.test("cellar_door")[0] == "green", 30)

    kit.move_in("hall")
    eventually(lambda: service.noticed()[-1] == "moved")
    ivan.says("consent", kind="motion", decision="withdraw")
    eventually(lambda: '"agreed":["bed","chair","door","pendant","pull_cord"]' in kit.told(), 30)
    service.clock.move(timedelta(minutes=1))
    kit.move_in("kitchen")
    kit.says("front_door", contact=False)
    eventually(lambda: service.noticed()[-1] == "opened")
    eventually(lambda: kit.waiting() == 0)
    assert service.noticed().count("moved") == 1, "what is withdrawn on the phone ends in the home"
    assert service.viewer("karl").status(PAGE) == 404
